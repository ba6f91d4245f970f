"""The history of a job: read from many files at once, and the same as reading each by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from profiler.checking.outcome import Measure
from profiler.errors import RunFileError, UsageError
from profiler.history.build import history_of
from profiler.history.reading import _read, figures_of, read_figures
from profiler.history.values import Ending, History, Trend
from profiler.model import Commit, Repetition, Run, Variant
from profiler.model import Ending as TaskEnding
from profiler.report.history_page import history_page
from profiler.report.sheet_text import sheet_text
from profiler.report.sparkline import sparkline
from profiler.store import load_run
from tests.checks import EPYC, XEON, on_hosts
from tests.factories import a_machine, a_measurement, a_plan, a_run, ended, exactly, the_settings
from tests.repeated import NOISE, each, on_slower_cores, repeated, seldom_looked_at, waiting
from tests.reports import keep, too_wide
from tests.sample_runs import SAMPLES, a_fitting_run, a_run_on_two_hosts, an_interrupted_run

NEWEST = datetime(2026, 11, 24, 12, tzinfo=UTC)
SMALL = replace(a_fitting_run(), measurements=tuple(task for task in a_fitting_run().measurements if task.index == 0))
"""The reference job with one shard."""


def keep_series(
    root: Path,
    factors: Sequence[float],
    changes: dict[int, dict[str, Any]] | None = None,
    measured: Callable[[Run, int], Run] = lambda run, place: run,
    base: Run = SMALL,
) -> None:
    """Keep one run a day, the newest last, its memory by these factors; some of them changed, by place."""
    for place, factor in enumerate(factors):
        made = NEWEST - timedelta(days=len(factors) - 1 - place)
        run = repeated(
            replace(base, id=f"r{place:03}", created=f"{made:%Y-%m-%dT%H:%M:%SZ}"),
            [(memory * factor, time) for memory, time in NOISE],
        )
        run = replace(run, commit=Commit(id=f"{place:x}" * 40, branch="main", dirty=place % 2 == 1))
        run = measured(replace(run, **(changes or {}).get(place, {})), place)
        keep(run, str(root / "runs" / f"r{place:03}.jsonl"))


def history(root: Path, job: str | None = None, **how: Any) -> History:
    return history_of(job, root=root, **how)


def trend_of(found: History, measure: Measure, step: str | None = None) -> Trend:
    wanted = Variant.DECOMPOSED, step, measure
    return next(trend for trend in found.trends if (trend.variant, trend.step, trend.measure) == wanted)


def text_of(found: History, width: int = 140, **how: Any) -> str:
    return sheet_text(history_page(found, **how), width=width)


# --- reading --------------------------------------------------------------------------------------------------------


def _again() -> Run:
    """A shard was measured twice, a step has a mark inside another, and one repetition failed."""
    tasks = (
        a_measurement(step="a", cpu_ns=7, peak=exactly(900)),
        a_measurement(step="a", cpu_ns=5, init_cpu_ns=3),
        a_measurement(step="a", index=1, cpu_ns=5, init_cpu_ns=4, init_ns=9),
        a_measurement(step="inner", nested=True, cpu_ns=1000, peak=exactly(950)),
        a_measurement(step="b", init_ns=0, init_cpu_ns=0),
    )
    ends = a_run().variants[1:]
    failed = tuple(replace(task, repeat=1) for task in tasks[:2])
    last = tuple(replace(task, repeat=2, cpu_ns=task.cpu_ns + 1) for task in tasks)
    return a_run(
        repetitions=(
            Repetition(variant=Variant.DECOMPOSED, repeat=0, measurements=tasks, end=ends[0]),
            Repetition(
                variant=Variant.DECOMPOSED,
                repeat=1,
                measurements=failed,
                end=replace(ends[0], repeat=1, complete=False, reason="a broke"),
            ),
            Repetition(variant=Variant.DECOMPOSED, repeat=2, measurements=last, end=replace(ends[0], repeat=2)),
        )
    )


HERE = {name: make() for name, make in SAMPLES.items() if name != "two_hosts"}
RUNS = HERE | {f"{name} repeated": repeated(run, NOISE) for name, run in HERE.items() if name != "interrupted"}
RUNS |= {
    "again": _again(),
    "taken": a_run(variants=(replace(a_run().variants[0], from_run="other"), a_run().variants[1])),
    "nothing": a_run(measurements=(), variants=(), ended=False),
    "at many paces": each(repeated(a_run(), NOISE), lambda task: {"pace_ns": 2_000_000 + task.repeat, "paces": 12}),
    "a short step": each(repeated(a_run(), NOISE), lambda task: {"paces": 2} if task.step == "train" else {}),
    "looked at for nothing": each(repeated(a_run(), NOISE), lambda task: {"pace_ns": 0}),
    "waited": each(repeated(a_run(), NOISE), lambda task: {"wait_ns": task.wall_ns // 3, "init_ns": 10**9 + 7}),
    "one repetition is too short": each(
        repeated(a_run(), NOISE), lambda task: {"paces": 0} if task.repeat == 3 else {}
    ),
}


def test_many_files_read_at_once_give_what_each_gives_by_itself(tmp_path: Path) -> None:
    """In a folder whose name is a pattern; none of them goes the slow way."""
    paths = [keep(run, str(tmp_path / "[a]*?" / "runs" / f"{name}.jsonl")) for name, run in RUNS.items()]
    with duckdb.connect() as connection:
        found, slowly = _read(connection, paths)
    assert slowly == set()
    assert found == {path: figures_of(load_run(str(path))) for path in paths}
    assert any(figures.series for figures in found.values())


def test_a_run_on_other_hosts_is_read_with_what_those_are(tmp_path: Path) -> None:
    runs = [a_run_on_two_hosts(), replace(a_run_on_two_hosts(), hosts=())]
    paths = [keep(run, str(tmp_path / f"{place}.jsonl")) for place, run in enumerate(runs)]
    found, damaged = read_figures(paths)
    assert damaged == {}
    assert found == {path: figures_of(load_run(str(path))) for path in paths}
    assert found[paths[0]].hosts == {("Intel Xeon Processor @ 2.60GHz", 2), ("AMD EPYC 7R13 Processor", 4)}
    assert found[paths[1]].hosts is None


def test_time_is_followed_over_runs_on_the_same_kinds_of_host(tmp_path: Path) -> None:
    runs = {
        "the same kinds of host": on_hosts(a_run(), EPYC, XEON),
        "other hosts": on_hosts(a_run(), EPYC),
        "hosts that nobody described": on_hosts(a_run()),
        "here": a_run(),
        "the newest": on_hosts(a_run(), EPYC, XEON),
    }
    for day, (name, run) in enumerate(runs.items()):
        keep(replace(run, id=name, created=f"2026-11-2{day}T12:00:00Z"), f"{tmp_path}/runs/{name}.jsonl")
    same = {run.header.id: run.same_machine for run in history(tmp_path).runs}
    assert same == dict.fromkeys(runs, False) | {"the same kinds of host": True, "the newest": True}


def test_runs_whose_files_between_steps_lay_in_a_store_are_no_trend_of_those_in_a_folder(tmp_path: Path) -> None:
    store = the_settings(workspace="s3://b/paredown", repeats=len(NOISE))
    keep_series(tmp_path, [1, 1, 3], {2: {"settings": store}})
    found = history(tmp_path)
    assert [run.same_between for run in found.runs] == [False, False, True]
    assert len(trend_of(found, Measure.PEAK).known) == len(trend_of(found, Measure.CPU).known) == 1
    monolith = next(trend for trend in found.trends if trend.variant is Variant.MONOLITH)
    assert len(monolith.known) == 3
    text = " ".join(text_of(found).split())
    assert (
        "2 runs left what passes between steps elsewhere than the newest one, which left it in s3://b/paredown; the "
        "last time, in a folder. No trend of the decomposed variant has them." in text
    )
    assert text.count("other place") == 2


EVENTS = {
    "begun again": ['{"event":"restart","variant":"decomposed"}', '{"event":"resume"}'],
    "failed, then resumed": [
        '{"event":"variant","variant":"decomposed","wall_ns":5,"complete":false,"reason":"first"}',
        '{"event":"resume"}',
        '{"event":"variant","variant":"decomposed","wall_ns":7,"complete":true}',
        '{"event":"end"}',
    ],
    "an event of a newer version": ['{"event":"tomorrow","variant":7}'],
    "an exit code": ['{"event":"exit","code":3}', '{"event":"end"}'],
}


def test_events_after_the_end_count_as_they_do_when_a_run_is_loaded(tmp_path: Path) -> None:
    paths = [keep(a_run(), f"{tmp_path}/{name}.jsonl") for name in EVENTS]
    for path in paths:
        with path.open("a") as file:
            file.write("\n".join(EVENTS[path.stem]) + "\n")
    with duckdb.connect() as connection:
        found, slowly = _read(connection, paths)
    assert slowly == set()
    assert found == {path: figures_of(load_run(str(path))) for path in paths}


def test_a_torn_last_line_and_a_strange_name_are_no_damage(tmp_path: Path) -> None:
    torn = keep(an_interrupted_run(), str(tmp_path / "torn.jsonl"))
    with torn.open("a") as file:
        file.write('{"event":"measurement","varia')
    message = ended(TaskEnding.RAISED, "half a pair: \ud800")
    strange = keep(
        a_run(measurements=(*a_run().measurements, a_measurement(step="\ud800", outcome=message))),
        str(tmp_path / "strange.jsonl"),
    )
    found, damaged = read_figures([torn, strange])
    assert damaged == {}
    assert found == {path: figures_of(load_run(str(path))) for path in (torn, strange)}


DAMAGE = {
    "no json": (b'"cpu_ns":', b'"cpu_ns":"x'),
    "a field that is gone": (b'"cpu_ns":', b'"cpu":'),
    "no such variant": (b'"variant":"mono', b'"variant":"mini'),
    "no yes or no": (b'"complete":true', b'"complete":"perhaps"'),
    "a peak": (b'{"low":', b'{"low":[]'),
    "a peak below 0": (b'{"low":', b'{"low":-'),
    "CPU time below 0": (b'"cpu_ns":', b'"cpu_ns":-'),
    "a pace below 0": (b'"pace_ns":', b'"pace_ns":-'),
    "bytes": (b'\n{"event"', b'\n\xff\xfe{"event"'),
}


def test_a_damaged_file_is_named_with_its_line_and_left_out(tmp_path: Path) -> None:
    keep_series(tmp_path, [1])
    whole = (tmp_path / "runs" / "r000.jsonl").read_bytes()
    for name, (before, after) in DAMAGE.items():
        (tmp_path / "runs" / f"{name}.jsonl").write_bytes(whole.replace(before, after, 1))
    found = history(tmp_path)
    assert [run.header.id for run in found.runs] == ["r000"]
    assert {bad.path for bad in found.unreadable} == {f"{tmp_path}/runs/{name}.jsonl" for name in DAMAGE}
    shown = "".join(text_of(found).split())  # Where a long path is wrapped is not what is asked here.
    for bad in found.unreadable:
        assert "line " in bad.problem
        assert "".join(f"NOT SHOWN {bad.path}: line".split()) in shown


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    path = keep(a_run(), str(tmp_path / "a.jsonl"))
    found, damaged = read_figures([path, tmp_path / "gone.jsonl"])
    assert list(found) == [path]
    assert "gone.jsonl" in damaged[tmp_path / "gone.jsonl"]


def test_a_step_with_another_name_and_the_same_code_is_followed_under_its_newest_name(tmp_path: Path) -> None:
    def fit(item: Any) -> Any:
        return replace(item, step="fit") if (item.variant, item.step) == (Variant.DECOMPOSED, "train") else item

    def measured(run: Run, place: int) -> Run:
        if place >= 3:
            return run
        steps = tuple(replace(step, name="fit") if step.name == "train" else step for step in run.plan.decomposed)
        repetitions = tuple(replace(item, measurements=tuple(map(fit, item.measurements))) for item in run.repetitions)
        return replace(run, plan=replace(run.plan, decomposed=steps), repetitions=repetitions)

    keep_series(tmp_path, [1 + 0.03 * day for day in range(6)], measured=measured)
    found = history(tmp_path)
    assert "fit" not in {trend.step for trend in found.trends}
    trend = trend_of(found, Measure.PEAK, "train")
    assert None not in trend.values
    assert trend.rise is not None


@pytest.fixture(scope="module")
def crept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven runs, each with a little more memory than the one before; for tests that only look."""
    root = tmp_path_factory.mktemp("crept")
    keep_series(root, [1, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12])
    return root


