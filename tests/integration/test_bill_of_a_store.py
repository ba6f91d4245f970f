"""What a run in a store is billed for, held against what the store itself saw, and what is said of it."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from profiler.model import Measurement, Run, Variant
from profiler.store import load_run
from tests.integration.conftest import shop_in
from tests.integration.place import Place
from tests.integration.within import paredown_within
from tests.object_stores import ask, running_store

URL = "s3://team/paredown"
RUN = ("run", "job.py", "--variant", "decomposed", "--jobs", "1", "--shards", "3", "--workspace", URL)
_STEERING = re.compile(r"\x1b\[[0-9;]*m")
_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP')


class Access(logging.Handler):
    """The requests that moto's server has answered, by method and by the step whose file they are about."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[tuple[str, str]] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        request = _REQUEST.search(_STEERING.sub("", record.getMessage()))
        step = request and re.match(r"[^?]+/work/[^/]+/decomposed/([^/?]+)/", request["path"])
        if request and step:
            self.seen[request["method"], step[1]] += 1


@dataclass(frozen=True, slots=True)
class Measured:
    place: Place
    run: Run
    seen: Counter[tuple[str, str]]

    def shown(self, *command: str) -> str:
        """What a command says of it, on one line."""
        ended = paredown_within(self.place, *command, "--workspace", URL)
        assert ended.code == 0, ended.said
        return " ".join(ended.out.split())

    @property
    def tasks(self) -> tuple[Measurement, ...]:
        return self.run.of(Variant.DECOMPOSED)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """The decomposed variant on an input of this disk, with a workspace in a store."""
    place = shop_in(tmp_path_factory.mktemp("a shop in a store"))
    place.environment |= {"XDG_CACHE_HOME": str(place.folder / "cache")}
    access = Access()
    log = logging.getLogger("werkzeug")
    with running_store("team") as store, pytest.MonkeyPatch.context() as there:
        ask(store.environment, there)
        log.addHandler(access)
        log.setLevel(logging.INFO)
        try:
            ended = place.paredown(*RUN)
        finally:
            log.removeHandler(access)
            log.setLevel(logging.ERROR)
        assert ended.code == 0, ended.said
        (file,) = Path(place.folder / "cache").glob("paredown/workspaces/*/runs/*.jsonl")
        yield Measured(place, load_run(str(file)), access.seen)


def total(tasks: tuple[Measurement, ...], kind: str) -> int:
    return sum(getattr(task.moved, kind) for task in tasks if task.moved is not None)


def test_every_request_of_the_tasks_is_counted_and_no_other(measured: Measured) -> None:
    last = measured.run.plan.decomposed[-1].name  # Whose files the harness reads too, to collect the answer.
    put = sum(number for (method, _), number in measured.seen.items() if method == "PUT")
    got = sum(number for (method, step), number in measured.seen.items() if method in ("GET", "HEAD") and step != last)
    assert total(measured.tasks, "put") == put == sum(len(task.files) for task in measured.tasks)
    assert total(measured.tasks, "get") == got > 0
    assert total(measured.tasks, "list") == 0


def test_a_task_knows_what_of_its_input_lay_in_the_store(measured: Measured) -> None:
    inputs = {item.name for item in measured.run.plan.inputs}
    by_step = {step.name: step for step in measured.run.plan.decomposed}
    for task in measured.tasks:
        assert task.stored_bytes == (0 if inputs & set(by_step[task.step].reads) else task.input_bytes)
        assert sum(task.file_bytes) == task.output_bytes


def test_the_bill_estimates_what_was_on_this_disk_alone(measured: Measured) -> None:
    said = measured.shown("budget", "--run", "last", "--store", "s3")
    puts, gets = total(measured.tasks, "put"), total(measured.tasks, "get")
    assert f"Of the requests to S3, {gets} GETs, {puts} PUTs are counted as the tasks made them." in said
    assert "For files that were on this disk it is an estimate: 4 GETs for those that a task is given." in said
    assert f"S3 {puts} PUTs, {gets + 4} GETs, storage" in said


def test_a_report_says_where_files_between_steps_went(measured: Measured) -> None:
    assert f"What passed between steps went to {URL}." in measured.shown("report", "last")
