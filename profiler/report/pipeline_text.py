"""The bill of a pipeline for a terminal: one screen, the claim first, then who takes what, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from profiler.fit import DEFAULT_HEADROOM
from profiler.pipeline import Alternative, Pipeline
from profiler.report.clean import one_line
from profiler.report.plain import table, wrapped
from profiler.report.totals import less_by
from profiler.services import Priced, ServiceCost
from profiler.units import GIB, align, count, dollars, memory, percent, significant
from profiler.usage import Design, Store

TITLES = {
    "lambda": "Lambda",
    "step_functions": "Step Functions",
    "athena": "Athena",
    "dynamodb": "DynamoDB",
    "s3": "S3",
    "eventbridge": "EventBridge",
    "logs": "CloudWatch Logs",
}
_COUNTED = {
    "lambda.requests": "invocation",
    "lambda.gb_seconds": "GB-second",
    "lambda.ephemeral_gb_seconds": "GB-second of /tmp",
    "step_functions.transitions": "transition",
    "step_functions.express_requests": "Express workflow",
    "dynamodb.write_units": "write unit",
    "s3.put_requests": "PUT",
    "s3.get_requests": "GET",
    "eventbridge.events": "event",
}
_NARROWEST = 60


def pipeline_text(pipeline: Pipeline, *, width: int, names: str = "last", options: str = "") -> str:
    """Return the bill of a pipeline as text that ends in a newline.

    Args:
        pipeline: What to show.
        width: Cells of the terminal.
        names: How the reader names the run on the command line.
        options: What else stood on the reader's command line and belongs into the next one.
    """
    width = max(_NARROWEST, width)
    blocks = [
        [wrapped(headline(pipeline), width)],
        [wrapped(text, width, first="  ", margin="  ") for text in _also(pipeline)],
        [wrapped(text, width, first="  ! ", margin="    ") for text in (*pipeline.objections, *_missing(pipeline))],
        _services(pipeline, width),
        [wrapped(text, width, first="  ", margin="  ") for text in _target(pipeline)],
        _elsewhere(pipeline, width),
        [
            "  How it was counted",
            *(wrapped(f"· {text}", width, first="  ", margin="    ") for text in _basis(pipeline)),
        ],
        ["  Next", *_next(pipeline, names, options, width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def headline(pipeline: Pipeline) -> str:
    """The claim in one sentence: what the day costs, what it was, how many times less."""
    job = one_line(pipeline.job)
    if pipeline.usd_per_day is None or pipeline.requests_per_day is None:
        requests = _many(pipeline.requests_per_run, "request")
        return (
            f"{job}: one run costs {dollars(pipeline.usd_per_run)} as a pipeline, "
            f"{dollars(pipeline.usd_per_request)} for each of its {requests}."
        )
    more = " or more" if pipeline.missing else ""
    day = f"{job}: {dollars(pipeline.usd_per_day)}{more} a day for {_many(pipeline.requests_per_day, 'request')}"
    was = [(usd, what) for usd, what in _before(pipeline) if usd is not None]
    if not was:
        why = "no machine has a price there" if pipeline.monolith_measured else "this run holds no whole monolith"
        return f"{day}; what it was as one process is not known: {why}."
    usd, what = was[0]
    return f"{day}; as one process it was {dollars(usd)} {what}{_times(usd, pipeline.usd_per_day)}."


def _also(pipeline: Pipeline) -> Iterator[str]:
    """The other ways to pay for the monolith, against the same bill."""
    if pipeline.usd_per_day is not None:
        parts = [
            f"{dollars(usd)} {what}{_times(usd, pipeline.usd_per_day)}"
            for usd, what in list(_before(pipeline))[1:]
            if usd is not None
        ]
        if parts:
            yield f"Or, as one process, {'; or '.join(parts)}."


def _before(pipeline: Pipeline) -> Iterator[tuple[Decimal | None, str]]:
    """What the monolith costs a day: the machine that it is usually on, always on and by its hours; else Lambda."""
    if pipeline.elsewhere and pipeline.elsewhere[0].usd_always_on is not None:
        first = pipeline.elsewhere[0]
        machine = f"an always-on {first.name}" if first.machines == 1 else f"{first.machines} always-on {first.name}"
        yield first.usd_always_on, f"on {machine}"
        yield first.usd_for_hours, f"on {'it' if first.machines == 1 else 'them'} for its hours alone"
    yield pipeline.monolith_usd_per_day, "in one Lambda invocation"


def _times(before: Decimal, now: Decimal) -> str:
    """How many times less it is now, behind a colon; nothing where one of both is free."""
    text = less_by((before, before), (now, now))
    text = text.replace(" × more", " times more") if "more" in text else text.replace(" ×", " times less")
    return text and f": {text}"


def _missing(pipeline: Pipeline) -> Iterator[str]:
    if pipeline.missing:
        yield (
            f"In {pipeline.region} no price is known of {', '.join(pipeline.missing)}: they are in no sum here, so "
            "every sum is too low. --prices FILE can name them."
        )


def _services(pipeline: Pipeline, width: int) -> list[str]:
    """A row for each service, and what they cost together."""
    whole = pipeline.services
    daily = pipeline.usd_per_day is not None
    requests = _column([*(item.usd_per_request for item in whole), pipeline.usd_per_request])
    money = _column(
        [
            *(item.usd_per_day if daily else item.usd_per_run for item in whole),
            pipeline.usd_per_day if daily else pipeline.usd_per_run,
        ]
    )
    rows = [("", "what one run uses", "a request", "a day" if daily else "a run", "share")]
    rows += [
        (
            TITLES[item.service],
            uses(item),
            requests[place],
            money[place],
            "" if item.share is None else percent(Decimal(item.share)),
        )
        for place, item in enumerate(whole)
    ]
    rows.append(("together", "", requests[-1], money[-1], ""))
    return table(rows, width=width, right={2, 3, 4}, wraps=1)


def _column(values: Sequence[Decimal | None]) -> tuple[str, ...]:
    return align(["" if usd is None else dollars(usd) for usd in values])


def uses(service: ServiceCost) -> str:
    """What one run uses of a service, in words."""
    return ", ".join(_amount(item) for item in service.quantities)


def _amount(item: Priced) -> str:
    match item.quantity:
        case name if name in _COUNTED:
            word = _COUNTED[name]
            if item.per_run == item.per_run.to_integral_value():
                return _many(int(item.per_run), word)
            head, _, tail = word.partition(" ")
            return f"{significant(item.per_run)} {head}s{' ' + tail if tail else ''}"
        case "logs.ingested_gb":
            return f"{memory(round(item.per_run * GIB))} of lines"
        case "athena.scanned_tb":
            return f"{significant(item.per_run * 10**6)} MB scanned"
        case name if name.endswith("storage_gb_months") or name.endswith("stored_gb_months"):
            return "storage"
        case "step_functions.express_gb_hours":
            return "their GB-hours"
        case name:
            return f"{significant(item.per_run)} {name}"


def _target(pipeline: Pipeline) -> Iterator[str]:
    """What the target leaves, buys, and who would use it up first."""
    target, day = pipeline.target_usd_per_day, pipeline.usd_per_day
    if target is not None and day is not None and pipeline.left_usd_per_day is not None:
        left = pipeline.left_usd_per_day
        if left >= 0:
            text = f"The target of {dollars(target)} a day holds: {dollars(left)} ({percent(left / target)}) is left."
        else:
            text = f"The target of {dollars(target)} a day does not hold: {dollars(-left)} a day is missing."
        if pipeline.requests_bought is not None:
            most = "at most " if pipeline.missing else ""
            text += f" It buys {most}{_many(pipeline.requests_bought, 'request')} a day"
            first = next(item for item in pipeline.services if item.service == pipeline.used_up_first)
            text += f"; {TITLES[first.service]} would use it up first, alone at {count(first.requests_bought or 0)}."
        yield text


def _elsewhere(pipeline: Pipeline, width: int) -> list[str]:
    if not pipeline.elsewhere:
        return []
    hours = align([dollars(item.usd_for_hours) for item in pipeline.elsewhere])
    always = align(["" if item.usd_always_on is None else dollars(item.usd_always_on) for item in pipeline.elsewhere])
    rows = [("the same work as one process", "for its hours", "always on")]
    for place, item in enumerate(pipeline.elsewhere):
        machines = f"{count(item.machines)} × " if item.machines > 1 else ""
        name = f"{machines}{item.name}, {_many(int(item.vcpus), 'vCPU')}, {item.memory_gb.normalize():f} GB"
        rows.append((name, hours[place], always[place]))
    lines = table(rows, width=width, right={1, 2})
    below = (*_surplus(pipeline), *_on_top(pipeline))
    return [*lines, *(wrapped(text, width, first="  ", margin="  ") for text in below)]


def _on_top(pipeline: Pipeline) -> Iterator[str]:
    """What a machine does not bring with it."""
    for item in pipeline.services:
        if item.service == "dynamodb" and item.usd_per_day is not None:
            yield f"These are machines alone: to write the same answers costs {dollars(item.usd_per_day)} a day on top."


def _surplus(pipeline: Pipeline) -> Iterator[str]:
    for item in pipeline.elsewhere:
        if item.surplus_for_hours is None:
            yield f"Above the baseline of {item.name} more is charged, but its baseline or price is not known here."
        elif item.surplus_for_hours > 0 or (item.surplus_always_on or 0) > 0:
            yield (
                f"Of {item.name}, {dollars(item.surplus_for_hours)} for its hours and "
                f"{dollars(item.surplus_always_on or 0)} always on is T3 Unlimited's surplus: "
                "the job keeps more of it busy than its baseline."
            )


def _basis(pipeline: Pipeline) -> Iterator[str]:
    design = pipeline.design
    yield (
        f"Prices of {pipeline.region}, {pipeline.arch}, the oldest of {pipeline.prices_date}"
        f"{'' if pipeline.free_tier else '; no free tier taken off'}. GB-seconds as the report predicts them"
        f"{_terms(pipeline)}."
    )
    if pipeline.free_tier:
        yield "What is always free every month is taken off, as if nothing else in the organisation used it."
    if pipeline.yours:
        yield f"Your own prices: {', '.join(pipeline.yours)}."
    yield from _workflow_basis(pipeline)
    if design.store is Store.DYNAMODB:
        yield f"Every row of the answer is one item of DynamoDB, by its size; kept {count(design.kept_days)} days."
    else:
        yield f"The files of the last step are the answers, on S3; kept {count(design.kept_days)} days."
    yield (
        "Files between steps: one PUT for each written, one GET for each given to a task, kept one day; a query may "
        "make several GETs of a large file. Logs: Lambda's own lines and what was printed, "
        f"kept {count(design.kept_days)} days."
    )
    if design.athena:
        yield "Athena bills what a query reads, at least 10 MB; its TB is taken as 10^12 bytes, which is not confirmed."


def _terms(pipeline: Pipeline) -> str:
    """What of the prediction the reader asked for."""
    terms = (
        [] if pipeline.headroom == DEFAULT_HEADROOM else [f"{pipeline.headroom.normalize():f} times the memory needed"]
    )
    if pipeline.warm:
        terms.append("no init billed")
    return f" with {' and '.join(terms)}" if terms else ""


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
        f"Step Functions: {'; '.join(ways)}. Whether a workflow's start and end count as transitions is not "
        "confirmed; they are not counted."
    )


def _next(pipeline: Pipeline, names: str, options: str, width: int) -> Iterator[str]:
    """Commands, each with what it comes to where that is known."""
    base = f"paredown budget --run {names}{options}"
    for other in pipeline.alternatives:
        usd, per = (other.usd_per_run, "a run") if other.usd_per_day is None else (other.usd_per_day, "a day")
        yield from _command(f"{base}{_flags(other.design)}", f"{_what(pipeline, other)}: {dollars(usd)} {per}", width)
    if pipeline.usd_per_day is None:
        target = " --dollars-per-day 7" if pipeline.target_usd_per_day is None else ""
        line = f"{base}{_flags(pipeline.design)}{target} --requests-per-day 3000"
        yield from _command(line, "holds it against a target", width)
    else:
        yield from _command(f"{base}{_flags(pipeline.design)} --format json", "every figure, for a program", width)


def _command(line: str, purpose: str, width: int) -> Iterator[str]:
    if len(line) + len(purpose) + 7 <= width:
        yield f"  {line}   {purpose}"
    else:
        yield f"  {purpose}:"
        yield f"    {line}"


def _flags(design: Design) -> str:
    return (" --store s3" if design.store is Store.S3 else "") + (" --athena" if design.athena else "")


def _what(pipeline: Pipeline, other: Alternative) -> str:
    """What is other in another design."""
    if other.design.store is not pipeline.design.store:
        return "answers as files on S3" if other.design.store is Store.S3 else "answers as items of DynamoDB"
    return "the SQL on Athena" if other.design.athena else "the SQL as DuckDB on Lambda"


def _many(number: int, what: str) -> str:
    head, _, tail = what.partition(" ")
    plural = what if number == 1 else f"{head}s {tail}" if tail.startswith("of") else f"{what}s"
    return f"{count(number)} {plural}"