# --- what is made of it ---------------------------------------------------------------------------------------------


def test_two_hundred_runs_are_all_there_and_a_creep_of_them_is_named(tmp_path: Path) -> None:
    keep_series(tmp_path, [1 + place / 1000 for place in range(200)])
    found = history(tmp_path)
    assert [run.header.id for run in found.runs] == [f"r{place:03}" for place in range(200)]
    rise = trend_of(found, Measure.PEAK).rise
    assert rise is not None
    assert rise.rise == pytest.approx(0.2, abs=0.02)
    text = text_of(found)
    assert all(f"r{place:03}" in text for place in range(200))


def test_a_figure_that_crept_up_is_named_with_its_steps(crept: Path) -> None:
    text = " ".join(text_of(history(crept), 80).split())
    assert "RISES decomposed: peak memory rose by 12 % over 7 runs, from 271 MB to 303 MB; daily_cost by 12 %" in text
    assert "CPU time rose" not in text


def test_what_stays_is_steady_and_few_runs_say_nothing(tmp_path: Path) -> None:
    keep_series(tmp_path / "many", [1, 1.01, 1, 0.99, 1, 1.01])
    assert "STEADY" in text_of(history(tmp_path / "many"))
    keep_series(tmp_path / "few", [1, 2, 3])
    assert "TOO FEW" in text_of(history(tmp_path / "few"))


