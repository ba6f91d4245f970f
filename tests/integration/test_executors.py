"""Tasks on any `concurrent.futures.Executor`: the same measurements, and a task that an engine loses is an outcome."""

from __future__ import annotations

import multiprocessing
import os
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

import profiler
from profiler.model import Ending, Run, Variant
from tests.integration.place import MARK, Place, alive, wait_until


def decomposed(shop: Place, executor: Executor | None, **options: Any) -> Run:
    """Measure the decomposed variant of `shop` on an engine."""
    return profiler.run(
        shop.folder / "job.py",
        executor=executor,
        variants=["decomposed"],
        shards=3,
        workspace=shop.workspace,
        **options,
    )


def well(run: Run) -> None:
    """All of its eight tasks ended well, and its answer is whole."""
    assert [end.complete for end in run.variants] == [True], run.variants
    assert len(run.of(Variant.DECOMPOSED)) == 8
    assert run.answers[0].rows == 48


def test_threads_of_a_users_own(shop: Place) -> None:
    with ThreadPoolExecutor(3) as executor:
        well(decomposed(shop, executor))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes(shop: Place, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as executor:
        well(decomposed(shop, executor))
    wait_until(lambda: not [line for line in alive(mark) if "keeper.py" in line or "start.py" in line], "keepers stay")


def test_repetitions_in_processes_begin_with_no_warm_sandbox(shop: Place) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        run = decomposed(shop, executor, repeat=2)
    well(run)
    for repetition in run.repeated(Variant.DECOMPOSED):
        assert {item.step for item in repetition.measurements if item.init_ns > 0} == {
            "daily", "cutoff", "train", "predict",
        }  # fmt: skip


class Loses(Executor):
    """An engine that loses some tasks, as a cluster loses a worker."""

    def __init__(self, loses: Callable[[Any], bool]) -> None:
        self.loses = loses

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Run it at once, or lose it."""
        future: Future[Any] = Future()
        if self.loses(arguments[0]):
            future.set_exception(RuntimeError("worker 7 is gone"))
        else:
            future.set_result(function(*arguments, **options))
        return future


def test_a_task_that_the_engine_loses_is_an_outcome(shop: Place) -> None:
    run = decomposed(shop, Loses(lambda task: (task.step, task.index) == ("train", 1)))
    (lost,) = [item for item in run.measurements if item.outcome.ending is Ending.LOST]
    assert (lost.step, lost.index) == ("train", 1)
    assert lost.outcome.message == "the engine lost the task: RuntimeError: worker 7 is gone"
    assert [item.outcome.ok for item in run.measurements if item.step == "train"].count(True) == 2
    assert run.ended
    assert not run.variants[0].complete
    assert "1 of 3 tasks did not end well" in run.variants[0].reason
    ended = shop.paredown("report", run.path)
    assert ended.code == 0, ended.said


class Cancels(Loses):
    """An engine whose futures are cancelled."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Cancel it."""
        future: Future[Any] = Future()
        if not self.loses(arguments[0]):
            return super().submit(function, *arguments, **options)
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_a_task_that_the_engine_cancels_is_an_outcome(shop: Place) -> None:
    run = decomposed(shop, Cancels(lambda task: task.step == "predict"))
    assert {item.outcome.ending for item in run.measurements if item.step == "predict"} == {Ending.LOST}


def test_an_engine_that_takes_no_task_is_an_outcome(shop: Place) -> None:
    with ThreadPoolExecutor(1) as executor:
        pass
    run = decomposed(shop, executor)
    assert {item.outcome.ending for item in run.measurements} == {Ending.LOST}


def test_from_python_as_from_the_command_line(shop: Place) -> None:
    run = decomposed(shop, None, cold=True, jobs=2, timeout_s=None)
    well(run)
    assert all(item.init_ns > 0 for item in run.measurements)
    assert profiler.load("last", workspace=shop.workspace) == run
    verdict = profiler.judge(run, dollars_per_day=7, requests_per_day=3000)
    assert verdict.fits is True
    assert "shop" in profiler.render(run)


def test_a_pool_whose_worker_dies_is_an_outcome_of_every_task_that_it_had(shop: Place) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        with pytest.raises(BrokenExecutor):
            executor.submit(os._exit, 3).result()
        run = decomposed(shop, executor)
    assert {item.outcome.ending for item in run.measurements} == {Ending.LOST}
    assert run.ended
