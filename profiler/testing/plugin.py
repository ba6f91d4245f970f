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
    from profiler.model import Measurement
    from profiler.testing.limits import Limits

_PROPERTY = "paredown"
"""Key of the user property that carries a test's figures to whoever reports: xdist's controller, a JUnit file."""
_WORDS = {True: "fits", False: "does not fit", None: "it is undecided whether this fits"}
_limits: pytest.StashKey[Limits] = pytest.StashKey()
_problem: pytest.StashKey[str] = pytest.StashKey()
"""A mistake in a marker."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "lambda_fit(max_peak, max_gb_s, memory_mib, headroom=1.2, timeout=900, allow_undecided=False): run the test in "
        "a sandbox of its own and fail when it would not fit AWS Lambda or these limits (paredown)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read the marker of every chosen test, so that a mistake in it is said before anything runs."""
    problems = []
    for item in items:
        marker = item.get_closest_marker("lambda_fit")
        if marker is None or not (isinstance(item, pytest.Function) or marker in item.own_markers):
            continue  # A doctest of a module that is marked as a whole runs as ever.
        from profiler.errors import PareDownError
        from profiler.testing.limits import limits_of

        try:
            item.stash[_limits] = limits_of(dict(marker.kwargs), *marker.args)
            if not isinstance(item, pytest.Function):
                item.stash[_problem] = "lambda_fit is for test functions"
        except PareDownError as error:
            item.stash[_problem] = error.message
        if _problem in item.stash:
            problems.append(f"{item.nodeid}: {item.stash[_problem]}")
    if problems and not hasattr(config, "workerinput"):  # A worker of pytest-xdist has nobody to tell; the tests fail.
        raise pytest.UsageError("\n".join(problems))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a marked test in its sandbox; every other one is not ours."""
    if not _is_outside(item):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item):
        item.ihook.pytest_runtest_logreport(report=report)
    # What earlier tests have set up and no later one needs goes now, as it would after any test.
    ending = pytest.CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown")
    if ending.excinfo is not None:
        item.ihook.pytest_runtest_logreport(report=item.ihook.pytest_runtest_makereport(item=item, call=ending))
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """Leave the timer of pytest-timeout to the session inside, which has one too."""
    return True if _is_outside(item) else None


def _is_outside(item: pytest.Item) -> bool:
    """Whether a test is marked and shall be called, and this is not its sandbox."""
    config = item.config
    inside = config.pluginmanager.has_plugin("paredown-inside")
    return (_limits in item.stash or _problem in item.stash) and not inside and not config.getoption("setuponly", False)


def _reports(item: pytest.Item) -> Iterator[pytest.TestReport]:
    if _problem in item.stash:
        yield _report(item, "setup", pytest.fail.Exception, item.stash[_problem])
        return
    from profiler.errors import UnsupportedError
    from profiler.testing.running import run_in_sandbox
    from profiler.units import memory

    assert isinstance(item, pytest.Function)
    limits = item.stash[_limits]
    try:
        ran = run_in_sandbox(item, limits)
    except UnsupportedError as error:
        yield _report(item, "setup", pytest.skip.Exception, error.message)
        return
    if item.config.option.capture == "no":
        print(ran.printed, end="")  # noqa: T201 - what the test printed, shown as `-s` would
    known: list[tuple[str, object]] = []
    measurements = iter(ran.measurements)
    for report in ran.reports:
        if report.when == "call" and type(report) is pytest.TestReport:  # Not that of a subtest, which is within.
            report = _judged(item, report, next(measurements, None), limits)
            known = [given for given in report.user_properties if given[0] == _PROPERTY]
            if ran.printed and item.config.option.capture != "no":
                report.sections.append(("Captured output", ran.printed))
        else:
            report.user_properties.extend(known)  # A JUnit file has those of the teardown.
        yield report
    if all(report.passed for report in ran.reports) and "call" not in {report.when for report in ran.reports}:
        problem = ran.problem or "its process came to no result"
        if ran.measurements:
            problem += f"; it held {memory(ran.measurements[-1].peak.low)} at the peak"
        yield _report(item, "call", pytest.fail.Exception, f"{problem}\n{ran.printed}".rstrip())


def _judged(
    item: pytest.Item, report: pytest.TestReport, measurement: Measurement | None, limits: Limits
) -> pytest.TestReport:
    """The report of the call, with what it used; a failure where the test passed and does not fit."""
    from profiler.testing.judged import judge_call

    if measurement is None:
        text = "its call was not seen, and so not measured: another plugin makes it in a way of its own"
        return _report(item, "call", pytest.fail.Exception, text) if report.passed else report
    judged = judge_call(measurement, limits)
    used = f"{_WORDS[judged.fits]}: {judged.figures}"
    if not report.passed:
        used = f"no verdict, since it did not pass: {judged.used}"
    elif judged.fits is False or (judged.fits is None and not limits.allow_undecided):
        failed = _report(item, "call", pytest.fail.Exception, "\n  ".join([used, *judged.reasons]))
        failed.sections, failed.duration = report.sections, report.duration
        report = failed
    report.user_properties.append((_PROPERTY, used))
    return report


def _report(item: pytest.Item, when: Any, kind: Callable[..., BaseException], text: str) -> pytest.TestReport:
    def fail() -> None:
        raise kind(text, pytrace=False) if kind is pytest.fail.Exception else kind(text)

    # Not by the hook: what plugins keep on an item that they run, this one does not have.
    return pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(fail, when=when))


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
    used = {
        report.nodeid: value
        for outcome, reports in terminalreporter.stats.items()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _PROPERTY and report.when == "call" and outcome != "rerun"
    }
    if used:
        terminalreporter.section("paredown: tests held against AWS Lambda")
        for nodeid, value in used.items():
            terminalreporter.line(f"{nodeid}  {value}")
