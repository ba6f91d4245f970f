"""A worker that shares only a store with the harness: attempts, code and the sign to stop go through it."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.httpsession import AIOHTTPSession
from s3fs import S3FileSystem

from profiler.errors import EngineError, OutputError
from profiler.model import Ending, Measurement
from profiler.runner.engines import away, places, signing
from profiler.runner.engines.attempts import Attempt
from profiler.runner.engines.engine import Engine
from profiler.runner.engines.job_code import Code
from profiler.runner.engines.once import run_once, versions
from profiler.runner.engines.preflight import copy_code
from profiler.runner.workspace import Workspace
from profiler.stores import objects
from profiler.task import Task
from tests.integration.place import wait_until
from tests.integration.tasks import ENDINGS, a_task
from tests.object_stores import Store, ask, environment, listening, refusing, running_store

URL = "s3://workspace/paredown"
AWAY = f"{URL}/work/run-1"
CODE = Code(home=str(ENDINGS.parent), digests=((str(ENDINGS), hashlib.sha256(ENDINGS.read_bytes()).hexdigest()),))
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    """A store that this process asks by one client."""
    with running_store("workspace") as store, pytest.MonkeyPatch.context() as there:
        ask(store.environment, there)
        yield store


@pytest.fixture
def store(running: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """That store, and a folder for what workers make; both are empty afterwards."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    yield running
    away.leave()
    assert not list((tmp_path / "temp").iterdir())
    objects.remove(URL)


@pytest.fixture
def task(store: Store, tmp_path: Path) -> Task:
    """A task as a worker gets it that does not see the harness's folder."""
    return replace(a_task("fine", tmp_path), folder="/nowhere/run-1", stop_file="/nowhere/stop-1-tasks", away=AWAY)


def lost(measurement: Measurement) -> str:
    """Why a task was lost."""
    assert measurement.outcome.ending is Ending.LOST
    return measurement.outcome.message


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of what the test asks of the store; what a worker's thread asks, when it is time, is none of them."""
    methods: list[str] = []
    send, look = AIOHTTPSession.send, away.Home.look

    def looked(home: away.Home) -> None:
        if threading.current_thread() is threading.main_thread():
            look(home)

    async def noted(self: AIOHTTPSession, request: Any) -> Any:
        methods.append(request.method)
        return await send(self, request)

    monkeypatch.setattr(AIOHTTPSession, "send", noted)
    monkeypatch.setattr(away.Home, "look", looked)
    return methods


def test_a_task_costs_two_requests_and_leaves_two_objects(task: Task, requests: list[str]) -> None:
    first = run_once(task, versions(), CODE).measurement
    assert first.outcome.ok, first.outcome
    assert requests == ["PUT", "PUT"]
    name = Attempt(task).name
    assert set(objects.listed(AWAY)) == {f"attempts/{name}", f"attempts/{name}.ended"}
    assert run_once(task, versions(), CODE).measurement == first
    assert not Path("/nowhere").exists()


def test_a_look_whether_to_stop_is_one_request(task: Task, requests: list[str]) -> None:
    with away.at_home(task) as home:
        home.look()
        assert requests == ["GET"]
        objects.write(f"{AWAY}/stop-1-tasks", b"stop")
        home.look()
        home.look()
    assert requests == ["GET", "PUT", "GET"]


def test_a_second_start_of_one_that_never_ended_is_lost(task: Task) -> None:
    assert Attempt(task).begin()
    assert f": process {os.getpid()}; it was not run a second time" in lost(run_once(task, versions()).measurement)


def test_a_sandbox_stays_warm_for_the_next_task(task: Task) -> None:
    first, second = (run_once(replace(task, index=index), versions()).measurement for index in range(2))
    assert first.init_ns > 0
    assert second.init_ns == 0


