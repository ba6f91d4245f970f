"""`run --repeat N`: each variant N times, by turns; what fails is not repeated, and what is there is kept."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

import profiler
from profiler.errors import UsageError
from profiler.model import Run, Variant
from profiler.store import load_run
from tests.integration.place import JOBS, Place

M, D = Variant.MONOLITH, Variant.DECOMPOSED


@pytest.fixture
def turns(place: Place) -> Place:
    """The job `turns`, nothing run yet."""
    shutil.copy(JOBS / "turns.py", place.folder / "job.py")
    return place


def taken(place: Place) -> str:
    """Which steps have run, in their order."""
    return (place.folder / "turns").read_text()


def repetitions(run: Run) -> list[tuple[Variant, int, bool]]:
    """Which there are, and whether they are complete."""
    return [(one.variant, one.repeat, one.complete) for one in run.repetitions]


def left_in(place: Place, run: Run) -> set[str]:
    """Names of what a run has left in its folder of work."""
    return {path.name for path in (place.workspace / "work" / run.id).iterdir()}


def test_variants_are_repeated_by_turns_and_only_the_answers_stay(turns: Place) -> None:
    ended = turns.paredown("run", "job.py", "--repeat", "3")
    assert ended.code == 0, ended.said
    assert taken(turns) == "MDE" * 3
    run = ended.run
    assert run.settings.repeats == 3
    assert repetitions(run) == [(variant, repeat, True) for repeat in range(3) for variant in (M, D)]
    assert {(item.variant, item.step, item.repeat) for one in run.repetitions for item in one.measurements} == {
        (variant, step, repeat) for variant, step in ((M, "whole"), (D, "first"), (D, "last")) for repeat in range(3)
    }
    assert [item.init_ns > 0 for one in run.repeated(D) for item in one.measurements] == [True] * 6, "none is warmed up"
    assert run.comparison is not None
    assert run.comparison.equal is True
    assert len(run.answers) == 2
    assert left_in(turns, run) == {"answers"}


def test_what_passed_between_the_steps_of_a_repetition_is_gone_when_the_next_one_begins(turns: Place) -> None:
    turns.write("hold-E2", "")
    started = turns.start("run", "job.py", "--repeat", "3")
    started.wait_for(turns.folder / "held-E2")
    run = load_run("last", folder=turns.workspace)
    work = turns.workspace / "work" / run.id
    assert [path.parent.parent.parent.name for path in work.glob("**/first/**/*.pickle")] == ["repeat-1-decomposed"]
    assert {path.name for path in work.iterdir() if path.is_dir()} == {"answers", "temp", "repeat-1-decomposed"}
    (turns.folder / "hold-E2").unlink()
    assert started.end().code == 0


def test_what_has_failed_is_not_repeated_and_the_rest_goes_on(turns: Place) -> None:
    turns.write("fail-D2", "")
    ended = turns.paredown("run", "job.py", "--repeat", "4")
    assert ended.code == 1, ended.said
    assert taken(turns) == "MDE" + "MD" + "MM"
    assert repetitions(ended.run) == [
        (M, 0, True),
        (D, 0, True),
        (M, 1, True),
        (D, 1, False),
        (M, 2, True),
        (M, 3, True),
    ]
    (end,) = [end for end in ended.run.variants if end.variant is D]
    assert (end.repeat, end.complete) == (1, False), "the one that failed is shown"
    assert "D2 fails" in ended.out
    assert left_in(turns, ended.run) == {"answers"}


def test_a_variant_that_fails_at_once_leaves_the_other_one_its_repetitions(turns: Place) -> None:
    turns.write("fail-M1", "")
    ended = turns.paredown("run", "job.py", "--repeat", "2")
    assert ended.code == 1, ended.said
    assert taken(turns) == "M" + "DE" * 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_resume_does_what_is_missing_of_every_repetition(turns: Place, how: signal.Signals) -> None:
    turns.write("hold-E2", "")
    started = turns.start("run", "job.py", "--repeat", "3")
    started.wait_for(turns.folder / "held-E2")
    started.process.send_signal(how)
    started.process.communicate()
    (turns.folder / "hold-E2").unlink()
    before = load_run("last", folder=turns.workspace)
    assert not before.ended
    assert {end.complete for end in before.variants} == {True}, "what was complete is shown, not what was interrupted"
    shown = turns.paredown("report")
    assert shown.code == 0, shown.said
    turns.write("turns", "")
    ended = turns.paredown("run", "job.py", "--resume")
    assert ended.code == 0, ended.said
    assert taken(turns) == "E" + "MDE"
    assert repetitions(ended.run) == [(variant, repeat, True) for repeat in range(3) for variant in (M, D)]
    assert ended.run.repetitions[:3] == before.repetitions[:3]
    assert left_in(turns, ended.run) == {"answers"}


def test_a_monolith_that_was_interrupted_begins_its_repetition_again(turns: Place) -> None:
    turns.write("hold-M2", "")
    started = turns.start("run", "job.py", "--repeat", "2")
    started.wait_for(turns.folder / "held-M2")
    started.interrupt()
    assert started.end().code == 130
    (turns.folder / "hold-M2").unlink()
    turns.write("turns", "")
    ended = turns.paredown("run", "job.py", "--resume", "--repeat", "2")
    assert ended.code == 0, ended.said
    assert taken(turns) == "MDE"
    restarts = [json.loads(line) for line in Path(ended.run.path).read_text().splitlines() if '"restart"' in line]
    assert restarts == [{"event": "restart", "variant": "monolith", "repeat": 1}]
    assert [len(one.measurements) for one in ended.run.repeated(M)] == [1, 1]


def test_a_run_is_resumed_with_the_repetitions_that_it_was_begun_with(turns: Place) -> None:
    turns.write("hold-M1", "")
    started = turns.start("run", "job.py", "--repeat", "2")
    started.wait_for(turns.folder / "held-M1")
    started.interrupt()
    assert started.end().code == 130
    (turns.folder / "hold-M1").unlink()
    ended = turns.paredown("run", "job.py", "--resume", "--repeat", "3")
    assert ended.code == 2, ended.said
    assert "was begun with --repeat 2, and goes on with that, not 3" in ended.err


def test_against_takes_every_repetition_of_the_other_variant(turns: Place) -> None:
    kept = turns.paredown("run", "job.py", "--variant", "monolith", "--repeat", "3").run
    turns.write("turns", "")
    ended = turns.paredown("run", "job.py", "--variant", "decomposed", "--repeat", "2", "--against", kept.id)
    assert ended.code == 0, ended.said
    assert taken(turns) == "DEDE"
    run = ended.run
    assert [one.measurements for one in run.repeated(M)] == [one.measurements for one in kept.repeated(M)]
    assert {one.end.from_run for one in run.repeated(M) if one.end} == {kept.id}
    assert len(run.repeated(D)) == 2
    assert run.comparison is not None
    assert run.comparison.equal is True


def as_by_another_python(run: Run) -> None:
    """Let a kept run's file say so."""
    path, python = Path(run.path), json.dumps(run.machine.python)
    path.write_text(path.read_text().replace(f'"python":{python}', '"python":"3.10.1"', 1))
    assert load_run(run.path).machine.python == "3.10.1"