def test_runs_of_other_data_and_time_of_another_machine_are_in_no_trend(tmp_path: Path) -> None:
    plan = a_fitting_run().plan
    less = replace(plan, inputs=(replace(plan.inputs[0], rows=5, total_bytes=5),))
    elsewhere = a_machine(cpu_model="AMD EPYC 9R14", cores=8)
    keep_series(tmp_path, [1, 1, 1], {0: {"plan": less}, 1: {"machine": elsewhere}})
    found = history(tmp_path)
    assert [value is None for value in trend_of(found, Measure.PEAK).values] == [True, False, False]
    assert [value is None for value in trend_of(found, Measure.CPU).values] == [True, True, False]
    text = text_of(found)
    assert "other data" in text
    assert "other machine" in text


def test_an_interrupted_run_is_shown_as_such(tmp_path: Path) -> None:
    keep_series(tmp_path, [1])
    keep(replace(an_interrupted_run(), id="stopped"), str(tmp_path / "runs" / "stopped.jsonl"))
    found = history(tmp_path)
    assert {run.header.id: run.ending for run in found.runs} == {
        "r000": Ending.COMPLETE,
        "stopped": Ending.INTERRUPTED,
    }
    assert "interrupted" in text_of(found)


def test_a_variant_of_another_run_is_not_counted_twice(tmp_path: Path) -> None:
    run = RUNS["taken"]
    keep(run, str(tmp_path / "runs" / "a.jsonl"))
    found = history(tmp_path)
    assert {variant for variant, _ in found.runs[0].series} == {Variant.DECOMPOSED}
    assert "of another run" in text_of(found)


