"""Running a job from its file to a finished run: plan, make data, measure, compare, keep.

The spine of `paredown run` and of `profiler.run`. Everything here is slow and touches the machine; what is made of
the run afterwards is pure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import profiler
from profiler.errors import ResumeError, RunFileError, UsageError
from profiler.model import (
    Answer,
    Comparison,
    Measurement,
    Plan,
    PlannedStep,
    Run,
    Score,
    Settings,
    Variant,
    VariantEnd,
)
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.runner import decomposed, lines, monolith
from profiler.runner.control import Control, Stopped
from profiler.runner.decomposed import Kept, QueryLimits, Setting
from profiler.runner.lines import LineView
from profiler.runner.machine import this_machine, usable_cores
from profiler.runner.progress import Progress
from profiler.runner.tasks import close_idle
from profiler.runner.workspace import Workspace, new_run_id
from profiler.store import Recorder, load_run
from profiler.work import CollectAnswer, CompareAnswers, MakePlan, Planned, ScoreAnswer

DEFAULT_TIMEOUT_NS = 900_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `paredown run` may be told; the defaults are the command line's."""

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    shards: int | None = None
    variants: tuple[Variant, ...] = (Variant.MONOLITH, Variant.DECOMPOSED)
    jobs: int | None = None
    """Tasks at a time; None: one per core."""
    threads: int | None = None
    """Threads of numeric libraries; None: one in a task, and whatever the machine gives in a monolith."""
    cold: bool = False
    timeout_ns: int | None = DEFAULT_TIMEOUT_NS
    workspace: Path = Path(".paredown")
    progress: bool = False
    resume: bool = False
    against: str | None = None
    script_args: tuple[str, ...] = ()
    check: Callable[[Plan], object] = lambda plan: None
    """Called with the plan before anything is measured; what it raises ends the run there."""


@contextmanager
def planning(
    file: str, options: Options, progress: Progress, stopping: Callable[[], bool]
) -> Iterator[tuple[Planned, Control]]:
    """Plan a job in a child of its own, which stays for more orders while the context lasts."""
    workspace = Workspace(options.workspace.absolute())
    folder = workspace.prepare("planning")
    order = MakePlan(
        file=file,
        inputs=dict(options.inputs),
        params=dict(options.params),
        shards=options.shards,
        data_folder=str(workspace.data),
    )
    with Control(folder, os.environ, job_folder=os.path.dirname(file)) as control:
        progress.step("planning", Path(file).stem, 1)
        yield control.carry_out(order, file, stopping=stopping), control


def plan_job(file: str, options: Options) -> Planned:
    """Check a job and say what would run; nothing runs, and no data are made.

    Raises:
        DeclarationError, JobFileError, InputError: With everything that is wrong.
    """
    with Progress(visible=False) as progress, planning(file, options, progress, lambda: False) as (planned, _):
        return planned


def run_job(file: str, options: Options, *, executor: Executor | None = None) -> Run:
    """Measure a job's variants, compare their answers, keep the run.

    Args:
        file: The job file, absolute.
        options: What to measure, and how.
        executor: Where decomposed tasks run; None: threads here, `options.jobs` of them.

    Returns:
        The run as kept; `ended` is False where it was interrupted.
    """
    with _Stop(Workspace(options.workspace.absolute())) as stop:
        with Progress(visible=options.progress) as progress:
            try:
                plan = _plan(file, options, progress, stop)
            except Stopped:
                raise KeyboardInterrupt from None
            progress.expected_ns = _expected(plan, options.workspace)
            session = _Session.begin(plan, options, stop, progress)
            session.measure(executor)
        return session.load()


def view_lines(file: str, name: str, options: Options) -> LineView:
    """Repeat one step of a job under memory-profiler's line view; the steps before it run unmeasured.

    Raises:
        UsageError: If no variant has such a step, or the step is no Python function.
    """
    with _Stop(Workspace(options.workspace.absolute())) as stop, Progress(visible=options.progress) as progress:
        try:
            plan = _plan(file, options, progress, stop)
            variant, step = lines.find_step(plan, name, options.variants)
            workspace = Workspace(options.workspace.absolute())
            folder = workspace.prepare(f"lines-{os.getpid()}")
            try:
                setting = _setting(plan, _settings(plan, options), folder, stop, options)
                if variant is Variant.MONOLITH:
                    return lines.of_monolith(setting, step, progress, stop.requested)
                return lines.of_decomposed(setting, step, progress, stop.requested)
            finally:
                close_idle()
                shutil.rmtree(folder, ignore_errors=True)
        except Stopped:
            raise KeyboardInterrupt from None


