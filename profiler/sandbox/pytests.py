"""A test in a sandbox: a pytest session of its own that collects this one test, and measures its call.

Fixtures are made before the measured time, as what a task reads lies there before it begins. The session waits before
the call and after it, so that its keeper too watches the call and nothing else.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

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
        self.called = False
        self.reports: list[pytest.TestReport] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        """Measure the test's own function: the innermost of what stands around it; a second try is not measured."""
        if self.called:
            return (yield)
        self.called = True
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