def test_only_the_last_runs_are_read_where_so_many_are_asked_for(tmp_path: Path) -> None:
    keep_series(tmp_path, [1, 1, 1])
    with (tmp_path / "runs" / "r000.jsonl").open("a") as file:
        file.write("damaged\n")
    found = history(tmp_path, last=2)
    assert [run.header.id for run in found.runs] == ["r001", "r002"]
    assert (found.older, found.unreadable) == (1, ())
    assert "1 older left out" in text_of(found)


def test_a_job_is_named_by_its_name_by_its_file_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "job.py"
    file.write_text("")
    keep_series(tmp_path, [1], {0: {"plan": replace(a_fitting_run().plan, file=str(file))}})
    assert history(tmp_path).job == history(tmp_path, "cost_anomalies").job == history(tmp_path, str(file)).job


def test_an_unknown_job_names_the_near_one(tmp_path: Path) -> None:
    keep_series(tmp_path, [1])
    with pytest.raises(UsageError, match="no run of 'cost_anomalie' is kept") as raised:
        history(tmp_path, "cost_anomalie")
    assert raised.value.hint == "did you mean cost_anomalies?"
    with pytest.raises(UsageError) as raised:
        history(tmp_path, "x")
    assert raised.value.hint == "kept are runs of cost_anomalies (1)"


def test_of_several_jobs_one_has_to_be_named(tmp_path: Path) -> None:
    keep_series(tmp_path, [1, 1])
    keep(a_run(plan=a_plan(job="other")), str(tmp_path / "runs" / "other.jsonl"))
    with pytest.raises(UsageError, match=r"2 jobs .*: cost_anomalies \(2\), other \(1\); expected the name of one"):
        history(tmp_path)


def test_without_a_run_it_says_how_to_measure_one(tmp_path: Path) -> None:
    with pytest.raises(RunFileError) as raised:
        history(tmp_path)
    assert raised.value.hint == f"measure one: paredown run JOB --workspace {tmp_path}"


