"""`--engine dask`: the same job on a cluster's workers, and whatever happens to these is an outcome."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import duckdb
import psutil
import pytest

import profiler
from profiler.encoding import decode
from profiler.model import Ending, Measurement, Run, Variant
from profiler.runner.engines.dask_engine import own_cluster
from profiler.runner.tasks import run_task
from tests.factories import a_plan, a_planned_step
from tests.integration import hosts
from tests.integration.clusters import Cluster, a_cluster, free_port, other_version
from tests.integration.conftest import shop_answers_right, shop_in
from tests.integration.place import Ended, Place, Started, alive, wait_until
from tests.integration.tasks import a_task
from tests.integration.within import paredown_within

DECOMPOSED = ("run", "job.py", "--variant", "decomposed", "--shards", "3", "--engine", "dask")
LOOK = """
import os
from profiler import Job, step

def look():
    raise ValueError(" ".join(str(os.environ.get(name)) for name in {names}))

job = Job(name="look", monolith=[step(look)], decomposed=[step(look)], answer_key="a")
"""
elsewhere = pytest.mark.skipif(not hosts.may_move(), reason="the kernel gives no namespaces to us")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, for tests that leave them as they are or that wait until they are back."""
    with a_cluster(tmp_path_factory.mktemp("dask"), workers=0) as found:
        for _ in range(2):
            found.add_worker(memory="600MB")
        found.wait_for_workers(2)
        yield found


def right(run: Run, light: Place) -> None:
    """The answer of the job `light` is what it has to be."""
    (answer,) = [item for item in run.answers if item.variant is Variant.DECOMPOSED]
    found = duckdb.sql(f"SELECT * FROM '{answer.path}' ORDER BY ALL").fetchall()
    sold = (light.folder / "sold.sql").read_text().replace("sales", "read_parquet(?)")
    sales = f"{light.folder}/data/*.parquet"
    assert found == duckdb.execute(f"{sold} ORDER BY ALL", [sales]).fetchall()


def nothing_left(cluster: Cluster) -> None:
    """No keeper and no sandbox is on any worker."""
    wait_until(lambda: not cluster.left_on_workers(), f"still on a worker: {cluster.left_on_workers()}")


def on(cluster: Cluster) -> tuple[str, ...]:
    """The command on a cluster."""
    return (*DECOMPOSED, "--scheduler", cluster.address)


def held(shop: Place, *arguments: str, after: int = 2) -> tuple[Started, Path]:
    """Start a run, and wait until so many of its last step's tasks hold on; the second value is the gate to remove."""
    gate = shop.write("gate", "")
    started = shop.start(*arguments, environment={"SHOP_WAIT": str(gate)}, start_new_session=True)
    reached = Path(f"{gate}.reached")
    wait_until(
        lambda: reached.exists() and reached.stat().st_size >= after, "predict did not begin", process=started.process
    )
    return started, gate


def refused(place: Place, *arguments: str, **options: object) -> Ended:
    """A command that is refused before anything runs: exit code 2, and nothing half-written."""
    ended = place.paredown(*arguments, **options) if options else paredown_within(place, *arguments)
    assert ended.code == 2, ended.said
    assert ended.out == "", ended.said
    assert "Traceback" not in ended.err, ended.said
    assert not list(place.workspace.glob("runs/*"))
    assert not list(place.workspace.glob("work/*"))
    assert not list(place.workspace.glob("probe-*"))
    return ended


# --- as locally -----------------------------------------------------------------------------------------------------


def test_the_same_answer_and_tasks_as_locally(cluster: Cluster, shop: Place) -> None:
    ended = shop.paredown(*on(cluster))
    assert ended.code == 0, ended.said
    run = ended.run
    assert run.settings.engine == "dask"
    assert run.settings.jobs == 2
    shop_answers_right(shop, run)
    tasks = [(item.step, item.index) for item in run.of(Variant.DECOMPOSED)]
    assert sorted(tasks) == [
        ("cutoff", 0), ("daily", 0), *(("predict", n) for n in range(3)), *(("train", n) for n in range(3)),
    ]  # fmt: skip
    assert all(item.outcome.ok and item.peak.exact and item.curve for item in run.measurements)
    assert {item.host for item in run.measurements} == {""}
    assert run.hosts == ()
    assert ended.err == f"Dask at {cluster.address}, 2 workers, with the job's code at its path\n"
    assert not list(shop.workspace.glob("stop-*"))
    nothing_left(cluster)


