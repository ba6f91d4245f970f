"""Dask as an engine: a cluster of this machine's own, somebody's scheduler, or a client's executor from Python."""

from __future__ import annotations

import logging
import multiprocessing.resource_tracker
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.errors import EngineError
from profiler.model import Measurement, Plan
from profiler.runner.engines import asking, preflight
from profiler.runner.engines.attempts import WORKER_LOST, Attempt
from profiler.runner.engines.away import leave
from profiler.runner.engines.engine import Engine
from profiler.runner.engines.once import Told
from profiler.runner.engines.upkeep import Upkeep
from profiler.runner.machine import this_machine
from profiler.runner.workspace import Workspace
from profiler.task import Task

if TYPE_CHECKING:
    from distributed import Client

NAME = "dask"
_WORKER_BYTES = 512 << 20
"""What a worker itself may take: Python with Dask needs a quarter of it, measurements on their way next to nothing."""
_CLOSE_S = 10.0
_START_S = 120.0
_SILENT = 60
"""Above every level of logging: what Dask has to say of lost workers is told as outcomes of tasks."""


class DaskEngine(Engine):
    """Tasks on the workers of a Dask cluster, each in a sandbox under a keeper there."""

    def __init__(
        self,
        client: Client,
        executor: Executor | None = None,
        *,
        workspace: Workspace | None = None,
        own: str = "",
        upkeep: Upkeep | None = None,
        stopping: Callable[[], bool] = asking.goes_on,
    ) -> None:
        # By default a second identical task gets the first one's measurement.
        super().__init__(executor or client.get_executor(pure=False, retries=0), name=NAME, workspace=workspace)
        self.client = client
        self._stopping = stopping
        self._cut_off = False
        self._sends_code = False
        self.upkeep = upkeep
        self.own = own
        """What it is, where it is ours and has the harness's own code."""
        if not own and not self.address.startswith("inproc://"):  # Which no other process can ask.
            self.scheduler = self.address

    def prepare(self, plan: Plan) -> None:
        """Look for the job's code on the workers; where it is not, it will be sent.

        Raises:
            EngineError: If the scheduler or some workers do not answer, or see other inputs.
            KeyboardInterrupt: If it is to stop.
        """
        super().prepare(plan)
        threads = asking.threads_of(self.client, self._stopping)
        self.slots = sum(threads.values()) or None
        if self.own:
            self.says = self.own
            return
        preflight.check_inputs(self.client, plan, self._stopping)
        workers = f"{len(threads)} worker{'s' * (len(threads) != 1)}"
        if preflight.have_code(self.client, plan, self._stopping):
            self.says = f"Dask at {self.address}, {workers}, with the job's code at its path"
            return
        preflight.refuse_unsendable(plan)
        self._sends_code = True
        self.says = f"Dask at {self.address}, {workers}; the job's code is sent through the workspace"
        self.warning = "not every worker found the job's code at its path as it is here: it was sent to all of them"

    def send_code(self, folder: Path) -> None:
        """Copy the job's code to where workers see it, if they have not got it."""
        if self._sends_code and self.code is not None:
            self.code = preflight.copy_code(self.code, self._away(folder) or str(folder))

    def _look_after(self) -> None:
        if self.upkeep is not None:
            self.upkeep.look()

    def _why_gone(self) -> str:
        if self._cut_off or self.client.status != "running":
            return f"the Dask scheduler at {self.address} went away"
        return ""

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return asking.address_of(self.client)

    def _lets_watch_settle(self, theirs: Future[Told]) -> bool:
        # Nobody here cancels anything: Dask's client does when it has lost its scheduler.
        self._cut_off = self._cut_off or theirs.cancelled()
        return theirs.cancelled()

    def _lost(self, task: Task, error: Exception) -> Measurement:
        if type(error).__name__ != "KilledWorker":
            return super()._lost(task, error)
        unbegun = "the workers that it was given to were lost before it began"
        return Attempt(task).became(WORKER_LOST, unbegun=unbegun)

    def close_idle(self) -> None:
        """End the warm sandboxes on all workers that answer, with the folders that workers have made."""
        if not self._stops or self._cut_off or self.client.status != "running":
            return  # Where no task was ever given out, there is nothing to wait for.

        def ask() -> None:
            with suppress(Exception):  # A worker that is gone has none.
                self.client.run(leave, on_error="ignore")

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_CLOSE_S)


