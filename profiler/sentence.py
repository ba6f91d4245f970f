"""The verdict in one sentence, which stands alone when somebody pastes it into a chat."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.model import Run, Variant
from profiler.pricing.budgeting import BudgetVerdict
from profiler.reasons import Effect, Reason, ReasonKind
from profiler.units import count, dollars, ratio, significant
from profiler.variants import VariantVerdict

_HOW = {Variant.DECOMPOSED: "when decomposed", Variant.MONOLITH: "as one process"}


def sentence_of(
    run: Run,
    fits: bool | None,
    variant: VariantVerdict,
    monolith: VariantVerdict | None,
    budget: BudgetVerdict | None,
    reasons: Sequence[Reason],
) -> str:
    """Say whether the job fits, and the one thing that decides it."""
    job, how = run.plan.job, _HOW[variant.variant]
    if fits:
        return f"{job} fits AWS Lambda {how}: {_need(run, variant, monolith)}{_allowance(run, budget)}."
    against = [reason for reason in reasons if reason.effect is (Effect.UNDECIDED if fits is None else Effect.NO)]
    first = against[0]
    if fits is None:
        return f"Whether {job} fits AWS Lambda {how} is not decided: {_clause(job, first)}.{_advice(first)}"
    if variant.fits and first.kind is ReasonKind.ANSWER:
        return f"{job} is not the same job {how}: it {first.text}."
    if variant.fits and first.kind is ReasonKind.BUDGET:
        need = _need(run, variant, monolith)
        return f"{job} fits AWS Lambda {how}, but not its budget: {need}{_allowance(run, budget)}."
    more = f" ({count(len(against) - 1)} more against it)" if len(against) > 1 else ""
    return f"{job} does not fit AWS Lambda {how}: {_clause(job, first)}{more}.{_advice(first)}"


def _need(run: Run, variant: VariantVerdict, monolith: VariantVerdict | None) -> str:
    """What one request takes, and what it would take as one process."""
    per = variant.gb_s_per_request if variant.gb_s_per_request is not None else variant.gb_s
    if per is None:
        return "nothing was measured"
    one = "request" if run.plan.request and variant.gb_s_per_request is not None else "run"
    need = f"one {one} takes {significant(per)} GB-seconds"
    if monolith is None or monolith is variant or not monolith.complete or not monolith.gb_s or not variant.gb_s:
        return need
    times = monolith.gb_s / variant.gb_s
    times, word = (times, "less") if times >= 1 else (1 / times, "more")
    if ratio(times) == ratio(1):
        return f"{need}, as much as in one process"
    return f"{need}, {ratio(times)} times {word} than as one process"


def _allowance(run: Run, budget: BudgetVerdict | None) -> str:
    """What the budget leaves for one request."""
    if budget is None:
        return ""
    requests = f"{count(budget.requests_per_day)} {'requests' if run.plan.request else 'runs'}"
    allowed = significant(budget.allowed_gb_s_per_request)
    return f", and {dollars(budget.usd_per_day)} a day for {requests} allows {allowed}"


def _clause(job: str, reason: Reason) -> str:
    """A reason inside a sentence that has named the job already."""
    return f"{'it' if reason.subject in (job, f'{job} as one process') else reason.subject} {reason.text}"


def _advice(reason: Reason) -> str:
    """The remedy as a sentence of its own."""
    return f" {reason.remedy[0].upper()}{reason.remedy[1:]}." if reason.remedy else ""
