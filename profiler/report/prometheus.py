"""The report in Prometheus' text format, for node_exporter's textfile collector or a push gateway.

Every sample is a gauge of the last run, in base units, without a timestamp, which the textfile collector refuses. The
job is the label `paredown_job`: Prometheus sets `job` itself, and would rename ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from statistics import median

from profiler.model import Run
from profiler.report.cases import Case, cases_of
from profiler.report.shape import Report
from profiler.units import MIB

Labels = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All samples of one metric, which have to stand together."""

    name: str
    help: str
    samples: tuple[tuple[Labels, float], ...]


def render(report: Report) -> str:
    """Return the samples as text that ends in a newline."""
    return "".join(_text(family) for family in _families(report) if family.samples)


def _families(report: Report) -> Iterator[Family]:
    job = {"paredown_job": report.title}
    yield from _of_the_job(report, job)
    cases = cases_of(report)
    wholes = [(job | {"variant": case.variant.value}, case) for case in cases if case.step is None]
    steps = [
        (job | {"variant": case.variant.value, "step": case.name}, case) for case in cases if case.step is not None
    ]
    variants = [
        (job | {"variant": variant.variant.value}, variant)
        for variant in (report.verdict.monolith, report.verdict.decomposed)
        if variant is not None
    ]
    yield Family(
        name="paredown_variant_complete",
        help="Whether every step of the variant ended well; without that, its memory, time and cost are left out.",
        samples=tuple((labels, float(variant.complete)) for labels, variant in variants),
    )
    yield Family(
        name="paredown_variant_fits",
        help="Whether every step of the variant fits AWS Lambda: 1 yes, 0 no, NaN undecided.",
        samples=tuple((labels, _truth(variant.fits)) for labels, variant in variants),
    )
    yield from _of_cases("variant", wholes)
    yield Family(
        name="paredown_variant_request_cost_dollars",
        help="What one request costs: on Lambda, or by its time on an EC2 machine where no Lambda holds the variant.",
        samples=_samples(wholes, lambda case: None if case.usd_per_request is None else float(case.usd_per_request)),
    )
    yield Family(
        name="paredown_step_fits",
        help="Whether the step fits AWS Lambda: 1 yes, 0 no, NaN undecided.",
        samples=tuple((labels, _truth(case.fits)) for labels, case in steps),
    )
    yield from _of_cases("step", steps)


def _of_the_job(report: Report, job: Labels) -> Iterator[Family]:
    run, check = report.run, report.check
    yield Family(
        name="paredown_job_fits",
        help="Whether the job fits AWS Lambda and its budget: 1 yes, 0 no, NaN undecided.",
        samples=((job, _truth(report.verdict.fits)),),
    )
    yield Family(
        name="paredown_check_passed",
        help="Whether paredown check passed: 1 yes, 0 no.",
        samples=() if check is None else ((job, float(check.passed)),),
    )
    yield Family(
        name="paredown_answers_equal",
        help="Whether both variants give the same answer: 1 yes, 0 no, NaN not compared.",
        samples=() if run.comparison is None else ((job, _truth(run.comparison.equal)),),
    )
    created = _created(run)
    yield Family(
        name="paredown_run_timestamp_seconds",
        help="When the run was made, since the epoch.",
        samples=() if created is None else ((job, created),),
    )


def _of_cases(what: str, cases: list[tuple[Labels, Case]]) -> Iterator[Family]:
    """What both a variant and a step have."""
    yield Family(
        name=f"paredown_{what}_peak_bytes",
        help=f"Highest resident memory of any task of the {what}, median of the repeats.",
        samples=_samples(cases, lambda case: None if case.figures is None else median(case.figures.peak_bytes)),
    )
    yield Family(
        name=f"paredown_{what}_cpu_seconds",
        help=f"CPU time of all tasks of the {what} with their inits, median of the repeats.",
        samples=_samples(cases, lambda case: None if case.figures is None else median(case.figures.cpu_s)),
    )
    yield Family(
        name=f"paredown_{what}_wall_seconds",
        help=f"Elapsed time of the {what}{', summed over its tasks' if what == 'step' else ''}, median of the repeats.",
        samples=_samples(cases, lambda case: None if case.figures is None else median(case.figures.wall_s)),
    )
    yield Family(
        name=f"paredown_{what}_gb_seconds",
        help=f"GB-seconds of one run of the {what} as Lambda bills them; peak times time where no Lambda holds it.",
        samples=_samples(cases, lambda case: None if case.gb_s is None else float(case.gb_s)),
    )
    yield Family(
        name=f"paredown_{what}_memory_size_bytes",
        help=f"Memory size on Lambda, as configured{', of the largest step' if what == 'variant' else ''}.",
        samples=_samples(cases, lambda case: None if case.memory_mib is None else float(case.memory_mib * MIB)),
    )
    yield Family(
        name=f"paredown_{what}_tasks",
        help=f"Tasks of the {what} that were measured.",
        samples=_samples(cases, lambda case: float(case.tasks)),
    )
    yield Family(
        name=f"paredown_{what}_failed_tasks",
        help=f"Tasks of the {what} that did not end well.",
        samples=_samples(cases, lambda case: float(case.failed_tasks)),
    )


def _samples(
    cases: Sequence[tuple[Labels, Case]], value_of: Callable[[Case], float | None]
) -> tuple[tuple[Labels, float], ...]:
    values = ((labels, value_of(case)) for labels, case in cases)
    return tuple((labels, value) for labels, value in values if value is not None)


def _truth(said: bool | None) -> float:
    return float("nan") if said is None else float(said)


def _created(run: Run) -> float | None:
    try:
        created = datetime.fromisoformat(run.created)
    except ValueError:
        return None
    return (created if created.tzinfo else created.replace(tzinfo=UTC)).timestamp()


def _text(family: Family) -> str:
    lines = [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} gauge"]
    for labels, value in family.samples:
        named = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        lines.append(f"{family.name}{{{named}}} {_number(value)}")
    return "".join(f"{line}\n" for line in lines)


def _escaped(text: str) -> str:
    """A label's value: the format knows three escapes. A line break is no character of a clean name."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) else repr(value)
