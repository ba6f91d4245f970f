"""A workspace by URL on engines whose workers share no folder with the harness: what they share is the store."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
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
from tests.integration.conftest import SALES, shop_in
from tests.integration.hosts import forget, hide, may_move
from tests.integration.place import Ended, Place, Started, wait_until
from tests.object_stores import Store, ask, running_store

DECOMPOSED = ("run", "job.py", "--variant", "decomposed", "--shards", "3")
ARGUMENTS = (*DECOMPOSED, "--input", "sales=s3://shop/sales/*.parquet")
SHORT = """
import os, time
from profiler import Job, dataset, per_shard, query

WAIT = os.environ.get("SHOP_WAIT")

def predict(daily):
    if WAIT:
        with open(f"{WAIT}.reached", "a") as file:
            file.write("x")
    while WAIT and os.path.exists(WAIT):
        time.sleep(0.05)
    return daily

KEYS = ("customer", "service")
daily = query("daily.sql", reads="sales", shard_by=KEYS)
job = Job(
    name="short",
    inputs={"sales": dataset("data/*.parquet")},
    answer_key=(*KEYS, "day"),
    monolith=[daily],
    decomposed=[daily, per_shard(predict, reads="daily")],
)
"""
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
NO_CREDENTIALS = ("env", *(f"--unset={name}" for name in CREDENTIALS))
pytestmark = pytest.mark.skipif(not may_move(), reason="the kernel gives no namespaces to us")


DAILY = f"SELECT customer, service, day, sum(cost)::DOUBLE AS cost FROM ({SALES}) GROUP BY ALL ORDER BY ALL"


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
    """A store that this process asks too."""
    with running_store("shop") as store, pytest.MonkeyPatch.context() as here:
        ask(store.environment, here)
        yield store


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory, running: Store) -> Path:
    """The harness's disk: what workers do not see. Inputs are in the store."""
    folder = tmp_path_factory.mktemp("harness")
    for file in (shop_in(folder / "data").folder / "data").glob("*.parquet"):
        running.client.put_object(Bucket="shop", Key=f"sales/{file.name}", Body=file.read_bytes())
    return folder


@pytest.fixture
def there(harness: Path, tmp_path: Path, request: pytest.FixtureRequest) -> There:
    """The job `shop` on that disk, and an empty workspace."""
    name = f"{request.node.name[:30]}-{os.getpid()}"
    place = shop_in(harness / name)
    place.environment |= {"XDG_CACHE_HOME": str(place.folder / "cache")}
    return There(place, f"s3://shop/{name}", tmp_path)


