"""A test in a sandbox: a pytest session of its own that collects this one test, and measures its call.

Fixtures are made before the measured time, as what a task reads lies there before it begins. The session waits before
the call and after it, so that its keeper too watches the call and nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import unittest
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.config import create_terminal_writer

from profiler.model import Ending, Outcome
from profiler.sandbox import meter
from profiler.work import UNHEARD, Answered, RunTest, Tested

if TYPE_CHECKING:
    from profiler.sandbox.serve import Channel

INSIDE = "paredown-inside"
"""Name of the plugin by which a session knows that it is the inner one."""
_FINAL = b"R"
_OK = Outcome(ending=Ending.OK)


class _Inside:
    """Waits around the call and measures it, and keeps the reports of the inner session."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.reports: list[pytest.TestReport] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        """Measure the test's own function: the innermost of what stands around it."""
        return (yield from self.measured())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure a test of `unittest`, which calls its function itself, between its setUp and its tearDown."""
        if issubclass(getattr(item, "cls", None) or object, unittest.TestCase):
            return (yield from self.measured())
        return (yield)

    def measured(self) -> Generator[None, object, object]:
        """Wait, do the call, tell what it used, and wait again: for every try, where a plugin tries again."""
        gc.collect()
        self.answer(Answered(outcome=_OK))
        self.channel.receive()
        meter.reset_peak()
        start = meter.snapshot()
        try:
            return (yield)
        finally:
            self.answer(Answered(outcome=_OK, reading=meter.since(start)))
            self.channel.receive()

    def answer(self, answer: Answered) -> None:
        """Answer an order; there is nothing more to do here when the test has closed the line."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if not self.channel.send(_FINAL, answer):
            os._exit(UNHEARD)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Keep this session's own lines out of what the test prints; plugins want to find a terminal all the same."""
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal._tw = create_terminal_writer(config, open(os.devnull, "w"))  # noqa: SIM115 - as long as the session

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say what ended the session before the test had."""
        sys.stderr.write(f"{excinfo.exconly()}\n")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Say what went wrong in a plugin."""
        sys.stderr.write(f"{excrepr}\n")

    def pytest_runtest_logstart(self) -> None:
        """Forget what was printed until here: the session outside has shown the same when it began."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with contextlib.suppress(OSError):  # The module has put something else in the place of the log.
            os.ftruncate(1, 0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of a setup, a call or a teardown."""
        self.reports.append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say why a file could not be collected here, where it could outside."""
        if report.failed:
            sys.stderr.write(f"{report.longrepr}\n")


def carry_out(order: RunTest, channel: Channel) -> None:
    """Run the test and answer with its reports."""
    sys.path[:] = order.path
    config = pytest.Config.fromdictargs(order.options, [order.node])
    inside = _Inside(channel)
    config.pluginmanager.register(inside, INSIDE)
    if order.worker is not None:
        config.workerinput = order.worker  # type: ignore[attr-defined]  # By this, plugins know that they do not lead.
    try:
        config.hook.pytest_cmdline_main(config=config)
        reports: list[dict[str, Any]] = [
            config.hook.pytest_report_to_serializable(config=config, report=report) for report in inside.reports
        ]
    finally:
        config._ensure_unconfigure()
    inside.answer(Answered(outcome=_OK, result=Tested(reports=tuple(reports))))
