"""What one run of a decomposed variant uses of every service of its pipeline: counted from what was measured.

Nothing is priced here. What is billed in whole units (invocations, write units, megabytes scanned) is rounded up here,
where it is counted; everything else stays exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil

from profiler.facts import FactSet
from profiler.facts.values import number_of
from profiler.fit import StepFit
from profiler.model import Answer, Kind, Measurement, Run, Variant
from profiler.pipeline.requests import S3Requests, requests_of
from profiler.units import DAYS_PER_MONTH, GIB, MIB, MIB_PER_GB, NS_PER_S
from profiler.variants import VariantVerdict, latest

KEPT_DAYS = 30
"""How long answers and logs are taken to be kept, where nobody says otherwise."""
_BETWEEN_DAYS = 1
"""How long files between steps are kept: the shortest time that a lifecycle rule of S3 knows."""


class Store(StrEnum):
    """Where the answers go."""

    DYNAMODB = "dynamodb"
    """Every row an item."""
    S3 = "s3"
    """The files of the last step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a run does not say of the pipeline that it would become."""

    store: Store = Store.DYNAMODB
    athena: bool = False
    """The queries run on Athena in place of DuckDB on Lambda."""
    kept_days: int = KEPT_DAYS
    """Days that answers and logs are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of one quantity one run uses."""

    quantity: str
    """As `paredown bill` names it."""
    amount: Fraction


def usage_of(
    run: Run, variant: VariantVerdict, facts: FactSet, design: Design, *, warm: bool = False
) -> tuple[Usage, ...]:
    """Return what one run uses beside its workflow, of which there are several; what is 0 is left out.

    Args:
        run: With a decomposed variant that is complete.
        variant: The verdict on that variant.
        facts: What decides how usage is rounded.
        design: What the run does not say.
        warm: No invocation is the first of its execution environment.
    """
    tasks = latest(run.of(Variant.DECOMPOSED))
    scanning = scanned_by_athena(variant, design)
    invoked = [step for step in variant.steps if step.name not in scanning]
    counted = [
        ("lambda.requests", Fraction(sum(step.tasks for step in invoked))),
        ("lambda.gb_seconds", sum((Fraction(step.gb_s or 0) for step in invoked), Fraction(0))),
        ("lambda.ephemeral_gb_seconds", _temp_gb_s(invoked, facts)),
        ("athena.scanned_tb", _scanned_tb([task for task in tasks if task.step in scanning], facts)),
        ("eventbridge.events", Fraction(1)),
        *_files(run, tasks, design),
        *_answers(run, facts, design),
        *_logs([task for task in tasks if task.step not in scanning], facts, design, warm=warm),
    ]
    return tuple(Usage(quantity=name, amount=amount) for name, amount in counted if amount > 0)


def moved_bytes(run: Run, design: Design) -> tuple[int, int]:
    """Return the bytes that one run writes to S3, and those of the files that its tasks are given from there."""
    tasks = latest(run.of(Variant.DECOMPOSED))
    between, answers = _writing_to_s3(run, tasks, design)
    return sum(task.output_bytes for task in (*between, *answers)), sum(task.input_bytes for task in tasks)


def s3_requests(run: Run, design: Design) -> S3Requests:
    """Return what one run asks of S3, and which part of it was counted."""
    tasks = latest(run.of(Variant.DECOMPOSED))
    between, answers = _writing_to_s3(run, tasks, design)
    return requests_of(run.plan, tasks, (*between, *answers))


def queries_of(variant: VariantVerdict) -> frozenset[str]:
    """Return the names of the steps that are SQL, which Athena could run as well."""
    return frozenset(step.name for step in variant.steps if step.kind in (Kind.QUERY, Kind.COMBINE))


def scanned_by_athena(variant: VariantVerdict, design: Design) -> frozenset[str]:
    """Return the names of the steps that run on Athena."""
    return queries_of(variant) if design.athena else frozenset()


def _scanned_tb(tasks: list[Measurement], facts: FactSet) -> Fraction:
    """Return what Athena would bill for queries: what each read of its input, in whole megabytes, at least ten of them.

    Whether Athena's TB is 10^12 or 2^40 bytes is not confirmed; the smaller is taken, which is never too little.
    """
    least = ceil(number_of(facts, "athena", "min_scan"))
    return Fraction(sum(max(least, ceil(Fraction(min(_read(task), task.input_bytes), 10**6))) for task in tasks), 10**6)


def _read(task: Measurement) -> int:
    """Bytes that a task read, of this disk and of stores."""
    return task.read_bytes + ((task.moved.received_bytes or 0) if task.moved else 0)


def _temp_gb_s(steps: list[StepFit], facts: FactSet) -> Fraction:
    """/tmp above what is included, for as long as the step's tasks are billed."""
    included = number_of(facts, "lambda", "included_temp")
    total = Fraction(0)
    for step in steps:
        excess = ceil(Fraction(step.temp_bytes, MIB)) - Fraction(included)
        if excess > 0 and step.billed_ns is not None:
            total += excess / MIB_PER_GB * Fraction(step.billed_ns, NS_PER_S)
    return total


def _files(run: Run, tasks: tuple[Measurement, ...], design: Design) -> Iterator[tuple[str, Fraction]]:
    """Files that steps hand on, and what else their tasks ask of S3."""
    between, answers = _writing_to_s3(run, tasks, design)
    requests = requests_of(run.plan, tasks, (*between, *answers))
    yield "s3.put_requests", Fraction(requests.put)
    yield "s3.get_requests", Fraction(requests.get)
    kept = sum(task.output_bytes for task in between) * _BETWEEN_DAYS
    kept += sum(task.output_bytes for task in answers) * design.kept_days
    yield "s3.storage_gb_months", Fraction(kept, GIB) / DAYS_PER_MONTH


def _writing_to_s3(
    run: Run, tasks: tuple[Measurement, ...], design: Design
) -> tuple[list[Measurement], list[Measurement]]:
    """The tasks whose files go to S3: those between steps, and those whose files are the answers, where S3 has them."""
    last = run.plan.decomposed[-1].name
    between = [task for task in tasks if task.step != last]
    return between, [task for task in tasks if task.step == last and design.store is Store.S3]


def items_of(run: Run) -> Answer | None:
    """Return the decomposed variant's answer, where the run says how large it is as items."""
    answers = [answer for answer in run.answers if answer.variant is Variant.DECOMPOSED]
    return answers[-1] if answers and answers[-1].write_units is not None else None


def _answers(run: Run, facts: FactSet, design: Design) -> Iterator[tuple[str, Fraction]]:
    answer = items_of(run)
    if design.store is Store.DYNAMODB and answer is not None:
        beside = Fraction(number_of(facts, "dynamodb", "stored_bytes_per_item"))
        kept = (answer.item_bytes or 0) + answer.rows * beside
        yield "dynamodb.write_units", Fraction(answer.write_units or 0)
        yield "dynamodb.storage_gb_months", kept * design.kept_days / GIB / DAYS_PER_MONTH


def _logs(tasks: list[Measurement], facts: FactSet, design: Design, *, warm: bool) -> Iterator[tuple[str, Fraction]]:
    """What every invocation logs by itself, and what the tasks printed."""
    each = number_of(facts, "logs", f"lines_of_a_{'warm' if warm else 'cold'}_invocation")
    size = Fraction(len(tasks) * Fraction(each) + sum(task.printed_bytes for task in tasks), GIB)
    yield "logs.ingested_gb", size
    yield "logs.stored_gb_months", size * design.kept_days / DAYS_PER_MONTH
