"""From a job file to a plan: load it, check everything that can be checked, and say all mistakes at once."""

from __future__ import annotations

import hashlib
import os
import sys
from types import ModuleType
from typing import Any

from profiler.declare import Job, Step
from profiler.errors import DeclarationError, JobFileError
from profiler.model import Ending, FunctionRef, InputFiles, Kind, Outcome, Plan, PlannedStep
from profiler.sandbox import findings, inputs, loading, queries, schemas
from profiler.sandbox.remote import Remote
from profiler.work import Answered, MakePlan, Planned

SHARD_BYTES = 64 << 20
"""Input of one shard. At 10 million line items half of it meant twice the inits, and saved no memory that counts."""
FAN_OUT_BYTES = 1 << 20
"""From here on there are two shards at least; on less, a fan-out is all overhead."""
MOST_SHARDS = 1000


def carry_out(order: MakePlan) -> Answered:
    """Plan the job.

    Raises:
        JobFileError: If the file cannot be imported, or does not hold exactly one job.
        DeclarationError: With every mistake in the declaration, the files and the SQL.
    """
    with Remote() as remote:
        return _planned(order, remote)


def _planned(order: MakePlan, remote: Remote) -> Answered:
    job, problems = _load(order.file)
    params, param_problems = inputs.parameters(job, order.params, order.inputs)
    problems += param_problems
    found, to_make, input_problems = inputs.find(job, order, params, remote)
    problems += input_problems
    shards, reason = _shards(order.shards, found, waiting=bool(to_make))
    variants: dict[str, tuple[PlannedStep, ...]] = {}
    for variant in ("monolith", "decomposed"):
        steps = [step for step in getattr(job, variant) if isinstance(step, Step)]
        try:
            variants[variant] = tuple(_plan_variant(steps, order.file, found, variant, problems))
        except _UnplannableError:
            variants[variant] = ()
    with schemas.Checker(found, remote, skip={made.name for made in to_make}) as checker:
        for variant, planned in variants.items():
            problems += checker.check(f"{job.name}: {variant}", planned, job.answer_key, job.request)
            variants[variant] = tuple(map(checker.with_order, planned))
    if problems:
        raise DeclarationError(tuple(dict.fromkeys(problems)))
    plan = Plan(
        job=job.name,
        file=order.file,
        inputs=tuple(found.values()),
        monolith=variants["monolith"],
        decomposed=variants["decomposed"],
        params=params,
        shards=shards,
        shards_reason=reason,
        code=_code(order.file, variants),
        request=job.request,
        answer_key=tuple(job.answer_key),
        tolerance=float(job.tolerance),
        score=loading.reference_to(job.score, order.file) if job.score else None,  # type: ignore[arg-type]
        dollars_per_day=None if job.dollars_per_day is None else str(job.dollars_per_day),
        requests_per_day=job.requests_per_day,
        warnings=(*inputs.column_notes(found, remote), *inputs.url_notes(found)),
    )
    return Answered(outcome=Outcome(ending=Ending.OK), result=Planned(plan=plan, to_make=tuple(to_make)))


class _UnplannableError(Exception):
    """A variant whose structure is too broken to plan; its problems are told already."""


def _load(file: str) -> tuple[Job, list[str]]:
    """Import the job file; returns its job, and the structural mistakes that `Job` found."""
    loading.use_folder(os.path.dirname(file))
    try:
        module = loading.load_file(file)
    except DeclarationError as error:
        if not isinstance(error.job, Job):
            raise
        return error.job, list(error.problems)
    except (Exception, SystemExit) as error:
        if isinstance(error, JobFileError):
            raise
        raise JobFileError(f"{file}: cannot be imported\n{findings.user_traceback(error).rstrip()}") from error
    return _only_job(module, file), []


def _only_job(module: ModuleType, file: str) -> Job:
    jobs = {name: value for name, value in vars(module).items() if isinstance(value, Job)}
    different = {id(job): name for name, job in jobs.items()}
    if len(different) == 1:
        return next(iter(jobs.values()))
    if not jobs:
        raise JobFileError(f"{file}: holds no job", hint="expected one module-level 'job = Job(...)'")
    raise JobFileError(
        f"{file}: holds {len(different)} jobs: {', '.join(different.values())}", hint="expected one per file"
    )


