"""The curve of memory over time: how fine it may be, and what stays of it when it gets coarser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from profiler.encoding import encode
from profiler.model import Plan
from profiler.runner.curves import LEAST_POINTS, MOST_POINTS, RUN_BYTES, later, points_per_task, up_to
from profiler.runner.keeper import Curve
from profiler.units import MIB
from tests.factories import a_measurement, a_plan, a_planned_step, between, exactly

LARGEST = 999_999_999
"""In milliseconds eleven days, in KiB almost a TiB."""


def a_wide_plan(*, monolith: int = 1, single: int = 0, sharded: int = 0, shards: int = 1, parts: int = 0) -> Plan:
    """A job of so many steps of each kind; the one that is split by file comes only where it has parts."""
    by_file = [a_planned_step(fans_out=True, parts=tuple((f"{part}.parquet",) for part in range(parts)))]
    return a_plan(
        monolith=(a_planned_step(),) * monolith,
        decomposed=(
            *[a_planned_step()] * single,
            *[a_planned_step(fans_out=True)] * sharded,
            *(by_file if parts else []),
        ),
        shards=shards,
    )


@pytest.mark.parametrize(
    ("plan", "repeats", "points"),
    [
        pytest.param(a_wide_plan(), 1, MOST_POINTS, id="a plain script"),
        pytest.param(a_wide_plan(monolith=3, single=1, sharded=1, shards=100), 1, MOST_POINTS, id="a hundred tasks"),
        pytest.param(a_wide_plan(monolith=0, sharded=1, shards=1000), 1, 99, id="a thousand tasks"),
        pytest.param(a_wide_plan(monolith=0, sharded=1, shards=200), 5, 99, id="a thousand in five repetitions"),
        pytest.param(a_wide_plan(monolith=0, parts=1000), 1, 99, id="a thousand parts"),
        pytest.param(a_wide_plan(monolith=0, sharded=1, shards=27_000), 1, LEAST_POINTS, id="the most that have any"),
        pytest.param(a_wide_plan(monolith=0, sharded=1, shards=28_000), 1, 0, id="too many for any"),
    ],
)
def test_the_more_tasks_the_coarser_is_the_curve_of_each(plan: Plan, repeats: int, points: int) -> None:
    assert points_per_task(plan, repeats) == points


@given(
    monolith=some.integers(1, 50), single=some.integers(0, 50), sharded=some.integers(0, 50),
    shards=some.integers(1, 100_000), parts=some.integers(0, 300), repeats=some.integers(1, 100),
)  # fmt: skip
def test_all_curves_of_a_run_stay_below_two_megabytes(
    monolith: int, single: int, sharded: int, shards: int, parts: int, repeats: int
) -> None:
    plan = a_wide_plan(monolith=monolith, single=single, sharded=sharded, shards=shards, parts=parts)
    tasks = repeats * (monolith + single + sharded * shards + parts)
    points = points_per_task(plan, repeats)
    assert points == 0 or LEAST_POINTS <= points <= MOST_POINTS
    fullest = a_measurement(curve=(LARGEST, LARGEST) * points)
    assert tasks * (encoded_bytes(fullest) - encoded_bytes(a_measurement())) <= RUN_BYTES == 2_000_000


def encoded_bytes(measurement: object) -> int:
    """What it takes in a run's file."""
    return len(json.dumps(encode(measurement), separators=(",", ":")))


def drawn(samples: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """What a keeper keeps of these samples."""
    curve = Curve(most)
    for ms, kib in samples:
        curve.add(ms, kib)
    flat = curve.flat()
    return list(zip(flat[::2], flat[1::2], strict=True))


samples = some.lists(some.tuples(some.integers(0, 500), some.integers(0, 9)), min_size=1, max_size=300).map(
    lambda steps: [(sum(step for step, _ in steps[: place + 1]), kib) for place, (_, kib) in enumerate(steps)]
)
"""Samples as they come: never earlier than the one before, and often of the same memory."""


@given(samples, some.integers(LEAST_POINTS, 40))
def test_a_curve_keeps_its_highest_its_first_and_its_last_sample_in_the_room_it_has(
    samples: list[tuple[int, int]], most: int
) -> None:
    kept = drawn(samples, most)
    assert len(kept) <= most
    assert kept[0] == samples[0]
    assert kept[-1] == samples[-1]
    assert max(kib for _, kib in kept) == max(kib for _, kib in samples)
    assert set(kept) <= set(samples)
    assert [ms for ms, _ in kept] == sorted(ms for ms, _ in kept)


@given(some.integers(16, 512), some.integers(1, 20_000))
def test_a_curve_is_never_coarser_than_its_room_asks_for(most: int, count: int) -> None:
    kept = drawn([(50 * number, number % 7) for number in range(count)], most)
    assert len(kept) >= min(count, most // 2 - 2)


def test_a_peak_within_hours_is_still_at_its_own_time() -> None:
    hours = [(50 * number, 1000) for number in range(6 * 3600 * 20)]
    hours[123_456] = (50 * 123_456, 9000)
    assert (50 * 123_456, 9000) in drawn(hours, 64)


def test_what_has_room_is_kept_as_it_is() -> None:
    stairs = [(0, 10), (10, 12), (60, 30), (110, 20)]
    assert drawn(stairs, 512) == stairs


def test_without_room_there_is_no_curve() -> None:
    assert drawn([(0, 10), (10, 12)], 0) == []


def test_a_curve_stays_below_an_exact_peak_and_below_the_upper_end_of_a_bounded_one() -> None:
    kib = 1024
    assert up_to((0, 150 * kib, 50, 90 * kib), exactly(100)) == (0, 100 * kib, 50, 90 * kib)
    assert up_to((0, 150 * kib, 50, 90 * kib), between(80, 120)) == (0, 120 * kib, 50, 90 * kib)
    assert up_to((0, 150 * kib), between(80, None)) == (0, 150 * kib)


def test_a_curve_that_begins_later_is_moved_in_time_alone() -> None:
    assert later((0, 10, 50, 20), 300) == (300, 10, 350, 20)


def test_a_curve_is_in_the_runs_file_only_where_there_is_one() -> None:
    assert "curve" not in encode(a_measurement())
    assert encode(a_measurement(curve=(0, MIB)))["curve"] == [0, MIB]
