"""From a kept run to a report, with the judging options of the command line: what `run` and `report` share."""

from __future__ import annotations

import glob
import os
import shlex
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from profiler.errors import UsageError
from profiler.facts import DEFAULT_ARCH, DEFAULT_REGION, Fact, FactSet, Platform, Price, load, platform_of
from profiler.fit import DEFAULT_HEADROOM
from profiler.jobs import bundled_folder
from profiler.model import Plan, Run, Variant
from profiler.pricing.budgeting import Budget
from profiler.pricing.cost import as_decimal
from profiler.pricing.targets import Given, exact
from profiler.report import render
from profiler.report.build import build
from profiler.report.commands import workspace_of
from profiler.report.shape import Names, Report
from profiler.urls import DEFAULT_WORKSPACE, is_url
from profiler.verdict import Verdict, judge

_SERVICES = ("lambda", "ec2")
"""Whose facts a verdict uses."""
_OF_LAMBDA = ("gb_seconds", "requests")
_MOST_MACHINES = 3
"""More machine types are counted and not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a run is held against, as the user says it; what the user leaves open is the job's own or a default."""

    region: str = DEFAULT_REGION
    arch: str = DEFAULT_ARCH
    headroom: Decimal = DEFAULT_HEADROOM
    warm: bool = False
    usd_per_day: Decimal | None = None
    requests_per_day: int | None = None
    prices: str | Path | None = None
    """A file of the user's own prices and facts."""


def headroom_of(given: Given) -> Decimal:
    """Return a headroom as somebody states it.

    Raises:
        UsageError: If it is no number from 1.
    """
    found = exact("headroom", given)
    if found < 1:
        raise UsageError(f"headroom is {given}; expected a number from 1")
    return as_decimal(found)


def show(
    run: Run, judging: Judging, *, width: int, colour: bool, reference: str = "last", facts: FactSet | None = None
) -> str:
    """Judge a run and return its report for a terminal.

    Args:
        run: The measurements.
        judging: What they are held against.
        width: Cells of the terminal.
        colour: Whether to write a terminal's escape sequences.
        reference: How the user names the run; the report's commands name it the same way.
        facts: What was read already; None: the bundled facts, with the user's own in front.

    Raises:
        UsageError: If an option is unknown or does not go with the job.
        FactsError: If the user's file of prices is not right.
    """
    return render(report_of(run, judging, reference=reference, facts=facts), width=width, colour=colour)


def report_of(run: Run, judging: Judging, *, reference: str = "last", facts: FactSet | None = None) -> Report:
    """Judge a run and lay it out.

    Raises:
        UsageError: If an option is unknown or does not go with the job.
        FactsError: If the user's file of prices is not right.
    """
    facts = facts_for(judging) if facts is None else facts
    platform = platform_for(facts, judging)
    verdict = verdict_of(run, judging, facts=facts, platform=platform)
    names = names_of(run, reference, judging, facts)
    return build(run, verdict, names=names, sources=sources_for(facts, platform))


def verdict_of(
    run: Run, judging: Judging, *, facts: FactSet, platform: Platform, variant: Variant | None = None
) -> Verdict:
    """Judge a run.

    Args:
        run: The measurements.
        judging: What they are held against.
        facts: What was read for that.
        platform: Of these facts.
        variant: Which decides; None: the decomposed one, where the run has it.

    Raises:
        UsageError: If only one half of a budget is known.
    """
    budget = budget_for(run.plan, judging)
    verdict = judge(run, platform, budget, headroom=judging.headroom, warm=judging.warm, variant=variant)
    if judging.prices is None:
        return verdict
    held = verdict.assumptions
    note = _yours(facts, platform, judging.prices)
    return replace(verdict, assumptions=replace(held, notes=(*held.notes, note)))


def facts_for(judging: Judging) -> FactSet:
    """What a verdict needs of the bundled facts, with the user's own in front; all of the user's file is checked.

    Raises:
        FactsError: If the user's file of prices is not right.
    """
    return load(prices=judging.prices, services=_SERVICES)


def platform_for(facts: FactSet, judging: Judging) -> Platform:
    """The platform that the options name.

    Raises:
        UsageError: If the facts hold no prices of that region.
    """
    regions = facts.regions("lambda", "gb_seconds", arch=judging.arch)
    if judging.region not in regions:
        near = get_close_matches(judging.region, regions, n=2)
        raise UsageError(
            f"--region: no price of Lambda on {judging.arch} is known for {judging.region!r}",
            hint=(f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(regions)};")
            + " --prices FILE brings others",
        )
    return platform_of(facts, region=judging.region, arch=judging.arch)


