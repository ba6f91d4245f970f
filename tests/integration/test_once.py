"""An attempt of a task begins at most once on an engine, whatever that repeats."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from profiler.model import Ending
from profiler.runner.engines.attempts import Attempt
from profiler.runner.engines.engine import Engine
from profiler.runner.engines.job_code import Code, digest_of
from profiler.runner.engines.left import Left, note_session, taken_up
from profiler.runner.engines.once import run_once, versions
from profiler.runner.engines.places import place_at
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
    assert f": process {os.getpid()}; it was not run a second time" in measurement.outcome.message


def test_the_next_attempt_runs(task: Task) -> None:
    assert Attempt(task).begin()
    assert run_once(replace(task, attempt=2), versions()).measurement.outcome.ok


def left_in(task: Task, known: int = 0, **changes: Any) -> tuple[Left, ...]:
    """What sessions before this one have left of a task, of which so many attempts are known."""
    return taken_up(
        place_at(str(Path(task.folder) / "attempts")),
        place_at(task.folder),
        {(task.step, task.index): known},
        **{"patience_s": 60, "look_s": 0.01, "stopping": lambda: False, **changes},
    )


def test_what_an_earlier_session_has_measured_is_found(task: Task) -> None:
    first = run_once(task, versions()).measurement
    second = run_once(replace(task, attempt=2), versions()).measurement
    assert first != second
    assert [(left.attempt, left.measurement) for left in left_in(task)] == [(2, second)]
    assert left_in(task, known=2) == ()


def test_what_runs_of_an_earlier_session_is_stopped(tmp_path: Path) -> None:
    task = a_task("sleeps", tmp_path, stop_file=str(tmp_path / "stop-1-2-tasks"))
    note_session(place_at(str(tmp_path / "attempts")), task.run_started_ns, "stop-1-2-tasks")
    running = threading.Thread(target=run_once, args=(task, versions()))
    running.start()
    wait_until(lambda: (tmp_path / "attempts" / Attempt(task).name).exists(), "it has not begun")
    (left,) = left_in(task)
    running.join()
    close_idle()
    assert (left.step, left.index, left.attempt) == ("sleeps", 0, 1)
    assert left.measurement is not None
    assert left.measurement.outcome.ending is Ending.STOPPED


def test_what_waits_in_somebodys_queue_is_told_not_to_begin(task: Task) -> None:
    engine = Engine(Silent())
    engine.submit(run_once, replace(task, stop_file=str(Path(task.folder) / "stop-1-2")))
    assert left_in(task) == ()
    assert (Path(task.folder) / "stop-1-2-tasks").exists()
    Path(task.folder, "stop-1-2").touch()  # Or it would be waited for.
    engine.close()


@pytest.mark.parametrize("name", ["../elsewhere", "stop-/../../elsewhere", "", "runs"])
def test_a_session_writes_nothing_but_signs_to_stop(name: str, task: Task) -> None:
    note_session(place_at(str(Path(task.folder) / "attempts")), 1, name)
    assert left_in(task) == ()
    assert [path.name for path in Path(task.folder).iterdir()] == ["attempts"]


def test_nobody_waits_for_an_attempt_whose_process_is_gone(task: Task) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Queue()
    starter = context.Process(target=_begin, args=(task, begun))
    starter.start()
    assert begun.get()
    starter.join()
    assert [left.measurement for left in left_in(task, patience_s=1e9)] == [None]


def test_nobody_waits_for_long_or_against_their_will_for_one_that_does_not_answer(task: Task) -> None:
    assert Attempt(task).begin()
    assert [left.measurement for left in left_in(task, patience_s=0.1)] == [None]
    assert [left.measurement for left in left_in(task, patience_s=1e9, stopping=lambda: True)] == [None]


def test_other_files_among_the_attempts_are_none(task: Task) -> None:
    assert Attempt(task).begin()
    folder = Path(task.folder) / "attempts"
    for name in (
        "fine",
        "fine-00000-2",
        "fine-00000-\N{SUPERSCRIPT TWO}-1",
        f"{Attempt(replace(task, attempt=2)).name}.ended",
        "fine-x-2-3",
        ".nfs0001",
    ):
        (folder / name).write_text("?")
    (folder / f"{Attempt(task).name}.ended").write_text("cut o")
    assert [(left.attempt, left.measurement) for left in left_in(task)] == [(1, None)]


def test_warm_sandboxes_end_where_no_task_comes_any_more(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profiler.runner.engines.idle._IDLE_S", 0.2)
    monkeypatch.setattr("profiler.runner.engines.idle._watching", None)  # Who sleeps for a minute since another test.
    before = {child.pid for child in psutil.Process().children()}
    for index in range(2):  # Whoever watches ends with them, and the next task brings another one.
        assert run_once(replace(task, index=index), versions()).measurement.init_ns > 0
        wait_until(lambda: {child.pid for child in psutil.Process().children()} <= before, "a sandbox is still there")


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