def test_against_leaves_out_a_pace_that_is_not_this_runs(turns: Place) -> None:
    kept = turns.paredown("run", "job.py", "--variant", "monolith", "--repeat", "2").run
    assert all(task.paces for task in kept.repeated(M)[0].measurements)
    as_by_another_python(kept)
    ended = turns.paredown("run", "job.py", "--variant", "decomposed", "--repeat", "2", "--against", kept.id)
    assert ended.code == 0, ended.said
    assert {(task.pace_ns, task.paces) for one in ended.run.repeated(M) for task in one.measurements} == {(0, 0)}
    assert any(task.paces for one in ended.run.repeated(D) for task in one.measurements)


def test_a_run_that_goes_on_with_another_python_is_not_looked_at_in_two_ways(turns: Place) -> None:
    turns.write("hold-M2", "")
    started = turns.start("run", "job.py", "--repeat", "2")
    started.wait_for(turns.folder / "held-M2")
    started.interrupt()
    assert started.end().code == 130
    (turns.folder / "hold-M2").unlink()
    as_by_another_python(load_run("last", folder=turns.workspace))
    ended = turns.paredown("run", "job.py", "--resume")
    assert ended.code == 0, ended.said
    looks = [sum(task.paces for task in one.measurements) for one in ended.run.repeated(M)]
    assert (looks[0] > 0, looks[1]) == (True, 0)