def sources_for(facts: FactSet, platform: Platform) -> tuple[Fact | Price, ...]:
    """The facts and prices that a verdict on a platform uses."""
    entries: tuple[Fact | Price, ...] = (*facts.facts, *facts.prices)
    return tuple(entry for entry in entries if _is_used(entry, platform))


def budget_for(plan: Plan, judging: Judging) -> Budget | None:
    """The budget that the options name, each falling back to the job's own; None: neither says anything.

    Raises:
        UsageError: If only one half of a budget is known.
    """
    usd, requests = judging.usd_per_day, judging.requests_per_day
    if usd is None and plan.dollars_per_day is not None:
        usd = Decimal(plan.dollars_per_day)
    if requests is None:
        requests = plan.requests_per_day
    if usd is None and requests is None:
        return None
    if usd is None or requests is None:
        given, missing = "--dollars-per-day", "--requests-per-day"
        if usd is None:
            given, missing = missing, given
        raise UsageError(
            f"{given} alone is no budget, and the job names none", hint=f"a budget is both: add {missing} NUMBER"
        )
    return Budget(usd_per_day=usd, requests_per_day=requests)


def _yours(facts: FactSet, platform: Platform, file: str | Path) -> str:
    """Which of the prices and facts that a report uses are the user's own."""
    used = [entry for entry in sources_for(facts, platform) if entry.origin.yours]
    prices = [entry for entry in used if isinstance(entry, Price)]
    names = [f"{price.service}.{price.name}" for price in prices if not price.is_of_a_machine]
    machines = [price.name for price in prices if price.is_of_a_machine]
    if len(machines) > _MOST_MACHINES:
        names.append(f"{len(machines)} EC2 machine types")
    else:
        names += [f"ec2.{name}" for name in machines]
    names += [f"{entry.service}.{entry.name}" for entry in used if isinstance(entry, Fact)]
    if names:
        return f"Your own, from {file}: {', '.join(names)}."
    where = f"{platform.region} on {platform.arch}"
    return f"Nothing from {file} is used here: it has no price of Lambda or of a machine in {where}."


def _is_used(entry: Price | Fact, platform: Platform) -> bool:
    """Whether a verdict on a platform uses it; what is free every month, it never takes off."""
    if isinstance(entry, Fact):
        return entry.service in _SERVICES and not entry.name.startswith("free_")
    if platform.region not in entry.regions:
        return False
    if entry.is_of_a_machine:
        return entry.name in {machine.name for machine in platform.machines}
    return entry.service == "lambda" and entry.name in _OF_LAMBDA and entry.arch in (None, platform.arch)


def _found_again(run: Run, reference: str) -> str:
    """How a command of this folder finds a run: last and ids are of its own workspace; others have a path or a URL."""
    if is_url(run.path):
        return run.path if reference in ("last", run.id) else reference
    of_here = _is_kept_here(run) or not Path(run.path).is_file()
    return run.path if reference in ("last", run.id) and not of_here else reference


def _is_kept_here(run: Run) -> bool:
    """Whether its file is in the workspace that commands of this folder mean where they are not told of another."""
    return Path(run.path).parent.resolve() == (DEFAULT_WORKSPACE / "runs").resolve()


def names_of(run: Run, reference: str, judging: Judging, facts: FactSet) -> Names:
    """How the user names the job from this folder, quoted for a shell, with its parameters and inputs.

    Without them another run of the same words would be one of other data, and could neither resume nor be compared.
    """
    file = Path(run.plan.file)
    job = str(file)
    if file.parent == bundled_folder() and file.stem == run.plan.job:
        job = run.plan.job
    elif file.is_relative_to(Path.cwd()):
        job = str(file.relative_to(Path.cwd()))
    made = any(given.made for given in run.plan.inputs)
    params = [f"{name}={value}" for name, value in (run.plan.params if made else run.settings.params).items()]
    here = os.path.join(glob.escape(os.getcwd()), "")
    inputs = [f"{name}={path.removeprefix(here)}" for name, paths in run.settings.inputs.items() for path in paths]
    params += [word for given in inputs for word in ("--input", given)]
    priced = [] if judging.region == DEFAULT_REGION else ["--region", judging.region]
    priced += [] if judging.prices is None else ["--prices", str(judging.prices)]
    return Names(
        job=shlex.join([job, *params]),
        run=shlex.quote(_found_again(run, reference)),
        workspace=workspace_of(run),
        priced=shlex.join(priced),
        arm64=judging.region in facts.regions("lambda", "gb_seconds", arch="arm64"),
    )
