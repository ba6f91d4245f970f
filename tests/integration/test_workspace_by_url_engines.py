"""A workspace by URL on engines whose workers share no folder with the harness: what they share is the store."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import profiler
from profiler.errors import UsageError
from profiler.model import Ending, Run, Variant
from profiler.store import load_run
from profiler.stores import objects
from tests.integration.clusters import Cluster, a_cluster
from tests.integration.conftest import shop_in
from tests.integration.hosts import forget, hide, may_move
from tests.integration.place import Ended, Place, Started, wait_until
from tests.object_stores import Store, ask, running_store

ARGUMENTS = ("run", "job.py", "--variant", "decomposed", "--shards", "3", "--input", "sales=s3://shop/sales/*.parquet")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
NO_CREDENTIALS = ("env", *(f"--unset={name}" for name in CREDENTIALS))
pytestmark = pytest.mark.skipif(not may_move(), reason="the kernel gives no namespaces to us")


@dataclass(slots=True)
class There:
    """A job on the harness's own disk, which no worker sees, and a workspace in a store."""

    place: Place
    url: str
    outside: Path
    """A folder that workers see too, for the tests' own signs."""

    def arguments(self, cluster: Cluster) -> tuple[str, ...]:
        """The command on a cluster."""
        return (*ARGUMENTS, "--workspace", self.url, "--engine", "dask", "--scheduler", cluster.address)

    def run(self, cluster: Cluster, *more: str) -> Ended:
        """Run it to its end."""
        return self.place.paredown(*self.arguments(cluster), *more)

    def held(self, cluster: Cluster, after: int = 2) -> tuple[Started, Path]:
        """Start it, and wait until so many of its last step's tasks hold on; the second value is the gate to remove."""
        gate = self.outside / "gate"
        gate.touch()
        started = self.place.start(*self.arguments(cluster), environment={"SHOP_WAIT": str(gate)})
        reached = Path(f"{gate}.reached")
        wait_until(
            lambda: reached.exists() and reached.stat().st_size >= after,
            "predict did not begin",
            process=started.process,
        )
        return started, gate

    @property
    def kept(self) -> Run:
        """The newest run."""
        runs = self.place.folder.glob("cache/paredown/workspaces/*/runs/*.jsonl")
        return load_run(str(max(runs, key=lambda path: path.stat().st_mtime_ns)))

    @property
    def names(self) -> set[str]:
        """What lies in the workspace, files between steps left out."""
        return {name for name in objects.listed(self.url) if "/decomposed/" not in name}


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    with running_store("shop") as store:
        yield store


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory, running: Store) -> Path:
    """The harness's disk: what workers do not see. Inputs are in the store."""
    folder = tmp_path_factory.mktemp("harness")
    for file in (shop_in(folder / "data").folder / "data").glob("*.parquet"):
        running.client.put_object(Bucket="shop", Key=f"sales/{file.name}", Body=file.read_bytes())
    return folder


