"""Memory over time as the keeper samples it: it looks like what the task did, and never says more than the peak."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from profiler.model import Ending, Measurement
from profiler.runner.curves import MOST_POINTS
from profiler.runner.keeping import Keeper, Replied, Start
from profiler.store import load_run
from profiler.units import MIB
from tests.integration.place import Ended, Place
from tests.integration.tasks import a_task, measure


def drawn(name: str, folder: Path, *, points: int = MOST_POINTS, **changes: Any) -> Measurement:
    """One task, with its curve."""
    (measurement,) = measure(name, folder, points=points, **changes)
    return measurement


def times(measurement: Measurement) -> tuple[int, ...]:
    """Milliseconds of all points."""
    return measurement.curve[::2]


def sizes(measurement: Measurement) -> list[float]:
    """MiB of all points."""
    return [kib / 1024 for kib in measurement.curve[1::2]]


def test_stairs_are_drawn_as_stairs(tmp_path: Path) -> None:
    measurement = drawn("climbs", tmp_path)
    base = measurement.start_bytes / MIB
    *climb, end = sizes(measurement)
    del climb[len(climb) - climb[::-1].index(max(climb)) :]
    assert climb == pytest.approx(sorted(climb), abs=1)
    for stair in (40, 80, 120, 160, 200):
        assert sum(abs(size - base - stair) < 4 for size in climb) >= 2, (stair, climb)
    assert climb[0] == pytest.approx(base, abs=1)
    assert end == pytest.approx(base, abs=4), "what it held is given back when it has returned"


def test_a_curve_begins_and_ends_with_the_task(tmp_path: Path) -> None:
    first, warm = measure("climbs", tmp_path, times=2, points=MOST_POINTS)
    for measurement in (first, warm):
        lasted = (times(measurement)[-1] - times(measurement)[0]) * 1_000_000
        assert list(times(measurement)) == sorted(times(measurement))
        assert lasted >= measurement.wall_ns * 0.99
    assert times(first)[0] * 1_000_000 >= 0.8 * first.init_ns, "a fresh sandbox has to import first"
    assert times(warm)[0] < times(first)[0]


def test_a_sample_is_never_above_the_peak_of_a_single_process(tmp_path: Path) -> None:
    task = a_task("climbs", tmp_path, environment={"TMPDIR": str(tmp_path)})
    keeper = Keeper(Start(env=task.env, cwd=os.getcwd(), log=str(tmp_path / "log")))
    try:
        keeper.ask(task.prepare)
        reply = keeper.ask(task.order, points=MOST_POINTS)
    finally:
        keeper.close()
    assert isinstance(reply, Replied)
    peak = reply.answer.reading.peak_bytes / MIB
    highest = max(reply.curve[1::2]) / 1024
    assert peak - 4 < highest <= peak + 0.5, "the kernel adds up by processor, to a few pages"


def test_a_spike_between_two_samples_is_in_the_peak_whether_or_not_it_is_drawn(tmp_path: Path) -> None:
    measurement = drawn("spikes", tmp_path)
    assert measurement.added_bytes is not None
    assert measurement.added_bytes / MIB == pytest.approx(1024, rel=0.01)
    assert max(sizes(measurement)) <= measurement.peak.low / MIB


def test_a_task_that_takes_no_time_has_its_begin_and_its_end(tmp_path: Path) -> None:
    _, warm = measure("fine", tmp_path, times=2, points=MOST_POINTS)
    assert len(times(warm)) >= 2
    assert sizes(warm)[0] == pytest.approx(warm.start_bytes / MIB, abs=1)


def test_a_long_task_in_little_room_is_coarse_and_keeps_its_spike(tmp_path: Path) -> None:
    measurement = drawn("spikes_and_rests", tmp_path, points=6, environment={"REST_S": "2"})
    base = measurement.start_bytes / MIB
    assert 3 <= len(times(measurement)) <= 6
    assert max(sizes(measurement)) - base == pytest.approx(100, abs=4)
    assert (times(measurement)[-1] - times(measurement)[0]) * 1_000_000 >= 2_000_000_000
    assert min(sizes(measurement)) < base + 4


def test_without_room_nothing_is_drawn_and_all_else_is_measured(tmp_path: Path) -> None:
    measurement = drawn("holds_what_the_file_says", tmp_path, points=0, environment=amount(tmp_path, 100))
    assert measurement.curve == ()
    assert measurement.added_bytes is not None
    assert measurement.added_bytes / MIB == pytest.approx(100, rel=0.03)


def amount(folder: Path, mib: int) -> dict[str, str]:
    """What tells `holds_what_the_file_says` how much to hold."""
    file = folder / "amount"
    file.write_text(str(mib))
    return {"HOLD_FILE": str(file)}


def test_a_killed_task_keeps_its_curve(tmp_path: Path) -> None:
    measurement = drawn("climbs_and_is_killed", tmp_path)
    assert measurement.outcome.ending is Ending.KILLED
    assert max(sizes(measurement)) == pytest.approx(measurement.peak.low / MIB, abs=4)
    assert max(sizes(measurement)) > 200


def test_a_task_that_took_too_long_is_drawn_to_the_moment_of_its_end(tmp_path: Path) -> None:
    measurement = drawn("climbs_and_sleeps", tmp_path, timeout_ns=3_000_000_000)
    assert measurement.outcome.ending is Ending.TIMED_OUT
    assert times(measurement)[-1] - times(measurement)[0] >= 3_000
    assert sizes(measurement)[-1] < max(sizes(measurement)) - 150, "it had given all of it back"


def test_the_memory_of_child_processes_is_in_the_curve(tmp_path: Path) -> None:
    measurement = drawn("child_holds", tmp_path)
    assert max(sizes(measurement)) > 200
    assert max(sizes(measurement)) * MIB == pytest.approx(measurement.peak.low, rel=0.25)
    assert sizes(measurement)[0] < 60


def test_what_processes_share_counts_once(tmp_path: Path) -> None:
    measurement = drawn("shares_with_children", tmp_path)
    base = measurement.start_bytes / MIB
    assert measurement.processes == 4
    assert max(sizes(measurement)) - base == pytest.approx(200, abs=40)


def test_each_step_of_a_monolith_has_the_curve_of_its_own(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    for measurement in ended.run.measurements:
        assert measurement.curve, measurement.step
        assert max(sizes(measurement)) * MIB <= (measurement.peak.high or measurement.peak.low) + MIB
    steps = [item for item in ended.run.measurements if item.variant == "monolith"]
    spans = [(step.started_ns // 1_000_000 + times(step)[0], step.started_ns // 1_000_000 + times(step)[-1])
             for step in steps]  # fmt: skip
    assert len(spans) > 1
    for (_, end), (begin, _) in pairwise(spans):
        assert end <= begin + 2


def test_a_script_has_one_curve_with_its_marks_in_it(place: Place) -> None:
    place.write(
        "train.py",
        "import time\nfrom profiler import mark\nwith mark('load'):\n    data = bytearray(100 << 20)\n"
        "    data[::4096] = b'x' * len(data[::4096])\n    time.sleep(0.4)\ndel data\ntime.sleep(0.3)\n",
    )
    ended = place.paredown("run", "train.py")
    mark, whole = ended.run.measurements
    assert (mark.curve, mark.step) == ((), "load")
    moments = [whole.started_ns / 1e6 + ms for ms in times(whole)]
    span = (mark.started_ns / 1e6, (mark.started_ns + mark.wall_ns) / 1e6)
    high = [moment for moment, size in zip(moments, sizes(whole), strict=True) if size > 90]
    assert len(high) >= 3
    assert span[0] - 10 <= min(high) <= max(high) <= span[1] + 5
    assert moments[-1] > span[1] + 200


def test_a_run_of_very_many_tasks_has_no_curves(shop: Place) -> None:
    ended = shop.paredown("run", "job.py", "--shards", "30000", "--variant", "monolith")
    assert ended.code == 0, ended.said
    assert {item.curve for item in ended.run.measurements} == {()}


def test_a_run_from_before_there_were_curves_has_none(place: Place, measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    lines = [json.loads(line) for line in Path(ended.run.path).read_text().splitlines()]
    assert any(line.pop("curve", ()) for line in lines)
    old = place.write("run.jsonl", "".join(json.dumps({k: v for k, v in line.items() if k != "curve"}) + "\n"
                                           for line in lines))  # fmt: skip
    assert {item.curve for item in load_run(str(old)).measurements} == {()}
    assert place.paredown("report", "run.jsonl").code == 0
