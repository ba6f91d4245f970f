"""One repetition of a variant: what is missing of it is measured, and every event is kept; its files go in the end.

Its answer is collected in the first repetition alone: all of them compute the same.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from profiler.model import (
    INTERRUPTED,
    Measurement,
    PlannedStep,
    Repetition,
    StepBegin,
    TaskBegin,
    Variant,
    VariantEnd,
)
from profiler.runner import decomposed, monolith
from profiler.runner.decomposed import Kept, Setting, safe_name
from profiler.runner.engines.engine import Engine
from profiler.runner.engines.left import Left
from profiler.runner.progress import Progress
from profiler.runner.tasks import close_idle
from profiler.runner.workspace import discard
from profiler.session.answers import Answers
from profiler.session.earlier import is_kept, still_there
from profiler.session.stopping import Stop
from profiler.store import Recorder
from profiler.task import Task
from profiler.urls import is_url

_LOOK_S = 1.0
"""How often it is looked what workers have begun, where a store has to know it."""


@dataclass(slots=True, kw_only=True)
class OneRepetition:
    """One variant, measured once of the times that it is."""

    variant: Variant
    repeat: int
    """From 0."""
    setting: Setting
    """With a folder of its own, and an answer wanted of the first repetition only."""
    answers: Answers
    answer: str
    """Path or URL, where the answer is kept."""
    recorder: Recorder
    stop: Stop
    progress: Progress
    resumes: bool = False
    """Whether the run was begun before."""
    before: Repetition | None = None
    """What there is of it, when the run is resumed."""
    measured: dict[tuple[str, int], Measurement] = field(default_factory=dict)
    """Every task, as it went last."""
    ended_ns: int = 0
    """When the last one ended, on the monotonic clock."""

    def measure(self, engine: Engine | None) -> VariantEnd:
        """Run what is missing; the end is recorded, with what it left removed where it is complete."""
        began_ns = self.ended_ns = time.monotonic_ns()
        if self.variant is Variant.MONOLITH:
            reason, files = self._run_monolith()
        else:
            reason, files = self._run_decomposed(engine)
        end = self._ended(began_ns, reason, files)
        close_idle()
        if engine is not None and self.variant is Variant.DECOMPOSED:
            engine.close_idle()
        if end.complete:
            self._remove_files()
        return end

    def _record(self, measurement: Measurement) -> None:
        self.ended_ns = time.monotonic_ns()
        self.measured[measurement.step, measurement.index] = measurement
        self.recorder.record(replace(measurement, repeat=self.repeat))

    def _begins(self, step: str, index: int, attempt: int) -> None:
        """Enter that an attempt begins, so that one that comes to no end because we are killed is known."""
        begin = TaskBegin(variant=self.variant, step=step, index=index, attempt=attempt, repeat=self.repeat)
        self.recorder.record(begin)

    def _run_monolith(self) -> tuple[str, tuple[str, ...]]:
        """Run it from its first step on; returns why it did not come to its end, if so, and the file of its answer."""
        attempt = 1
        if self.before is not None:
            attempt += max(self.before.attempts.values(), default=0)
            self.recorder.restart(Variant.MONOLITH, self.repeat)
        step = self.setting.plan.monolith[0]
        self._begins(step.name, 0, attempt)

        def record(measurement: Measurement) -> None:
            self._record(replace(measurement, attempt=attempt))

        if step.kind != "script":
            return monolith.run_monolith(self.setting, record, self.progress, self.stop.requested, self._answer_here())
        own = self.setting.plan.is_script
        reason, code = monolith.run_script(
            self.setting, step, record, self.progress, self.stop.requested, owns_terminal=own
        )
        if own and code is not None:
            self.recorder.exit_code(code)
        files = (os.path.abspath(step.writes),) if step.writes and not reason else ()
        if files and not os.path.isfile(files[0]):
            return f"step {step.name!r} left no file {step.writes}", ()
        return reason, files

    def _answer_here(self) -> str:
        """Where the monolith leaves its answer: on this disk, since its process asks a store for nothing of ours.

        What that takes is then in no step's memory, and no step's code can change how it is done.
        """
        if not is_url(self.answer):
            return self.answer
        return str(self.setting.folder / self.variant.value / os.path.basename(self.answer))

    def _run_decomposed(self, engine: Engine | None) -> tuple[str, tuple[str, ...]]:
        """Run the steps' missing tasks; returns why it cannot go on, if so, and its last step's files."""
        if self.resumes and engine is not None:
            self._take_up(engine)
        done = {(item.step, item.index): item for item in self.before.measurements} if self.before else {}
        self.measured |= done
        there = still_there(self.setting.files) if done else os.path.isfile
        steps = self.setting.plan.decomposed
        kept: dict[str, Kept] = {}
        own = engine or _Threads(self.setting.settings.jobs, self._begins)
        try:
            with self._begins_entered(engine):
                for step in steps:
                    reason = self._run_step(step, kept, done, there, own)
                    if reason:
                        return reason, ()
        except BaseException:
            self.stop.request()  # What is queued must not run on for nobody.
            raise
        finally:
            if engine is None:
                own.shutdown(cancel_futures=True)
        return "", kept[steps[-1].name].all()

    @contextmanager
    def _begins_entered(self, engine: Engine | None) -> Iterator[None]:
        """Enter what workers begin, where they note it on this disk and another machine may go on with the run."""
        if engine is None or not is_url(self.setting.files):
            yield
            return
        entered = dict(self.before.attempts) if self.before else {}
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_S):
                for task, left in self._of_steps(engine.begun_here(self.setting.folder)):
                    if left.attempt > entered.get(task, 0):
                        self._begins(*task, left.attempt)
                        entered[task] = left.attempt

        looking = threading.Thread(target=look, name="paredown-begins", daemon=True)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()

    def _take_up(self, engine: Engine) -> None:
        """Enter what workers did after a harness that was killed had last entered something."""
        before = self.before or Repetition(variant=self.variant, repeat=self.repeat)
        measured = {(item.step, item.index): item for item in before.measurements}
        attempts = dict(before.attempts)
        known = {(safe_name(step), index): item.attempt for (step, index), item in measured.items()}
        self.progress.step(self.variant, "what was begun before", 1)
        found = engine.taken_up(self.setting.folder, self.setting.stop_file, known, self.stop.requested)
        for task, left in self._of_steps(found):
            attempts[task] = max(left.attempt, attempts.get(task, 0))
            if left.measurement is None:
                self._begins(*task, left.attempt)
            else:
                measured[task] = replace(left.measurement, repeat=self.repeat)
                self.recorder.record(measured[task])
        self.before = replace(before, measurements=tuple(measured.values()), attempts=attempts)

    def _of_steps(self, found: Iterable[Left]) -> Iterator[tuple[tuple[str, int], Left]]:
        """Signs of attempts with their task, by step and index; those of no step are some other files."""
        names = {safe_name(step.name): step.name for step in self.setting.plan.decomposed}
        return (((names[left.step], left.index), left) for left in found if left.step in names)

    def _run_step(
        self,
        step: PlannedStep,
        kept: dict[str, Kept],
        done: Mapping[tuple[str, int], Measurement],
        there: Callable[[str], bool],
        executor: Executor,
    ) -> str:
        """Run the tasks of a decomposed step that are missing; returns why the variant cannot go on, if so."""
        tasks = decomposed.tasks_of(step, kept, self.setting)
        before = [done[step.name, task.index] for task in tasks if is_kept(done, step, task.index, there)]
        attempts = self.before.attempts if self.before else {}
        missing = [
            replace(task, attempt=attempts.get((step.name, task.index), 0) + 1)
            for task in tasks
            if not is_kept(done, step, task.index, there)
        ]
        self.recorder.record(
            StepBegin(variant=Variant.DECOMPOSED, step=step.name, tasks=len(tasks), repeat=self.repeat)
        )
        now = decomposed.run_step(missing, executor, self._record, self.progress) if missing else []
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

    def _ended(self, began_ns: int, reason: str, files: tuple[str, ...]) -> VariantEnd:
        """Collect the answer, where it is wanted, and record how the variant went."""
        stopped = self.stop.requested()
        end = VariantEnd(
            variant=self.variant,
            wall_ns=self.ended_ns - began_ns + self._earlier_ns(),
            complete=not reason and not stopped,
            reason=INTERRUPTED if stopped else reason,
            repeat=self.repeat,
        )
        if end.complete and self.setting.wants_answer:
            answer, problem = self.answers.collect(self.variant, files, self.answer, tuple(self.measured.values()))
            if answer is None:
                end = replace(end, complete=False, reason=problem)
            else:
                self.recorder.record(answer)
        self.recorder.record(end)
        return end

    def _earlier_ns(self) -> int:
        """Elapsed time of a decomposed variant before it was interrupted; of a killed harness, as its tasks tell."""
        if self.before is None or self.variant is Variant.MONOLITH:
            return 0
        if self.before.end is not None:
            return self.before.end.wall_ns
        kept = self.before.measurements
        begin = min((item.started_ns for item in kept), default=0)
        return max((item.started_ns + item.wall_ns for item in kept), default=0) - begin

    def _remove_files(self) -> None:
        """Remove what passed between the steps: nobody reads it any more, and repetitions would add up."""
        folder = self.setting.folder
        for place in {self.setting.files, str(folder)}:
            discard(os.path.join(place, self.variant.value))
        shutil.rmtree(folder / "temp" / self.variant.value, ignore_errors=True)
        if self.repeat > 0:
            shutil.rmtree(folder, ignore_errors=True)


class _Threads(ThreadPoolExecutor):
    """Threads of this process as an engine; that a task begins is entered first."""

    def __init__(self, jobs: int, begins: Callable[[str, int, int], None]) -> None:
        super().__init__(jobs, thread_name_prefix="paredown")
        self._begins = begins

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Submit one task to `run_task`."""
        return super().submit(self._begin, function, *arguments)

    def _begin(self, function: Callable[[Task], Measurement], task: Task) -> Measurement:
        if not os.path.exists(task.stop_file):
            self._begins(task.step, task.index, task.attempt)
        return function(task)
