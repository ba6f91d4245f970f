"""A run's file: what was written is what is read, repetition by repetition, and the typical one is shown."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.errors import RunFileError
from profiler.model import (
    INTERRUPTED,
    Commit,
    Comparison,
    Ending,
    Measurement,
    Outcome,
    Peak,
    Run,
    Score,
    StepBegin,
    TaskBegin,
    Variant,
    VariantEnd,
)
from profiler.store import Event, Recorder, find_run, load_run
from tests.factories import a_machine, a_measurement, a_plan, a_planned_step, the_settings

M, D = Variant.MONOLITH, Variant.DECOMPOSED


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """A run that measures each variant five times, nothing measured yet."""
    return Recorder.create(
        tmp_path / "run.jsonl",
        run_id="run",
        created="2026-11-24T12:00:00Z",
        version="1",
        plan=a_plan(),
        machine=a_machine(),
        settings=the_settings(repeats=5),
        commit=Commit(id="a" * 40, branch="main", dirty=True),
    )


def loaded(recorder: Recorder, *events: Event) -> Run:
    """The run with these events, read again."""
    for event in events:
        recorder.record(event)
    return load_run(str(recorder.path))


def of(variant: Variant, repeat: int, **changes: object) -> Measurement:
    """A task of a repetition."""
    return a_measurement(variant=variant, repeat=repeat, **changes)


def an_end(variant: Variant, repeat: int, *, complete: bool = True, reason: str = "") -> VariantEnd:
    """The end of a repetition."""
    return VariantEnd(variant=variant, wall_ns=100 + repeat, complete=complete, reason=reason, repeat=repeat)


def costing(*cpu_ns: int) -> list[Event]:
    """Complete repetitions of the decomposed variant that took so much CPU time."""
    return [
        event
        for repeat, cpu in enumerate(cpu_ns)
        for event in (of(D, repeat, cpu_ns=cpu), of(D, repeat, index=1, cpu_ns=cpu), an_end(D, repeat))
    ]


def test_repetitions_are_read_as_they_were_written_in_the_order_in_which_they_began(recorder: Recorder) -> None:
    step = StepBegin(variant=D, step="train", tasks=2)
    run = loaded(
        recorder,
        *(of(M, 0), an_end(M, 0)),
        *(step, of(D, 0), of(D, 0, index=1), an_end(D, 0)),
        *(of(M, 1), an_end(M, 1)),
        replace(step, repeat=1),
    )
    assert [(one.variant, one.repeat, one.complete) for one in run.repetitions] == [
        (M, 0, True), (D, 0, True), (M, 1, True), (D, 1, False),
    ]  # fmt: skip
    assert run.repetitions[1].begun == (step,)
    assert run.repetitions[1].measurements == (of(D, 0), of(D, 0, index=1))
    assert run.repetitions[1].end == an_end(D, 0)
    assert (run.repetitions[3].measurements, run.repetitions[3].end) == ((), None)
    assert run.settings.repeats == 5
    assert run.commit == Commit(id="a" * 40, branch="main", dirty=True)


@pytest.mark.parametrize(
    ("cpu_ns", "shown"),
    [
        pytest.param((5,), 0, id="the only one"),
        pytest.param((9, 1, 5), 2, id="the median, not the first or the last"),
        pytest.param((9, 1, 5, 7), 2, id="of an even number the lower of both in the middle"),
        pytest.param((5, 5, 5), 1, id="alike"),
    ],
)
def test_the_repetition_with_the_median_cpu_time_is_shown(
    recorder: Recorder, cpu_ns: tuple[int, ...], shown: int
) -> None:
    run = loaded(recorder, *costing(*cpu_ns))
    assert {item.repeat for item in run.measurements} == {shown}
    assert run.variants == (an_end(D, shown),)


def damaged(recorder: Recorder, before: str, after: str) -> str:
    """What is said of a run with a measurement in whose line something was changed by hand."""
    recorder.record(of(D, 0, cpu_ns=7, peak=Peak(low=1, high=9)))
    text = recorder.path.read_text()
    head, line = text.rsplit("\n", 2)[:2]
    assert line.count(before) == 1
    recorder.path.write_text(f"{head}\n{line.replace(before, after)}\n")
    with pytest.raises(RunFileError) as caught:
        load_run(str(recorder.path))
    return caught.value.message.removeprefix(f"{recorder.path}: ")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param('"cpu_ns":7', '"cpu_ns":-7', "cpu_ns: expected a number from 0, found -7", id="below 0"),
        pytest.param('"cpu_ns":7', '"cpu_ns":NaN', "cpu_ns: expected int, found float", id="no number"),
        pytest.param('"cpu_ns":7', '"cpu_ns":1e99', "cpu_ns: expected int, found float", id="not whole"),
        pytest.param('"cpu_ns":7', f'"cpu_ns":{2**63}', "cpu_ns: expected an int of at most 64 bits", id="too long"),
        pytest.param('"cores":2.0', '"cores":NaN', "cores: expected a finite number, found nan", id="no cores"),
        pytest.param('"cores":2.0', '"cores":Infinity', "cores: expected a finite number, found inf", id="all cores"),
        pytest.param(
            '"cores":2.0',
            f'"cores":1{"0" * 400}',
            "cores: expected a number that a float holds",
            id="beyond all floats",
        ),
        pytest.param('"low":1', '"low":-1', "peak: low: expected a number from 0, found -1", id="inside another value"),
        pytest.param(
            '"index":0',
            '"index":0,"file_bytes":[3,-3]',
            "file_bytes: expected a number from 0, found -3",
            id="one of many",
        ),
    ],
)
def test_a_figure_that_none_can_be_is_damage_of_its_line_and_field(
    recorder: Recorder, before: str, after: str, said: str
) -> None:
    assert damaged(recorder, before, after) == f"line 2 is damaged: {said}"


def test_what_may_be_below_0_or_no_number_is_read_as_it_was_written(recorder: Recorder) -> None:
    task = of(D, 0, started_ns=-5, outcome=Outcome(ending=Ending.EXITED, exit_code=-9))
    score = Score(variant=D, values={"net": -3.0, "worst": -math.inf})
    far = Comparison(equal=False, rows=1, largest_difference=math.inf)
    recorder.exit_code(-9)
    run = loaded(recorder, task, score, far)
    assert (run.measurements, run.scores, run.comparison, run.exit_code) == ((task,), (score,), far, -9)


def test_each_variant_has_a_typical_repetition_of_its_own(recorder: Recorder) -> None:
    monolith = [
        event for repeat, cpu in enumerate((3, 1, 2)) for event in (of(M, repeat, cpu_ns=cpu), an_end(M, repeat))
    ]
    run = loaded(recorder, *costing(1, 2, 3), *monolith)
    assert {(item.variant, item.repeat) for item in run.measurements} == {(M, 2), (D, 1)}


def test_one_that_failed_is_shown_before_all_others(recorder: Recorder) -> None:
    failed = an_end(D, 2, complete=False, reason="step 'train': it failed")
    run = loaded(recorder, *costing(5, 5), of(D, 2), failed)
    assert run.variants == (failed,)
    assert {item.repeat for item in run.measurements} == {2}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"requests_per_day": 0}, "requests_per_day: expected a number from 1, found 0"),
        ({"dollars_per_day": "-7"}, "dollars_per_day: expected a number above 0, found '-7'"),
        ({"dollars_per_day": "NaN"}, "dollars_per_day: expected a number above 0, found 'NaN'"),
        ({"dollars_per_day": "seven"}, "dollars_per_day: expected a number above 0, found 'seven'"),
    ],
)
def test_a_budget_that_none_can_be_is_damage_of_the_header(
    recorder: Recorder, changes: dict[str, object], said: str
) -> None:
    head, *lines = recorder.path.read_text().splitlines()
    header = json.loads(head)
    header["plan"] |= changes
    recorder.path.write_text("\n".join([json.dumps(header), *lines]) + "\n")
    with pytest.raises(RunFileError, match=said):
        load_run(str(recorder.path))


@pytest.mark.parametrize("end", [[an_end(D, 2, complete=False, reason=INTERRUPTED)], []], ids=["Ctrl-C", "killed"])
def test_one_that_was_interrupted_is_shown_only_where_there_is_no_other(
    recorder: Recorder, end: list[VariantEnd]
) -> None:
    half = [of(D, 2), *end]
    alone = loaded(recorder, *half)
    assert [item.repeat for item in alone.measurements] == [2]
    assert alone.variants == tuple(end)
    assert {item.repeat for item in loaded(recorder, *costing(5)).measurements} == {0}


def test_a_restart_drops_what_there_is_of_one_repetition(recorder: Recorder) -> None:
    half = an_end(M, 1, complete=False, reason=INTERRUPTED)
    loaded(recorder, of(M, 0), an_end(M, 0), of(M, 1, step="load"), half)
    recorder.restart(M, 1)
    run = load_run(str(recorder.path))
    assert [(one.repeat, one.complete) for one in run.repetitions] == [(0, True), (1, False)]
    assert (run.repetitions[1].measurements, run.repetitions[1].end) == ((), None)
    assert run.repetitions[1].attempts == {("load", 0): 1}, "that it was tried is not forgotten"
    again = loaded(recorder, of(M, 1, step="train"))
    assert [(one.repeat, [item.step for item in one.measurements]) for one in again.repetitions] == [
        (0, ["train"]), (1, ["train"]),
    ]  # fmt: skip
    assert again.repetitions[1].end is None


def test_how_often_a_task_began_is_known_of_those_too_that_came_to_no_end(recorder: Recorder) -> None:
    def begins(index: int, attempt: int) -> TaskBegin:
        return TaskBegin(variant=D, step="train", index=index, attempt=attempt)

    events = (begins(0, 1), of(D, 0), begins(1, 1), begins(2, 1), of(D, 0, index=3, attempt=3))
    killed = loaded(recorder, *events)
    assert [(item.index, item.attempt) for item in killed.measurements] == [(0, 1), (3, 3)]
    assert killed.repetitions[0].attempts == {("train", 0): 1, ("train", 1): 1, ("train", 2): 1, ("train", 3): 3}
    again = loaded(recorder, begins(1, 2), of(D, 0, index=1, attempt=2))
    assert again.repetitions[0].attempts["train", 1] == 2


def test_a_torn_line_takes_nothing_of_another_repetition(recorder: Recorder) -> None:
    whole = loaded(recorder, *costing(1, 2))
    with recorder.path.open("ab") as file:
        file.write(b'{"event":"measurement","variant":"decomposed","repeat":2,"st')
    torn = load_run(str(recorder.path))
    assert torn.dropped_bytes > 0
    assert torn.repetitions == whole.repetitions
    Recorder.reopen(torn)
    mended = load_run(str(recorder.path))
    assert (mended.dropped_bytes, mended.repetitions) == (0, whole.repetitions)


def test_a_file_from_before_there_were_repetitions_is_one_of_each(recorder: Recorder) -> None:
    run = loaded(recorder, of(M, 0), an_end(M, 0), *costing(1))
    assert '"repeat":' not in recorder.path.read_text().split("\n", 1)[1], "the default is not written"
    assert [(one.variant, one.repeat) for one in run.repetitions] == [(M, 0), (D, 0)]


def test_of_a_script_s_arguments_no_secret_in_a_url_is_kept(tmp_path: Path) -> None:
    args = ("https://me:hidden@host/a?sig=hidden", "--rows", "3")
    plan = a_plan(monolith=(a_planned_step(kind="script", args=args),))
    path = tmp_path / "script.jsonl"
    Recorder.create(
        path,
        run_id="script",
        created="2026-11-24T12:00:00Z",
        version="1",
        plan=plan,
        machine=a_machine(),
        settings=the_settings(),
    )
    assert "hidden" not in path.read_text()
    assert load_run(str(path)).plan.monolith[0].args == ("https://***@host/a?sig=***", "--rows", "3")


def put(folder: Path, name: str, content: str, *, written_s: int) -> None:
    path = folder / "runs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    os.utime(path, (written_s, written_s))


def test_what_never_was_a_run_is_not_the_last_one(tmp_path: Path, recorder: Recorder) -> None:
    put(tmp_path, "mine.jsonl", recorder.path.read_text(), written_s=1)
    for name, content in (("notes.jsonl", '{"a": 1}\n'), ("empty.jsonl", "")):
        put(tmp_path, name, content, written_s=2)
    assert find_run("last", folder=tmp_path).name == "mine.jsonl"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("b.jsonl", '{"event":"header","schema":1', id="cut off in its header"),
        pytest.param("shop-20261124-120000-abcd.jsonl", "\0\0\0\0", id="known by its name"),
        pytest.param("shop-20261124-120000-abcd.jsonl", "", id="nothing written"),
    ],
)
def test_a_damaged_last_run_is_told_and_not_passed_over(
    tmp_path: Path, recorder: Recorder, name: str, content: str
) -> None:
    put(tmp_path, "mine.jsonl", recorder.path.read_text(), written_s=1)
    put(tmp_path, name, content, written_s=2)
    with pytest.raises(RunFileError, match=name):
        load_run("last", folder=tmp_path)