@contextmanager
def own_cluster(plan: Plan, root: Path, jobs: int) -> Iterator[DaskEngine]:
    """A cluster on this machine: one worker process per task at a time, each with a nanny that replaces it.

    Raises:
        EngineError: If it does not start.
    """
    folder = Workspace(root).prepare(f"dask-{os.getpid()}")
    try:
        memory_bytes = worker_bytes(plan, jobs)
        workers = f"{jobs} worker{'s' * (jobs != 1)} of {memory_bytes >> 20:,} MB"
        with _started(jobs, memory_bytes, folder / "temp") as client:
            upkeep = Upkeep(client.cluster)
            yield from _closing(DaskEngine(client, own=f"Dask on this machine, {workers}", upkeep=upkeep))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Take back what Dask does to this process's environment, so that its workers start with it."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def worker_bytes(plan: Plan, jobs: int) -> int:
    """The memory limit of a worker: its own need and the largest size that a query declares; else its even share."""
    declared = max((step.memory_mib or 0 for step in plan.decomposed), default=0)
    if declared:
        return _WORKER_BYTES + (declared << 20)
    return max(_WORKER_BYTES, this_machine().memory_bytes // jobs)


@contextmanager
def _started(workers: int, memory_bytes: int, folder: Path) -> Iterator[Client]:
    import dask
    from distributed import Client, LocalCluster

    from profiler.runner.engines.quiet import QuietWorker

    settings = {
        # A task runs at most once, whatever its worker does (`once`); one that was only waiting there has not failed.
        "distributed.scheduler.allowed-failures": 1_000_000,
        "distributed.admin.low-level-log-length": 100,
        # Looked at less often, since the monolith is measured beside it.
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.worker.profile.enabled": False,
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
    }
    with ExitStack() as opened:
        opened.enter_context(dask.config.set(settings))
        opened.enter_context(silence())
        opened.enter_context(_own_environment())
        try:
            with _deaf_to_interrupts(), warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # What it has to say of ports, scratch space and memory helps nobody here.
                cluster = opened.enter_context(
                    LocalCluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        processes=True,
                        memory_limit=memory_bytes,
                        dashboard_address=None,
                        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # Without one, a port that has one user.
                        local_directory=str(folder),
                        silence_logs=_SILENT,
                    )
                )
                client = opened.enter_context(Client(cluster, set_as_default=False))
                client.wait_for_workers(workers, timeout=_START_S)
            client.register_plugin(QuietWorker(), name="paredown")
        except Exception as error:
            raise EngineError(f"a Dask cluster of {workers} workers did not start on this machine: {error}") from error
        yield client


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes that start meanwhile never get SIGINT: Ctrl-C would end workers with what they measured."""
    multiprocessing.resource_tracker.ensure_running()  # Its start would let this thread's signals through again.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that Dask logs is shown."""
    import distributed  # noqa: F401  (it makes its handlers when it is imported)

    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado", "asyncio")]
    quieted: list[logging.Logger | logging.Handler] = [
        *loggers,
        *(handler for logger in loggers for handler in logger.handlers),
    ]
    levels = [item.level for item in quieted]
    for item in quieted:
        item.setLevel(_SILENT)
    try:
        yield
    finally:
        for item, level in zip(quieted, levels, strict=True):
            item.setLevel(level)


@contextmanager
def existing_cluster(address: str, workspace: Workspace, stopping: Callable[[], bool]) -> Iterator[DaskEngine]:
    """A cluster that somebody else has started, checked; its workers stay as they are.

    Raises:
        EngineError: If it cannot be reached, or its workers are not as they should be.
    """
    with silence(), preflight.connect(address, stopping) as client, checked(client, workspace, stopping) as engine:
        yield engine


@contextmanager
def checked(
    client: Client, workspace: Workspace, stopping: Callable[[], bool], executor: Executor | None = None
) -> Iterator[DaskEngine]:
    """The cluster of a client, whose workers are as they should be."""
    preflight.await_workers(client, stopping=stopping)
    asking.check_alike(client, stopping)
    preflight.check_workspace(client, workspace, stopping)
    yield from _closing(DaskEngine(client, executor, workspace=workspace, stopping=stopping))


def _closing(engine: DaskEngine) -> Iterator[DaskEngine]:
    try:
        yield engine
    finally:
        engine.close_idle()
        engine.close()
