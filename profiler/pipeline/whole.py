"""The bill of a decomposed variant as a pipeline: every service it needs, per run, per request and per day.

Pure: from a run, its verdict and the facts. What the same work costs on machines is in `elsewhere`, how its
steps are driven in `driving`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from profiler.errors import UsageError
from profiler.facts import FactSet, Platform
from profiler.model import Run, Variant
from profiler.pipeline.doubts import doubts_of
from profiler.pipeline.driving import Driven, WorkflowCost, driven_by, most_bought, workflow_costs
from profiler.pipeline.elsewhere import Elsewhere, elsewhere_of, own_prices
from profiler.pipeline.pricebook import PriceBook
from profiler.pipeline.requests import S3Requests, requests_as_one_process
from profiler.pipeline.services import ServiceCost, services_of, used_up_first
from profiler.pipeline.usage import Design, Store, Usage, items_of, moved_bytes, queries_of, s3_requests
from profiler.pricing.cost import as_decimal
from profiler.units import DAYS_PER_MONTH
from profiler.variants import VariantVerdict, latest
from profiler.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """The same run in another design."""

    design: Design
    usd_per_run: Decimal
    usd_per_day: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What a run costs as a pipeline, and what the same work costs elsewhere."""

    job: str
    run_id: str
    region: str
    arch: str
    free_tier: bool
    design: Design
    headroom: Decimal
    """Memory size ÷ memory needed."""
    warm: bool
    """No init is billed."""
    prices_date: str | None
    """Of the oldest price that was used, ISO 8601; None where none is known."""
    yours: tuple[str, ...]
    """Quantities and machine types whose price is the user's own."""
    requests_per_run: int
    requests_per_day: int | None
    """To the nearest whole one, where they are given by the month."""
    target_usd_per_day: Decimal | None
    s3_written_bytes: int
    """That one run writes to S3."""
    s3_given_bytes: int
    """Of the files that its tasks are given from S3, the input's among them."""
    s3_requests: S3Requests
    """That one run makes, and which of them were counted."""
    services: tuple[ServiceCost, ...]
    workflows: tuple[WorkflowCost, ...]
    usd_per_run: Decimal
    usd_per_request: Decimal
    usd_per_day: Decimal | None
    left_usd_per_day: Decimal | None
    """Of the target; negative where it does not do."""
    requests_bought: int | None
    """Requests a day that the target buys."""
    used_up_first: str | None
    """The service that would use the target up first."""
    alternatives: tuple[Alternative, ...]
    """Other designs; one that would use something without a price in the region is left out."""
    elsewhere: tuple[Elsewhere, ...]
    """For a day; empty where the monolith was not measured, or it is not known how often it runs."""
    monolith_usd_per_day: Decimal | None
    """Of the monolith as one invocation; None where no Lambda holds it."""
    monolith_measured: bool
    """To its end."""
    hypothetical: bool
    """No Lambda holds some step: its GB-seconds are peak × wall, and only serve to compare."""
    missing: tuple[str, ...]
    """Quantities without a price in the region, which are in no sum."""
    objections: tuple[str, ...]
    """What stands against the whole thing: a step that no Lambda holds, an item that is too large."""

    @property
    def items_usd_per_day(self) -> Decimal | None:
        """What a day's answers cost as items; None where they are no items, or it is not known."""
        return next((item.usd_per_day for item in self.services if item.service == "dynamodb"), None)


