"""CPU time is held against a baseline's at one pace of the cores; where that is not known, it is called nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from profiler.checking.outcome import Called, Measure
from profiler.model import Run, Variant
from profiler.runner import keeper
from profiler.series import series_of
from tests.checks import a_baseline, a_checked_report, changed, checked, larger, the_change
from tests.factories import a_machine, the_settings
from tests.repeated import each, on_slower_cores, seldom_looked_at


def now(run: Run | None = None) -> Run:
    return run or a_baseline(id="now", created="2026-11-21T09:00:00Z")


@pytest.mark.parametrize("by", [0.7, 1.0, 1.4])
def test_slower_cores_are_no_change_of_the_code(by: float) -> None:
    found = checked(on_slower_cores(now(), by), [a_baseline()])
    assert {change.called for change in found.changes} == {Called.NO_CHANGE}
    cpu = the_change(found, "train", Measure.CPU)
    assert cpu.ratio == pytest.approx(1)
    assert cpu.slower_before == pytest.approx(1 / by)


@pytest.mark.parametrize("by", [0.7, 1.0, 1.4])
def test_what_the_code_takes_more_is_found_on_slower_and_on_faster_cores(by: float) -> None:
    slower = changed(now(), larger("train", 1, cpu=1.3))
    change = the_change(checked(on_slower_cores(slower, by), [a_baseline()]), "train", Measure.CPU)
    assert change.called is Called.WORSE
    assert change.ratio == pytest.approx(the_change(checked(slower, [a_baseline()]), "train", Measure.CPU).ratio)


def test_code_that_is_slower_everywhere_is_found() -> None:
    run = changed(changed(now(), larger("train", 1, cpu=1.3)), larger("daily_cost", 1, cpu=1.3))
    assert the_change(checked(run, [a_baseline()]), None, Measure.CPU).called is Called.WORSE


def test_a_reader_is_told_that_the_cores_were_slower() -> None:
    report = a_checked_report(now(), [on_slower_cores(a_baseline(), 1.12)])
    assert report.checked is not None
    assert (
        "The cores were 12 % slower then, as a fixed piece of work on them shows: CPU times before are given as they "
        "would be at the pace of this run." in report.checked.notes
    )
    faster = a_checked_report(on_slower_cores(now(), 1.12), [a_baseline()])
    assert faster.checked is not None
    assert any("12 % faster then" in note for note in faster.checked.notes)
    same = a_checked_report(now(), [a_baseline()])
    assert same.checked is not None
    assert not any("pace" in note for note in same.checked.notes)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(a_baseline(settings=the_settings(pace=0)), id="it was not looked at"),
        pytest.param(a_baseline(settings=the_settings(pace=99)), id="with other work"),
        pytest.param(a_baseline(machine=a_machine(python="3.13.1")), id="on another Python"),
        pytest.param(seldom_looked_at(a_baseline(), 0), id="the tasks were too short"),
        pytest.param(on_slower_cores(a_baseline(), 0), id="its looks took no time"),
        pytest.param(each(a_baseline(), lambda item: {"pace_ns": -1}), id="its looks took less than no time"),
    ],
)
def test_time_whose_pace_is_not_known_is_called_nothing(before: Run) -> None:
    found = checked(changed(now(), larger("train", 1.2, cpu=1.5)), [before])
    change = the_change(found, "train", Measure.CPU)
    assert (change.called, change.slower_before) == (Called.UNKNOWN, None)
    assert the_change(found, "train", Measure.PEAK).called is Called.WORSE
    said = a_checked_report(changed(now(), larger("train", 1, cpu=1.5)), [before]).checked
    assert said is not None
    unknown = [statement.text for statement in said.statements if statement.label == "UNKNOWN"]
    assert unknown[0].endswith("How fast the cores were is not known of both runs, so that may be the machine's.")


def test_cores_that_become_slower_from_run_to_run_are_no_creep() -> None:
    runs = [
        on_slower_cores(a_baseline(id=f"run-{day}", created=f"2026-11-{day + 1:02}T09:00:00Z"), 1 + 0.05 * day)
        for day in range(7)
    ]
    assert checked(runs[-1], runs[:-1]).creeps == ()


def test_a_short_step_takes_the_pace_of_its_variant() -> None:
    run = each(a_baseline(), lambda item: {"paces": 2, "pace_ns": 2 * 2_000_000} if item.step == "daily_cost" else {})
    whole, daily_cost, train = (series for series in series_of(run) if series.variant is Variant.DECOMPOSED)
    assert (daily_cost.step, train.step) == ("daily_cost", "train")
    assert daily_cost.pace_ns == whole.pace_ns == pytest.approx([(2 * 2_000_000 + 20 * 2_500_000) / 22] * 5)
    assert train.pace_ns == pytest.approx([2_500_000] * 5)


@pytest.fixture
def waiting() -> Iterator[int]:
    """A process that waits."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    os.close(read)
    while keeper.working(child):
        time.sleep(0.001)
    yield child
    os.close(write)
    os.waitpid(child, 0)


@pytest.fixture
def waiting_for_its_child() -> Iterator[int]:
    """A process that waits for another one, which works."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        if not os.fork():
            while True:
                pass
        while True:
            signal.pause()
    while keeper.working(child) or not keeper.children(child):
        time.sleep(0.001)
    yield child
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)


def look_at(pid: int, times: int) -> keeper.Pace:
    """Look until it has been seen at work so many times, for ten seconds at most."""
    pace = keeper.Pace(pid)
    deadline = time.monotonic() + 10
    while pace.times < times and time.monotonic() < deadline:
        pace.look()
    return pace


def test_a_keeper_looks_at_the_core_on_which_its_sandbox_works() -> None:
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            pass

    worker = threading.Thread(target=work)
    worker.start()
    try:
        pace = look_at(os.getpid(), 3)
    finally:
        done.set()
        worker.join()
    seen = pace.told()
    assert seen["paces"] >= 3
    assert seen["pace_ns"] > 0
    assert pace.told() == {"pace_ns": 0, "paces": 0}
    assert os.sched_getaffinity(0) == pace.cores


def test_a_sandbox_that_waits_is_on_no_core(waiting: int) -> None:
    pace = keeper.Pace(waiting)
    pace.look()
    assert pace.told() == {"pace_ns": 0, "paces": 0}


def test_a_sandbox_that_waits_for_its_own_processes_works_on_their_core(waiting_for_its_child: int) -> None:
    assert look_at(waiting_for_its_child, 1).told()["paces"] == 1


def test_several_cores_on_which_a_sandbox_works_are_looked_at_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "working", lambda pid: [3, 5] if pid == 1 else [])
    pace = keeper.Pace(1)
    seen = []
    for pace.times in range(4):
        seen.append(pace.core())
    assert seen == [3, 5, 3, 5]


def test_a_core_that_is_not_allowed_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = keeper.Pace(os.getpid())
    monkeypatch.setattr(pace, "core", lambda: 1_000)  # As where a container loses a core in this moment.
    pace.look()
    assert pace.told() == {"pace_ns": 0, "paces": 0}
    assert os.sched_getaffinity(0) == pace.cores


@pytest.mark.parametrize(("repeats", "pace", "said"), [(5, 1, True), (5, 0, False), (1, 0, False)])
def test_a_reader_is_told_that_looking_made_the_time_longer(repeats: int, pace: int, said: bool) -> None:
    run = a_baseline(settings=the_settings(repeats=repeats, pace=pace))
    time = next(item.text for item in a_checked_report(run, []).basis if item.label == "time")
    assert ("the pace of the cores was looked at" in time) is said
