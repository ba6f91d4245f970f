"""What the repetitions of a run give: per variant and step the figures that one measurement after another showed.

Peak memory and CPU time, because they are steady on a shared machine; elapsed time stands beside them and decides
nothing. Pure, and no statistics: `regression` has those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from profiler.model import Measurement, Peak, Repetition, Run, Variant

_LEAST_LOOKS = 3
"""At the pace of the cores, in one repetition of a variant."""
_OWN_LOOKS = 10
"""In one repetition of a step, for its own to count rather than the variant's."""

Place = tuple[Variant, str | None]
"""A step of a variant; None: the whole variant."""

Looks = tuple[int, int]
"""At the pace of the cores, in one repetition: the CPU time of all of them in ns, and how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One step of a variant, or the whole of it, with one figure for each repetition that ended well."""

    variant: Variant
    step: str | None
    """None: the whole variant."""
    tasks: int
    """Most tasks in a repetition."""
    peak_bytes: tuple[int, ...]
    """Highest peak of any task; of a bounded one its upper end, or its lower where it has none."""
    bounded: bool
    """Some of these peaks are bounded: the real one is not known exactly."""
    cpu_ns: tuple[int, ...]
    """CPU time of all tasks, each with an init, as it has on Lambda after a cold start."""
    wall_ns: tuple[int, ...]
    """Of the whole: elapsed; of a step: the sum over its tasks."""
    waited: tuple[float, ...] = ()
    """Share of its tasks' time in which they were ready to run, but the machine's cores were busy; empty: not known."""
    pace_ns: tuple[float, ...] = ()
    """What a fixed piece of work took on the same cores meanwhile, in CPU time; empty: not known of each repetition."""

    @property
    def place(self) -> Place:
        """What it has the figures of."""
        return self.variant, self.step

    @property
    def repeats(self) -> int:
        """How many repetitions it has figures of."""
        return len(self.peak_bytes)


def series_of(run: Run) -> tuple[Series, ...]:
    """Return the figures of a run: for each variant the whole first, then its steps in the order of the plan.

    A repetition that did not complete gives none, and a variant without any that did is left out. A mark inside
    another mark is left out: its figures are in the outer one's.
    """
    return tuple(series for variant in Variant for series in _of_variant(complete_repetitions(run, variant)))


def complete_repetitions(run: Run, variant: Variant) -> tuple[Repetition, ...]:
    """Return the repetitions of a variant that figures are taken from."""
    return tuple(repetition for repetition in run.repeated(variant) if repetition.complete and repetition.measurements)


def paces_of_whole(looks: Sequence[Looks]) -> tuple[float, ...]:
    """Return the pace of the cores in each repetition of a variant; nothing where one of them has too few looks."""
    paces = tuple(_pace_ns(own, _LEAST_LOOKS) for own in looks)
    return paces if all(paces) else ()


def paces_of_step(looks: Sequence[Looks], of_whole: Sequence[float]) -> tuple[float, ...]:
    """Return the same of a step; that of its variant in the same repetition, where it has too few looks of its own."""
    if not of_whole:
        return ()
    return tuple(_pace_ns(own, _OWN_LOOKS) or whole for own, whole in zip(looks, of_whole, strict=True))


def _of_variant(complete: Sequence[Repetition]) -> Iterator[Series]:
    if not complete:
        return
    by_step = [_by_step(repetition.measurements) for repetition in complete]
    whole = _series(complete[0].variant, None, [repetition.measurements for repetition in complete])
    paces = paces_of_whole([_looks(repetition.measurements) for repetition in complete])
    yield replace(
        whole,
        cpu_ns=tuple(sum(map(_cpu_ns, steps.values())) for steps in by_step),
        wall_ns=tuple(repetition.end.wall_ns for repetition in complete if repetition.end),
        pace_ns=paces,
    )
    for step in by_step[0]:
        having = [place for place, steps in enumerate(by_step) if step in steps]
        repetitions = [by_step[place][step] for place in having]
        of_whole = [paces[place] for place in having] if paces else []
        series = _series(complete[0].variant, step, repetitions)
        yield replace(series, pace_ns=paces_of_step(list(map(_looks, repetitions)), of_whole))


def _by_step(measurements: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    steps: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        if not measurement.nested:
            steps.setdefault(measurement.step, []).append(measurement)
    return steps


def _series(variant: Variant, step: str | None, repetitions: Sequence[Sequence[Measurement]]) -> Series:
    return Series(
        variant=variant,
        step=step,
        tasks=max(len(tasks) for tasks in repetitions),
        peak_bytes=tuple(max(_top(task.peak) for task in tasks) for tasks in repetitions),
        bounded=any(not task.peak.exact for tasks in repetitions for task in tasks),
        cpu_ns=tuple(map(_cpu_ns, repetitions)),
        wall_ns=tuple(sum(task.wall_ns for task in tasks) for tasks in repetitions),
        waited=tuple(map(_waited, repetitions)),
    )


def _cpu_ns(tasks: Sequence[Measurement]) -> int:
    """CPU time of the tasks of one step, and of an init for each: a monolith has one process, and so one init."""
    inits = [task.init_cpu_ns for task in tasks if task.init_ns > 0]
    sandboxes = 1 if tasks[0].variant is Variant.MONOLITH else len(tasks)
    return sum(task.cpu_ns for task in tasks) + (round(median(inits)) * sandboxes if inits else 0)


def _waited(tasks: Sequence[Measurement]) -> float:
    """Looking at the pace takes a core away too, and says nothing of other work."""
    wall_ns = sum(task.wall_ns for task in tasks)
    return sum(max(0, task.wait_ns - _looked_ns(task)) for task in tasks) / wall_ns if wall_ns else 0.0


def _looked_ns(task: Measurement) -> int:
    """How long its core was looked at within its own time: looks are as frequent in its init, whose wait is not in."""
    pace_ns = max(0, task.pace_ns)
    if min(task.init_ns, task.wall_ns) <= 0:
        return pace_ns
    return pace_ns * task.wall_ns // (task.wall_ns + task.init_ns)


def _looks(tasks: Sequence[Measurement]) -> Looks:
    return sum(task.pace_ns for task in tasks), sum(task.paces for task in tasks)


def _pace_ns(looks: Looks, least: int) -> float:
    """The mean over all looks at the pace; 0 where there are too few, or what a file has of them is no time."""
    return max(0.0, looks[0] / looks[1]) if looks[1] >= least else 0.0


def _top(peak: Peak) -> int:
    return peak.low if peak.high is None else peak.high
