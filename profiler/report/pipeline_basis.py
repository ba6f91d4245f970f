"""What a pipeline's bill rests on, a sentence each: prices, terms, and how everything was counted."""

from __future__ import annotations

from collections.abc import Iterator

from profiler.fit import DEFAULT_HEADROOM
from profiler.pipeline.usage import Store
from profiler.pipeline.whole import Pipeline
from profiler.report.clean import one_line
from profiler.report.moved import requests_words
from profiler.report.plain import many
from profiler.units import dollars, memory


def basis(pipeline: Pipeline) -> Iterator[str]:
    """Yield what is to be known beside the figures."""
    design = pipeline.design
    free = "taken off, as if nobody else used it" if pipeline.free_tier else "not taken off"
    yield (
        f"Prices of {pipeline.region}, {pipeline.arch}, the oldest of {pipeline.prices_date}; what is free every "
        f"month is {free}. GB-seconds as the report predicts them{_terms(pipeline)}."
    )
    if pipeline.yours:
        yield f"Your own prices: {', '.join(map(one_line, pipeline.yours))}."
    yield from _workflow_basis(pipeline)
    kept = f"kept {many(design.kept_days, 'day')}"
    if design.store is Store.DYNAMODB:
        yield f"Every row is one item of DynamoDB, by its size, {kept}; the time to write it is not counted."
    else:
        yield f"The files of the last step are the answers, on S3, {kept}."
    yield (
        f"{' '.join(_requests_basis(pipeline))} Files between steps are kept one day. Logs: Lambda's own lines and "
        f"what was printed, {kept}."
    )
    if design.athena:
        yield "Athena bills what a query reads, at least 10 MB; its TB, not confirmed, as 10^12 bytes."


def _terms(pipeline: Pipeline) -> str:
    """What of the prediction the reader asked for."""
    terms = (
        [] if pipeline.headroom == DEFAULT_HEADROOM else [f"{pipeline.headroom.normalize():f} times the memory needed"]
    )
    if pipeline.warm:
        terms.append("no init billed")
    return f" with {' and '.join(terms)}" if terms else ""


def _requests_basis(pipeline: Pipeline) -> Iterator[str]:
    """Which of the requests to S3 were counted, and how the others are estimated."""
    requests = pipeline.s3_requests
    written, given = memory(pipeline.s3_written_bytes), memory(pipeline.s3_given_bytes)
    put = f"{many(requests.estimated_put, 'PUT')} for those that go to S3 ({written} in all)"
    get = f"{many(requests.estimated_get, 'GET')} for those that a task is given"
    estimates = [text for text, number in ((put, requests.estimated_put), (get, requests.estimated_get)) if number]
    if requests.counted is None:
        yield (
            f"One PUT for each file on S3 ({written}), one GET for each that a task is given ({given}); a query may "
            "make several GETs of a large file."
        )
    elif estimates:
        yield f"Of the requests to S3, {requests_words(requests.counted)} are counted as the tasks made them."
        where = "" if requests.unseen else " that were on this disk"
        yield f"For {'other ' if requests.unseen else ''}files{where} it is an estimate: {', '.join(estimates)}."
    else:
        yield (
            f"All requests to S3 are counted as the tasks made them: {requests_words(requests.counted)}, for {written} "
            f"that they left there and {given} that they were given."
        )
    if requests.not_needed_put:
        yield (
            f"{many(requests.not_needed_put, 'PUT')} of the answer's files, whose rows are items here, "
            f"{'is' if requests.not_needed_put == 1 else 'are'} not billed."
        )
    if requests.unseen:
        steps = ", ".join(map(one_line, requests.unseen))
        yield f"What {steps} asked for its input was not seen; a GET of each file is taken."


def _workflow_basis(pipeline: Pipeline) -> Iterator[str]:
    ways = []
    for way in pipeline.workflows:
        usd = "without a price" if way.usd_per_run is None else f"{dollars(way.usd_per_run)} a run"
        text = f"{way.name} {usd}"
        if way.chosen and len(pipeline.workflows) > 1:
            text += " (taken)"
        if way.obstacle:
            text += f" (not allowed: {way.obstacle})"
        ways.append(text)
    yield (
        f"Step Functions: {'; '.join(ways)}. A workflow's start and end are not counted, nor confirmed to be charged."
    )
