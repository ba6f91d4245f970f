"""CPU time that was measured on a machine with too much other work is called nothing; memory is all the same."""

from __future__ import annotations

import pytest

from profiler.checking.outcome import Called, Measure
from profiler.model import Variant
from profiler.regression.busy import MOST_WAITED, too_busy
from profiler.series import series_of
from tests.checks import a_baseline, a_checked_report, changed, checked, larger, the_change
from tests.repeated import each, waiting


@pytest.mark.parametrize(
    ("waited", "busy"),
    [
        pytest.param((), False, id="nothing is known"),
        pytest.param((0.01, 0.02, 0.0, 0.01, 0.02), False, id="a quiet machine"),
        pytest.param((0.01, 0.5, 0.0, 0.5, 0.02), False, id="two disturbed repeats of five"),
        pytest.param((0.01, 0.5, 0.3, 0.5, 0.02), True, id="three disturbed repeats of five"),
        pytest.param((MOST_WAITED,) * 5, False, id="as much as is let pass"),
    ],
)
def test_a_machine_is_too_busy_where_most_repeats_waited(waited: tuple[float, ...], busy: bool) -> None:
    assert too_busy(waited) is busy


def test_a_series_says_how_long_its_tasks_waited() -> None:
    found = series_of(waiting(a_baseline(), 0.25))
    assert {round(share, 6) for series in found for share in series.waited} == {0.25}
    assert {len(series.waited) for series in found} == {5}


def test_looks_at_the_pace_during_an_init_hide_no_wait_of_its_task() -> None:
    """Half of its task's time was spent waiting; its init took 29 times as long, with 29 of 30 looks."""
    task = {"wall_ns": 100_000_000, "init_ns": 2_900_000_000, "wait_ns": 52_500_000, "pace_ns": 75_000_000}
    found = series_of(each(a_baseline(), lambda item: task))
    assert {share for series in found for share in series.waited} == {0.5}


@pytest.mark.parametrize(("before", "now"), [(0.3, 0.0), (0.0, 0.3)])
def test_time_of_a_busy_machine_is_called_nothing(before: float, now: float) -> None:
    run = changed(a_baseline(id="now", created="2026-11-21T09:00:00Z"), larger("train", 1, cpu=1.5))
    found = checked(waiting(run, now), [waiting(a_baseline(), before)])
    change = the_change(found, "train", Measure.CPU)
    assert (change.called, change.busy) == (Called.UNKNOWN, True)
    assert found.passed


def test_a_reader_is_told_why_time_is_called_nothing() -> None:
    run = changed(a_baseline(id="now", created="2026-11-21T09:00:00Z"), larger("train", 1, cpu=1.5))
    said = a_checked_report(waiting(run, 0.3), [a_baseline()]).checked
    assert said is not None
    unknown = [statement.text for statement in said.statements if statement.label == "UNKNOWN"]
    assert unknown[0].endswith("The machine was busy with other work, now or then, and that adds CPU time too.")


def test_memory_of_a_busy_machine_is_called_as_ever() -> None:
    run = changed(a_baseline(id="now", created="2026-11-21T09:00:00Z"), larger("train", 1.2))
    change = the_change(checked(waiting(run, 0.3), [waiting(a_baseline(), 0.3)]), "train", Measure.PEAK)
    assert (change.called, change.busy) == (Called.WORSE, False)


def test_what_is_as_before_is_so_on_a_busy_machine_too() -> None:
    run = a_baseline(id="now", created="2026-11-21T09:00:00Z")
    found = checked(waiting(run, 0.3), [waiting(a_baseline(), 0.3)])
    assert {change.called for change in found.changes} == {Called.NO_CHANGE}


def test_a_rise_of_time_is_not_told_by_busy_runs() -> None:
    runs = [
        changed(
            a_baseline(id=f"run-{day}", created=f"2026-11-{day + 1:02}T09:00:00Z"),
            larger("train", 1, cpu=1 + 0.05 * day),
        )
        for day in range(7)
    ]
    quiet = checked(runs[-1], runs[:-1])
    busy = checked(waiting(runs[-1], 0.3), [waiting(run, 0.3) for run in runs[:-1]])
    assert (Variant.DECOMPOSED, "train", Measure.CPU) in {
        (item.variant, item.step, item.measure) for item in quiet.creeps
    }
    assert busy.creeps == ()