def test_a_whole_history_is_as_it_was(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = a_machine(cpu_model="AMD EPYC 9R14", cores=8)
    monkeypatch.chdir(tmp_path)
    root = Path(".paredown")
    keep_series(root, [1, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12], {2: {"machine": elsewhere}}, base=a_fitting_run())
    keep(replace(an_interrupted_run(), id="stopped"), str(root / "runs" / "stopped.jsonl"))
    (root / "runs" / "bad.jsonl").write_text("no run\n")
    found = history(root)
    for width in (80, 140):
        golden(f"history-{width}.txt", text_of(found, width, steps=width > 80, cells=16))


def test_no_line_is_longer_than_the_terminal(tmp_path: Path) -> None:
    plan = replace(a_fitting_run().plan, job="日本 <script>\x1b[2J")
    keep_series(tmp_path, [1, 1.1, 1.2], {place: {"plan": plan} for place in range(3)})
    found = history(tmp_path)
    for width in range(40, 160, 17):
        text = text_of(found, width, steps=True)
        assert "\x1b" not in text
        assert too_wide(text, width) == []


def test_a_sparkline_shows_noise_as_a_plain_and_gaps_as_points() -> None:
    assert sparkline([1, 2, None, 4, 8], 30) == "▁▂·▄█"
    assert set(sparkline([100, 100.4, 99.8], 30)) <= set("▇█")
    assert sparkline([None, None], 30) == "··"
    assert sparkline([0, 0], 30) == "██"
    assert len(sparkline(list(range(1000)), 30)) == 30


def test_figures_are_json_that_can_be_read_again(tmp_path: Path) -> None:
    from profiler.report.history_json import document

    keep_series(tmp_path, [1, 1.5])
    plain = document(history(tmp_path))
    assert json.loads(json.dumps(plain)) == plain
    assert [run["figures"][0]["peak_bytes"][0] for run in plain["runs"]] == sorted(
        run["figures"][0]["peak_bytes"][0] for run in plain["runs"]
    )


# --- the pace of the cores ------------------------------------------------------------------------------------------


def test_cores_that_become_slower_from_run_to_run_are_no_rise(tmp_path: Path) -> None:
    keep_series(tmp_path, [1] * 7, measured=lambda run, place: on_slower_cores(run, 0.7 + 0.05 * place))
    found = history(tmp_path)
    trend = trend_of(found, Measure.CPU)
    assert trend.rise is None
    assert trend.at_pace_of == "r006"
    assert trend.values == pytest.approx([trend.values[-1]] * 7)
    assert trend.slower == pytest.approx([(0.7 + 0.05 * place) for place in range(7)])
    text = " ".join(text_of(found, steps=True).split())
    assert "STEADY No figure crept up over these runs." in text
    assert (
        "In other runs the cores were up to 43 % faster than in r006, as a fixed piece of work on them shows: CPU "
        "times are given as they would be at the pace of that run." in text
    )
    assert text.count("5 271 8.89") == 7


@pytest.mark.parametrize("by", [-0.05, 0.0, 0.05])
def test_code_that_takes_more_from_run_to_run_is_a_rise_whatever_the_cores_do(by: float, tmp_path: Path) -> None:
    def measured(run: Run, place: int) -> Run:
        more = 1 + 0.04 * place
        changed = each(
            run, lambda task: {"cpu_ns": round(task.cpu_ns * more), "init_cpu_ns": round(task.init_cpu_ns * more)}
        )
        return on_slower_cores(changed, 1 + by * place)

    keep_series(tmp_path, [1] * 7, measured=measured)
    rise = trend_of(history(tmp_path), Measure.CPU, "train").rise
    assert rise is not None
    assert rise.rise == pytest.approx(0.24, abs=0.001)


def test_runs_whose_pace_is_not_known_say_nothing_of_time(tmp_path: Path) -> None:
    def measured(run: Run, place: int) -> Run:
        not_looked_at = replace(run, settings=the_settings(pace=0))
        on_another_python = replace(run, machine=replace(run.machine, python="3.10.1"))
        too_short = seldom_looked_at(run, 0)
        return (run, not_looked_at, on_another_python, too_short, run, run)[place]

    keep_series(tmp_path, [1] * 6, measured=measured)
    found = history(tmp_path)
    assert [value is None for value in trend_of(found, Measure.CPU).values] == [False, True, True, True, False, False]
    assert None not in trend_of(found, Measure.PEAK).values
    rows = text_of(found).partition("Decomposed: every run")[2].splitlines()
    unknown = [line.split() for line in rows if "pace unknown" in line]
    assert [row[0] for row in unknown] == ["r003", "r002", "r001"]
    assert [row[-5:] for row in unknown] == [["5", "271", "8.89", "pace", "unknown"]] * 3
    assert "Of 3 runs nothing of CPU time follows, since it is not known how fast the cores were" in " ".join(
        text_of(found).split()
    )


def test_runs_on_a_busy_machine_say_nothing_of_time(tmp_path: Path) -> None:
    keep_series(tmp_path, [1] * 4, measured=lambda run, place: waiting(run, 0.3) if place == 3 else run)
    found = history(tmp_path)
    trend = trend_of(found, Measure.CPU)
    assert [value is None for value in trend.values] == [False, False, False, True]
    assert (trend.at_pace_of, trend.told) == ("r002", 3)
    assert found.runs[-1].busy == set(Variant)
    text = " ".join(text_of(found).split())
    assert "machine busy" in text
    assert "Of 1 run nothing of CPU time follows, since the machine was busy with other work." in text


def test_a_newest_run_that_was_measured_once_leaves_the_trend_of_the_others_alone(tmp_path: Path) -> None:
    def measured(run: Run, place: int) -> Run:
        return replace(run, settings=the_settings(pace=0)) if place == 6 else on_slower_cores(run, 1 + place / 10)

    keep_series(tmp_path, [1] * 7, measured=measured)
    trend = trend_of(history(tmp_path), Measure.CPU)
    assert trend.at_pace_of == "r005"
    assert trend.values[:-1] == pytest.approx([trend.values[0]] * 6)
    assert trend.values[-1] is None


def test_where_no_pace_is_known_time_is_shown_as_measured_and_no_rise_is_told(tmp_path: Path) -> None:
    keep_series(
        tmp_path,
        [1] * 7,
        {place: {"settings": the_settings(pace=0)} for place in range(7)},
        lambda run, place: on_slower_cores(run, 1 + 0.05 * place),
    )
    found = history(tmp_path)
    trend = trend_of(found, Measure.CPU)
    assert trend.known == pytest.approx([trend.known[0] * (1 + 0.05 * place) for place in range(7)], rel=1e-6)
    assert (trend.rise, trend.told, trend.at_pace_of) == (None, 0, "")
    text = " ".join(text_of(found).split())
    assert "STEADY Peak memory did not creep up over these runs; of CPU time too few of them can be compared." in text
    assert "CPU times are shown as measured, and no rise of them is told." in text
    assert "pace unknown" not in text


def test_a_step_that_only_older_runs_have_takes_the_pace_of_the_variant(tmp_path: Path) -> None:
    def measured(run: Run, place: int) -> Run:
        if place < 2:
            return on_slower_cores(run, 2)
        kept = [
            replace(item, measurements=tuple(task for task in item.measurements if task.step != "predict"))
            for item in run.repetitions
        ]
        return replace(run, repetitions=tuple(kept))

    keep_series(tmp_path, [1] * 3, measured=measured)
    trend = trend_of(history(tmp_path), Measure.CPU, "predict")
    assert trend.slower == (pytest.approx(2), pytest.approx(2), None)
    assert trend.values[2] is None


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_holds_a_picture_of_each_figure_and_asks_for_nothing(crept: Path) -> None:
    from profiler.report.page.history import render

    page = render(history(crept))
    assert page.count("<svg") == 4
    assert "It rose by 12 %" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    assert page == render(history(crept))


def test_hostile_names_are_text_in_the_page(tmp_path: Path) -> None:
    from profiler.report.page.history import render

    plan = replace(a_fitting_run().plan, job="<script>alert(1)</script>\x1b")
    keep_series(tmp_path, [1], {0: {"plan": plan, "commit": Commit(id="<b>bold</b>")}})
    page = render(history(tmp_path), steps=True)
    assert "<script" not in page
    assert "<b>bold" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_runs_without_figures_have_a_page_without_pictures(tmp_path: Path) -> None:
    from profiler.report.page.history import render

    keep(RUNS["nothing"], str(tmp_path / "runs" / "a.jsonl"))
    assert "<svg" not in render(history(tmp_path))


def test_one_lonely_run_and_a_figure_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    from profiler.report.page.history import render

    nothing = tuple(replace(task, cpu_ns=0, init_ns=0, init_cpu_ns=0) for task in a_run().measurements)
    keep(a_run(measurements=nothing), str(tmp_path / "runs" / "a.jsonl"))
    assert render(history(tmp_path)).count("<svg") == 4