def test_a_cluster_of_our_own_where_no_repetition_is_warmed_up(light: Place) -> None:
    ended = light.paredown("run", "job.py", "--shards", "3", "--engine", "dask", "--jobs", "2", "--repeat", "2")
    assert ended.code == 0, ended.said
    assert ended.err == "Dask on this machine, 2 workers of 768 MB\n"
    run = ended.run
    assert run.comparison is not None
    assert run.comparison.equal
    assert run.settings.engine == "dask"
    right(run, light)
    assert [folder.name for folder in (light.workspace / "work").iterdir()] == [run.id]
    for repetition in run.repeated(Variant.DECOMPOSED):
        assert {item.step for item in repetition.measurements if item.init_ns > 0} == {"sold", "cutoff", "predict"}
        assert all(item.paces > 0 for item in repetition.measurements if item.cpu_ns > 50_000_000)


def test_from_python_through_a_clients_executor(cluster: Cluster, light: Place) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        run = profiler.run(
            light.folder / "job.py",
            executor=client.get_executor(),
            variants=["decomposed"],
            shards=1,
            workspace=light.workspace,
        )
        assert client.status == "running"
    assert [end.complete for end in run.variants] == [True]
    assert (run.settings.engine, run.settings.scheduler) == ("dask", cluster.address)
    nothing_left(cluster)


# --- what happens to workers ----------------------------------------------------------------------------------------


GROW = """
import threading, time

def take():
    held = []
    while True:
        held.append(b"x" * (64 << 20))
        time.sleep(0.02)

threading.Thread(target=take, daemon=True).start()
"""
"""What a worker runs that takes more and more memory itself; a sandbox is a process of its own, and no part of that."""


def test_workers_that_are_killed_or_over_their_memory_limit_are_outcomes_and_resume_does_the_rest(
    cluster: Cluster, light: Place
) -> None:
    from distributed import Client

    started, gate = held(light, *on(cluster))
    (killed, grown) = cluster.pids()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: killed not in cluster.pids() and len(cluster.pids()) == 2, "no worker took its place")
    assert grown in cluster.pids()
    with Client(cluster.address, timeout=30, set_as_default=False) as client:
        (address,) = [address for address, pid in client.run(os.getpid).items() if pid == grown]
        client.run(exec, GROW, {}, workers=[address])
        wait_until(lambda: not psutil.pid_exists(grown), "its nanny did not end it")
    gate.unlink()
    ended = started.end()
    assert ended.code == 1, ended.said
    run = ended.run
    lost = [item for item in run.measurements if not item.outcome.ok]
    assert [(item.step, item.outcome.ending, item.attempt) for item in lost] == [("predict", Ending.LOST, 1)] * 2
    assert {item.outcome.message for item in lost} == {
        f"the worker that ran it was lost: process {pid}; it was not run a second time" for pid in (killed, grown)
    }
    groups = sum(item.groups or 0 for item in run.measurements if item.step == "predict")
    assert Path(f"{gate}.reached").stat().st_size == groups + 2, "a task began twice"
    how = " ".join(ended.out.replace("\\\n", " ").split())
    assert (
        f"--engine dask --scheduler {cluster.address} --shards {run.plan.shards} --variant decomposed --resume" in how
    )
    nothing_left(cluster)

    again = paredown_within(light, *on(cluster), "--resume")
    assert again.code == 0, again.said
    assert again.run.id == run.id
    right(again.run, light)
    attempts = {(item.step, item.index): item.attempt for item in again.run.measurements}
    assert {key for key, attempt in attempts.items() if attempt > 1} == {(item.step, item.index) for item in lost}


def test_a_scheduler_that_goes_away_is_an_outcome(cluster: Cluster, light: Place, tmp_path: Path) -> None:
    with a_cluster(tmp_path, workers=1) as other:
        started, gate = held(light, *on(other), after=1)
        other.scheduler.kill()
        ended = started.end()
        assert ended.code == 1, ended.said
        lost = [item for item in ended.run.measurements if not item.outcome.ok]
        assert {item.step for item in lost} == {"predict"}
        assert {item.outcome.ending for item in lost} <= {Ending.LOST, Ending.STOPPED}
        for item in lost:
            assert f"the Dask scheduler at {other.address} went away" in item.outcome.message
        assert ended.run.ended
        assert "Traceback" not in ended.err
        assert "distributed" not in ended.err
        nothing_left(other)
    gate.unlink()
    again = paredown_within(light, *on(cluster), "--resume")
    assert again.code == 0, again.said
    right(again.run, light)


