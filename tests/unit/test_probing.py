"""What is no executor, and what an executor's worker lacks, is said before anything is measured."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from profiler.errors import OutputError, UsageError
from profiler.owner import this_host
from profiler.runner.probing import Seen, probed
from profiler.runner.workspace import Workspace

SHORT_S = 0.01


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job's file beside a workspace."""
    file = tmp_path / "job.py"
    file.touch()
    return file


def refused(executor: object, job: Path) -> UsageError:
    """The error, when nothing of the trial is left in the workspace."""
    with pytest.raises(UsageError) as caught:
        probed(executor, Workspace(job.parent / "workspace"), str(job), patience_s=SHORT_S)
    assert list((job.parent / "workspace").glob("work/*")) == []
    return caught.value


class Answers(Executor):
    """Runs what it is given at once, and lets a test change what comes back."""

    def __init__(self, change: Callable[[Seen], object]) -> None:
        self.change = change

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it."""
        future: Future[Any] = Future()
        future.set_result(self.change(function(*arguments, **options)))
        return future


def test_an_executor_that_can_run_tasks_is_returned(job: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        assert probed(executor, Workspace(job.parent / "workspace"), str(job)) is executor
    assert list((job.parent / "workspace").glob("work/*")) == []


def test_a_class_is_no_executor(job: Path) -> None:
    error = refused(ThreadPoolExecutor, job)
    assert error.message == "executor is the class ThreadPoolExecutor; expected an instance of it"
    assert error.hint == "executor=ThreadPoolExecutor(...)"


@pytest.mark.parametrize("value", ["dask", 2, object()])
def test_what_has_no_submit_is_no_executor(value: object, job: Path) -> None:
    assert refused(value, job).message == (
        f"executor is of type {type(value).__name__}, which has no submit(); expected a concurrent.futures.Executor"
    )
    assert not (job.parent / "workspace").exists()


def test_an_executor_that_is_shut_down(job: Path) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    error = refused(executor, job)
    assert error.message == (
        "executor takes no task: its submit() raised RuntimeError: cannot schedule new futures after shutdown"
    )
    assert "open until profiler.run returns" in str(error.hint)


class Writes(Executor):
    """An engine that writes what it is given as JSON, which a task is not."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Fail as such an engine does."""
        import json

        json.dumps(arguments)
        raise AssertionError("it can be written")


def test_an_executor_that_does_not_pickle(job: Path) -> None:
    error = refused(Writes(), job)
    assert error.message == (
        "executor takes no task: its submit() raised TypeError: Object of type Probe is not JSON serializable"
    )
    assert "pickles what it is given" in str(error.hint)


class Pool:
    """An engine with a submit of its own kind."""

    def submit(self, function: object, *arguments: object) -> object:
        """Return a future of another kind."""
        return object()


def test_a_submit_of_another_kind_makes_no_executor(job: Path) -> None:
    assert refused(Pool(), job).message == (
        "executor is of type Pool, whose submit() returned a value of type object; expected a concurrent.futures.Future"
    )


class Idle(Executor):
    """An engine without workers."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Take it, and never do it."""
        return Future()


def test_an_executor_without_workers_is_not_waited_for_without_end(job: Path) -> None:
    assert refused(Idle(), job).message == (
        "executor did nothing with a first task for 0.01 s; expected one that has workers"
    )


def test_an_executor_that_returns_something_else(job: Path) -> None:
    assert "gave a value of type dict for what a first task returned" in refused(Answers(vars_of), job).message


def vars_of(seen: Seen) -> object:
    """What JSON would make of it."""
    return {"host": seen.host}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda seen: replace(seen, reads=False), "does not see the workspace {0}/workspace", id="no workspace"
        ),
        pytest.param(
            lambda seen: replace(seen, problem="Read-only file system"),
            "cannot write to the workspace {0}/workspace: Read-only file system",
            id="read only",
        ),
        pytest.param(lambda seen: replace(seen, has_job=False), "does not see the job's file {0}/job.py", id="no job"),
        pytest.param(
            lambda seen: replace(seen, versions=(("python", "2.7"), *seen.versions[1:])),
            f"has python 2.7, and this has python {sys.version_info[0]}.{sys.version_info[1]}; expected the same",
            id="another Python",
        ),
        pytest.param(
            lambda seen: replace(seen, versions=(*seen.versions[:-1], ("pandas", ""))),
            "has no pandas, and this has pandas",
            id="no pandas",
        ),
    ],
)
def test_what_a_worker_lacks(change: Callable[[Seen], Seen], said: str, job: Path) -> None:
    (problem,) = refused(Answers(change), job).problems
    assert problem.startswith("the executor's worker ")
    assert said.format(job.parent) in problem


def test_everything_that_a_worker_lacks_is_said_at_once_and_on_which_host(job: Path) -> None:
    boot = this_host().rpartition("#")[2]
    error = refused(Answers(lambda seen: replace(seen, host=f"node-9#{boot}", reads=False, has_job=False)), job)
    assert len(error.problems) == 2
    assert all(problem.startswith("the executor's worker on node-9 does not see") for problem in error.problems)


class Elsewhere(Answers):
    """A worker that has a folder of the same name, but not the same folder."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it, and take away what it wrote."""
        future = super().submit(function, *arguments, **options)
        (Path(arguments[0].where) / "answered").unlink()
        return future


def test_a_worker_with_another_folder_of_that_name(job: Path) -> None:
    error = refused(Elsewhere(lambda seen: seen), job)
    assert "but not to the folder of that name here" in error.message


def test_a_workspace_that_cannot_be_written(job: Path) -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(OutputError):
        probed(executor, Workspace(job / "below a file"), str(job))