@pytest.fixture
def there(
    harness: Path, running: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> There:
    """The job on that disk, and an empty workspace."""
    ask(running.environment, monkeypatch)
    name = f"{request.node.name[:30]}-{os.getpid()}"
    place = shop_in(harness / name)
    place.environment |= {"XDG_CACHE_HOME": str(place.folder / "cache")}
    return There(place, f"s3://shop/{name}", tmp_path)


def add_worker(cluster: Cluster, harness: Path, folder: Path, *before: str, **more: str) -> None:
    """Start a worker that has folders of its own, credentials of its own, and sees nothing of the harness's disk."""
    own = folder / f"worker-{len(cluster.workers)}"
    (own / "temp").mkdir(parents=True)
    script = f'mount -t tmpfs none {harness} && exec "$@"'
    cluster.add_worker(
        *("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", *before),
        environment={
            "HOME": str(own), "XDG_CACHE_HOME": str(own / "cache"), "TMPDIR": str(own / "temp"), **more
        },
        cwd=own,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(harness: Path, running: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two such workers."""
    folder = tmp_path_factory.mktemp("workers")
    with a_cluster(folder, workers=0) as found:
        for _ in range(2):
            add_worker(found, harness, folder, **running.environment)
        found.wait_for_workers(2)
        yield found


def rows_of(run: Run) -> list[tuple[object, ...]]:
    """The decomposed answer, sorted."""
    (answer,) = [item for item in run.answers if item.variant is Variant.DECOMPOSED]
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        if answer.path.startswith("s3://"):
            objects.get(answer.path, file.name)
        path = file.name if answer.path.startswith("s3://") else answer.path
        return duckdb.sql(f"SELECT * FROM '{path}' ORDER BY ALL").fetchall()


def nothing_left(cluster: Cluster) -> None:
    """No sandbox and no folder of paredown's is on any worker."""
    wait_until(lambda: not cluster.left_on_workers(), f"still on a worker: {cluster.left_on_workers()}")
    wait_until(lambda: not folders_on(cluster), f"still on a worker's disk: {folders_on(cluster)}")


def folders_on(cluster: Cluster) -> list[Path]:
    """What workers have made below their folders for temporary files."""
    return list(cluster.folder.glob("worker-*/temp/paredown-*"))


# --- Dask -----------------------------------------------------------------------------------------------------------


def test_the_same_answer_and_tasks_as_locally(
    cluster: Cluster, there: There, measured_shop: tuple[Place, Ended]
) -> None:
    ended = there.run(cluster, "--repeat", "2")
    assert ended.code == 0, ended.said
    assert ended.err == f"Dask at {cluster.address}, 2 workers; the job's code is sent through the workspace\n"
    run, local = there.kept, measured_shop[1].run
    assert run.settings.workspace == there.url
    assert rows_of(run) == rows_of(local)
    tasks = {(item.step, item.index) for item in local.of(Variant.DECOMPOSED)}
    assert {(item.step, item.index) for item in run.of(Variant.DECOMPOSED)} == tasks
    assert all(item.outcome.ok and item.peak.exact for item in run.measurements)
    assert {file.partition("/work/")[0] for item in run.measurements for file in item.files} == {there.url}
    assert there.names == {f"runs/{run.id}.jsonl", f"work/{run.id}/answers/decomposed.parquet"}
    assert len(run.repetitions) == 2
    for repetition in run.repetitions:  # None begins with a warm sandbox of the one before.
        assert {item.step for item in repetition.measurements if item.init_ns > 0} >= {"daily", "train", "predict"}
    nothing_left(cluster)


def test_a_worker_that_is_killed_is_an_outcome_and_resume_does_the_rest(
    cluster: Cluster, there: There, measured_shop: tuple[Place, Ended]
) -> None:
    started, gate = there.held(cluster)
    (victim, _) = cluster.pids()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in cluster.pids() and len(cluster.pids()) == 2, "no worker took its place")
    gate.unlink()
    ended = started.end()
    assert ended.code == 1, ended.said
    run = there.kept
    (lost,) = [item for item in run.measurements if not item.outcome.ok]
    assert (lost.step, lost.outcome.ending, lost.attempt) == ("predict", Ending.LOST, 1)
    assert lost.outcome.message == f"the worker that ran it was lost (process {victim}); it was not run a second time"
    groups = sum(item.groups or 0 for item in run.measurements if item.step == "predict")
    assert Path(f"{gate}.reached").stat().st_size == groups + 1, "a task began twice"

    again = there.run(cluster, "--resume")
    assert again.code == 0, again.said
    assert there.kept.id == run.id
    assert rows_of(there.kept) == rows_of(measured_shop[1].run)
    attempts = {(item.step, item.index): item.attempt for item in there.kept.measurements}
    assert [key for key, attempt in attempts.items() if attempt > 1] == [(lost.step, lost.index)]
    assert there.names == {f"runs/{run.id}.jsonl", f"work/{run.id}/answers/decomposed.parquet"}
    wait_until(lambda: not cluster.left_on_workers(), f"still on a worker: {cluster.left_on_workers()}")


def test_ctrl_c_keeps_what_was_measured_and_leaves_nothing_else(
    cluster: Cluster, there: There, measured_shop: tuple[Place, Ended]
) -> None:
    started, gate = there.held(cluster)
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    run = there.kept
    assert sorted(item.outcome.ending for item in run.measurements) == [Ending.OK] * 5 + [Ending.STOPPED] * 3
    assert len([item for item in run.measurements if item.outcome.ending is Ending.STOPPED and item.peak.low]) == 2
    assert {name.split("/")[0] for name in there.names} == {"runs", "work"}
    assert not [name for name in there.names if "stop-" in name or "probe-" in name]
    nothing_left(cluster)
    gate.unlink()
    again = there.run(cluster, "--resume")
    assert again.code == 0, again.said
    assert rows_of(there.kept) == rows_of(measured_shop[1].run)


def test_a_scheduler_that_goes_away_is_an_outcome(there: There, harness: Path, running: Store, tmp_path: Path) -> None:
    with a_cluster(tmp_path, workers=0) as other:
        add_worker(other, harness, tmp_path, **running.environment)
        other.wait_for_workers(1)
        started, _ = there.held(other, after=1)
        other.scheduler.kill()
        ended = started.end()
        assert ended.code == 1, ended.said
        lost = [item for item in there.kept.measurements if not item.outcome.ok]
        assert {item.step for item in lost} == {"predict"}
        assert f"the Dask scheduler went away ({other.address})" in {item.outcome.message for item in lost}
        assert "Traceback" not in ended.err
        wait_until(lambda: not other.left_on_workers(), f"still on a worker: {other.left_on_workers()}")


@pytest.mark.parametrize(
    ("before", "lacks", "said"),
    [
        pytest.param(NO_CREDENTIALS, "", "no credentials were found", id="no credentials"),
        pytest.param((), "s3fs", "its filesystem is not installed; pip install 'paredown[s3]'", id="no s3fs"),
    ],
)
def test_a_worker_that_cannot_ask_the_store_is_refused(
    before: tuple[str, ...], lacks: str, said: str, there: There, harness: Path, running: Store, tmp_path: Path
) -> None:
    without = tmp_path / "without"
    without.mkdir()
    if lacks:
        (without / f"{lacks}.py").write_text(f"raise ModuleNotFoundError('No module named {lacks}', name={lacks!r})")
    with a_cluster(tmp_path, workers=0) as other:
        add_worker(other, harness, tmp_path, *before, **running.environment, PYTHONPATH=str(without))
        other.wait_for_workers(1)
        ended = there.run(other)
    assert ended.code == 2, ended.said
    assert f"error: the workspace {there.url}: worker tcp://127.0.0.1:" in ended.err
    assert f"cannot write to it: {said}" in ended.err
    assert not objects.listed(there.url)


# --- any executor ---------------------------------------------------------------------------------------------------


def test_spawned_processes_that_do_not_see_the_workspaces_copy(
    there: There, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, measured_shop: tuple[Place, Ended]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    copy = there.place.folder / "cache"
    copy.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(copy))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context, initializer=hide, initargs=(str(copy),)) as executor:
        run = profiler.run(
            there.place.folder / "job.py",
            executor=executor,
            variants=["decomposed"],
            inputs={"sales": "s3://shop/sales/*.parquet"},
            shards=3,
            workspace=there.url,
        )
    assert [end.complete for end in run.variants] == [True], run.variants
    assert rows_of(run) == rows_of(measured_shop[1].run)
    assert there.names == {f"runs/{run.id}.jsonl", f"work/{run.id}/answers/decomposed.parquet"}
    assert not list(tmp_path.glob("paredown-*"))


def test_a_pools_worker_without_credentials_is_refused(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(there.place.folder / "cache"))
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, context, initializer=forget, initargs=CREDENTIALS) as executor,
        pytest.raises(UsageError) as caught,
    ):
        profiler.run(there.place.folder / "job.py", executor=executor, workspace=there.url)
    (problem,) = caught.value.problems
    assert problem.startswith(f"the executor's worker cannot read the workspace {there.url}: no credentials were found")
    assert not objects.listed(there.url)