@pytest.fixture
def short(there: There) -> There:
    """The same, with a job of two steps, of which the second one waits as it is told."""
    there.place.write("job.py", SHORT)
    return there


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The decomposed variant of `shop` on this disk."""
    ended = shop_in(tmp_path_factory.mktemp("local")).paredown(*DECOMPOSED, "--jobs", "1")
    assert ended.code == 0, ended.said
    return ended.run


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
    wait_until(lambda: not cluster.left_on_workers(), "still on a worker", every_s=0.1)
    wait_until(lambda: not folders_on(cluster), "still on a worker's disk", every_s=0.1)


def folders_on(cluster: Cluster) -> list[Path]:
    """What workers have made below their folders for temporary files."""
    return list(cluster.folder.glob("worker-*/temp/paredown-*"))


# --- any executor ---------------------------------------------------------------------------------------------------


def test_spawned_processes_that_do_not_see_the_workspaces_copy(
    there: There, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, local: Run
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
    assert rows_of(run) == rows_of(local)
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


# --- Dask -----------------------------------------------------------------------------------------------------------


def test_a_scheduler_that_goes_away_is_an_outcome(short: There, harness: Path, running: Store, tmp_path: Path) -> None:
    with a_cluster(tmp_path, workers=0) as other:
        add_worker(other, harness, tmp_path, **running.environment)
        other.wait_for_workers(1)
        started, _ = short.held(other, after=1)
        other.scheduler.kill()
        ended = started.end()
        assert ended.code == 1, ended.said
        lost = [item for item in short.kept.measurements if not item.outcome.ok]
        assert {item.step for item in lost} == {"predict"}
        assert f"the Dask scheduler at {other.address} went away" in {item.outcome.message for item in lost}
        assert "Traceback" not in ended.err
        wait_until(lambda: not other.left_on_workers(), "still on a worker", every_s=0.1)


def test_a_worker_that_cannot_ask_the_store_is_refused(
    there: There, harness: Path, running: Store, tmp_path: Path
) -> None:
    with a_cluster(tmp_path, workers=0) as other:
        add_worker(other, harness, tmp_path, *NO_CREDENTIALS, **running.environment)
        other.wait_for_workers(1)
        ended = there.run(other)
    assert ended.code == 2, ended.said
    assert f"error: the workspace {there.url}: worker tcp://127.0.0.1:" in ended.err
    assert "cannot write to it: no credentials were found" in ended.err
    assert not objects.listed(there.url)


def test_a_worker_without_the_library_of_the_store_says_what_brings_it(there: There, tmp_path: Path) -> None:
    (tmp_path / "s3fs.py").write_text("raise ModuleNotFoundError('No module named s3fs', name='s3fs')")
    asked = f"from profiler.runner.engines.there import leave_sign; print(leave_sign({there.url!r}, 'worker-0'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "cannot write to it: its filesystem is not installed; pip install 'paredown[s3]'\n"
    assert not objects.listed(there.url)


def test_what_a_cluster_of_our_own_has_begun_is_known_on_another_machine(short: There) -> None:
    command = (*ARGUMENTS, "--workspace", short.url, "--engine", "dask", "--jobs", "2")
    gate = short.outside / "gate"
    gate.touch()
    started = short.place.start(*command, environment={"SHOP_WAIT": str(gate)}, start_new_session=True)

    def put() -> bytes:
        return b"".join(objects.read(f"{short.url}/{name}") or b"" for name in short.names if name.startswith("runs/"))

    wait_until(lambda: put().count(b'"event":"begin"') == 3, "not entered", process=started.process, every_s=0.2)
    started.process.kill()
    started.process.communicate()
    gate.unlink()
    short.place.environment["XDG_CACHE_HOME"] = str(short.outside / "another machine")
    again = short.place.paredown(*command, "--resume")
    assert again.code == 0, again.said
    assert "Tasks tried again: 2 of predict" in " ".join(again.out.split())


# The tests of one cluster are the last ones: it takes time too where nobody uses it.


def test_the_same_answer_and_tasks_as_locally(cluster: Cluster, short: There) -> None:
    ended = short.run(cluster, "--repeat", "2")
    assert ended.code == 0, ended.said
    assert ended.err == f"Dask at {cluster.address}, 2 workers; the job's code is sent through the workspace\n"
    run = short.kept
    assert run.settings.workspace == short.url
    assert rows_of(run) == duckdb.sql(DAILY).fetchall()
    tasks = [("daily", 0), ("predict", 0), ("predict", 1), ("predict", 2)]
    assert sorted((item.step, item.index) for item in run.of(Variant.DECOMPOSED)) == tasks
    assert all(item.outcome.ok and item.peak.exact for item in run.measurements)
    assert {file.partition("/work/")[0] for item in run.measurements for file in item.files} == {short.url}
    assert short.names == {f"runs/{run.id}.jsonl", f"work/{run.id}/answers/decomposed.parquet"}
    assert len(run.repetitions) == 2
    for repetition in run.repetitions:  # None begins with a warm sandbox of the one before.
        assert {item.step for item in repetition.measurements if item.init_ns > 0} == {"daily", "predict"}
    nothing_left(cluster)


def test_a_worker_that_is_killed_is_an_outcome_and_resume_does_the_rest(cluster: Cluster, short: There) -> None:
    started, gate = short.held(cluster)
    (victim, _) = cluster.pids()
    os.kill(victim, signal.SIGKILL)
    wait_until(
        lambda: victim not in (pids := cluster.pids()) and len(pids) == 2, "no worker took its place", every_s=0.2
    )
    gate.unlink()
    ended = started.end()
    assert ended.code == 1, ended.said
    run = short.kept
    (lost,) = [item for item in run.measurements if not item.outcome.ok]
    assert (lost.step, lost.outcome.ending, lost.attempt) == ("predict", Ending.LOST, 1)
    assert lost.outcome.message == f"the worker that ran it was lost: process {victim}; it was not run a second time"
    assert Path(f"{gate}.reached").stat().st_size == 3, "a task began twice"

    again = short.run(cluster, "--resume")
    assert again.code == 0, again.said
    assert short.kept.id == run.id
    assert rows_of(short.kept) == duckdb.sql(DAILY).fetchall()
    attempts = {(item.step, item.index): item.attempt for item in short.kept.measurements}
    assert [key for key, attempt in attempts.items() if attempt > 1] == [(lost.step, lost.index)]
    assert short.names == {f"runs/{run.id}.jsonl", f"work/{run.id}/answers/decomposed.parquet"}
    wait_until(lambda: not cluster.left_on_workers(), "still on a worker", every_s=0.1)


def test_what_still_runs_of_a_killed_harness_is_stopped_before_it_is_run_again(cluster: Cluster, short: There) -> None:
    started, _ = short.held(cluster)
    started.process.kill()
    started.process.communicate()
    again = short.run(cluster, "--resume")
    assert again.code == 0, again.said
    assert rows_of(short.kept) == duckdb.sql(DAILY).fetchall()
    assert sorted(item.attempt for item in short.kept.measurements if item.step == "predict") == [1, 2, 2]
    stopped = [line for line in Path(short.kept.path).read_text().splitlines() if '"ending":"stopped"' in line]
    assert len(stopped) == 2
    nothing_left(cluster)


def test_ctrl_c_keeps_what_was_measured_and_leaves_nothing_else(cluster: Cluster, short: There) -> None:
    started, gate = short.held(cluster)
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    run = short.kept
    assert sorted(item.outcome.ending for item in run.measurements) == [Ending.OK] + [Ending.STOPPED] * 3
    assert len([item for item in run.measurements if item.outcome.ending is Ending.STOPPED and item.peak.low]) == 2
    assert {name.split("/")[0] for name in short.names} == {"runs", "work"}
    assert not [name for name in short.names if "stop-" in name or "probe-" in name]
    nothing_left(cluster)
    gate.unlink()
    again = short.run(cluster, "--resume")
    assert again.code == 0, again.said
    assert rows_of(short.kept) == duckdb.sql(DAILY).fetchall()