def test_sandboxes_get_the_environment_that_paredown_has_and_it_stays_so(place: Place) -> None:
    """Dask starts workers with one thread for numeric libraries, and with malloc told to trim, by changing its own."""
    import dask
    import distributed  # noqa: F401  (it has the settings)

    names = ("OMP_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_", "PYTHONHASHSEED")
    assert names[1] in dask.config.get("distributed.nanny.pre-spawn-environ")
    before = dict(os.environ)
    place.write("look.py", LOOK.format(names=names))
    ended = paredown_within(place, "run", "look.py", "--engine", "dask")
    assert dict(os.environ) == before
    assert {item.variant: item.outcome.message for item in ended.run.measurements} == {
        Variant.MONOLITH: "ValueError: None None None",
        Variant.DECOMPOSED: "ValueError: 1 None None",
    }


def test_workers_of_our_own_over_their_memory_limit_or_given_up_by_their_nannies_are_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A nanny gives up where its next worker dies while it starts."""
    monkeypatch.setattr("profiler.runner.engines.upkeep.EMPTY_S", 1.0)
    fine, sleeps = (
        replace(a_task(name, tmp_path), stop_file=str(tmp_path / "workspace" / "stop")) for name in ("fine", "sleeps")
    )
    plan = a_plan(decomposed=(a_planned_step(memory_mib=128),))
    with own_cluster(plan, tmp_path / "workspace", 1) as engine:
        running = engine.submit(run_task, sleeps)
        wait_until(lambda: list(tmp_path.glob("attempts/sleeps-*")), "it did not begin")
        engine.client.run(exec, GROW, {})
        assert running.result(60).outcome.ending is Ending.LOST
        assert engine.submit(run_task, fine).result(60).outcome.ok

        end = time.monotonic() + 3
        while time.monotonic() < end:
            for child in psutil.Process().children():
                with suppress(psutil.NoSuchProcess):
                    if "spawn_main" in " ".join(child.cmdline()):
                        child.kill()
            time.sleep(0.05)
        assert not engine.client.nthreads()
        assert engine.submit(run_task, replace(fine, index=1)).result(60).outcome.ok


@elsewhere
def test_a_worker_that_comes_later_with_other_code_runs_nothing(light: Place, tmp_path: Path) -> None:
    """Whoever grows a cluster may start its workers from another checkout."""
    with a_cluster(tmp_path, workers=1) as cluster:
        started, gate = held(light, *on(cluster), after=1)
        job = light.folder / "job.py"
        light.write("other.py", f"{job.read_text()}\n# changed")
        script = f'mount --bind {light.folder}/other.py {job} && exec "$@"'
        cluster.add_worker("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh")
        cluster.wait_for_workers(2)
        wait_until(lambda: b"not the job" in newest(light), "the second worker has begun nothing")
        gate.unlink()
        ended = started.end()
    assert ended.code == 1, ended.said
    lost = [item for item in ended.run.measurements if not item.outcome.ok]
    assert {item.outcome.message for item in lost} == {f"its worker has not the job's code as it is here: {job}"}


def newest(place: Place) -> bytes:
    """What its newest run's file holds by now."""
    return max(place.workspace.glob("runs/*"), key=lambda path: path.stat().st_mtime_ns).read_bytes()


# --- stopping -------------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_measured_and_only_the_same_engine_resumes(cluster: Cluster, light: Place) -> None:
    started, gate = held(light, *on(cluster))
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    endings = [item.outcome.ending for item in ended.run.measurements]
    assert endings.count(Ending.OK) == 2
    assert endings.count(Ending.STOPPED) == 3
    running = [item for item in ended.run.measurements if item.wall_ns and item.outcome.ending is Ending.STOPPED]
    assert len(running) == 2
    assert all(item.peak.low > 0 for item in running)
    assert not list(light.workspace.glob("stop-*"))
    nothing_left(cluster)
    gate.unlink()
    elsewhere = paredown_within(light, "run", "job.py", "--variant", "decomposed", "--shards", "3", "--resume")
    assert elsewhere.code == 2, elsewhere.said
    assert "was begun on the engine 'dask', not on 'local'" in elsewhere.err
    assert "--engine dask" in elsewhere.err
    again = paredown_within(light, *on(cluster), "--resume")
    assert again.code == 0, again.said


