"""An engine: somebody's executor, and what a run asks of it beside running tasks.

Whatever becomes of the executor, every task that is submitted gets a measurement. Nothing here cancels a future of
the executor's: one that executes may let itself be cancelled, and what it measured would be gone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from profiler.model import Ending, Machine, Measurement, Plan
from profiler.runner.engines.attempts import Attempt, attempts_at, signs_of
from profiler.runner.engines.away import sign_of
from profiler.runner.engines.job_code import Code
from profiler.runner.engines.left import Left, last_of, note_session, taken_up
from profiler.runner.engines.once import Told, run_once, versions
from profiler.runner.engines.places import TROUBLE, Place, place_at
from profiler.runner.tasks import lost, lost_by_engine, unbegun
from profiler.runner.workspace import Workspace
from profiler.stores import objects
from profiler.task import Task

_LOOK_S = 0.1
"""How often it is looked whether to stop, while tasks are out."""
_ASK_S = 1.0
"""The same, where a store is asked."""
_PATIENCE_S = 10.0
"""How long tasks may go after a stop without any of them ending, before nobody waits for them any more."""


class _Sign(NamedTuple):
    """Tells tasks to stop, once it is there."""

    place: Place
    name: str


class Engine(Executor):
    """Tasks go in, measurements come out, as of an executor; of nothing that goes wrong an exception."""

    name = ""
    """What `Settings.engine` says."""
    scheduler = ""
    """Address of somebody's scheduler, by which the command line finds it too."""
    slots: int | None = None
    """Tasks at a time, where it knows."""
    says = ""
    """What it found, for whoever looks on."""
    warning = ""
    """What it found that a reader of the run should know."""

    def __init__(self, inner: Executor, *, name: str | None = None, workspace: Workspace | None = None) -> None:
        self.inner = inner
        kind = type(inner)
        self.name = name or ("loky" if "loky" in kind.__module__.split(".") else kind.__name__)
        self.machines: dict[str, Machine] = {}
        """Other hosts that ran tasks, by the name that measurements have."""
        self.workspace = workspace
        """Where it has a URL, workers need see no folder of it; None: they see every task's folder."""
        self.code: Code | None = None
        """The job's, as workers have to have it."""
        self._pending: dict[Future[Measurement], Task] = {}
        self._lock = threading.Lock()
        self._moved_s = time.monotonic()
        self._stopped_s: float | None = None
        """When it was first seen that somebody wants to stop."""
        self._gone = ""
        self._watching: threading.Thread | None = None
        self._stops: dict[_Sign, str] = {}
        """For the sign that workers look for, our own file that says so."""
        self._stopped: set[_Sign] = set()
        self._noted: set[str] = set()
        """Folders in which it is noted how this session's tasks are told to stop."""

    # --- before ---------------------------------------------------------------------------------------------------

    def prepare(self, plan: Plan) -> None:
        """Look whether a job's tasks can run, before anything of it is measured.

        Raises:
            EngineError: If they could not run as they should.
        """
        self.code = Code.of(plan)

    def send_code(self, folder: Path) -> None:
        """Put the job's code where workers find it, where they need that: into a folder, or what stands for it."""

    def begun_here(self, folder: Path) -> tuple[Left, ...]:
        """What its workers have begun of the tasks of a folder, where they note it on this disk alone.

        Raises:
            OSError: If the folder cannot be seen.
        """
        return () if self._away(folder) else last_of(attempts_at(str(folder)).names())

    def taken_up(
        self, folder: Path, stop_file: Path, known: Mapping[tuple[str, int], int], stopping: Callable[[], bool]
    ) -> tuple[Left, ...]:
        """What a harness that was killed has left of the tasks of a folder; what still runs is stopped; see `left`.

        Raises:
            OSError, PareDownError: If the workspace cannot be seen or written.
        """
        away = self._away(folder)
        return taken_up(
            attempts_at(away or str(folder)),
            place_at(away or str(stop_file.parent)),
            known,
            patience_s=_PATIENCE_S,
            look_s=_ASK_S if away else _LOOK_S,
            stopping=stopping,
        )

    # --- meanwhile ------------------------------------------------------------------------------------------------

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Submit one task to `run_task`; the future always gets a measurement."""
        (task,) = arguments
        mine: Future[Any] = Future()
        mine.set_running_or_notify_cancel()
        there = self._as_there(task)
        with self._lock:
            self._pending[mine] = there
            self._moved_s = time.monotonic()
        if self._gone:
            self._settle(mine, lost(there, self._gone))
            return mine
        self._watch()
        try:
            theirs = self.inner.submit(run_once, there, versions(), self.code)
        except Exception as error:
            self._settle(mine, self._lost(there, error))
        else:
            theirs.add_done_callback(partial(self._came_in, mine, there))
        return mine

    def _as_there(self, task: Task) -> Task:
        """A task as workers get it: with a sign to stop that is ours, and where to leave signs without a folder."""
        away = self._away(task.folder)
        there = replace(task, stop_file=f"{task.stop_file}-tasks", away=away)
        stop = _Sign(place_at(away or os.path.dirname(there.stop_file)), sign_of(there))
        if task.folder not in self._noted:
            with suppress(*TROUBLE):  # Then the tasks' own signs cannot be left either, and they say so.
                note_session(attempts_at(away or task.folder), task.run_started_ns, stop.name)
                self._noted.add(task.folder)
        self._stops[stop] = task.stop_file
        return there

    def _away(self, folder: str | Path) -> str:
        """The URL that stands for a folder of the workspace; empty: workers see the folder itself."""
        if self.workspace is None or not self.workspace.url:
            return ""
        return objects.join(self.workspace.url, *Path(folder).relative_to(self.workspace.root).parts)

    def _came_in(self, mine: Future[Measurement], task: Task, theirs: Future[Told]) -> None:
        try:
            told = theirs.result()
        except Exception as error:
            if self._lets_watch_settle(theirs):
                return
            self._settle(mine, self._lost(task, error))
            return
        if told.machine is not None:
            with self._lock:
                self.machines.setdefault(told.machine.host, told.machine)
        self._settle(mine, told.measurement)

    def _lets_watch_settle(self, theirs: Future[Told]) -> bool:
        """Whether a task that was not answered is left to the watch, which looks at what became of it."""
        return False

    def _lost(self, task: Task, error: Exception) -> Measurement:
        """What the run's folder says of a task that the engine has lost."""
        return Attempt(task).became(lost_by_engine(error))

    def _settle(self, mine: Future[Measurement], measurement: Measurement) -> None:
        with self._lock:
            if self._pending.pop(mine, None) is None:
                return  # It came after we had given it up.
            self._moved_s = time.monotonic()
        mine.set_result(measurement)

    # --- watching -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._watching is None or not self._watching.is_alive():
            self._watching = threading.Thread(target=self._look, name="paredown-engine", daemon=True)
            self._watching.start()

    def _look(self) -> None:
        """Pass a stop on to the workers, and give up what will never be answered."""
        while True:
            time.sleep(_LOOK_S)
            with self._lock:
                if not self._pending:
                    self._watching = None
                    return
            now_s = time.monotonic()
            stopping = any(map(os.path.exists, self._stops.values()))
            if stopping:
                self._stopped_s = now_s if self._stopped_s is None else self._stopped_s
                self._stop_tasks()
            if self._gone:
                continue
            self._look_after()
            gone = self._why_gone()
            if gone:
                self._give_up(gone)
            elif self._stopped_s is not None and now_s - max(self._moved_s, self._stopped_s) > _PATIENCE_S:
                self._give_up(f"stopped, and its worker did not answer within {_PATIENCE_S:g} s", stopped=True)

    def _look_after(self) -> None:
        """Mend what can be mended while tasks are out; called ten times a second."""

    def _why_gone(self) -> str:
        """Why no task will ever be answered any more; empty while one may."""
        return ""

    def _stop_tasks(self) -> None:
        for stop in self._stops.keys() - self._stopped:
            with suppress(*TROUBLE):  # It is tried again.
                stop.place.write(stop.name, b"stop")
                self._stopped.add(stop)

    def _give_up(self, why: str, *, stopped: bool = False) -> None:
        """Let what still runs stop, and settle every task by what the run's folder says of it.

        Args:
            why: Why nobody answers any more.
            stopped: Whether they have had their time to stop; what has not begun by now will not.
        """
        self._gone = why
        self._stop_tasks()
        with self._lock:
            attempts = {mine: Attempt(task) for mine, task in self._pending.items()}
        begun: set[str] | None = None
        with suppress(*TROUBLE):
            begun = self._signs_at_the_end(list(attempts.values()), 0 if stopped else _PATIENCE_S)
        for mine, attempt in attempts.items():
            waited = unbegun(attempt.task) if stopped and begun is not None else lost(attempt.task, why)
            became = attempt.became(why) if attempt.has_begun(begun or ()) else waited
            if self._stopped_s is None and became.outcome.ending is Ending.STOPPED:  # By nobody but us.
                became = replace(became, outcome=replace(became.outcome, message=f"{became.outcome.message}: {why}"))
            self._settle(mine, became)

    def _signs_at_the_end(self, attempts: list[Attempt], patience_s: float) -> set[str]:
        """What is noted of attempts once none of them runs any more, or nobody waits for them."""
        end_s = time.monotonic() + patience_s
        while True:
            signs = signs_of(attempts)
            if time.monotonic() > end_s or not any(attempt.is_running(signs) for attempt in attempts):
                return signs
            time.sleep(_LOOK_S if self.workspace is None or not self.workspace.url else _ASK_S)

    # --- afterwards -----------------------------------------------------------------------------------------------

    def close_idle(self) -> None:
        """End the warm sandboxes of its workers, as far as they can be reached."""

    def close(self) -> None:
        """Leave nothing of ours behind; the executor itself is its owner's.

        Where tasks were given up, they may still be looking whether to stop, and those that wait on a worker that has
        frozen look when it goes on: their sign stays, in a folder until it is swept, in a store as long as the run.
        """
        if self._gone:
            return
        for stop in self._stopped:
            with suppress(*TROUBLE):
                stop.place.remove(stop.name)
        self._stopped.clear()
