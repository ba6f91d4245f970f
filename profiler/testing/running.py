"""A marked test in a sandbox of its own, under a keeper: the outer session's side."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from profiler.model import Measurement
from profiler.runner.keeping import Gone, Keeper, Replied, Reply, Start
from profiler.runner.tasks import gone_outcome, measure
from profiler.testing.judged import a_call
from profiler.testing.limits import Limits
from profiler.units import NS_PER_S
from profiler.work import GoOn, RunTest, Tested

_OFF: dict[str, Any] = {
    "basetemp": None,
    "cacheclear": False,
    "capture": "no",
    "collectonly": False,
    "deselect": None,
    "dist": "no",
    "failedfirst": False,
    "ignore": None,
    "ignore_glob": None,
    "keyword": "",
    "last_failed_no_failures": "all",
    "lf": False,
    "looponfail": False,
    "markexpr": "",
    "maxfail": 0,
    "newfirst": False,
    "no_cov": True,
    "no_header": True,
    "no_summary": True,
    "numprocesses": None,
    "reportlog": None,
    "setupplan": False,
    "stepwise": False,
    "trace": False,
    "tx": [],
    "usepdb": False,
    "xmlpath": None,
}
"""Options of pytest, pytest-xdist and pytest-cov that choose among tests, write files or want a terminal: not inside.

pytest-cov would slow the call down, and begin with removing what the processes of other tests have written.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of one test."""

    reports: tuple[pytest.TestReport, ...]
    """As pytest makes them, as far as they got here."""
    measurements: tuple[Measurement, ...]
    """Of its call, of each try where a plugin tries again; none: it never came so far."""
    problem: str
    """How its process ended before its time; empty: it did not."""
    printed: str


def run_in_sandbox(item: pytest.Function, limits: Limits) -> Ran:
    """Run a test in a sandbox, from its setup to its teardown, and measure its call.

    Always returns: a sandbox that dies or takes too long is an outcome.

    Raises:
        UnsupportedError: If this system cannot measure.
    """
    folder = tempfile.mkdtemp(prefix="paredown-test-")
    temp = os.path.join(folder, "temp")
    os.mkdir(temp)
    environment = {**os.environ, "TMPDIR": temp}
    keeper = Keeper(
        Start(env=tuple(environment.items()), cwd=str(item.config.invocation_params.dir), log=f"{folder}/log")
    )
    try:
        return _run(item, keeper, temp, round(limits.timeout_s * NS_PER_S))
    finally:
        keeper.close()
        shutil.rmtree(folder, ignore_errors=True)


def _run(item: pytest.Function, keeper: Keeper, temp: str, timeout_ns: int) -> Ran:
    """The timeout is that of the call; what comes before and after it is as slow as it is anywhere."""
    measurements = []
    reply = keeper.ask(_order(item))
    while _waits(reply):
        reply = keeper.ask(GoOn(), timeout_ns=timeout_ns, temp=temp)
        measurements.append(measure(a_call(item.name), reply, printed=keeper.printed(), timeout_ns=timeout_ns))
        if _waits(reply):
            reply = keeper.ask(GoOn())
    reports: tuple[pytest.TestReport, ...] = ()
    problem = ""
    if isinstance(reply, Gone):
        problem = gone_outcome(reply, timeout_ns).message
    else:
        reports = tuple(_reports(item, reply.answer.result))
    return Ran(reports=reports, measurements=tuple(measurements), problem=problem, printed=keeper.printed())


def _waits(reply: Reply) -> bool:
    """Whether the session waits before its call, or after it."""
    return isinstance(reply, Replied) and reply.answer.result is None


def _order(item: pytest.Function) -> RunTest:
    config = item.config
    options = {name: value for name, value in vars(config.option).items() if name in _OFF or _pickles(value)}
    options.pop("file_or_dir", None)
    options |= {name: value for name, value in _OFF.items() if name in options}
    options |= {
        "inifilename": None if config.inipath is None else str(config.inipath),
        "rootdir": str(config.rootpath),
    }
    inside = item.nodeid.split("::", 1)[1]
    return RunTest(
        node=f"{item.path}::{inside}",
        options=options,
        path=tuple(sys.path),
        worker=getattr(config, "workerinput", None),
    )


def _pickles(value: object) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # A plugin's own object, whose pickling may raise anything: it is left at its default inside.
        return False
    return True


def _reports(item: pytest.Function, tested: Tested) -> Iterator[pytest.TestReport]:
    for data in tested.reports:
        report = item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
        report.nodeid, report.location = item.nodeid, item.location
        yield report
