"""Tasks on any `concurrent.futures.Executor`: the same measurements, and a task that an engine loses is an outcome."""

from __future__ import annotations

import multiprocessing
import os
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

import profiler
from profiler.errors import ResumeError, UsageError
from profiler.judging import Judging, report_of
from profiler.model import Ending, Run, Variant
from profiler.runner.machine import usable_cores
from profiler.task import Task
from tests.integration.conftest import shop_in
from tests.integration.hosts import hide, may_move, move_to
from tests.integration.place import MARK, Place, alive, wait_until
from tests.integration.tasks import measure
from tests.integration.within import paredown_within

SPAWN, FORKED = multiprocessing.get_context("spawn"), multiprocessing.get_context("forkserver")


def decomposed(light: Place, executor: Executor | None, **options: Any) -> Run:
    """Measure the decomposed variant of `light` on an engine."""
    return profiler.run(
        light.folder / "job.py",
        executor=executor,
        variants=["decomposed"],
        workspace=light.workspace,
        **{"shards": 3, **options},
    )


def well(run: Run) -> None:
    """All of its five tasks ended well, and its answer is whole."""
    assert [end.complete for end in run.variants] == [True], run.variants
    assert len(run.of(Variant.DECOMPOSED)) == 5
    assert run.answers[0].rows == 240


@pytest.fixture(scope="module")
def place_here(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the local engine has measured the same."""
    return shop_in(tmp_path_factory.mktemp("measured here"), "light")


@pytest.fixture(scope="module")
def here(place_here: Place) -> Run:
    """What it has measured."""
    return decomposed(place_here, None, jobs=2, cold=True, timeout_s=None)


def alike(run: Run, here: Run) -> None:
    """The same tasks as the local engine ran, the same answer, and memory as it should be on any engine."""
    well(run)
    own, local = ({(item.step, item.index): item for item in one.measurements} for one in (run, here))
    assert own.keys() == local.keys()
    for task, item in own.items():
        assert item.peak.exact
        assert item.peak.low == pytest.approx(local[task].peak.low, rel=0.05), task
        assert item.cpu_ns > 0
        assert (item.rows_in, item.rows_out, item.groups) == (
            local[task].rows_in,
            local[task].rows_out,
            local[task].groups,
        )
    assert rows_of(run) == rows_of(here)


def rows_of(run: Run) -> list[tuple[Any, ...]]:
    """Its answer, in one order."""
    query = "SELECT customer, service, day, sold FROM read_parquet(?) ORDER BY ALL"
    return duckdb.execute(query, [run.answers[0].path]).fetchall()


@contextmanager
def reusable() -> Iterator[Executor]:
    """A pool of two processes of loky's, which would outlive its last task."""
    from loky import get_reusable_executor

    executor = get_reusable_executor(max_workers=2)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True)


