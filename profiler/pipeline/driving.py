"""A design's steps driven by Step Functions in the way that is cheapest for the run, and what it then uses in all.

Which ways there are, and what each of them uses, is in `workflow`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from profiler.facts import FactSet
from profiler.model import Run
from profiler.pipeline.pricebook import PriceBook
from profiler.pipeline.usage import Design, Usage, scanned_by_athena, usage_of
from profiler.pipeline.workflow import Workflow, workflows_of
from profiler.pricing.cost import as_decimal
from profiler.variants import VariantVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowCost:
    """One way to drive the steps, priced."""

    name: str
    obstacle: str
    usd_per_run: Decimal | None
    usd_per_day: Decimal | None
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """What one run of a design uses, and the ways to drive it."""

    beside: tuple[Usage, ...]
    """Beside its workflow."""
    ways: tuple[Workflow, ...]
    chosen: Workflow | None
    """The cheapest of the ways that are allowed; None where none is."""

    @property
    def usages(self) -> tuple[Usage, ...]:
        """All that one run uses."""
        return (*self.beside, *(self.chosen.usage if self.chosen else ()))


def driven_by(
    run: Run, variant: VariantVerdict, facts: FactSet, design: Design, *, book: PriceBook, warm: bool
) -> Driven:
    """Return what one run uses, driven in the cheapest way.

    Args:
        run: With a decomposed variant that is complete.
        variant: The verdict on that variant.
        facts: Limits of Step Functions, and what decides how usage is rounded.
        design: What the run does not say.
        book: Prices, by which a way is the cheapest.
        warm: No invocation is the first of its execution environment.
    """
    fanned = frozenset(step.name for step in run.plan.decomposed if step.fans_out)
    ways = workflows_of(variant.steps, fanned, facts, scanned=scanned_by_athena(variant, design))
    return Driven(beside=usage_of(run, variant, facts, design, warm=warm), ways=ways, chosen=_cheapest(ways, book))


def workflow_costs(driven: Driven, book: PriceBook) -> tuple[WorkflowCost, ...]:
    """Return every way, priced."""
    return tuple(_workflow_cost(way, book, chosen=way is driven.chosen) for way in driven.ways)


def most_bought(driven: Driven, book: PriceBook, *, requests_per_run: int, usd_per_day: Decimal) -> int | None:
    """Return the requests a day that a target buys, driven in the way that is cheapest for so many.

    It need not be the one that is chosen for the run. None: any number, since nothing of it costs anything.
    """
    bought = [
        book.requests_bought((*driven.beside, *way), requests_per_run=requests_per_run, usd_per_day=usd_per_day)
        for way in ([way.usage for way in driven.ways if not way.obstacle] or [()])
    ]
    known = [number for number in bought if number is not None]
    return max(known) if len(known) == len(bought) else None


def _cheapest(ways: Sequence[Workflow], book: PriceBook) -> Workflow | None:
    """The cheapest way that is allowed; one without a price comes last, None where none is allowed."""
    allowed = [way for way in ways if not way.obstacle]
    costs = {way.name: book.per_run(way.usage) for way in allowed}
    return min(allowed, key=lambda way: (costs[way.name] is None, costs[way.name] or 0), default=None)


def _workflow_cost(way: Workflow, book: PriceBook, *, chosen: bool) -> WorkflowCost:
    usd = book.per_run(way.usage)
    return WorkflowCost(
        name=way.name,
        obstacle=way.obstacle,
        usd_per_run=None if usd is None else as_decimal(usd),
        usd_per_day=book.per_day(usd),
        chosen=chosen,
    )