def run_script(file: str, options: Options) -> Run:
    """Measure a plain script as it stands: a monolith of one step, or of the steps that it marks.

    Its arguments are `options.script_args`; its standard input, output and error are this process's.
    """
    path = Path(file).absolute()
    step = PlannedStep(name=path.name, kind="script", reads=(), file=str(path), args=options.script_args, argv0=file)
    plan = Plan(
        job=path.stem,
        file=str(path),
        inputs=(),
        monolith=(step,),
        decomposed=(),
        params={},
        shards=1,
        shards_reason="a script is one task",
        code={str(path): hashlib.sha256(path.read_bytes()).hexdigest()},
    )
    if options.resume or options.against:
        raise UsageError(
            f"{path.name} is a plain script, which runs whole or not at all; --resume and --against are for jobs"
        )
    with _Stop(Workspace(options.workspace.absolute())) as stop:
        session = _Session.begin(plan, options, stop, Progress(visible=False))
        session.measure(None)
        return session.load()


def _plan(file: str, options: Options, progress: Progress, stop: _Stop) -> Plan:
    """Plan a job; data that are missing are made first, then it is planned again with them."""
    with planning(file, options, progress, stop.requested) as (planned, control):
        if planned.to_make:
            for making in planned.to_make:
                progress.step("making data", making.name, 1)
                control.carry_out(
                    making, f"making input {making.name!r}", stopping=stop.requested, on_memory=progress.memory
                )
            order = MakePlan(
                file=file,
                inputs=dict(options.inputs),
                params=dict(options.params),
                shards=options.shards,
                data_folder=str(Workspace(options.workspace.absolute()).data),
            )
            planned = control.carry_out(order, file, stopping=stop.requested)
    plan: Plan = planned.plan
    return plan


def _expected(plan: Plan, folder: Path) -> dict[str, int]:
    """How long each step took the last time, for the progress line."""
    for path in sorted((folder / "runs").glob("*.jsonl"), key=lambda item: item.stat().st_mtime_ns, reverse=True)[:5]:
        try:
            run = load_run(str(path), folder=folder)
        except RunFileError:
            continue
        if run.plan.file == plan.file and run.plan.params == plan.params and run.ended:
            return {f"{item.variant}/{item.step}": item.wall_ns for item in run.measurements}
    return {}