def _shards(wanted: int | None, found: dict[str, InputFiles], *, waiting: bool) -> tuple[int, str]:
    if wanted is not None:
        return wanted, "as asked for"
    size = sum(item.total_bytes for item in found.values())
    shards = min(MOST_SHARDS, max(1 if size < FAN_OUT_BYTES else 2, -(-size // SHARD_BYTES)))
    if waiting:
        return shards, "to be decided when the data are made"
    megabytes = f"{size / (1 << 20):,.1f} MB" if size >= 1 << 17 else "smaller than 0.1 MB"
    least = "two at least, " if shards == 2 else ""
    return shards, f"{least}one per {SHARD_BYTES >> 20} MB of input files, which are {megabytes}"


def _plan_variant(
    steps: list[Step], job_file: str, found: dict[str, InputFiles], variant: str, problems: list[str]
) -> list[PlannedStep]:
    planned: list[PlannedStep] = []
    split: dict[str, tuple[str, ...]] = {}
    for step in steps:
        if step.kind is Kind.QUERY:
            planned += _plan_query(step, job_file, found, variant, problems)
            if step.shard_by and variant == "decomposed":
                split[step.name] = tuple(step.shard_by)
            continue
        keys: tuple[str, ...] = next((split[read] for read in step.reads if read in split), ())
        fans_out = bool(keys) and step.kind in (Kind.PER_GROUP, Kind.PER_SHARD)
        if fans_out:
            split[step.name] = keys
        planned.append(
            PlannedStep(
                name=step.name,
                kind=step.kind.value,
                reads=tuple(step.reads),
                function=_reference(step, job_file),
                file=_script_file(step, job_file, variant, problems) if step.kind is Kind.SCRIPT else None,
                by=tuple(step.by),
                shard_by=keys if fans_out else (),
                fans_out=fans_out,
                args=step.args,
                writes=step.writes,
                description=_first_line(step.target),
            )
        )
    return planned


def _reference(step: Step, job_file: str) -> FunctionRef | None:
    if step.kind is Kind.SCRIPT:
        return None
    try:
        return loading.reference_to(step.target, job_file)
    except AttributeError:
        raise _UnplannableError from None  # No plain function; Job has said so.


def _first_line(target: Any) -> str:
    return (getattr(target, "__doc__", None) or "").strip().split("\n")[0] if callable(target) else ""


def _script_file(step: Step, job_file: str, variant: str, problems: list[str]) -> str:
    path = os.path.join(os.path.dirname(job_file), str(step.target))
    if not os.path.isfile(path):
        problems.append(f"{variant} step {step.name!r}: there is no script {path}")
    return path


def _plan_query(
    step: Step, job_file: str, found: dict[str, InputFiles], variant: str, problems: list[str]
) -> list[PlannedStep]:
    """One planned step; or two, where the query is split by file: the parts, then what combines them."""
    file, sql = _sql(step.target, step, job_file, variant, problems)
    common: dict[str, Any] = {"reads": tuple(step.reads), "memory_mib": step.memory_mib, "sql": sql, "file": file}
    shard_by = tuple(step.shard_by) if variant == "decomposed" else ()
    if step.combine is None:
        return [
            PlannedStep(name=step.name, kind=step.kind.value, shard_by=shard_by, description=_comment(sql), **common)
        ]
    combine_file, combine_sql = _sql(step.combine, step, job_file, variant, problems)
    parts: tuple[tuple[str, ...], ...] = ()
    if variant == "decomposed" and step.reads and step.reads[0] in found:
        parts = _parts(found[step.reads[0]], step.part_mib << 20)
    return [
        PlannedStep(
            name=step.name + queries.PARTS,
            kind=Kind.QUERY.value,
            parts=parts,
            fans_out=len(parts) > 1,
            description=_comment(sql),
            **common,
        ),
        PlannedStep(
            name=step.name,
            kind=Kind.COMBINE.value,
            reads=(step.name + queries.PARTS,),
            sql=combine_sql,
            file=combine_file,
            shard_by=shard_by,
            memory_mib=step.memory_mib,
            description=_comment(combine_sql),
        ),
    ]


def _parts(item: InputFiles, most_bytes: int) -> tuple[tuple[str, ...], ...]:
    """Neighbouring files together, as long as they stay below a size."""
    parts: list[list[str]] = []
    size = 0
    for path, weight in zip(item.paths, item.sizes or map(os.path.getsize, item.paths), strict=True):
        if not parts or size + weight > most_bytes:
            parts.append([])
            size = 0
        parts[-1].append(path)
        size += weight
    return tuple(map(tuple, parts))


def _sql(name: Any, step: Step, job_file: str, variant: str, problems: list[str]) -> tuple[str, str]:
    path = os.path.normpath(os.path.join(os.path.dirname(job_file), str(name)))
    try:
        with open(path, encoding="utf-8") as file:
            return path, file.read()
    except OSError as error:
        problems.append(f"{variant} step {step.name!r}: cannot read the query {path}: {error.strerror}")
    except UnicodeDecodeError as error:
        problems.append(f"{variant} step {step.name!r}: the query {path} is no UTF-8 text: {error}")
    return path, ""


def _comment(sql: str) -> str:
    """The comment on top of a query, as one line."""
    lines = []
    for line in sql.strip().splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.lstrip("-").strip())
    return " ".join(lines).strip()


def _code(job_file: str, variants: dict[str, tuple[PlannedStep, ...]]) -> dict[str, str]:
    """SHA-256 of the job file, of the modules of the user's that it imported, and of every query and script."""
    folder = os.path.dirname(job_file) + os.sep
    files = {job_file} | {step.file for planned in variants.values() for step in planned if step.file}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(folder) and "site-packages" not in file[len(folder) :]:
            files.add(file)
    ours = os.path.dirname(os.path.abspath(sys.modules["profiler"].__file__ or "")) + os.sep
    bundled = os.path.join(ours, "_bundled") + os.sep
    kept = sorted(file for file in files if not file.startswith(ours) or file.startswith(bundled))
    return {file: _digest(file) for file in kept if os.path.isfile(file)}


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