def pipeline_of(
    run: Run,
    verdict: Verdict,
    facts: FactSet,
    platform: Platform,
    *,
    design: Design | None = None,
    requests_per_day: int | Fraction | None = None,
    usd_per_day: Decimal | None = None,
    free_tier: bool = False,
) -> Pipeline:
    """Return what a run costs as a pipeline of services.

    Args:
        run: With a decomposed variant that ended well.
        verdict: On that run.
        facts: Every service's prices.
        platform: Lambda's, of the region and architecture.
        design: What the run does not say of the pipeline.
        requests_per_day: How often it runs; None: only a run and a request are priced.
        usd_per_day: The target.
        free_tier: Take off what is always free every month.

    Raises:
        UsageError: If the run holds no decomposed variant that ended well, it has no SQL for Athena, or the free tier
            is asked for without `requests_per_day`, which it depends on.
    """
    design = design or Design()
    variant = _measured(run, verdict)
    if design.athena and not queries_of(variant):
        raise UsageError(f"athena: {run.plan.job} has no SQL that could run there", hint="leave it out")
    if free_tier and requests_per_day is None:
        raise UsageError("the free tier is a month's, so it needs requests per day", hint="add --requests-per-day N")
    per_run = verdict.requests or 1
    runs = None if requests_per_day is None else Fraction(requests_per_day) / per_run * DAYS_PER_MONTH
    book = PriceBook(facts, region=platform.region, arch=platform.arch, free_tier=free_tier, runs_per_month=runs)
    driven = partial(driven_by, run, variant, facts, book=book, warm=verdict.assumptions.warm)
    used = driven(design)
    services = services_of(used.usages, book, per_run, usd_per_day)
    total_run = _sum(service.usd_per_run for service in services)
    total_day = None if runs is None else _sum(service.usd_per_day for service in services)
    monolith = verdict.monolith if verdict.monolith is not None and verdict.monolith.complete else None
    elsewhere = _elsewhere(monolith, verdict, facts, platform, runs)
    written, given = moved_bytes(run, design)
    return Pipeline(
        job=run.plan.job,
        run_id=run.id,
        region=platform.region,
        arch=platform.arch,
        free_tier=free_tier,
        design=design,
        headroom=verdict.assumptions.headroom,
        warm=verdict.assumptions.warm,
        prices_date=book.prices_date,
        yours=(*book.yours, *own_prices(elsewhere, facts, platform)),
        requests_per_run=per_run,
        requests_per_day=None if requests_per_day is None else round(requests_per_day),
        target_usd_per_day=usd_per_day,
        s3_written_bytes=written,
        s3_given_bytes=given,
        s3_requests=s3_requests(run, design),
        services=services,
        workflows=workflow_costs(used, book),
        usd_per_run=total_run,
        usd_per_request=total_run / per_run,
        usd_per_day=total_day,
        left_usd_per_day=None if usd_per_day is None or total_day is None else usd_per_day - total_day,
        requests_bought=(
            None if usd_per_day is None else most_bought(used, book, requests_per_run=per_run, usd_per_day=usd_per_day)
        ),
        used_up_first=used_up_first(services),
        alternatives=tuple(_alternatives(run, variant, design, driven, book)),
        monolith_measured=monolith is not None,
        elsewhere=elsewhere,
        monolith_usd_per_day=_as_one_invocation(run, monolith, book),
        hypothetical=variant.hypothetical,
        missing=tuple(usage.quantity for usage in used.usages if usage.quantity in book.missing),
        objections=tuple(doubts_of(run, verdict, variant, facts, design, driven=used.chosen is not None)),
    )


def _measured(run: Run, verdict: Verdict) -> VariantVerdict:
    """The decomposed variant, measured to its end."""
    variant = verdict.decomposed
    if variant is None:
        what = "is of a plain script" if run.is_script else "holds no decomposed variant"
        raise UsageError(
            f"run {run.id} {what}; a pipeline is priced from a decomposed variant",
            hint=f"{shlex.join(['paredown', 'init', run.plan.file])} writes a job file around it"
            if run.is_script
            else "measure it: paredown run JOB --variant decomposed",
        )
    if not variant.complete or variant.gb_s is None:
        raise UsageError(
            f"run {run.id}: the decomposed variant did not end well ({variant.problem or 'it had no task'}), so there "
            "is no bill of it",
            hint="paredown run JOB --resume measures what is missing",
        )
    return variant


def _sum(usd: Iterable[Decimal | None]) -> Decimal:
    """What is known of these, together."""
    return sum((one or Decimal(0) for one in usd), Decimal(0))


def _elsewhere(
    monolith: VariantVerdict | None, verdict: Verdict, facts: FactSet, platform: Platform, runs: Fraction | None
) -> tuple[Elsewhere, ...]:
    if monolith is None or runs is None:
        return ()
    often = runs / DAYS_PER_MONTH
    return elsewhere_of(monolith, facts, platform, runs_per_day=often, headroom=verdict.assumptions.headroom)


def _alternatives(
    run: Run,
    variant: VariantVerdict,
    design: Design,
    driven: Callable[[Design], Driven],
    book: PriceBook,
) -> Iterator[Alternative]:
    """The designs that differ in one thing, where all that they use has a price in the region."""
    other_store = Store.S3 if design.store is Store.DYNAMODB else Store.DYNAMODB
    for other in (replace(design, store=other_store), replace(design, athena=not design.athena)):
        if other.athena != design.athena and not queries_of(variant):
            continue
        if other.store is Store.DYNAMODB and items_of(run) is None:
            continue
        usd = book.per_run(driven(other).usages)
        if usd is not None:
            yield Alternative(design=other, usd_per_run=as_decimal(usd), usd_per_day=book.per_day(usd))


def _as_one_invocation(run: Run, monolith: VariantVerdict | None, book: PriceBook) -> Decimal | None:
    if monolith is None or monolith.hypothetical or monolith.gb_s is None:
        return None
    asked = requests_as_one_process([task for task in latest(run.of(Variant.MONOLITH)) if not task.nested])
    usages = (
        Usage(quantity="lambda.gb_seconds", amount=Fraction(monolith.gb_s)),
        Usage(quantity="lambda.requests", amount=Fraction(1)),
        Usage(quantity="s3.put_requests", amount=Fraction(asked.put)),
        Usage(quantity="s3.get_requests", amount=Fraction(asked.get)),
    )
    return book.per_day(book.per_run(usage for usage in usages if usage.amount))
