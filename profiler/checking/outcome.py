"""What a check found: whether it fits and holds the line, what changed, and since which run.

Only the values are here; nothing is found out and nothing is said in words, but for what no figure says.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from profiler.model import Commit, Variant
from profiler.reasons import Reason
from profiler.verdict import Verdict


class Measure(StrEnum):
    """A figure that is compared from run to run, because it is steady on a shared machine."""

    PEAK = "peak"
    """Highest resident memory, in bytes."""
    CPU = "cpu"
    """CPU time with the inits that Lambda bills, in ns; GB-seconds follow from it at any size up to one vCPU."""


class Called(StrEnum):
    """What a difference is taken for."""

    WORSE = "worse"
    BETTER = "better"
    NO_CHANGE = "no_change"
    """Below the threshold, or no more than noise."""
    UNKNOWN = "unknown"
    """Beyond the threshold, but not to be told from noise: too few repeats, too busy a machine, or an unknown pace."""
    NOT_COMPARED = "not_compared"
    """Time of another machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of a step, or of a whole variant, against the baseline."""

    variant: Variant
    step: str | None
    """None: the whole variant."""
    measure: Measure
    before: float
    """Mean of the lower half of the baseline's repeats, in the unit of the measure; see `slower_before`."""
    after: float
    ratio: float
    """after ÷ before."""
    threshold: Decimal
    """Largest growth that is let pass: 0.05 is 5 %."""
    called: Called
    interval: tuple[float, float] | None = None
    """Of the ratio, by bootstrap over the repeats; None: too few repeats, the noise is unknown."""
    p_value: float | None = None
    """One-sided, of the same bootstrap: share of resamples without growth; None: too few repeats."""
    busy: bool = False
    """The machine had too much other work, then or now, for this figure to say anything."""
    slower_before: float | None = None
    """Of CPU time: what the fixed work took on the cores then ÷ now; 1.12: they were 12 % slower, and `before` is what
    it would have been at the pace of now. None: the pace is not known of both, so a change may be the cores' own."""
    before_repeats: int = 1
    after_repeats: int = 1
    baseline: str = ""
    """Id of the run that it is held against: time is compared with the newest one of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creep:
    """A figure that rose by more than the threshold over several runs."""

    variant: Variant
    step: str | None
    measure: Measure
    runs: tuple[str, ...]
    """Ids, the oldest first, the checked run last."""
    values: tuple[float, ...]
    """Of each run the mean of the lower half of its repeats."""
    rise: float
    """Over the whole window, as a share: 0.12 is 12 %."""
    threshold: Decimal
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A run that the checked one is held against."""

    run_id: str
    created: str
    commit: Commit | None
    repeats: int
    same_machine: bool
    """Hosts with the same processors and as many cores ran the variant that has to fit."""
    differences: tuple[str, ...] = ()
    """What else is not as it was then (machine, packages, shards), in words."""
    refused: str = ""
    """Why it is not compared at all; empty: it is."""
    path: str = ""
    """Of its file, as it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A run held against a platform, a budget, the limits that its owner set, and earlier runs."""

    passed: bool
    variant: Variant
    """Which has to fit."""
    verdict: Verdict
    objections: tuple[Reason, ...]
    """What speaks against it beside the changes: what does not fit, limits that are passed, answers that differ; a
    doubt too, with its effect."""
    changes: tuple[Change, ...] = ()
    """Against the newest baseline that is compared: every step and figure, whatever it is called. Those of the variant
    that has to fit decide; the other's are for the reader."""
    creeps: tuple[Creep, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    """The newest first."""
    new_steps: tuple[tuple[Variant, str], ...] = ()
    gone_steps: tuple[tuple[Variant, str], ...] = ()
    renamed_steps: tuple[tuple[Variant, str, str], ...] = ()
    """Variant, the name before, the name now: their code is the same."""
    notes: tuple[str, ...] = ()
    """Sentences that no other field holds: no baseline yet, noise unknown."""
