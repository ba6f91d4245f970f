"""What a comparison of runs is: the runs, what differs between them, and every figure of each against the first's.

Only the values are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from profiler.comparing.traits import Trait
from profiler.model import Run, Variant


class Figure(StrEnum):
    """What is shown of a step or of a whole variant."""

    PEAK = "peak"
    """Highest resident memory, in bytes."""
    CPU = "cpu"
    """CPU time with an init for each task, in ns."""
    GB_SECONDS = "gb_seconds"
    """As Lambda would bill one run; where no Lambda holds it, peak × time, which nobody sells."""
    USD_PER_REQUEST = "usd_per_request"
    TASKS = "tasks"
    WALL = "wall"
    """Elapsed, in ns, on the machine that measured; it decides nothing."""


class Finding(StrEnum):
    """What a difference from the first run is taken for."""

    MORE = "more"
    """By more than the noise of the repeats."""
    LESS = "less"
    SAME = "same"
    """No more than the noise of the repeats."""
    UNKNOWN = "unknown"
    """Not to be told from noise; `Doubt` says why."""
    NOT_COMPARED = "not_compared"
    """Time of another machine, elapsed time, or a figure that one of both does not have."""


class Doubt(StrEnum):
    """Why a difference may be no more than noise."""

    REPEATS = "repeats"
    """Too few, so their noise is not known."""
    BUSY = "busy"
    """The machine of either run had too much other work, which adds CPU time."""
    PACE = "pace"
    """How fast the cores were is not known of both runs, so CPU time may be the cores' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure against that of the first run."""

    finding: Finding
    doubt: Doubt | None = None
    """None: it is not unknown."""
    ratio: float | None = None
    """This one ÷ the first one, of what is typical; None where it is not compared, or the first one is nothing."""
    interval: tuple[float, float] | None = None
    """Of the ratio, 95 %, by bootstrap over the repeats; None: the noise is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A figure of one run."""

    repeats: tuple[float, ...]
    """One per repetition that ended well; see `at_pace`."""
    typical: float
    """Mean of the lower half of the repeats."""
    bounded: bool = False
    """A peak that is known between two ends only; its upper end is shown where there is one."""
    at_pace: bool = False
    """Of CPU time and what follows from it: given as it would be at the pace of the first run's cores."""
    difference: Difference | None = None
    """None: this is the first run, or the first run has no such figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure of a step, or of a whole variant, in every run."""

    variant: Variant
    step: str | None
    """None: the whole variant. Under the name of the first run that has it."""
    figure: Figure
    values: tuple[Value | None, ...]
    """One per run; None: the run has no such step, or did not measure it to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the runs."""

    letter: str
    run: Run
    same_machine: bool
    """As the first run's, and so are the kinds of host that ran its tasks: time can be compared."""
    other_data: str
    """Why it measured other work than the first run, in words that follow "its"; empty: it measured the same."""
    repeats: tuple[tuple[Variant, int], ...]
    """How many repetitions of each variant ended well."""
    same_between: bool = True
    """What passed between its steps lay in a store as the first run's did, or in a folder as that did."""
    slower: tuple[tuple[Variant, float], ...] = ()
    """What a fixed piece of work took on its cores ÷ on the first run's, where both are known: 1.12 is 12 % slower."""
    busy: tuple[Variant, ...] = ()
    """While these ran, the machine had too much other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Runs of one job, the first one being the reference."""

    job: str
    sides: tuple[Side, ...]
    traits: tuple[Trait, ...]
    lines: tuple[Line, ...]
    only_in: tuple[tuple[Variant, str, tuple[str, ...]], ...]
    """Variant, step, and the letters of the runs that have it, where not all that measured the variant do."""
    renamed: tuple[tuple[str, Variant, str, str], ...]
    """Letter, variant, the first run's name, the name there: their code is the same."""
    rows: tuple[tuple[Variant, tuple[int | None, ...]], ...]
    """Rows of the answers of each variant, where runs differ."""
    hypothetical: tuple[tuple[Variant, str], ...]
    """Variant and letter, where GB-seconds are peak × time because no Lambda holds it."""
