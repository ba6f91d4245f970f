"""Schedulers and workers that have frozen, and tasks that take long: nobody waits for them for ever."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from profiler.errors import EngineError
from profiler.model import Ending
from profiler.runner.engines import asking, preflight
from profiler.runner.engines.attempts import Attempt
from profiler.runner.engines.dask_engine import DaskEngine
from profiler.runner.engines.engine import Engine
from profiler.runner.tasks import close_idle, run_task
from profiler.runner.workspace import Workspace
from tests.integration.clusters import Cluster, a_cluster
from tests.integration.place import wait_until
from tests.integration.tasks import a_task
from tests.sample_runs import a_fitting_run


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers of one thread; each test lets them go on that it has frozen."""
    with a_cluster(tmp_path_factory.mktemp("dask"), workers=2) as found:
        yield found


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def raised(function: Callable[..., object], *arguments: object) -> BaseException | None:
    """What it raises; that it waits for ever fails the test, and does not hold it up."""
    found: list[BaseException | None] = []

    def call() -> None:
        try:
            function(*arguments)
            found.append(None)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it waits for ever"
    return found[0]


# --- before anything runs -------------------------------------------------------------------------------------------


def test_a_listener_that_takes_connections_and_says_nothing_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "CONNECT_S", 1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        error = raised(preflight.connect, address)
        assert isinstance(raised(preflight.connect, address, lambda: True), KeyboardInterrupt)
    assert isinstance(error, EngineError)
    assert error.message == f"no Dask scheduler answers at {address}, within 1 s"


def test_a_scheduler_that_freezes_later_is_told_of_and_ctrl_c_ends_the_waiting(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workers are not blamed for it, and nothing waits for sandboxes of which there are none."""
    from distributed import Client

    monkeypatch.setattr(asking, "CONNECT_S", 0.5)
    monkeypatch.setattr("profiler.runner.engines.dask_engine._CLOSE_S", 60.0)
    plan = a_fitting_run().plan
    with Client(cluster.address, timeout=30, set_as_default=False) as client:
        workers = dict.fromkeys(asking.threads_of(client), ())
        stopped = DaskEngine(client, stopping=lambda: True)
        with frozen(cluster.scheduler.pid):
            assert isinstance(raised(stopped.prepare, plan), KeyboardInterrupt)
            assert isinstance(raised(preflight.have_code, client, plan, lambda: True), KeyboardInterrupt)
            monkeypatch.setattr(asking, "_ANSWER_S", 0.5)
            for error in (
                raised(DaskEngine(client).prepare, plan),
                raised(preflight.await_workers, client),
                raised(lambda: asking.on_each(client, os.getpid, workers, limit_s=0.5)),
            ):
                assert isinstance(error, EngineError)
                assert error.message == f"the Dask scheduler at {cluster.address} did not answer within 0.5 s"
            assert raised(stopped.close_idle) is None
    assert "the Dask client is closed" in str(raised(asking.threads_of, client))


def test_workers_that_do_not_answer_are_named_and_ctrl_c_ends_the_waiting(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    with Client(cluster.address, timeout=30, set_as_default=False) as client:
        _, (silent, pid) = client.run(os.getpid).items()
        with frozen(pid):
            with monkeypatch.context() as less:
                less.setattr(asking, "_ANSWER_S", 2.0)
                error = raised(asking.check_alike, client)
            assert isinstance(raised(asking.check_alike, client, lambda: True), KeyboardInterrupt)
    assert isinstance(error, EngineError)
    assert error.message == (
        f"the Dask cluster at {cluster.address}: 1 of 2 workers did not answer within 2 s: {silent}"
    )


# --- stopping -------------------------------------------------------------------------------------------------------


def test_patience_begins_with_the_stop_where_no_task_has_ended_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profiler.runner.engines.engine._PATIENCE_S", 4.0)
    task = a_task("sleeps", tmp_path)
    with ThreadPoolExecutor(1) as threads:
        engine = Engine(threads)
        running, *waiting = (engine.submit(run_task, replace(task, index=index)) for index in range(3))
        time.sleep(4.5)
        Path(task.stop_file).touch()
        assert running.result(60).outcome.message == "stopped before its end"
        waiting.append(engine.submit(run_task, replace(task, index=3)))  # Of an engine that is given up it were lost.
        assert {future.result(60).outcome.message for future in waiting} == {"stopped before it began"}
        engine.close()
    close_idle()
    assert [path.name for path in tmp_path.glob("stop*")] == ["stop"]


def test_a_frozen_worker_is_given_up_the_others_end_their_sandboxes_and_nothing_begins_when_it_goes_on(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    monkeypatch.setattr("profiler.runner.engines.engine._PATIENCE_S", 1.0)
    monkeypatch.setattr("profiler.runner.engines.dask_engine._CLOSE_S", 3.0)
    fine, sleeps = (a_task(name, tmp_path) for name in ("fine", "sleeps"))
    with Client(cluster.address, timeout=30, set_as_default=False) as client:
        (healthy, _), (freezing, pid) = client.run(os.getpid).items()
        warmed = DaskEngine(client, client.get_executor(pure=False, retries=0, workers=[healthy]))
        assert warmed.submit(run_task, fine).result(60).outcome.ok
        assert cluster.left_on_workers()
        engine = DaskEngine(client, client.get_executor(pure=False, retries=0, workers=[freezing]))
        running, waiting = (engine.submit(run_task, replace(sleeps, index=index)) for index in range(2))
        wait_until(lambda: list(tmp_path.glob("attempts/sleeps-*")), "it did not begin")
        with frozen(pid):
            Path(sleeps.stop_file).touch()
            lost = running.result(60).outcome
            assert (lost.ending, waiting.result(60).outcome.ending) == (Ending.LOST, Ending.STOPPED)
            assert lost.message.startswith("stopped, and its worker did not answer within 1 s")
            engine.close_idle()
            engine.close()
            others = [child for other in cluster.pids() if other != pid for child in psutil.Process(other).children()]
            assert not others, "a sandbox is left on a worker that answers"
        second = Attempt(replace(sleeps, index=1))
        wait_until(lambda: second.found() is not None, "it has begun, although it was stopped")
        assert second.found().outcome.message == "stopped before it began"
        wait_until(lambda: not cluster.left_on_workers(), f"still on a worker: {cluster.left_on_workers()}")


def test_signs_to_stop_that_were_left_for_frozen_workers_go_after_a_day(tmp_path: Path) -> None:
    old, new, ours = (
        tmp_path / "stop-4194999-1-tasks",
        tmp_path / "stop-4194999-2-tasks",
        tmp_path / f"stop-{os.getpid()}-1",
    )
    for sign in (old, new, ours):
        sign.touch()
    for sign in (old, ours):
        os.utime(sign, (time.time() - 90_000,) * 2)
    Workspace(tmp_path).sweep()
    assert sorted(tmp_path.glob("stop-*")) == sorted([new, ours])
