"""What stands against a pipeline's bill, a sentence each: what Lambda does not hold, and what a run does not say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from profiler.facts import FactSet
from profiler.facts.values import number_of
from profiler.model import Run, Variant
from profiler.pipeline.usage import Design, Store, items_of
from profiler.units import count
from profiler.variants import VariantVerdict
from profiler.verdict import Verdict


def doubts_of(
    run: Run, verdict: Verdict, variant: VariantVerdict, facts: FactSet, design: Design, *, driven: bool
) -> Iterator[str]:
    """Yield what stands against the bill.

    Args:
        run: What was measured.
        verdict: On that run.
        variant: The verdict on its decomposed variant.
        facts: What limits an item.
        design: What the run does not say.
        driven: Step Functions allows one of the ways to drive it.
    """
    yield from _of_lambda(variant)
    if run.comparison is not None and run.comparison.equal is False:
        rows = f"{count(run.comparison.equal_rows)} of {count(run.comparison.rows)} rows are equal"
        yield f"Its answer is not the monolith's: {rows}, so it does not do the same work."
    if verdict.requests is None:
        yield "How many requests a run serves was not counted; it is taken as one."
    if not driven:
        yield "Step Functions allows no workflow with so many tasks of such length; it is in no sum."
    if not any(task.input_files for task in run.of(Variant.DECOMPOSED)):
        yield "This run does not say how many files its tasks read, so no GET of S3 is in a sum; run it again."
    if design.store is Store.DYNAMODB:
        yield from _of_items(run, number_of(facts, "dynamodb", "max_item_bytes"))


def _of_lambda(variant: VariantVerdict) -> Iterator[str]:
    held = [step.name for step in variant.steps if step.hypothetical]
    if held:
        yield f"No Lambda holds {', '.join(held)}: its GB-seconds are peak × wall, and only serve to compare."
    other = [step.name for step in variant.steps if step.fits is False and not step.hypothetical]
    if other:
        yield f"As it is, Lambda does not run {', '.join(other)}; 'paredown report' says why."
    undecided = [step.name for step in variant.steps if step.fits is None]
    if undecided:
        yield f"Whether Lambda runs {', '.join(undecided)} is undecided; 'paredown report' says why."


def _of_items(run: Run, most: Decimal) -> Iterator[str]:
    answer = items_of(run)
    if answer is None:
        yield "This run does not say how large its answers are as items, so DynamoDB is in no sum; run it again."
    elif answer.largest_item_bytes is not None and answer.largest_item_bytes > most:
        yield f"Its largest answer is {count(answer.largest_item_bytes)} bytes as an item; DynamoDB takes {most:,}."
