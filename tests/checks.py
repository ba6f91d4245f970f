"""Runs with repetitions, and checks of them, judged against the facts that come with paredown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from profiler.checking.check import check
from profiler.checking.outcome import Called, Change, Check, Measure
from profiler.facts import platform_of
from profiler.fit import DEFAULT_HEADROOM
from profiler.model import Commit, Machine, Measurement, Repetition, Run, Variant
from profiler.report.build import build
from profiler.report.shape import Report
from profiler.settings import Limits, Rules
from profiler.units import MIB
from profiler.verdict import judge
from tests.factories import a_machine, a_run
from tests.repeated import repeated as measured_often
from tests.reports import FACTS
from tests.sample_runs import a_fitting_run, a_run_that_does_not_fit

REPEATS = 5
_QUIET = (0, 0.01, -0.005, 0.005, -0.01)
EARLIER = {"id": "20261120-090000-0001", "created": "2026-11-20T09:00:00Z", "path": "/runs/earlier.jsonl"}
"""What makes a run the one before `a_run`."""


EPYC = a_machine(cpu_model="EPYC", cores=8)
XEON = a_machine(cpu_model="Xeon", cores=4)


def repeated(run: Run, changes: Sequence[Callable[[Measurement], Measurement]] | int = REPEATS) -> Run:
    """A run whose variants were measured several times, each time as `changes` have it.

    Memory varies by a thousandth and CPU time by a hundredth from one repetition to the next, as on a quiet machine.
    """
    each = [_as_it_is] * changes if isinstance(changes, int) else changes
    factors = [(1 + _QUIET[repeat % 5] / 10, 1 + _QUIET[repeat % 5]) for repeat in range(len(each))]
    run = measured_often(run, factors)
    run = replace(run, repetitions=tuple(_repetition(item, each[item.repeat]) for item in run.repetitions))
    for variant in run.settings.variants:
        found = run.repeated(variant)
        for typical in [item for item in found if not item.complete][:1] or found[:1]:
            run = run.with_repetition(typical)
    return run


def _repetition(item: Repetition, change: Callable[[Measurement], Measurement]) -> Repetition:
    measurements = tuple(map(change, item.measurements))
    assert item.end is not None
    complete = item.end.complete and all(task.outcome.ok for task in measurements)
    return replace(item, measurements=measurements, end=replace(item.end, complete=complete))


def _as_it_is(item: Measurement) -> Measurement:
    return item


def larger(step: str, factor: float, *, variant: Variant = Variant.DECOMPOSED, cpu: float = 1) -> Any:
    """A change of measurements: a step holds so many times the memory, and takes so many times the CPU."""

    def change(item: Measurement) -> Measurement:
        if (item.variant, item.step) != (variant, step):
            return item
        high = None if item.peak.high is None else int(item.peak.high * factor)
        return replace(
            item, peak=replace(item.peak, low=int(item.peak.low * factor), high=high), cpu_ns=int(item.cpu_ns * cpu)
        )

    return change


def changed(run: Run, change: Callable[[Measurement], Measurement]) -> Run:
    """A run with every measurement changed, those of its repetitions too."""
    return replace(
        run,
        measurements=tuple(map(change, run.measurements)),
        repetitions=tuple(
            replace(item, measurements=tuple(map(change, item.measurements))) for item in run.repetitions
        ),
    )


def on_hosts(run: Run, *machines: Machine) -> Run:
    """A run whose decomposed tasks ran on other hosts, by turns."""

    def moved(item: Measurement) -> Measurement:
        host = "" if item.variant is Variant.MONOLITH else f"node-{item.index % max(1, len(machines))}"
        return replace(item, host=host)

    hosts = tuple(replace(machine, host=f"node-{place}") for place, machine in enumerate(machines))
    return replace(changed(run, moved), hosts=hosts)


def checked(run: Run, baselines: Iterable[Run] = (), *, variant: Variant | None = None, **rules: Any) -> Check:
    """Check a run as the command does."""
    judging = partial(judge, platform=platform_of(FACTS), headroom=DEFAULT_HEADROOM, variant=variant)
    return check(run, judging, Rules(variant=variant, **rules), baselines=baselines)


def a_baseline(**changes: Any) -> Run:
    """The run before `a_run`, measured as often."""
    return repeated(a_run(**(EARLIER | changes)))


def a_history(growth: float, runs: int = 7, **changes: Any) -> list[Run]:
    """Runs of which each holds a little more than the one before; the checked one is the last of them."""
    return [
        changed(
            a_baseline(id=f"run-{day}", created=f"2026-11-{day + 1:02}T09:00:00Z", path=f"/{day}", **changes),
            larger("train", 1 + growth * day, cpu=1 + growth * day),
        )
        for day in range(runs)
    ]


def a_checked_report(run: Run, baselines: Iterable[Run] = (), **rules: Any) -> Report:
    """Check a run and lay it out, as the command does."""
    found = checked(run, baselines, **rules)
    return build(run, found.verdict, check=found)


COMMIT = Commit(id="1a2b3c4d5e6f70819203", branch="faster-train", dirty=True)
OLD_COMMIT = Commit(id="9f8e7d6c5b4a39281706", branch="main")


def a_check_that_passes() -> Report:
    """The reference job against a baseline of which it is as good; its monolith got worse."""
    now = changed(repeated(a_fitting_run(commit=COMMIT)), larger("load", 1.08, variant=Variant.MONOLITH))
    return a_checked_report(now, [_reference_baseline()])


def a_check_of_a_first_run() -> Report:
    """Nothing to compare with, and one repeat."""
    return a_checked_report(a_fitting_run())


def a_check_that_got_worse() -> Report:
    """Training holds more, predicting takes longer, and the query is smaller; from another machine in parts."""
    now = repeated(a_fitting_run(commit=COMMIT, machine=a_machine(packages={"pandas": "3.2.0"})))
    for change in (larger("train", 1.173), larger("predict", 1, cpu=1.4), larger("daily_cost", 0.8)):
        now = changed(now, change)
    return a_checked_report(now, [_reference_baseline(machine=a_machine(packages={"pandas": "3.1.0"}))])


def a_check_on_another_machine() -> Report:
    """The newest baseline is of another machine, and one before it of this; names are not what they were."""
    before = _reference_baseline(machine=a_machine(cpu_model="AMD EPYC 7763", cores=4))
    older = replace(_reference_baseline(), id="20261112-090000-0000", created="2026-11-12T09:00:00Z", path="/older")
    steps = tuple(replace(step, name="forecast") if step.name == "predict" else step for step in before.plan.decomposed)
    before = changed(
        replace(before, plan=replace(before.plan, decomposed=steps)),
        lambda item: (
            replace(item, step="forecast") if (item.variant, item.step) == (Variant.DECOMPOSED, "predict") else item
        ),
    )
    return a_checked_report(repeated(a_fitting_run(commit=COMMIT)), [before, older])


def a_check_that_does_not_fit() -> Report:
    """One query is too big and a task too slow; limits are passed, and a baseline is asked for that is not there."""
    return a_checked_report(
        a_run_that_does_not_fit(),
        whole=Limits(max_gb_s=Decimal("0.5"), max_usd_per_request=Decimal("0.00001")),
        steps={"predict": Limits(max_peak_bytes=128 * MIB)},
        require_baseline=True,
    )


def a_check_that_is_undecided() -> Report:
    """Some repetitions fit, and one does not; one repeat on the other side."""
    before = replace(a_fitting_run(), **{**EARLIER, "commit": OLD_COMMIT})
    changes = [_as_it_is, _as_it_is, larger("train", 60), _as_it_is, _as_it_is]
    return a_checked_report(repeated(a_fitting_run(commit=COMMIT), changes), [before])


def a_check_that_finds_creep() -> Report:
    """Seven runs, each with a little more than the one before."""
    *before, now = a_history(0.03)
    return a_checked_report(now, before)


SAMPLES: dict[str, Callable[[], Report]] = {
    "check-passes": a_check_that_passes,
    "check-first": a_check_of_a_first_run,
    "check-worse": a_check_that_got_worse,
    "check-elsewhere": a_check_on_another_machine,
    "check-does-not-fit": a_check_that_does_not_fit,
    "check-undecided": a_check_that_is_undecided,
    "check-creep": a_check_that_finds_creep,
}


def _reference_baseline(**changes: Any) -> Run:
    return repeated(replace(a_fitting_run(), **{**EARLIER, "commit": OLD_COMMIT, **changes}))


def the_change(found: Check, step: str | None, measure: Measure, variant: Variant = Variant.DECOMPOSED) -> Change:
    """One figure of a check."""
    [change] = [item for item in found.changes if (item.variant, item.step, item.measure) == (variant, step, measure)]
    return change


def called(found: Check, word: Called) -> list[tuple[str, str | None, str]]:
    """The figures that are called so."""
    return [(item.variant.value, item.step, item.measure.value) for item in found.changes if item.called is word]
