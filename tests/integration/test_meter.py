"""The meter against truth: what is known to be held is what is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiler.model import Ending, Measurement
from profiler.units import MIB
from tests.integration.place import Place
from tests.integration.tasks import measure


def held(measurement: Measurement) -> float:
    """MiB that the task itself put on top, where the peak is exact."""
    assert measurement.peak.exact, measurement.peak
    assert measurement.added_bytes is not None
    return measurement.added_bytes / MIB


@pytest.fixture
def big_harness() -> object:
    """1 GiB that this process holds, as a harness with data of its own would."""
    data = bytearray(1 << 30)
    data[::4096] = b"x" * len(data[::4096])
    return data


def test_a_task_that_holds_300_mib_measures_300(tmp_path: Path) -> None:
    (measurement,) = measure("holds", tmp_path, environment={"HOLD_MIB": "300"})
    assert held(measurement) == pytest.approx(300, rel=0.03)


def test_and_so_it_does_when_the_harness_holds_1_gib(tmp_path: Path, big_harness: object) -> None:
    (measurement,) = measure("holds", tmp_path, environment={"HOLD_MIB": "300"})
    assert held(measurement) == pytest.approx(300, rel=0.03)
    assert measurement.start_bytes < 60 * MIB


def test_a_spike_of_five_milliseconds_is_seen_whole(tmp_path: Path, big_harness: object) -> None:
    (measurement,) = measure("spikes", tmp_path)
    assert held(measurement) == pytest.approx(1024, rel=0.01)


def test_each_task_of_a_warm_sandbox_has_its_own_peak(tmp_path: Path) -> None:
    file = tmp_path / "amounts"
    file.write_text("200 20 100 20")
    found = measure("holds_what_the_file_says", tmp_path, times=4, environment={"HOLD_FILE": str(file)})
    assert [item.init_ns > 0 for item in found] == [True, False, False, False]
    assert [held(item) for item in found] == pytest.approx([200, 20, 100, 20], rel=0.03, abs=1.5)


def test_what_a_warm_sandbox_leaks_is_in_the_peak_of_every_later_task(tmp_path: Path) -> None:
    found = measure("leaks", tmp_path, times=3)
    first = found[0].peak.low
    assert [(item.peak.low - first) / MIB for item in found] == pytest.approx([0, 30, 60], abs=3)


def test_a_killed_task_has_the_peak_that_it_had(tmp_path: Path, big_harness: object) -> None:
    (measurement,) = measure("holds_and_is_killed", tmp_path)
    assert measurement.outcome.ending is Ending.KILLED
    assert measurement.peak.low / MIB == pytest.approx(200, abs=30)


def test_a_task_with_a_child_has_a_bounded_peak(tmp_path: Path) -> None:
    (measurement,) = measure("child_holds", tmp_path)
    low, high = measurement.peak.low, measurement.peak.high
    assert high is not None
    assert 200 * MIB <= low <= high <= 260 * MIB
    assert measurement.processes == 2


def test_a_process_may_be_called_like_what_is_looked_for(tmp_path: Path) -> None:
    (measurement,) = measure("has_a_strange_name", tmp_path)
    assert measurement.outcome.ok, measurement.outcome
    assert measurement.processes == 2
    assert measurement.peak.low > 1 * MIB


def test_a_child_that_nobody_saw_leaves_the_peak_open(tmp_path: Path) -> None:
    (measurement,) = measure("starts_something_quick", tmp_path)
    assert measurement.peak.high is None


def test_a_child_that_was_let_go_is_part_of_the_peak(tmp_path: Path) -> None:
    (measurement,) = measure("lets_go", tmp_path, environment={"REACHED": str(tmp_path / "reached")})
    assert measurement.peak.low >= 200 * MIB
    assert measurement.processes >= 2


def test_a_child_that_ended_unseen_and_unasked_does_not_lower_the_peak(tmp_path: Path) -> None:
    (measurement,) = measure("leaves_a_zombie", tmp_path)
    high = measurement.peak.high
    assert high is None or high >= 100 * MIB


def test_cpu_time_of_a_child_that_lives_on_is_counted_once(place: Place) -> None:
    place.write(
        "job.py",
        "from endings import pool_begins, pool_stays\nfrom profiler import Job, step\n"
        "job = Job(name='pool', monolith=[step(pool_begins), step(pool_stays, reads='pool_begins')])\n",
    )
    code = (Path(__file__).parent.parent / "jobs" / "endings.py").read_text()
    place.write("endings.py", code)
    ended = place.paredown("run", "job.py", environment={"REACHED": str(place.folder / "reached")})
    assert ended.code == 0, ended.said
    first, second = ended.run.measurements
    assert first.cpu_ns >= 450_000_000
    assert second.cpu_ns < 100_000_000
