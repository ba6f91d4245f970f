"""The bill of a pipeline for a terminal: one screen, the claim first, then who takes what, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from profiler.pipeline.services import Priced, ServiceCost
from profiler.pipeline.usage import Design, Store
from profiler.pipeline.whole import Alternative, Pipeline
from profiler.report.clean import one_line
from profiler.report.pipeline_basis import basis
from profiler.report.pipeline_claim import also, headline
from profiler.report.plain import continued, many, table, wrapped
from profiler.units import GIB, align, count, dollars, memory, percent, significant

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
        [wrapped(text, width, first="  ", margin="  ") for text in also(pipeline)],
        [wrapped(text, width, first="  ! ", margin="    ") for text in _against(pipeline)],
        _services(pipeline, width),
        [wrapped(text, width, first="  ", margin="  ") for text in _target(pipeline)],
        _elsewhere(pipeline, width),
        [
            "  How it was counted",
            *(wrapped(f"· {text}", width, first="  ", margin="    ") for text in basis(pipeline)),
        ],
        ["  Next", *_next(pipeline, names, options, width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _against(pipeline: Pipeline) -> Iterator[str]:
    """What stands against it, and which prices are not known."""
    yield from map(one_line, pipeline.objections)
    if pipeline.missing:
        yield (
            f"In {pipeline.region} no price is known of {', '.join(pipeline.missing)}: they are in no sum here, so "
            "every sum is too low. --prices FILE can name them."
        )


def _services(pipeline: Pipeline, width: int) -> list[str]:
    """A row for each service, and what they cost together; without the price of a request where that is too wide."""
    whole = pipeline.services
    daily = pipeline.usd_per_day is not None
    requests = _column([*(item.usd_per_request for item in whole), pipeline.usd_per_request])
    money = _column(
        [
            *(item.usd_per_day if daily else item.usd_per_run for item in whole),
            pipeline.usd_per_day if daily else pipeline.usd_per_run,
        ]
    )
    rows: list[tuple[str, ...]] = [
        (
            "",
            f"{many(pipeline.requests_per_run, 'request')} use{'s' if pipeline.requests_per_run == 1 else ''}",
            "a request",
            "a day" if daily else "a run",
            "share",
        )
    ]
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
    lines = table(rows, width=width, right={2, 3, 4}, wraps=1)
    if max(map(len, lines)) > width:
        lines = table([(row[0], row[1], *row[3:]) for row in rows], width=width, right={2, 3}, wraps=1)
    return lines


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
                return many(int(item.per_run), word)
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
    target, left = pipeline.target_usd_per_day, pipeline.left_usd_per_day
    if target is None:
        return
    most, least, known = ("at most ", "at least ", " as far as prices are known") if pipeline.missing else ("", "", "")
    what = f"The target of {dollars(target)} a day"
    said = []
    if left is not None and left >= 0:
        said.append(f"{what} holds{known}: {most}{dollars(left)} ({percent(left / target)}) is left.")
    elif left is not None:
        said.append(f"{what} does not hold: {least}{dollars(-left)} a day is missing.")
    if pipeline.requests_bought is not None:
        first = next(item for item in pipeline.services if item.service == pipeline.used_up_first)
        said.append(
            f"{'It' if said else what} buys {most}{many(pipeline.requests_bought, 'request')} a day; "
            f"{TITLES[first.service]} would use it up first, by itself at {count(first.requests_bought or 0)}."
        )
    if said:
        yield " ".join(said)


def _elsewhere(pipeline: Pipeline, width: int) -> list[str]:
    if not pipeline.elsewhere:
        return []
    hours = align([dollars(item.usd_for_hours) for item in pipeline.elsewhere])
    always = align(["" if item.usd_always_on is None else dollars(item.usd_always_on) for item in pipeline.elsewhere])
    rows = [("the same work as one process", "for its hours", "always on")]
    for place, item in enumerate(pipeline.elsewhere):
        machines = f"{count(item.machines)} × " if item.machines > 1 else ""
        name = f"{machines}{one_line(item.name)}, {many(int(item.vcpus), 'vCPU')}, {item.memory_gb.normalize():f} GB"
        rows.append((name, hours[place], always[place]))
    lines = table(rows, width=width, right={1, 2}, wraps=0)
    below = (*_surplus(pipeline), *_on_top(pipeline))
    return [*lines, *(wrapped(text, width, first="  ", margin="  ") for text in below)]


def _on_top(pipeline: Pipeline) -> Iterator[str]:
    """What a machine does not bring with it."""
    items = pipeline.items_usd_per_day
    if items is not None:
        yield f"These are machines alone: to write the same answers costs {dollars(items)} a day on top."
    else:
        yield "These are machines alone: a store for the answers comes on top."


def _surplus(pipeline: Pipeline) -> Iterator[str]:
    for item in pipeline.elsewhere:
        if item.surplus_for_hours is None:
            yield f"Above {one_line(item.name)}'s baseline more is charged, but baseline or price is not known here."
        elif item.surplus_for_hours > 0 or (item.surplus_always_on or 0) > 0:
            yield (
                f"Of {one_line(item.name)}, {dollars(item.surplus_for_hours)} for its hours and "
                f"{dollars(item.surplus_always_on or 0)} always on is T3 Unlimited's surplus: "
                "the job keeps more of it busy than its baseline."
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
    elif not pipeline.alternatives:
        yield from _command(f"{base}{_flags(pipeline.design)} --format json", "every figure, for a program", width)


def _command(line: str, purpose: str, width: int) -> Iterator[str]:
    if len(line) + len(purpose) + 7 <= width:
        yield f"  {line}   {purpose}"
    else:
        yield f"  {purpose}:"
        yield from continued(line, width, margin="    ")


def _flags(design: Design) -> str:
    return (" --store s3" if design.store is Store.S3 else "") + (" --athena" if design.athena else "")


def _what(pipeline: Pipeline, other: Alternative) -> str:
    """What is other in another design."""
    if other.design.store is not pipeline.design.store:
        return "answers as files on S3" if other.design.store is Store.S3 else "answers as items of DynamoDB"
    return "the SQL on Athena" if other.design.athena else "the SQL as DuckDB on Lambda"
