"""One run while it goes on: each repetition of a variant that is wanted and missing is measured, then all is judged."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import profiler
from profiler.errors import InputError, OutputError, ResumeError, UsageError
from profiler.model import ENGINES, PACE_VERSION, Plan, Repetition, Run, Settings, Variant
from profiler.owner import release
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.runner.commit import commit_of
from profiler.runner.control import Stopped
from profiler.runner.decomposed import QueryLimits, Setting
from profiler.runner.engines.engine import Engine
from profiler.runner.machine import this_machine, usable_cores
from profiler.runner.progress import Progress
from profiler.runner.workspace import Workspace, new_run_id
from profiler.session.answers import Answers
from profiler.session.earlier import Taken, at_our_pace, durations, resumable, taken
from profiler.session.options import Options
from profiler.session.putting import Putting
from profiler.session.repetition import OneRepetition
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
    putting: Putting | None = None
    """Where the workspace lies in a store."""

    @classmethod
    def begin(
        cls, plan: Plan, options: Options, stop: Stop, progress: Progress, engine: Engine | None = None
    ) -> Session:
        """Begin a run's file, or open the one that is resumed."""
        options.check(plan)
        workspace = options.workspace
        settings = replace(settings_of(plan, options), workspace=workspace.url)
        if engine is not None:
            settings = replace(
                settings,
                engine=engine.name,
                jobs=engine.slots or settings.jobs,
                scheduler=settings.scheduler or engine.scheduler,
            )
            plan = replace(plan, warnings=(*plan.warnings, *([engine.warning] if engine.warning else [])))
        before = resumable(plan, options) if options.resume else None
        if before and before.settings.engine != settings.engine:
            raise ResumeError(
                f"{before.path} was begun on the engine {before.settings.engine!r}, not on {settings.engine!r}",
                hint=f"go on where it was begun: --engine {before.settings.engine}"
                if before.settings.engine in ENGINES
                else "go on from Python, as it was begun: profiler.run(..., executor=executor, resume=True)",
            )
        other = taken(options.against, plan, options) if options.against else None
        run_id = before.id if before else new_run_id(plan.job)
        work = workspace.prepare(run_id)
        if engine is not None:
            engine.send_code(work / "code")
        if before:
            recorder = Recorder.reopen(before)
            pace = PACE_VERSION if at_our_pace(before, PACE_VERSION) else 0  # Its file says how it was looked at.
            settings = replace(before.settings, jobs=settings.jobs, pace=pace)
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
        putting = None
        if workspace.url:
            putting = Putting(recorder.path, workspace.url, on_taken=stop.request)
            try:
                putting.put()  # Before anything is measured, so that what is not there was removed by somebody.
            except OutputError:
                release(work)
                if not before:
                    recorder.path.unlink()
                    shutil.rmtree(work, ignore_errors=True)
                raise
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
            putting=putting,
        )
        for repetition in before.repetitions if before else ():
            if repetition.end is not None and repetition.complete:
                progress.expected_ns |= durations(repetition.measurements, [repetition.end])
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
        setting = setting_of(self.plan, self.settings, folder, self.stop, self.options.environment)
        return replace(setting, files=self.workspace.files(self.run_id), started_ns=self.started_ns)

    def measure(self, engine: Engine | None, before_each: Callable[[], object] = lambda: None) -> None:
        """Run what is wanted and missing, one repetition of each variant after another; then compare, score and end.

        A variant that has failed is not repeated: hours would be lost, and its figures are worth nothing.

        Raises:
            OutputError: If the run's file cannot be written, or put into the store that the workspace lies in.
            InputError, OutputError: If that store says no where an answer is collected, compared or scored.
        """
        try:
            with self.putting or nullcontext():
                self._measure(engine, before_each)
        except (InputError, OutputError) as error:
            error.hint = error.hint or "what was measured before is kept; go on with --resume"
            raise
        finally:
            release(self.workspace.work(self.run_id))

    def _measure(self, engine: Engine | None, before_each: Callable[[], object]) -> None:
        order = [(variant, repeat) for repeat in range(self.settings.repeats) for variant in self.settings.variants]
        missing = [one for one in order if self.plan.steps(one[0]) and not self._is_done(*one)]
        while missing:
            (variant, repeat), *missing = missing
            self.progress.repetition(variant, repeat, self.settings.repeats, then=[later for later, _ in missing])
            before_each()
            one = self._repetition(variant, repeat)
            end = one.measure(engine)
            self._record_hosts(engine)
            if self.stop.requested():
                return
            if not end.complete:
                missing = [later for later in missing if later[0] is not variant]
            self.progress.expected_ns |= durations(one.measured.values(), [end])
        if self._judge_answers():
            self.recorder.end()
            if not self.load().has_lost_tasks:
                self.workspace.tidy(self.run_id)

    def _record_hosts(self, engine: Engine | None) -> None:
        """Enter what the hosts are that tasks ran on, those of workers that came later included."""
        if engine is not None:
            known = {machine.host for machine in self.load().hosts}
            for host, machine in sorted(engine.machines.items()):
                if host not in known:
                    self.recorder.record(machine)

    def _repetition(self, variant: Variant, repeat: int) -> OneRepetition:
        setting = self.setting
        return OneRepetition(
            variant=variant,
            repeat=repeat,
            setting=replace(
                setting,
                folder=self.workspace.of_repetition(self.run_id, variant, repeat),
                files=self.workspace.files(self.run_id, variant, repeat),
                wants_answer=setting.wants_answer and repeat == 0,
            ),
            answers=self._answers(),
            answer=self.workspace.answer(self.run_id, variant),
            recorder=self.recorder,
            stop=self.stop,
            progress=self.progress,
            resumes=self.before is not None,
            before=self._begun(variant, repeat),
        )

    def _begun(self, variant: Variant, repeat: int) -> Repetition | None:
        """What there is of a repetition, where the run is resumed."""
        if self.before is None:
            return None
        return next((one for one in self.before.repeated(variant) if one.repeat == repeat), None)

    def _is_done(self, variant: Variant, repeat: int) -> bool:
        begun = self._begun(variant, repeat)
        return begun is not None and begun.complete

    def _answers(self) -> Answers:
        folder = self.workspace.work(self.run_id)
        return Answers(
            plan=self.plan,
            folder=folder,
            environment=self.options.environment,
            progress=self.progress,
            stopping=self.stop.requested,
        )

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
        """Enter the variant that is not measured now as it was in a kept run, each repetition, with its answer.

        A pace that cannot be held to this run's is left out, since the run's file says for all how it was looked at.
        """
        without = self.settings.pace > 0 and not at_our_pace(taken.run, self.settings.pace)
        for machine in taken.run.hosts:
            self.recorder.record(machine)
        for repetition in taken.repetitions:
            for begin in repetition.begun:
                self.recorder.record(begin)
            for measurement in repetition.measurements:
                self.recorder.record(replace(measurement, pace_ns=0, paces=0) if without else measurement)
            if taken.answer is not None and repetition is taken.repetitions[0]:
                self.recorder.record(taken.answer)
            if repetition.end is not None:
                self.recorder.record(replace(repetition.end, from_run=repetition.end.from_run or taken.run.id))


def setting_of(plan: Plan, settings: Settings, folder: Path, stop: Stop, environment: Mapping[str, str]) -> Setting:
    """What all tasks of a run have in common, from here on."""
    cores = usable_cores()
    sizes = {step.memory_mib for variant in Variant for step in plan.steps(variant) if step.memory_mib}
    return Setting(
        plan=plan,
        settings=settings,
        folder=folder,
        files=str(folder),
        stop_file=stop.file,
        started_ns=time.time_ns(),
        environment=environment,
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
        repeats=options.repeats or 1,
        pace=PACE_VERSION if (options.repeats or 1) > 1 else 0,
        scheduler=options.scheduler or "",
        inputs=dict(options.inputs),
        params=dict(options.params),
    )
