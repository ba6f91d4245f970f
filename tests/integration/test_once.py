"""An attempt of a task begins at most once on an engine, whatever that repeats."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from profiler.model import Ending
from profiler.runner.engines.attempts import Attempt
from profiler.runner.engines.engine import Engine
from profiler.runner.engines.job_code import Code, digest_of
from profiler.runner.engines.once import run_once, versions
from profiler.runner.tasks import close_idle
from profiler.task import Task
from tests.integration.place import wait_until
from tests.integration.tasks import ENDINGS, a_task


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A task that ends well; its sandbox is gone afterwards."""
    yield a_task("fine", tmp_path)
    close_idle()


def test_a_second_start_is_told_what_the_first_one_measured(task: Task) -> None:
    first = run_once(task, versions()).measurement
    assert first.outcome.ok
    assert run_once(task, versions()).measurement == first


def test_a_second_start_of_one_that_never_ended_is_lost(task: Task) -> None:
    assert Attempt(task).begin()
    measurement = run_once(task, versions()).measurement
    assert measurement.outcome.ending is Ending.LOST
    assert f"(process {os.getpid()}); it was not run a second time" in measurement.outcome.message


def test_the_next_attempt_runs(task: Task) -> None:
    assert Attempt(task).begin()
    assert run_once(replace(task, attempt=2), versions()).measurement.outcome.ok


def test_the_same_attempt_runs_in_the_next_session(task: Task) -> None:
    """A harness that was killed has kept nothing of it."""
    assert Attempt(task).begin()
    assert run_once(replace(task, run_started_ns=task.run_started_ns + 1), versions()).measurement.outcome.ok


def test_a_worker_of_another_version_runs_nothing(task: Task) -> None:
    expected = tuple((name, "0.1" if name == "pandas" else version) for name, version in versions())
    outcome = run_once(task, expected).measurement.outcome
    assert outcome.ending is Ending.LOST
    assert outcome.message == f"its worker has pandas {dict(versions())['pandas']} and not 0.1"
    assert not (Path(task.folder) / "attempts").exists()


def test_a_worker_that_has_other_code_runs_nothing_and_looks_once(tmp_path: Path) -> None:
    file = tmp_path / "endings.py"
    shutil.copy(ENDINGS, file)
    task = a_task("fine", tmp_path)
    expected = Code(home=str(tmp_path), digests=((str(file), digest_of(str(file))),))
    other = replace(expected, digests=((str(file), "0" * 64),))
    outcome = run_once(task, versions(), other).measurement.outcome
    assert outcome.ending is Ending.LOST
    assert outcome.message == f"its worker has not the job's code as it is here: {file}"
    assert not (tmp_path / "attempts").exists()
    assert run_once(task, versions(), expected).measurement.outcome.ok
    file.unlink()
    assert run_once(replace(task, index=1), versions(), expected).measurement.outcome.ok
    in_the_next_run = replace(task, run_started_ns=task.run_started_ns + 1)
    assert run_once(in_the_next_run, versions(), expected).measurement.outcome.ending is Ending.LOST
    close_idle()


def test_a_worker_that_cannot_write_to_the_workspace_is_an_outcome(task: Task, tmp_path: Path) -> None:
    (tmp_path / "attempts").write_text("a file, where a folder has to be")
    outcome = run_once(task, versions()).measurement.outcome
    assert outcome.ending is Ending.LOST
    assert "cannot write to the workspace" in outcome.message


class Silent(Executor):
    """An engine that never answers, as one whose workers are all gone."""

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        """Take it, and forget it."""
        return Future()


def test_nobody_waits_for_an_engine_that_does_not_stop(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profiler.runner.engines.engine._PATIENCE_S", 0.3)
    engine = Engine(Silent())
    future = engine.submit(run_once, task)
    Path(task.stop_file).touch()
    outcome = future.result(60).outcome
    assert outcome.ending is Ending.STOPPED
    assert outcome.message == "stopped before it began"
    assert engine.submit(run_once, task).result(1).outcome.ending is Ending.LOST
    engine.close()
    left = sorted(path.name for path in Path(task.folder).glob("stop*"))
    assert left == ["stop", "stop-tasks"], "what is still queued would begin"


class Forgets(Executor):
    """An engine that runs tasks, and loses what they say."""

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it."""
        function(*arguments, **options)
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("the worker is gone"))
        return future


def test_a_result_that_was_lost_on_its_way_is_found(task: Task) -> None:
    engine = Engine(Forgets())
    assert engine.submit(run_once, task).result(1).outcome.ok
    engine.close()


def test_of_many_starts_at_once_one_runs(task: Task) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Queue()
    starters = [context.Process(target=_begin, args=(task, begun)) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    wait_until(lambda: not begun.empty(), "nobody began")
    assert sorted(begun.get() for _ in starters) == [False, False, False, True]


def _begin(task: Task, begun: Any) -> None:
    begun.put(Attempt(task).begin())