class _Stop:
    """Ctrl-C as a file that every task looks at; a second Ctrl-C gives up at once."""

    def __init__(self, workspace: Workspace) -> None:
        self.file = workspace.root / f"stop-{os.getpid()}-{time.monotonic_ns()}"
        self._before: Any = None

    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self.file.exists()

    def request(self) -> None:
        """Ask every task to stop."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.requested():
            raise KeyboardInterrupt
        self.request()

    def __enter__(self) -> _Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        close_idle()
        self.file.unlink(missing_ok=True)


@dataclass(slots=True, kw_only=True)
class _Session:
    """One run while it goes on."""

    plan: Plan
    options: Options
    workspace: Workspace
    run_id: str
    recorder: Recorder
    stop: _Stop
    progress: Progress
    settings: Settings
    before: Run | None
    """The run as it was, when it is resumed."""
    started_ns: int

    @classmethod
    def begin(cls, plan: Plan, options: Options, stop: _Stop, progress: Progress) -> _Session:
        """Begin a run's file, or open the one that is resumed."""
        options.check(plan)
        workspace = Workspace(options.workspace.absolute())
        settings = _settings(plan, options)
        before = _resumable(plan, options) if options.resume else None
        taken = _taken(options.against, plan, options) if options.against else None
        run_id = before.id if before else new_run_id(plan.job)
        workspace.prepare(run_id)
        if before:
            recorder = Recorder.reopen(before)
            settings = replace(before.settings, jobs=settings.jobs)
        else:
            recorder = Recorder.create(
                workspace.runs / f"{run_id}.jsonl",
                run_id=run_id,
                created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                version=profiler.__version__,
                plan=plan,
                machine=this_machine(),
                settings=settings,
            )
        session = cls(
            plan=plan,
            options=options,
            workspace=workspace,
            run_id=run_id,
            recorder=recorder,
            stop=stop,
            progress=progress,
            settings=settings,
            before=before,
            started_ns=time.time_ns(),
        )
        if taken:
            session._take_over(taken)
        return session

    def load(self) -> Run:
        """The run as its file has it."""
        return load_run(str(self.recorder.path), folder=self.workspace.root)

    @property
    def setting(self) -> Setting:
        """What all tasks of this run have in common."""
        folder = self.workspace.work(self.run_id)
        return replace(_setting(self.plan, self.settings, folder, self.stop, self.options), started_ns=self.started_ns)

    def measure(self, executor: Executor | None) -> None:
        """Run what is wanted and missing; then compare, score and end."""
        for variant in self.settings.variants:
            if self._is_done(variant) or not self.plan.steps(variant):
                continue
            if variant is Variant.MONOLITH:
                self._measure_monolith()
            else:
                self._measure_decomposed(executor)
            close_idle()
            if self.stop.requested():
                return
        if self._judge_answers():
            self.recorder.end()
            self.workspace.tidy(self.run_id)

    def _is_done(self, variant: Variant) -> bool:
        if self.before is None:
            return False
        return any(end.variant is variant and end.complete for end in self.before.variants)

    def _measure_monolith(self) -> None:
        if self.before is not None:
            self.recorder.restart(Variant.MONOLITH)
        began = time.monotonic_ns()
        step = self.plan.monolith[0]
        answer = self.workspace.answer(self.run_id, Variant.MONOLITH)
        answer.parent.mkdir(parents=True, exist_ok=True)
        if step.kind == "script":
            own = self.plan.is_script
            reason, code = monolith.run_script(
                self.setting, step, self.recorder.record, self.progress, self.stop.requested, owns_terminal=own
            )
            if own and code is not None:
                self.recorder.exit_code(code)
            files: tuple[str, ...] = (os.path.abspath(step.writes),) if step.writes and not reason else ()
            if files and not os.path.isfile(files[0]):
                reason, files = f"step {step.name!r} left no file {step.writes}", ()
        else:
            reason, files = monolith.run_monolith(
                self.setting, self.recorder.record, self.progress, self.stop.requested, answer
            )
        self._variant_ended(Variant.MONOLITH, began, reason, files)

    def _measure_decomposed(self, executor: Executor | None) -> None:
        began = time.monotonic_ns()
        done = self._kept_measurements()
        kept: dict[str, Kept] = {}
        reason = ""
        own = executor or ThreadPoolExecutor(self.settings.jobs, thread_name_prefix="paredown")
        try:
            for step in self.plan.decomposed:
                reason = self._run_decomposed_step(step, kept, done, own)
                if reason:
                    break
        finally:
            if executor is None:
                own.shutdown()
        files = kept[self.plan.decomposed[-1].name].all() if not reason else ()
        self._variant_ended(Variant.DECOMPOSED, began, reason, files)

    def _run_decomposed_step(
        self, step: PlannedStep, kept: dict[str, Kept], done: Mapping[tuple[str, int], Measurement], executor: Executor
    ) -> str:
        """Run the tasks of a step that are missing; returns why the variant cannot go on, if so."""
        tasks = decomposed.tasks_of(step, kept, self.setting)
        before = [done[step.name, task.index] for task in tasks if _is_kept(done, step, task.index)]
        missing = [
            replace(task, attempt=done[step.name, task.index].attempt + 1) if (step.name, task.index) in done else task
            for task in tasks
            if not _is_kept(done, step, task.index)
        ]
        now = decomposed.run_step(missing, executor, self.recorder.record, self.progress) if missing else []
        failed = [measurement for measurement in now if not measurement.outcome.ok]
        kept[step.name] = Kept(any_order=step.kind in ("query", "combine"))
        for measurement in sorted([*before, *now], key=lambda item: item.index):
            kept[step.name].add(step, measurement)
        if failed:
            many = f"{len(failed)} of {len(tasks)} tasks" if len(tasks) > 1 else "it"
            return f"step {step.name!r}: {many} did not end well, first: {failed[0].outcome.message}"
        return ""

    def _kept_measurements(self) -> dict[tuple[str, int], Measurement]:
        if self.before is None:
            return {}
        return {(item.step, item.index): item for item in self.before.of(Variant.DECOMPOSED)}

    def _variant_ended(self, variant: Variant, began_ns: int, reason: str, files: tuple[str, ...]) -> None:
        """Collect the answer, and record how the variant went."""
        stopped = self.stop.requested()
        end = VariantEnd(
            variant=variant,
            wall_ns=time.monotonic_ns() - began_ns,
            complete=not reason and not stopped,
            reason="interrupted" if stopped else reason,
        )
        if end.complete and self.setting.wants_answer:
            answer, problem = self._collect(variant, files)
            if answer is None:
                end = replace(end, complete=False, reason=problem)
            else:
                self.recorder.record(answer)
        self.recorder.record(end)

    def _collect(self, variant: Variant, files: tuple[str, ...]) -> tuple[Answer | None, str]:
        order = CollectAnswer(
            variant=variant,
            files=files,
            target=str(self.workspace.answer(self.run_id, variant)),
            answer_key=self.plan.answer_key,
            request=self.plan.request,
        )
        self.progress.step(variant, "collecting the answer", 1)
        with self._control() as control:
            outcome, answer = control.attempt(order)
        if not outcome.ok:
            return None, outcome.message
        measurements = self.load().of(variant)
        steps = {item.step for item in measurements if item.groups is not None}
        groups = max(
            (sum(item.groups or 0 for item in measurements if item.step == name) for name in steps), default=None
        )
        return replace(answer, groups=groups), ""

    def _control(self) -> Control:
        return Control(self.workspace.work(self.run_id), os.environ, job_folder=os.path.dirname(self.plan.file))

    def _judge_answers(self) -> bool:
        """Compare and score what is there; False if stopped on the way."""
        run = self.load()
        answers = {answer.variant: answer for answer in run.answers}
        try:
            if self.plan.decomposed:
                self.recorder.record(self._compare(run, answers))
            if self.plan.score is not None:
                for answer in answers.values():
                    self.recorder.record(self._score(answer))
        except Stopped:
            return False
        return True

    def _compare(self, run: Run, answers: Mapping[Variant, Answer]) -> Comparison:
        missing = [variant.value for variant in Variant if variant not in answers]
        if missing:
            wanted = [variant for variant in missing if variant in {item.value for item in self.settings.variants}]
            why = "did not end well" if wanted else "was not run"
            return Comparison(equal=None, reason=f"the {' and the '.join(wanted or missing)} variant {why}")
        self.progress.step("comparing", "the answers", 1)
        order = CompareAnswers(
            monolith=answers[Variant.MONOLITH].path,
            decomposed=answers[Variant.DECOMPOSED].path,
            key=self.plan.answer_key,
            tolerance=self.plan.tolerance,
        )
        with self._control() as control:
            outcome, comparison = control.attempt(order, stopping=self.stop.requested)
        if not outcome.ok:
            return Comparison(equal=None, reason=f"the answers cannot be compared: {outcome.message}")
        result: Comparison = comparison
        return result

    def _score(self, answer: Answer) -> Score:
        assert self.plan.score is not None
        self.progress.step("scoring", answer.variant.value, 1)
        order = ScoreAnswer(variant=answer.variant, answer=answer.path, function=self.plan.score)
        with self._control() as control:
            outcome, score = control.attempt(order, stopping=self.stop.requested)
        if not outcome.ok:
            return Score(variant=answer.variant, values={}, problem=outcome.traceback or outcome.message)
        result: Score = score
        return result

    def _take_over(self, taken: _Taken) -> None:
        """Enter the variant that is not measured now as it was in a kept run, with its answer."""
        for measurement in taken.run.of(taken.end.variant):
            self.recorder.record(measurement)
        if taken.answer is not None:
            self.recorder.record(taken.answer)
        self.recorder.record(replace(taken.end, from_run=taken.end.from_run or taken.run.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A variant of a kept run that another run is measured against."""

    run: Run
    end: VariantEnd
    answer: Answer | None


def _taken(reference: str, plan: Plan, options: Options) -> _Taken:
    """The variant that is not measured now, from a kept run of the same job on the same inputs."""
    if len(options.variants) != 1:
        raise UsageError("--against takes one variant from a kept run; say with --variant which one to measure now")
    other = load_run(reference, folder=options.workspace)
    variant = next(variant for variant in Variant if variant not in options.variants)
    _refuse_other_data(plan, other)
    end = next((item for item in other.variants if item.variant is variant), None)
    answer = next((item for item in other.answers if item.variant is variant), None)
    if end is None or not end.complete:
        raise ResumeError(f"{other.path}: holds no complete {variant.value} variant to measure against")
    if answer is not None and not os.path.isfile(answer.path):
        raise ResumeError(f"{other.path}: the answer of its {variant.value} variant is gone: {answer.path}")
    return _Taken(run=other, end=end, answer=answer)


def _is_kept(done: Mapping[tuple[str, int], Measurement], step: PlannedStep, index: int) -> bool:
    """Whether a task was done well before, and what it left is still there."""
    measurement = done.get((step.name, index))
    return measurement is not None and measurement.outcome.ok and all(map(os.path.isfile, measurement.files))


def _setting(plan: Plan, settings: Settings, folder: Path, stop: _Stop, options: Options) -> Setting:
    cores = usable_cores()
    sizes = {step.memory_mib for variant in Variant for step in plan.steps(variant) if step.memory_mib}
    return Setting(
        plan=plan,
        settings=settings,
        folder=folder,
        stop_file=stop.file,
        started_ns=time.time_ns(),
        environment=dict(os.environ),
        cores=cores,
        limits={
            size: QueryLimits(memory_limit_mib=query_memory_limit_mib(size), threads=min(query_threads(size), cores))
            for size in sizes
        },
        pin_monolith=options.threads,
        wants_answer=bool(plan.answer_key or plan.request or plan.score),
    )


def _settings(plan: Plan, options: Options) -> Settings:
    cores = usable_cores()
    variants = tuple(variant for variant in options.variants if plan.steps(variant))
    if not variants:
        raise UsageError(f"{plan.job}: has no {' or '.join(options.variants)} variant to run")
    return Settings(
        variants=variants,
        jobs=options.jobs or cores,
        task_threads=options.threads or 1,
        monolith_threads=options.threads,
        cold=options.cold,
        timeout_ns=options.timeout_ns,
    )


def _resumable(plan: Plan, options: Options) -> Run:
    """The newest run of this job, if it is unfinished and of the same code, data, parameters and shards."""
    runs = sorted((options.workspace / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in runs:
        run = load_run(str(path), folder=options.workspace)
        if run.plan.file == plan.file:
            break
    else:
        raise ResumeError(f"there is no run of {plan.job} to resume in {options.workspace / 'runs'}")
    if run.ended:
        raise ResumeError(
            f"the last run of {plan.job} came to its end; nothing is missing", hint="paredown report last"
        )
    changed = [f"the code ({', '.join(names)})" for names in [_changed(run.plan.code, plan.code)] if names]
    changed += [f"the input {name!r}" for name in _changed(_prints(run.plan), _prints(plan))]
    changed += [f"the parameter {name!r}" for name in _changed(run.plan.params, plan.params)]
    if run.plan.shards != plan.shards:
        changed.append(f"the number of shards ({run.plan.shards}, now {plan.shards})")
    if changed:
        raise ResumeError(
            f"{run.path} cannot be resumed: {'; '.join(changed)} changed since",
            hint=f"measure again: paredown run {plan.job}",
        )
    return run


def _prints(plan: Plan) -> dict[str, str]:
    return {item.name: item.fingerprint for item in plan.inputs}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _refuse_other_data(plan: Plan, other: Run) -> None:
    if other.plan.job != plan.job:
        raise ResumeError(f"{other.path}: is a run of {other.plan.job}, not of {plan.job}")
    changed = _changed(_prints(other.plan), _prints(plan))
    if changed:
        raise ResumeError(
            f"{other.path}: was measured on other data; changed since: {', '.join(changed)}",
            hint="the answers of both variants can only be compared on the same inputs",
        )
