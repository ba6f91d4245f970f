"""From a kept run to the bill of its pipeline, asked as a budget is: behind `paredown budget --run`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from profiler.errors import UsageError
from profiler.facts import DEFAULT_ARCH, DEFAULT_REGION, load
from profiler.judging import Judging, headroom_of, platform_for
from profiler.model import Run
from profiler.pipeline.usage import KEPT_DAYS, Design, Store
from profiler.pipeline.whole import Pipeline, pipeline_of
from profiler.pricing.cost import as_decimal
from profiler.pricing.targets import Given, Target, exact, target_of
from profiler.units import DAYS_PER_MONTH
from profiler.verdict import judge


def budget_of_run(
    run: Run,
    *,
    dollars_per_day: Given | None = None,
    dollars_per_month: Given | None = None,
    requests_per_day: Given | None = None,
    requests_per_month: Given | None = None,
    customers: Given | None = None,
    trainings_per_customer: Given | None = None,
    predictions_per_customer: Given | None = None,
    store: str = Store.DYNAMODB,
    athena: bool = False,
    kept_days: int = KEPT_DAYS,
    region: str = DEFAULT_REGION,
    arch: str = DEFAULT_ARCH,
    headroom: Decimal | float | str = "1.2",
    warm: bool = False,
    free_tier: bool = False,
    prices: str | Path | None = None,
) -> Pipeline:
    """Price a run as a pipeline of services, as `paredown budget --run` does.

    Dollars and requests are the job's own where none are given.

    Args:
        run: With a decomposed variant that ended well.
        dollars_per_day: The target; or:
        dollars_per_month: The same of a month, 365/12 days.
        requests_per_day: How many requests; or:
        requests_per_month: The same of a month; or:
        customers: How many there are; with the next two they make the requests.
        trainings_per_customer: Of one customer on one day.
        predictions_per_customer: Of one customer on one day.
        store: Where answers go: "dynamodb", every row an item, or "s3", the files of the last step.
        athena: The queries run on Athena in place of DuckDB on Lambda.
        kept_days: Days that answers and logs are kept, from 1.
        region: AWS region.
        arch: x86_64 or arm64.
        headroom: Memory size ÷ memory needed.
        warm: Bill no init.
        free_tier: Take off what is always free every month.
        prices: A file of prices that go before those of AWS's list.

    Raises:
        UsageError: If the run holds no decomposed variant that ended well, or a value means nothing.
        FactsError: If the file of prices is not right.
    """
    plan, dollars, requests = run.plan, (dollars_per_day, dollars_per_month), (requests_per_day, requests_per_month)
    if dollars == (None, None):
        dollars_per_day = plan.dollars_per_day
    if requests == (None, None) and customers is None:
        requests_per_day = plan.requests_per_day
    asked: dict[str, Given | None] = {
        "dollars_per_day": dollars_per_day,
        "dollars_per_month": dollars_per_month,
        "requests_per_day": requests_per_day,
        "requests_per_month": requests_per_month,
        "customers": customers,
        "trainings_per_customer": trainings_per_customer,
        "predictions_per_customer": predictions_per_customer,
    }
    target = _target(asked)
    usd, often = (None, None) if target is None else (target.usd_per_month, target.requests_per_month)
    judging = Judging(region=region, arch=arch, headroom=headroom_of(headroom), warm=warm, prices=prices)
    facts = load(prices=prices)
    platform = platform_for(facts, judging)
    return pipeline_of(
        run,
        judge(run, platform, headroom=judging.headroom, warm=warm),
        facts,
        platform,
        design=_design(store, athena=athena, kept_days=kept_days),
        requests_per_day=None if often is None else often / DAYS_PER_MONTH,
        usd_per_day=None if usd is None else as_decimal(usd / DAYS_PER_MONTH),
        free_tier=free_tier,
    )


def _design(store: str, *, athena: bool, kept_days: int) -> Design:
    if store not in tuple(Store):
        raise UsageError(f"store is {store!r}; expected {' or '.join(Store)}")
    return Design(store=Store(store), athena=athena, kept_days=int(exact("kept_days", kept_days, counted="day")))


def _target(asked: dict[str, Given | None]) -> Target | None:
    """Dollars and requests, checked; None where neither is known.

    Its GB-seconds are not read: what a request uses is the run's own.
    """
    if all(value is None for value in asked.values()):
        return None
    return target_of(**asked, gb_s_per_request=1)  # type: ignore[arg-type]  # each is for the argument of its name