def test_ctrl_c_in_a_terminal_leaves_our_own_workers_what_they_measured(light: Place) -> None:
    started, _ = held(light, *DECOMPOSED, "--jobs", "1", after=1)
    os.killpg(started.process.pid, signal.SIGINT)
    ended = started.end()
    assert ended.code == 130, ended.said
    assert sorted(item.outcome.ending for item in ended.run.measurements) == [Ending.OK] * 2 + [Ending.STOPPED] * 3
    assert "Traceback" not in ended.err


def test_nothing_of_our_own_cluster_survives_a_killed_harness(light: Place) -> None:
    started, _ = held(light, *DECOMPOSED, "--jobs", "2", after=1)
    started.process.kill()
    started.process.communicate()
    wait_until(lambda: not alive(started.mark), f"still there: {alive(started.mark)}")


def killed(light: Place, cluster: Cluster) -> Path:
    """A run whose harness was killed while two of its tasks held on; the gate to remove for those."""
    started, gate = held(light, *on(cluster))
    started.process.kill()
    started.process.communicate()
    return gate


def predicted(run: Run) -> list[tuple[int, int, Ending]]:
    """Index, attempt and ending of each measurement of the last step, as the run's file has them, in order."""
    events = map(json.loads, Path(run.path).read_text().splitlines())
    found = [decode(Measurement, event) for event in events if event["event"] == "measurement"]
    return [(item.index, item.attempt, item.outcome.ending) for item in found if item.step == "predict"]


def test_what_still_runs_of_a_killed_harness_is_stopped_and_its_next_attempt_is_known_as_such(
    cluster: Cluster, light: Place
) -> None:
    killed(light, cluster)
    again = paredown_within(light, *on(cluster), "--resume")
    assert again.code == 0, again.said
    right(again.run, light)
    tried = predicted(again.run)
    stopped = [index for index, attempt, ending in tried if (attempt, ending) == (1, Ending.STOPPED)]
    assert len(stopped) == 2
    assert sorted(tried[2:]) == [(index, 2 if index in stopped else 1, Ending.OK) for index in range(3)]
    assert "Tasks tried again: 2 of predict; only the last attempt of each is counted." in " ".join(again.out.split())
    nothing_left(cluster)


def test_what_ended_after_the_harness_was_killed_is_taken_up_and_not_run_again(cluster: Cluster, light: Place) -> None:
    killed(light, cluster).unlink()
    wait_until(lambda: len(list(light.workspace.glob("work/*/attempts/predict-*.ended"))) == 2, "they did not end")
    again = paredown_within(light, *on(cluster), "--resume")
    assert again.code == 0, again.said
    right(again.run, light)
    assert sorted(predicted(again.run)) == [(index, 1, Ending.OK) for index in range(3)]
    assert "tried again" not in again.out
    nothing_left(cluster)


# --- before anything runs -------------------------------------------------------------------------------------------


def test_an_address_where_nobody_listens(shop: Place) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    ended = refused(shop, *DECOMPOSED, "--scheduler", address)
    assert f"no Dask scheduler answers at {address}, within 5 s" in ended.err
    assert not shop.workspace.exists()


def test_an_address_that_is_none(shop: Place) -> None:
    ended = refused(shop, *DECOMPOSED, "--scheduler", "gopher://here:70")
    assert "gopher://here:70: cannot be talked to as a Dask scheduler" in ended.err
    assert "tcp://10.0.0.1:8786" in ended.err


def test_an_address_where_something_else_answers(shop: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "tcp://{}:{}".format(*server.getsockname())

        def answer() -> None:
            taken, _ = server.accept()
            taken.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            taken.close()

        answering = threading.Thread(target=answer)
        answering.start()
        ended = refused(shop, *DECOMPOSED, "--scheduler", address)
        answering.join()
    assert f"{address}: cannot be talked to as a Dask scheduler: something else answers there" in ended.err


def test_no_dask_says_which_extra(shop: Place) -> None:
    shop.write("without/distributed.py", "raise ImportError('No module named distributed')")
    ended = refused(shop, *DECOMPOSED, environment={"PYTHONPATH": str(shop.folder / "without")})
    assert "needs Dask, which is not installed here" in ended.err
    assert "pip install 'paredown[dask]'" in ended.err


def test_a_cluster_without_workers() -> None:
    from distributed import LocalCluster

    from profiler.errors import EngineError
    from profiler.runner.engines.preflight import await_workers, connect

    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        connect(cluster.scheduler_address) as client,
        pytest.raises(EngineError, match="has no worker, and none came within"),
    ):
        await_workers(client, 0.5)