def test_against_takes_no_variant_that_failed_in_a_repetition(turns: Place) -> None:
    turns.write("fail-M2", "")
    turns.paredown("run", "job.py", "--variant", "monolith", "--repeat", "3")
    ended = turns.paredown("run", "job.py", "--variant", "decomposed", "--against", "last")
    assert ended.code == 2, ended.said
    assert "holds no complete monolith variant" in ended.err


def test_lines_and_repeat_make_no_sense_together(turns: Place) -> None:
    ended = turns.paredown("run", "job.py", "--repeat", "2", "--lines", "whole")
    assert (ended.code, ended.out) == (2, ""), ended.said
    assert "--lines shows a step once, so --repeat has nothing to do" in ended.err
    assert turns.paredown("run", "job.py", "--repeat", "0").code == 2
    assert not (turns.folder / "turns").exists()


def test_python_repeats_too(turns: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(turns.folder)
    run = profiler.run("job.py", variants=["decomposed"], repeat=2)
    assert repetitions(run) == [(D, 0, True), (D, 1, True)]
    for nonsense in (0, -1, 1.5, "2", True):
        with pytest.raises(UsageError, match="expected a whole number from 1"):
            profiler.run("job.py", repeat=nonsense)  # type: ignore[arg-type]


SCRIPT = """
import os, sys
with open("turns", "a") as file:
    file.write("S")
print(len(open("turns").read()), sys.stdin.read())
sys.exit(int(os.environ.get("CODE", 0)) * (len(open("turns").read()) == 2))
"""


def test_a_script_is_run_as_often_and_its_output_is_its_own(place: Place) -> None:
    place.write("train.py", SCRIPT)
    ended = place.paredown("run", "--repeat", "3", "train.py")
    assert ended.code == 0, ended.said
    assert ended.out.split() == ["1", "2", "3"]
    assert repetitions(ended.run) == [(M, repeat, True) for repeat in range(3)]
    assert ended.run.exit_code == 0


def test_a_script_that_fails_is_not_run_again_and_its_exit_code_is_kept(place: Place) -> None:
    place.write("train.py", SCRIPT)
    ended = place.paredown("run", "--repeat", "4", "train.py", environment={"CODE": "7"})
    assert ended.code == 1, ended.said
    assert taken(place) == "SS"
    assert ended.run.exit_code == 7
    assert "exit code 7" in ended.err


def test_each_repetition_of_a_script_reads_the_same(place: Place) -> None:
    place.write("train.py", SCRIPT)
    place.write("input.txt", "skipped\nrows")
    with (place.folder / "input.txt").open("rb", buffering=0) as file:
        file.seek(len("skipped\n"))
        ended = place.paredown("run", "--repeat", "2", "train.py", stdin=file)
    assert ended.out.split() == ["1", "rows", "2", "rows"], ended.said
    (place.folder / "turns").unlink()
    piped = place.paredown("run", "--repeat", "2", "train.py", given=b"rows")
    assert piped.out.split() == ["1", "2"], "a pipe can be read once only, so none of them does"
    (place.folder / "turns").unlink()
    once = place.paredown("run", "train.py", given=b"rows")
    assert once.out.split() == ["1", "rows"]
