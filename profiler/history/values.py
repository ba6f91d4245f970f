"""What the history of a job is: its runs in order, and how each figure went from run to run.

Only the values are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from profiler.checking.outcome import Measure
from profiler.kept.listing import Header, Unreadable
from profiler.model import Variant
from profiler.regression.creep import Rise
from profiler.series import Place, Series


class Ending(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Or it still goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One run of the job."""

    header: Header
    ending: Ending
    reason: str
    """Why it failed; empty otherwise."""
    same_machine: bool
    """As the newest run's, and so are the kinds of host that ran its tasks."""
    other_data: str
    """Why it measured other work than the newest run, in words that follow "its"; empty: the same."""
    same_between: bool
    """What passed between its steps lay in a store as the newest run's did, or in a folder as that did."""
    series: Mapping[Place, Series]
    """Of each variant that it measured to its end itself, the whole and its steps, by the names that they have in the
    newest run."""
    taken: frozenset[Variant]
    """Variants that were taken from another run."""
    busy: frozenset[Variant]
    """Variants during which the machine had too much other work for CPU time to say anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One figure of a step, or of a whole variant, over the runs."""

    variant: Variant
    step: str | None
    """None: the whole variant."""
    measure: Measure
    values: tuple[float | None, ...]
    """Of each run what is typical, the oldest first; None: there is none, or it cannot be held to the newest one's."""
    rise: Rise | None
    """Where it crept up, beyond the threshold and its noise."""
    told: int
    """Over how many runs a rise was looked for."""
    at_pace_of: str
    """Of CPU time: the run at the pace of whose cores it is given; empty: as measured, and a rise cannot be told."""
    slower: tuple[float | None, ...]
    """Of CPU time at a pace: for each run what a fixed piece of work took on its cores ÷ what it took in that run."""

    @property
    def known(self) -> tuple[float, ...]:
        """The figures that there are."""
        return tuple(value for value in self.values if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The kept runs of one job."""

    job: str
    runs: tuple[Past, ...]
    """The oldest first."""
    trends: tuple[Trend, ...]
    """By variant, the whole first."""
    older: int
    """Runs of the job that are left out, because only the newest were asked for."""
    unreadable: tuple[Unreadable, ...]
