"""One run while it goes on: each variant that is wanted and missing is measured, and every event is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import profiler
from profiler.errors import UsageError
from profiler.model import Measurement, Plan, PlannedStep, Run, Settings, StepBegin, Variant, VariantEnd
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.runner import decomposed, monolith
from profiler.runner.commit import commit_of
from profiler.runner.control import Stopped
from profiler.runner.decomposed import Kept, QueryLimits, Setting
from profiler.runner.machine import this_machine, usable_cores
from profiler.runner.progress import Progress
from profiler.runner.tasks import close_idle
from profiler.runner.workspace import Workspace, new_run_id
from profiler.session.answers import Answers
from profiler.session.earlier import Taken, is_kept, resumable, taken
from profiler.session.options import Options
from profiler.session.stopping import Stop
from profiler.store import Recorder, load_run


@dataclass(slots=True, kw_only=True)
class Session:
    """One run while it goes on."""

    plan: Plan
    options: Options
    workspace: Workspace
    run_id: str
    recorder: Recorder
    stop: Stop
    progress: Progress
    settings: Settings
    before: Run | None
    """The run as it was, when it is resumed."""
    started_ns: int

    @classmethod
    def begin(
        cls, plan: Plan, options: Options, stop: Stop, progress: Progress, executor: Executor | None = None
    ) -> Session:
        """Begin a run's file, or open the one that is resumed."""
        options.check(plan)
        workspace = Workspace(options.root)
        settings = settings_of(plan, options)
        if executor is not None:
            settings = replace(settings, engine=type(executor).__name__)
        before = resumable(plan, options) if options.resume else None
        other = taken(options.against, plan, options) if options.against else None
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
                commit=commit_of(Path(plan.file)),
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
        if other:
            session._take_over(other)
        return session

    def load(self) -> Run:
        """The run as its file has it."""
        return load_run(str(self.recorder.path), folder=self.workspace.root)

    @property
    def setting(self) -> Setting:
        """What all tasks of this run have in common."""
        folder = self.workspace.work(self.run_id)
        return replace(setting_of(self.plan, self.settings, folder, self.stop), started_ns=self.started_ns)

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

    def _answers(self) -> Answers:
        folder = self.workspace.work(self.run_id)
        return Answers(plan=self.plan, folder=folder, progress=self.progress, stopping=self.stop.requested)

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
        except BaseException:
            self.stop.request()  # What is queued must not run on for nobody.
            raise
        finally:
            if executor is None:
                own.shutdown(cancel_futures=True)
        files = kept[self.plan.decomposed[-1].name].all() if not reason else ()
        self._variant_ended(Variant.DECOMPOSED, began, reason, files)

    def _run_decomposed_step(
        self, step: PlannedStep, kept: dict[str, Kept], done: Mapping[tuple[str, int], Measurement], executor: Executor
    ) -> str:
        """Run the tasks of a step that are missing; returns why the variant cannot go on, if so."""
        tasks = decomposed.tasks_of(step, kept, self.setting)
        before = [done[step.name, task.index] for task in tasks if is_kept(done, step, task.index)]
        missing = [
            replace(task, attempt=done[step.name, task.index].attempt + 1) if (step.name, task.index) in done else task
            for task in tasks
            if not is_kept(done, step, task.index)
        ]
        self.recorder.record(StepBegin(variant=Variant.DECOMPOSED, step=step.name, tasks=len(tasks)))
        now = decomposed.run_step(missing, executor, self.recorder.record, self.progress) if missing else []
        failed = [measurement for measurement in now if not measurement.outcome.ok]
        kept[step.name] = Kept.of(step)
        for measurement in sorted([*before, *now], key=lambda item: item.index):
            kept[step.name].add(step, measurement)
        if failed:
            first = failed[0].outcome.message
            if len(tasks) == 1:
                return f"step {step.name!r}: {first}"
            return f"step {step.name!r}: {len(failed)} of {len(tasks)} tasks did not end well, first: {first}"
        return ""

    def _kept_measurements(self) -> dict[tuple[str, int], Measurement]:
        if self.before is None:
            return {}
        return {(item.step, item.index): item for item in self.before.of(Variant.DECOMPOSED)}

    def _earlier_ns(self, variant: Variant) -> int:
        """Elapsed time of a decomposed variant before it was interrupted; of a killed harness, as its tasks tell."""
        if self.before is None or variant is Variant.MONOLITH:
            return 0
        end = next((item for item in self.before.variants if item.variant is variant), None)
        if end is not None:
            return end.wall_ns
        kept = self.before.of(variant)
        begin = min((item.started_ns for item in kept), default=0)
        return max((item.started_ns + item.wall_ns for item in kept), default=0) - begin

    def _variant_ended(self, variant: Variant, began_ns: int, reason: str, files: tuple[str, ...]) -> None:
        """Collect the answer, and record how the variant went."""
        stopped = self.stop.requested()
        end = VariantEnd(
            variant=variant,
            wall_ns=time.monotonic_ns() - began_ns + self._earlier_ns(variant),
            complete=not reason and not stopped,
            reason="interrupted" if stopped else reason,
        )
        if end.complete and self.setting.wants_answer:
            target = self.workspace.answer(self.run_id, variant)
            answer, problem = self._answers().collect(variant, files, target, self.load().of(variant))
            if answer is None:
                end = replace(end, complete=False, reason=problem)
            else:
                self.recorder.record(answer)
        self.recorder.record(end)

    def _judge_answers(self) -> bool:
        """Compare and score what is there; False if stopped on the way."""
        found = {answer.variant: answer for answer in self.load().answers}
        answers = self._answers()
        try:
            if self.plan.decomposed:
                self.recorder.record(answers.compare(found, self.settings.variants))
            if self.plan.score is not None:
                for answer in found.values():
                    self.recorder.record(answers.score(answer))
        except Stopped:
            return False
        return True

    def _take_over(self, taken: Taken) -> None:
        """Enter the variant that is not measured now as it was in a kept run, with its answer."""
        for measurement in taken.run.of(taken.end.variant):
            self.recorder.record(measurement)
        if taken.answer is not None:
            self.recorder.record(taken.answer)
        self.recorder.record(replace(taken.end, from_run=taken.end.from_run or taken.run.id))


def setting_of(plan: Plan, settings: Settings, folder: Path, stop: Stop) -> Setting:
    """What all tasks of a run have in common, from here on."""
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
        pin_monolith=settings.monolith_threads,
        wants_answer=bool(plan.answer_key or plan.request or plan.score),
    )


def settings_of(plan: Plan, options: Options) -> Settings:
    """How a job is run with these options, on this machine.

    Raises:
        UsageError: If it has none of the variants that are wanted.
    """
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
