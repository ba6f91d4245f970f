"""The figures that the repetitions of a run give."""

from __future__ import annotations

from typing import Any

from profiler.model import Measurement, Repetition, Run, Variant, VariantEnd
from profiler.series import Series, series_of
from profiler.units import MIB, NS_PER_S
from tests.factories import a_measurement, a_run, between, exactly


def _repetition(repeat: int, *measurements: Measurement, complete: bool = True, **end: Any) -> Repetition:
    wall_ns = end.pop("wall_ns", 7 * NS_PER_S)
    variant = measurements[0].variant
    return Repetition(
        variant=variant,
        repeat=repeat,
        measurements=measurements,
        end=VariantEnd(variant=variant, wall_ns=wall_ns, complete=complete, repeat=repeat),
    )


def _of(run: Run, step: str | None, variant: Variant = Variant.DECOMPOSED) -> Series:
    return next(series for series in series_of(run) if series.step == step and series.variant is variant)


def test_each_repetition_gives_one_figure_and_the_whole_comes_first() -> None:
    run = a_run(
        repetitions=(
            _repetition(0, a_measurement(peak=exactly(200)), a_measurement(index=1, peak=exactly(210))),
            _repetition(1, a_measurement(peak=exactly(220)), a_measurement(index=1, peak=exactly(190))),
        )
    )
    assert [series.step for series in series_of(run)] == [None, "train"]
    assert _of(run, "train").peak_bytes == (210 * MIB, 220 * MIB)
    assert _of(run, None).peak_bytes == (210 * MIB, 220 * MIB)
    assert _of(run, "train").tasks == 2


def test_every_task_of_a_step_pays_an_init_also_where_its_sandbox_was_warm_here() -> None:
    cold = a_measurement(cpu_ns=100, init_ns=10, init_cpu_ns=8)
    warm = a_measurement(index=1, cpu_ns=100, init_ns=0, init_cpu_ns=0)
    run = a_run(repetitions=(_repetition(0, cold, warm),))
    assert _of(run, "train").cpu_ns == (100 + 8 + 100 + 8,)
    assert _of(run, None).cpu_ns == _of(run, "train").cpu_ns


def test_a_monolith_pays_one_init() -> None:
    load = a_measurement(variant=Variant.MONOLITH, step="load", cpu_ns=100, init_ns=10, init_cpu_ns=8)
    train = a_measurement(variant=Variant.MONOLITH, step="train", cpu_ns=50, init_ns=0, init_cpu_ns=0)
    again = a_measurement(variant=Variant.MONOLITH, step="train", index=1, cpu_ns=50, init_ns=0, init_cpu_ns=0)
    run = a_run(repetitions=(_repetition(0, load, train, again),))
    assert _of(run, None, Variant.MONOLITH).cpu_ns == (208,)


def test_a_repetition_that_did_not_complete_gives_no_figure() -> None:
    run = a_run(
        repetitions=(
            _repetition(0, a_measurement(), wall_ns=5),
            _repetition(1, a_measurement(), complete=False),
            Repetition(variant=Variant.DECOMPOSED, repeat=2, measurements=(a_measurement(),)),
        )
    )
    assert _of(run, None).repeats == 1
    assert _of(run, None).wall_ns == (5,)
    nothing_complete = a_run(repetitions=(_repetition(0, a_measurement(), complete=False),))
    assert series_of(nothing_complete) == ()


def test_a_bounded_peak_counts_with_its_upper_end_and_is_said_to_be_bounded() -> None:
    run = a_run(
        repetitions=(_repetition(0, a_measurement(peak=between(100, 300)), a_measurement(peak=between(310, None))),)
    )
    assert _of(run, "train").peak_bytes == (310 * MIB,)
    assert _of(run, "train").bounded


def test_a_mark_inside_another_is_part_of_the_outer_one() -> None:
    outer = a_measurement(variant=Variant.MONOLITH, step="load")
    inner = a_measurement(variant=Variant.MONOLITH, step="parse", nested=True)
    run = a_run(repetitions=(_repetition(0, inner, outer),))
    assert [series.step for series in series_of(run)] == [None, "load"]


def test_a_run_that_was_built_without_repetitions_is_one_of_each_variant() -> None:
    run = a_run()
    assert {series.repeats for series in series_of(run)} == {1}
    assert {series.variant for series in series_of(run)} == set(Variant)
