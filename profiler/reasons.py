"""Why something fits or does not: one figure held against one limit, in words.

Only the value is here; `objections` writes the text of a verdict's reasons, of which `fit` and `verdict` find out
whether they hold; those that only a check has are in `checking`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ReasonKind(StrEnum):
    """What was held against what."""

    MEMORY = "memory"
    """The size that the peak asks for, against the largest memory size."""
    DECLARED_SIZE = "declared_size"
    """The size that a query's peak asks for, against the size that it declares."""
    TIME = "time"
    """Duration of the largest task, against the longest timeout."""
    INIT = "init"
    """Start and imports, against the init limit; or, as a note, against the whole task."""
    TEMP = "temp"
    """Temporary files, against the largest /tmp."""
    OUTCOME = "outcome"
    """Tasks that did not end well, against none."""
    INCOMPLETE = "incomplete"
    """Tasks that ended, against those planned: the rest was never measured."""
    BUDGET = "budget"
    """GB-seconds per request, against what the budget allows."""
    ANSWER = "answer"
    """Rows of the answer that agree, against all."""
    REPETITIONS = "repetitions"
    """Repetitions that fit, against all."""
    MAX_PEAK = "max_peak"
    """The highest peak, against the limit that somebody set; and so the others."""
    MAX_GB_S = "max_gb_s"
    MAX_USD = "max_usd_per_request"
    BASELINE = "baseline"
    """There is nothing to compare with, where somebody asks for it."""


class Effect(StrEnum):
    """What a reason does to the verdict."""

    NO = "no"
    """It does not fit."""
    UNDECIDED = "undecided"
    """Whether it fits cannot be said from what was measured."""
    NOTE = "note"
    """It fits; a reader should know this all the same."""


class Unit(StrEnum):
    """Unit of a reason's figure and limit."""

    BYTES = "bytes"
    NANOSECONDS = "ns"
    GB_SECONDS = "gb_s"
    TASKS = "tasks"
    ROWS = "rows"
    REPETITIONS = "repetitions"
    USD = "usd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One figure held against one limit."""

    kind: ReasonKind
    effect: Effect
    subject: str
    """The step, the variant or the job that this is about."""
    text: str
    """What is to be said of the subject, with the figure and the limit; begins with a verb and has no full stop."""
    remedy: str = ""
    """What would help, where that is known; a clause without a full stop."""
    figure: int | Decimal | None = None
    limit: int | Decimal | None = None
    unit: Unit | None = None

    @property
    def sentence(self) -> str:
        """The whole as a sentence that stands alone.

        >>> Reason(kind=ReasonKind.MEMORY, effect=Effect.NO, subject="load", text="needs 11.3 GB; Lambda ends at 10 GB",
        ...        remedy="load fewer columns").sentence
        'load needs 11.3 GB; Lambda ends at 10 GB: load fewer columns.'
        """
        return f"{self.subject} {self.text}{': ' + self.remedy if self.remedy else ''}."


def fits_all(reasons: Iterable[Reason]) -> bool | None:
    """Whether it fits with these reasons: a single no decides, then a single doubt.

    >>> fits_all(())
    True
    """
    effects = {reason.effect for reason in reasons}
    if Effect.NO in effects:
        return False
    return None if Effect.UNDECIDED in effects else True