@pytest.mark.parametrize(
    ("engine", "name", "repeat"),
    [
        pytest.param(lambda: ThreadPoolExecutor(1), "ThreadPoolExecutor", 1, id="threads of a user's own"),
        pytest.param(lambda: ProcessPoolExecutor(1, FORKED), "ProcessPoolExecutor", 2, id="processes of a fork server"),
        pytest.param(reusable, "loky", 1, id="loky"),
    ],
)
def test_the_same_on_any_engine(
    engine: Callable[[], Any], name: str, repeat: int, light: Place, here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    with engine() as executor:
        run = decomposed(light, executor, repeat=repeat)
    nothing_left(mark, light, run)
    alike(run, here)
    assert run.settings.engine == name
    assert {item.host for item in run.measurements} == {""}
    repetitions = run.repeated(Variant.DECOMPOSED)
    assert len(repetitions) == repeat
    for repetition in repetitions:  # None begins with a warm sandbox of the one before.
        assert {item.step for item in repetition.measurements if item.init_ns > 0} == {
            "sold", "cutoff", "predict",
        }  # fmt: skip


def nothing_left(mark: str, light: Place, run: Run) -> None:
    """No keeper or sandbox stays when an engine is closed, and no file but the answer."""
    wait_until(lambda: not [line for line in alive(mark) if "keeper.py" in line or "start.py" in line], "keepers stay")
    work = light.workspace / "work" / run.id
    assert [path for path in work.rglob("*") if path.is_file()] == [Path(run.answers[0].path)]


@pytest.fixture(scope="module")
def other_host() -> str:
    """What a second host is called; empty where this kernel lets nobody have namespaces of their own."""
    return "node-2" if may_move() else ""


@pytest.fixture
def namespaces(other_host: str) -> None:
    """Skip where there can be no second host."""
    if not other_host:
        pytest.skip("this kernel lets nobody have namespaces of their own")


def test_the_same_in_spawned_processes_also_of_another_host(
    light: Place, here: Run, other_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    moved = {"initializer": move_to, "initargs": (other_host,)} if other_host else {}
    with ProcessPoolExecutor(2, SPAWN, **moved) as executor:  # type: ignore[arg-type]
        run = decomposed(light, executor)
    nothing_left(mark, light, run)
    alike(run, here)
    assert run.settings.engine == "ProcessPoolExecutor"
    assert run.machine.host == socket.gethostname()
    assert {item.host for item in run.measurements} == {other_host}
    assert {item.cores for item in run.measurements} == {float(usable_cores())}
    assert [machine.host for machine in run.hosts] == [other_host] * bool(other_host)
    if other_host:
        taken = paredown_within(light, "run", "job.py", "--shards", "3", "--variant", "monolith", "--against", run.path)
        assert [machine.host for machine in taken.run.hosts] == [other_host], taken.said
        assert re.search(rf"{other_host} +5 ", taken.out), taken.said
        assert "The hosts are alike in processor, cores" in taken.out


@pytest.mark.usefixtures("namespaces")
def test_a_worker_that_does_not_see_the_workspace_is_refused(light: Place) -> None:
    light.workspace.mkdir()
    initial = {"initializer": hide, "initargs": (str(light.workspace),)}
    with ProcessPoolExecutor(1, mp_context=SPAWN, **initial) as executor, pytest.raises(UsageError) as caught:  # type: ignore[arg-type]
        decomposed(light, executor)
    assert caught.value.problems == (
        f"the executor's worker does not see the workspace {light.workspace}; "
        "expected a folder that all workers share, under this path",
    )
    assert not (light.workspace / "runs").exists()


class Loses(Executor):
    """An engine that loses some tasks, as a cluster loses a worker."""

    def __init__(self, loses: Callable[[Any], bool], cancels: Callable[[Any], bool] = lambda _: False) -> None:
        self.loses, self.cancels = loses, cancels

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it at once, or lose or cancel it."""
        future: Future[Any] = Future()
        if isinstance(arguments[0], Task) and self.loses(arguments[0]):
            future.set_exception(RuntimeError("worker 7 is gone"))
        elif isinstance(arguments[0], Task) and self.cancels(arguments[0]):
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(function(*arguments, **options))
        return future


def test_a_task_that_the_engine_loses_or_cancels_is_an_outcome(light: Place) -> None:
    run = decomposed(
        light,
        Loses(
            lambda task: (task.step, task.index) == ("predict", 1),
            cancels=lambda task: (task.step, task.index) == ("predict", 2),
        ),
    )
    lost, cancelled = sorted(
        (item for item in run.measurements if item.outcome.ending is Ending.LOST), key=lambda item: item.index
    )
    assert (lost.step, lost.index) == ("predict", 1)
    assert lost.outcome.message == "the engine lost the task: RuntimeError: worker 7 is gone"
    assert (cancelled.step, cancelled.index) == ("predict", 2)
    assert cancelled.outcome.message == "the engine lost the task: CancelledError"
    assert [item.outcome.ok for item in run.measurements if item.step == "predict"].count(True) == 1
    assert run.ended
    assert not run.variants[0].complete
    assert "2 of 3 tasks did not end well" in run.variants[0].reason
    ended = paredown_within(light, "report", run.path)
    assert ended.code == 0, ended.said


class Closes(Loses):
    """An engine that somebody shuts down on the way."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Take it, until it is shut down."""
        if isinstance(arguments[0], Task) and self.loses(arguments[0]):
            raise RuntimeError("cannot schedule new futures after shutdown")
        return super().submit(function, *arguments, **options)


def test_an_engine_that_takes_no_more_tasks_is_an_outcome(light: Place) -> None:
    run = decomposed(light, Closes(lambda task: task.step == "cutoff"))
    assert {item.step: item.outcome.ending for item in run.measurements} == {"sold": Ending.OK, "cutoff": Ending.LOST}
    assert run.ended


class Dies(ProcessPoolExecutor):
    """A pool whose worker dies of one step's first task, for as long as it is told so."""

    deadly = True

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it, or kill the worker that would."""
        if self.deadly and isinstance(arguments[0], Task) and arguments[0].step == "predict":
            return super().submit(os._exit, 3)
        return super().submit(function, *arguments, **options)


def test_a_pool_whose_worker_dies_is_an_outcome_of_every_task_that_it_had_and_another_one_resumes(
    light: Place,
) -> None:
    with Dies(1, mp_context=SPAWN) as executor:
        run = decomposed(light, executor)
    lost = [item for item in run.measurements if item.step == "predict"]
    assert len(lost) == 3
    assert {item.outcome.ending for item in lost} == {Ending.LOST}
    assert all("the engine lost the task: BrokenProcessPool" in item.outcome.message for item in lost)
    assert not any(item.outcome.message.endswith(".") for item in lost)
    assert all(item.outcome.ok for item in run.measurements if item.step != "predict")
    assert run.ended
    told = report_of(run, Judging()).commands[0].line
    with pytest.raises(ResumeError, match="was begun on the engine 'Dies', not on 'local'") as refused:
        decomposed(light, None, resume=True)
    assert "executor=executor, resume=True" in (refused.value.hint or "")
    with Dies(1, mp_context=SPAWN) as executor:
        executor.deadly = False
        again = eval(told, {"profiler": profiler, "executor": executor})
    assert again.id == run.id
    well(again)
    assert {(item.step, item.attempt) for item in again.measurements} == {("sold", 1), ("cutoff", 1), ("predict", 2)}
    with pytest.raises(ResumeError, match="nothing is missing"):
        decomposed(light, None, resume=True)


def test_a_worker_that_does_not_see_the_workspace_does_no_task(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    (lost,) = measure("ok", nowhere / "work", stop_file=str(nowhere / "stop"))
    assert lost.outcome.ending is Ending.LOST
    assert lost.outcome.message == f"its worker does not see the workspace {nowhere}"
    assert not nowhere.exists()


def test_from_python_as_from_the_command_line(place_here: Place, here: Run) -> None:
    well(here)
    assert all(item.init_ns > 0 for item in here.measurements)
    assert profiler.load("last", workspace=place_here.workspace) == here
    verdict = profiler.judge(here, dollars_per_day=7, requests_per_day=3000)
    assert verdict.fits is True
    assert "light" in profiler.render(here)
