"""The claim of a pipeline's bill in words: what the day costs, what it was as one process, how many times less."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from profiler.pipeline.whole import Pipeline
from profiler.report.clean import one_line
from profiler.report.plain import many
from profiler.report.totals import less_by
from profiler.units import count, dollars


def headline(pipeline: Pipeline) -> str:
    """The claim in a sentence or two: what the day costs, what it was, how many times less."""
    job = one_line(pipeline.job)
    more = " or more" if pipeline.missing else ""
    held = ", if Lambda held all of it" if pipeline.hypothetical else ""
    if pipeline.usd_per_day is None or pipeline.requests_per_day is None:
        run = f"{job}: one run costs {dollars(pipeline.usd_per_run)}{more} as a pipeline{held}"
        if pipeline.requests_per_run == 1:
            return f"{run}; it serves one request."
        requests = many(pipeline.requests_per_run, "request")
        return f"{run}, {dollars(pipeline.usd_per_request)}{more} for each of its {requests}."
    day = f"{job}: {dollars(pipeline.usd_per_day)}{more} a day for {_requests(pipeline.requests_per_day)}{held}"
    was = list(_before(pipeline))
    if not was:
        why = (
            "no machine that holds it has a price" if pipeline.monolith_measured else "the run holds no whole monolith"
        )
        return f"{day}; what it was as one process is not known: {why}."
    usd, what = was[0]
    what += " with the same store" if pipeline.items_usd_per_day else ""
    also_held = (
        f" One Lambda invocation holds it too, for {dollars(was[-1][0])} a day." if _is_cheaper(pipeline) else ""
    )
    times = _times(usd, pipeline, ("less", "more"))
    return f"{day}; as one process it was {dollars(usd)} {what}{times and f': now {times}'}.{also_held}"


def _is_cheaper(pipeline: Pipeline) -> bool:
    """Whether the monolith as one Lambda invocation, beside a machine, costs less than the pipeline."""
    usd, now = pipeline.monolith_usd_per_day, pipeline.usd_per_day
    usd = None if usd is None else usd + (pipeline.items_usd_per_day or 0)
    beside = any(item.usd_always_on is not None for item in pipeline.elsewhere)
    return beside and usd is not None and now is not None and usd < now


def also(pipeline: Pipeline) -> Iterator[str]:
    """The other ways to pay for the monolith, against the same bill."""
    parts = []
    others = list(_before(pipeline))[1:]
    if _is_cheaper(pipeline):
        others.pop()
    for place, (usd, what) in enumerate(others):
        times = _times(usd, pipeline, ("cheaper", "dearer"))
        than = "the pipeline is " if place == 0 and times != "the same" else ""
        parts.append(f"{dollars(usd)} {what}{times and f': {than}{times}'}")
    if parts and pipeline.usd_per_day is not None:
        yield f"Or, as one process, {'; or '.join(parts)}."


def _before(pipeline: Pipeline) -> Iterator[tuple[Decimal, str]]:
    """What the monolith costs a day: the machine that is asked of, always on, first; Lambda last.

    It writes the same answers, so what their items cost is in each of these as it is in the pipeline.
    """
    items = pipeline.items_usd_per_day or Decimal(0)
    yield from ((usd + items, what) for usd, what in _alone(pipeline))


def _alone(pipeline: Pipeline) -> Iterator[tuple[Decimal, str]]:
    """What the process alone costs a day."""
    machines = [(item, item.usd_always_on) for item in pipeline.elsewhere if item.usd_always_on is not None]
    for item, usd in machines:
        name = one_line(item.name)
        yield usd, f"on an always-on {name}" if item.machines == 1 else f"on {count(item.machines)} always-on {name}"
    for item, _ in machines[:1]:
        yield item.usd_for_hours, f"on {one_line(item.name)} for its hours alone"
    if pipeline.monolith_usd_per_day is not None:
        yield pipeline.monolith_usd_per_day, "in one Lambda invocation"


def _times(before: Decimal, pipeline: Pipeline, words: tuple[str, str]) -> str:
    """How many times less or more the pipeline is; nothing where one of both is free, or nothing can be said.

    What has no price is in no sum, so the pipeline is at most so many times less, or at least so many times more.
    """
    now = pipeline.usd_per_day or Decimal(0)
    text, (less, more) = less_by((before, before), (now, now)), words
    if pipeline.missing and text == "the same":
        return ""
    if text.endswith("more"):
        return f"{'at least ' if pipeline.missing else ''}{text.replace('× more', f'times {more}')}"
    at_most = "at most " if pipeline.missing and text else ""
    return f"{at_most}{text.replace('×', f'times {less}')}"


def _requests(number: int) -> str:
    """So many requests of a day; of a month there may be fewer than one a day."""
    return many(number, "request") if number else "less than one request"
