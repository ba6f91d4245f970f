"""The decomposed variant: step after step, each as independent tasks on an engine, files between them."""

from __future__ import annotations

import hashlib
import os
import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from profiler.model import Kind, Measurement, Plan, PlannedStep, Settings, Variant
from profiler.owner import this_host
from profiler.runner.curves import points_per_task
from profiler.runner.environment import pinned
from profiler.runner.progress import Progress
from profiler.runner.tasks import lost, lost_by_engine, run_task
from profiler.task import Task
from profiler.urls import is_url, scheme_of
from profiler.work import CallFunction, Prepare, RunQuery, Source

_PLAIN = frozenset(string.ascii_letters + string.digits + "-_")
_LIBRARIES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az"), "adlfs"),
}
"""What asks the stores of a scheme; of others fsspec knows it."""
_SHARD = re.compile(r"__paredown_shard=(\d+)")


@dataclass(slots=True)
class Kept:
    """What a step has left: files by shard, or under None where it is not split."""

    files: dict[int | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of those files that lie in a store."""
    any_order: bool = False

    @classmethod
    def of(cls, step: PlannedStep) -> Kept:
        """Nothing yet of a step."""
        return cls(any_order=step.kind in (Kind.QUERY, Kind.COMBINE) and not step.ordered)

    def add(self, step: PlannedStep, measurement: Measurement) -> None:
        """File what a task has left under its shard."""
        self.sizes |= dict(zip(measurement.files, measurement.file_bytes, strict=bool(measurement.file_bytes)))
        for file in measurement.files:
            found = _SHARD.search(file)
            shard = int(found[1]) if found else None
            if shard is None and step.shard_by and step.kind not in (Kind.QUERY, Kind.COMBINE):
                shard = measurement.index
            self.files[shard].append(file)

    def source(self, name: str, files: tuple[str, ...]) -> Source:
        """Some of its files as what a later step reads."""
        sizes = tuple(self.sizes[file] for file in files) if self.sizes else ()
        return Source(name=name, files=files, is_input=False, any_order=self.any_order, sizes=sizes)

    @property
    def shards(self) -> set[int]:
        """The shards that hold something."""
        return {shard for shard in self.files if shard is not None}

    def all(self) -> tuple[str, ...]:
        """Every file, shard by shard."""
        return tuple(file for shard in sorted(self.files, key=lambda key: -1 if key is None else key)
                     for file in sorted(self.files[shard]))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """What a query of a declared memory size may use here."""

    memory_limit_mib: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that tasks of one run have in common."""

    plan: Plan
    settings: Settings
    folder: Path
    """The run's work folder, on this disk."""
    files: str
    """Folder, or URL, below which steps leave their files."""
    stop_file: Path
    started_ns: int
    environment: Mapping[str, str]
    cores: int
    limits: Mapping[int, QueryLimits]
    """By a query's declared size in MiB."""
    pin_monolith: int | None = None
    """Threads that numeric libraries may use in the monolith; None leaves them as the machine gives them."""
    wants_answer: bool = True

    @property
    def points(self) -> int:
        """How many points the curve of one task may have."""
        return points_per_task(self.plan, self.settings.repeats)


def tasks_of(step: PlannedStep, kept: Mapping[str, Kept], setting: Setting) -> list[Task]:
    """The tasks of a step: one per shard or part, or a single one."""
    return [_task(step, index, order, setting) for index, order in _orders(step, kept, setting)]


def _orders(
    step: PlannedStep, kept: Mapping[str, Kept], setting: Setting
) -> Iterable[tuple[int, CallFunction | RunQuery]]:
    target = os.path.join(setting.files, Variant.DECOMPOSED.value, safe_name(step.name))
    if step.kind in (Kind.QUERY, Kind.COMBINE):
        limits = setting.limits[step.memory_mib or 0]
        for index, part in enumerate(step.parts or (None,)):
            sources = [_source(name, None, kept, setting.plan) for name in step.reads]
            if part is not None:
                known = dict(zip(sources[0].files, sources[0].sizes, strict=bool(sources[0].sizes)))
                sizes = tuple(known[file] for file in part if file in known)
                sources[0] = Source(name=step.reads[0], files=part, is_input=True, sizes=sizes)
            yield (
                index,
                RunQuery(
                    name=step.name,
                    sql=step.sql or "",
                    file=step.file or step.name,
                    sources=tuple(sources),
                    target=os.path.join(target, f"task-{index:05d}"),
                    memory_limit_mib=limits.memory_limit_mib,
                    threads=limits.threads,
                    shard_by=step.shard_by,
                    shards=setting.plan.shards,
                ),
            )
        return
    assert step.function is not None
    for shard in _shards(step, kept):
        sources = [_source(name, shard, kept, setting.plan) for name in step.reads]
        yield (
            shard or 0,
            CallFunction(
                kind=step.kind,
                function=step.function,
                sources=tuple(sources),
                by=step.by,
                target=os.path.join(target, f"task-{shard or 0:05d}"),
            ),
        )


def _shards(step: PlannedStep, kept: Mapping[str, Kept]) -> list[int | None]:
    if not step.fans_out:
        return [None]
    leader = next((name for name in step.reads if name in kept and kept[name].shards), None)
    return [*sorted(kept[leader].shards)] if leader else [None]


def _source(name: str, shard: int | None, kept: Mapping[str, Kept], plan: Plan) -> Source:
    for item in plan.inputs:
        if item.name == name:
            return Source(name=name, files=item.paths, is_input=True, sizes=item.sizes)
    mine = kept[name]
    if shard is None or not mine.shards:
        return mine.source(name, mine.all())
    if shard in mine.files:
        return mine.source(name, tuple(sorted(mine.files[shard])))
    return replace(mine.source(name, mine.all()[:1]), any_order=False, empty=True)


def _task(step: PlannedStep, index: int, order: CallFunction | RunQuery, setting: Setting) -> Task:
    threads = setting.settings.task_threads
    if isinstance(order, RunQuery):
        threads = order.threads
        prepare = Prepare(imports=("duckdb", *_libraries_of_stores(order)))
    else:
        stores = _libraries_of_stores(order)
        reads_tables = any(file.endswith(".parquet") for source in order.sources if not source.is_input
                           for file in source.files)  # fmt: skip
        prepare = Prepare(
            folder=os.path.dirname(setting.plan.file),
            functions=(order.function,),
            imports=("duckdb", "pandas", *stores) if reads_tables else stores,
            opens_tables=reads_tables,
            threads=threads,
        )
    return Task(
        variant=Variant.DECOMPOSED,
        step=step.name,
        index=index,
        order=order,
        prepare=prepare,
        env=pinned(setting.environment, threads),
        folder=str(setting.folder),
        stop_file=str(setting.stop_file),
        run_started_ns=setting.started_ns,
        timeout_ns=setting.settings.timeout_ns,
        cold=setting.settings.cold,
        cores=float(setting.cores),
        points=setting.points,
        pace=setting.settings.pace > 0,
        host=this_host(),
    )


def _libraries_of_stores(order: CallFunction | RunQuery) -> tuple[str, ...]:
    """What stores are asked with, by us; every cold task imports it, so it belongs to its init."""
    ours = [source.files[0] for source in order.sources if source.sizes and not _is_for_user(order, source)]
    urls = [*ours, *([order.target] if is_url(order.target) else [])]
    return tuple(sorted({_LIBRARIES.get(scheme_of(url), "fsspec") for url in urls}))


def _is_for_user(order: CallFunction | RunQuery, source: Source) -> bool:
    """Whether a step's own function reads a source, in its own way."""
    return source.is_input and isinstance(order, CallFunction)


def safe_name(name: str) -> str:
    """A step's name as a file name: whatever it holds, it stays inside its folder and is not another step's."""
    safe = "".join(character if character in _PLAIN else f"%{ord(character):x}" for character in name)
    if len(safe) <= 150:
        return safe
    return f"{safe[:130]}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def run_step(
    tasks: list[Task], executor: Executor, record: Callable[[Measurement], None], progress: Progress
) -> list[Measurement]:
    """Run a step's tasks; each measurement is recorded as it comes in."""
    progress.step(tasks[0].variant, tasks[0].step, len(tasks))
    futures: dict[Future[Measurement], Task] = {_submitted(executor, task): task for task in tasks}
    measurements = []
    for future in as_completed(futures):
        measurement = _result(future, futures[future])
        measurements.append(measurement)
        record(measurement)
        progress.task_done(measurement)
    return measurements


def _submitted(executor: Executor, task: Task) -> Future[Measurement]:
    """A task's future; one that has failed where the engine takes no task any more, since its workers are gone."""
    try:
        return executor.submit(run_task, task)
    except Exception as error:
        failed: Future[Measurement] = Future()
        failed.set_exception(error)
        return failed


def _result(future: Future[Measurement], task: Task) -> Measurement:
    """A future's measurement; an engine that lost the task makes an outcome, never an exception of ours."""
    try:
        return future.result()
    except Exception as error:
        return lost(task, lost_by_engine(error))
