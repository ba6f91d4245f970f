"""The pytest plugin: `@pytest.mark.lambda_fit(...)`, the fixture `paredown`, and a summary at the end.

A marked test runs in a process of its own, as a task does, so that neither the order of tests nor what the session
holds changes a figure. pytest loads this in every session, so nothing heavy is imported before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from profiler.here import Measured
    from profiler.testing.limits import Limits
    from profiler.testing.running import Ran

_PROPERTY = "paredown"
"""Key of the user property that carries a test's figures to whoever reports: xdist's controller, a JUnit file."""
_limits: pytest.StashKey[Limits] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "lambda_fit(max_peak, max_gb_s, memory_mib, headroom=1.2, timeout=900, allow_undecided=False): run the test in "
        "a sandbox of its own and fail when it would not fit AWS Lambda or these limits (paredown)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Read the marker of every chosen test, so that a mistake in it is said before anything runs."""
    problems = []
    for item in items:
        marker = item.get_closest_marker("lambda_fit")
        if marker is None:
            continue
        from profiler.errors import PareDownError
        from profiler.testing.limits import limits_of

        try:
            item.stash[_limits] = limits_of(dict(marker.kwargs), *marker.args)
            if not isinstance(item, pytest.Function):
                problems.append(f"{item.nodeid}: lambda_fit is for test functions")
        except PareDownError as error:
            problems.append(f"{item.nodeid}: {error.message}")
    if problems:
        raise pytest.UsageError("\n".join(problems))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a marked test in its sandbox; every other one is not ours."""
    limits = item.stash.get(_limits, None)
    if limits is None or item.config.pluginmanager.has_plugin("paredown-inside"):
        return None
    assert isinstance(item, pytest.Function)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item, limits):
        item.ihook.pytest_runtest_logreport(report=report)
    # What earlier tests have set up and no later one needs goes now, as it would after any test.
    ending = pytest.CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown")
    if ending.excinfo is not None:
        item.ihook.pytest_runtest_logreport(report=item.ihook.pytest_runtest_makereport(item=item, call=ending))
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _reports(item: pytest.Function, limits: Limits) -> Iterator[pytest.TestReport]:
    from profiler.errors import UnsupportedError
    from profiler.testing.running import run_in_sandbox
    from profiler.units import memory

    try:
        ran = run_in_sandbox(item, limits)
    except UnsupportedError as error:
        yield _report(item, "setup", pytest.skip.Exception, error.message)
        return
    if item.config.option.capture == "no":
        print(ran.printed, end="")  # noqa: T201 - what the test printed, shown as `-s` would
    known: list[tuple[str, object]] = []
    for report in ran.reports:
        if report.when == "call":
            report = _judged(item, report, ran, limits)
            known = [given for given in report.user_properties if given[0] == _PROPERTY]
            if ran.printed and item.config.option.capture != "no":
                report.sections.append(("Captured output", ran.printed))
        else:
            report.user_properties.extend(known)  # A JUnit file has those of the teardown.
        yield report
    if not ran.reports:
        problem = ran.problem or "it could not be collected in a process of its own"
        if ran.measurement is not None:
            problem += f"; it held {memory(ran.measurement.peak.low)} at the peak"
        yield _report(item, "call", pytest.fail.Exception, f"{problem}\n{ran.printed}".rstrip())


def _judged(item: pytest.Function, report: pytest.TestReport, ran: Ran, limits: Limits) -> pytest.TestReport:
    """The report of the call, with what it used; a failure where the test passed and does not fit."""
    from profiler.testing.judged import judge_call

    if ran.measurement is None:
        return report
    judged = judge_call(ran.measurement, limits)
    if report.passed and (judged.fits is False or (judged.fits is None and not limits.allow_undecided)):
        label = "does not fit" if judged.fits is False else "it is undecided whether this fits"
        text = "\n".join([f"{label}: {judged.figures}", *(f"  {reason}" for reason in judged.reasons)])
        failed = _report(item, "call", pytest.fail.Exception, text)
        failed.sections, failed.duration = report.sections, report.duration
        report = failed
    word = {True: "fits", False: "does not fit", None: "undecided"}[judged.fits]
    report.user_properties.append((_PROPERTY, f"{word}: {judged.figures}"))
    return report


def _report(item: pytest.Function, when: Any, kind: Callable[..., BaseException], text: str) -> pytest.TestReport:
    def fail() -> None:
        raise kind(text, pytrace=False) if kind is pytest.fail.Exception else kind(text)

    call = pytest.CallInfo.from_call(fail, when=when)
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    assert isinstance(report, pytest.TestReport)
    return report


@pytest.fixture(name="paredown")
def _paredown() -> Callable[..., Measured[Any]]:
    """Measure a call here, in the test's own process: `measured = paredown(function, *args, **kwargs)`.

    What it returns has `result`, `peak_bytes`, `added_bytes`, `wall_ns` and `cpu_ns`. The session's own memory is part
    of the peak; `added_bytes` is what the call added to it.
    """
    from profiler.here import measure_here

    def measure(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Measured[Any]:
        return measure_here(lambda: function(*args, **kwargs))

    return measure


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what every measured test used."""
    lines = []
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _PROPERTY and report.when == "call":
                    lines.append((report.nodeid, value))
    if lines:
        terminalreporter.section("paredown: tests held against AWS Lambda")
        for nodeid, value in lines:
            terminalreporter.line(f"{nodeid}  {value}")