def test_an_attempt_is_begun_by_who_was_told_twice_that_it_is_there(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library asks a second time where the first answer got lost on its way."""
    create = places.Store.create
    monkeypatch.setattr(places.Store, "create", lambda self, *args: create(self, *args) and create(self, *args))
    assert Attempt(task).begin()
    assert not Attempt(task).begin()


def test_a_store_that_lets_nobody_write_is_an_outcome(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(refusing(403, "AccessDenied")) as address, monkeypatch.context() as there:
        ask(environment(address), there)
        said = lost(run_once(task, versions()).measurement)
    S3FileSystem.clear_instance_cache()
    assert said.startswith(f"its worker cannot write to the workspace: {AWAY}/attempts/")
    assert said.endswith("access is denied (AccessDenied): these credentials may not write here")


def test_a_store_that_fails_when_a_task_ends_loses_nothing(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(url: str, content: bytes) -> None:
        raise OutputError(f"{url}: cannot be written: the store asks to slow down, again and again")

    monkeypatch.setattr(objects, "write", fails)
    assert run_once(task, versions()).measurement.outcome.ok
    assert Attempt(task).found() is None


def test_a_sign_in_the_store_stops_what_runs_and_what_comes(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "LOOK_S", 0.1)
    sleeping = replace(task, **vars_of(a_task("sleeps", tmp_path)))
    found: list[Measurement] = []
    running = threading.Thread(target=lambda: found.append(run_once(sleeping, versions()).measurement))
    running.start()
    wait_until(lambda: objects.listed(f"{AWAY}/attempts"), "it did not begin", every_s=0.1)
    objects.write(f"{AWAY}/stop-1-tasks", b"stop")
    running.join(30)
    assert found[0].outcome.ending is Ending.STOPPED
    next_one = run_once(replace(sleeping, index=1), versions()).measurement
    assert next_one.outcome.message == "stopped before it began"
    assert len(objects.listed(f"{AWAY}/attempts")) == 2


def vars_of(task: Task) -> dict[str, Any]:
    """What of a task says what it does."""
    return {"step": task.step, "order": task.order, "prepare": task.prepare}


# --- code -----------------------------------------------------------------------------------------------------------


def test_code_that_a_worker_lacks_is_fetched_once(task: Task, tmp_path: Path) -> None:
    elsewhere, code = moved_code(tmp_path)
    sent = copy_code(code, f"{AWAY}/code")
    there = replace(task, **vars_of(CODE.moved(task, str(elsewhere))))
    shutil.rmtree(elsewhere)
    assert run_once(there, versions(), sent).measurement.outcome.ok
    objects.remove(f"{AWAY}/code")
    assert run_once(replace(there, index=1), versions(), sent).measurement.outcome.ok


def test_code_that_is_not_as_it_was_sent_is_an_outcome(task: Task, tmp_path: Path) -> None:
    sent = copy_code(moved_code(tmp_path)[1], f"{AWAY}/code")
    objects.write(f"{AWAY}/code/endings.py", b"another")
    assert lost(run_once(task, versions(), sent).measurement) == (
        f"its worker cannot have the job's code: {AWAY}/code/endings.py: is another file than was sent"
    )
    objects.remove(f"{AWAY}/code")
    assert lost(run_once(task, versions(), sent).measurement).endswith("code/endings.py: is not there")


def moved_code(tmp_path: Path) -> tuple[Path, Code]:
    """The code of the tests' endings in another folder."""
    folder = tmp_path / "job"
    folder.mkdir()
    shutil.copy(ENDINGS, folder)
    return folder, Code(home=str(folder), digests=((str(folder / ENDINGS.name), CODE.digests[0][1]),))


# --- folders --------------------------------------------------------------------------------------------------------


def test_what_a_killed_worker_left_goes_when_the_next_one_begins(task: Task, tmp_path: Path) -> None:
    script = (
        "import os, tempfile; from profiler.runner.engines import away;"
        f"tempfile.tempdir = {str(tmp_path / 'temp')!r}; away._make_folder(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    (left,) = (tmp_path / "temp").iterdir()
    assert run_once(task, versions()).measurement.outcome.ok
    assert not left.exists()


def test_a_pools_process_removes_its_folder_when_it_ends(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    with ProcessPoolExecutor(1, mp_context=SPAWN) as executor:
        assert executor.submit(run_once, task, versions()).result(60).measurement.outcome.ok
        assert list((tmp_path / "temp").glob("paredown-worker-*"))
    assert not list((tmp_path / "temp").glob("paredown-worker-*"))


def test_a_worker_that_is_left_keeps_its_folder_until_its_last_task_ends(task: Task) -> None:
    with away.at_home(task) as home:
        away.leave()
        assert Path(home.folder).exists()
    assert not Path(home.folder).exists()


# --- the harness ----------------------------------------------------------------------------------------------------


class Silent(Executor):
    """An engine that begins what it is given, and never answers."""

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        """Take it."""
        if arguments[0].index == 0:
            assert Attempt(arguments[0]).begin()
        return Future()


def test_a_stop_is_one_object_and_what_is_given_up_is_looked_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profiler.runner.engines.engine._PATIENCE_S", 0.3)
    root = tmp_path / "copy"
    (root / "work" / "run-1").mkdir(parents=True)
    task = replace(a_task("fine", root / "work" / "run-1"), stop_file=str(root / "stop-1"))
    engine = Engine(Silent(), workspace=Workspace(root, URL))
    begun, waiting = (engine.submit(run_once, replace(task, index=index)) for index in range(2))
    Path(task.stop_file).touch()
    assert f": process {os.getpid()}; it was not run a second time" in lost(begun.result(60))
    assert waiting.result(60).outcome.message == "stopped before it began"
    engine.close()
    signs = sorted({name.partition("/")[0] for name in objects.listed(AWAY)})
    assert signs == ["attempts", "stop-1-tasks"], "what is still queued would begin"


@pytest.mark.usefixtures("store")
def test_signs_below_a_url_are_gone_afterwards() -> None:
    with signing.below_url(URL) as where:
        assert objects.read(f"{where}/harness") == b"harness"
    assert not objects.listed(URL)


@pytest.mark.usefixtures("store")
def test_a_store_that_lets_two_create_one_object_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def overwrites(url: str, content: bytes) -> bool:
        objects.write(url, content)
        return True

    monkeypatch.setattr(objects, "create", overwrites)
    with pytest.raises(EngineError, match="of two who create one object there, both are told"), signing.below_url(URL):
        pass
    assert not objects.listed(URL)


def test_a_bucket_that_is_not_there_is_said_of_the_workspace(store: Store) -> None:
    with pytest.raises(OutputError) as caught, signing.below_url("s3://nobodys-bucket/paredown"):
        pass
    assert caught.value.message == (
        "cannot write to the workspace s3://nobodys-bucket/paredown: there is no bucket 'nobodys-bucket'"
    )