def test_a_scheduler_of_another_dask(shop: Place, tmp_path: Path) -> None:
    other = other_version(tmp_path / "old", "distributed", "2024.8.0")
    with a_cluster(tmp_path, workers=0, environment=other) as cluster:
        ended = refused(shop, *on(cluster))
    first, names, here, scheduler, _ = ended.err.splitlines()
    assert first == f"error: the Dask cluster at {cluster.address} has other versions than this harness:"
    assert names.split() == ["distributed"]
    assert here.split() == ["here", version("distributed")]
    assert scheduler.split() == ["scheduler", "2024.8.0"]


def test_a_worker_with_another_library(shop: Place, tmp_path: Path) -> None:
    with a_cluster(tmp_path, workers=0) as other:
        other.add_worker(environment=other_version(tmp_path / "older", "pandas", "2.0.0"))
        other.wait_for_workers(1)
        ended = refused(shop, *on(other))
    _, names, here, scheduler, worker, _ = ended.err.splitlines()
    assert names.split() == ["pandas"]
    assert here.split() == ["here", version("pandas")]
    assert scheduler.split() == ["scheduler"]
    assert worker.split()[0] == "worker"
    assert worker.split()[2:] == ["2.0.0"]


@dataclass(frozen=True, slots=True)
class Far:
    """A cluster of one worker, on another host that sees nothing of the job's folder, but one folder that we share."""

    address: str
    place: Place
    shared: Path


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    light, shared = shop_in(tmp_path_factory.mktemp("hidden"), "light"), tmp_path_factory.mktemp("shared")
    shutil.copytree(light.folder / "data", shared / "data")
    with a_cluster(tmp_path_factory.mktemp("dask"), workers=0) as cluster:
        cluster.add_worker("unshare", "-u", "sh", "-c", 'hostname node-7 && exec "$@"', "sh", *hidden(light.folder))
        cluster.wait_for_workers(1)
        yield Far(cluster.address, light, shared)
        nothing_left(cluster)


@elsewhere
def test_a_workspace_that_a_worker_does_not_see(far: Far) -> None:
    workspace = far.place.workspace
    ended = refused(far.place, *DECOMPOSED, "--scheduler", far.address)
    assert f"the workspace {workspace}: worker tcp://127.0.0.1:" in ended.err
    assert "does not see it" in ended.err
    assert "--workspace" in ended.err
    assert not workspace.exists()


@elsewhere
def test_inputs_that_a_worker_does_not_see(far: Far) -> None:
    workspace = far.shared / "refused"
    ended = refused(far.place, *DECOMPOSED, "--scheduler", far.address, "--workspace", str(workspace))
    assert ended.err.startswith("error: worker tcp://127.0.0.1:")
    assert f"does not see {far.place.folder}/data/sales-0.parquet, of the input 'sales'\n" in ended.err
    assert not workspace.exists()


@elsewhere
def test_code_that_a_worker_lacks_is_sent_and_its_host_is_known(far: Far) -> None:
    workspace = far.shared / "workspace"
    inputs = ("--input", f"sales={far.shared}/data/*.parquet", "--workspace", str(workspace))
    ended = paredown_within(far.place, *DECOMPOSED, "--scheduler", far.address, *inputs)
    assert ended.code == 0, ended.said
    run = profiler.load("last", workspace=workspace)
    right(run, far.place)
    assert {item.host for item in run.measurements} == {"node-7"}
    assert [machine.host for machine in run.hosts] == ["node-7"]
    assert run.hosts[0].cores == run.machine.cores
    assert "1 worker; the job's code is sent through the workspace" in ended.err
    assert any("it was sent to all of them" in warning for warning in run.plan.warnings)


def hidden(folder: Path) -> tuple[str, ...]:
    """Words before a command that make it see an empty folder in place of this one."""
    script = f'mount -t tmpfs none {folder} && exec "$@"'
    return ("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--scheduler", "tcp://h:1"), "needs --engine dask", id="an address for threads"),
        pytest.param(
            ("--engine", "dask", "--scheduler", "tcp://h:1", "--jobs", "2"), "--jobs means nothing", id="jobs of others"
        ),
        pytest.param(("--engine", "dask", "--variant", "monolith"), "leaves that out", id="nothing for it to do"),
        pytest.param(("--engine", "dask", "--lines", "train"), "have nothing to do", id="lines"),
        pytest.param(("--engine", "dsak"), "'dsak' is not one of", id="an engine that is none"),
    ],
)
def test_options_that_do_not_go_together(shop: Place, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(shop, "run", "job.py", *arguments).err
