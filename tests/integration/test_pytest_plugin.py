"""The pytest plugin, as somebody's test suite meets it: real sessions, real sandboxes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import entry_points

import pytest

from tests.integration.place import wait_until

pytestmark = pytest.mark.skipif("not sys.platform.startswith('linux')", reason="only Linux measures")


def only_with(*plugins: str) -> str:
    """Options of a session without other plugins of this Python: most of its time goes into importing them."""
    others = {plugin.name for plugin in entry_points(group="pytest11")} - {"paredown", *plugins}
    return " ".join(f"-p no:{name}" for name in sorted(others))


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for a test suite whose sessions are as a stranger's: without the options of ours."""
    for name in ("CI", "BUILD_NUMBER"):  # With those, pytest says failures whole, and twice.
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", only_with())
    return pytester


def test_what_fits_passes_and_what_does_not_fails_with_the_reasons_of_the_report(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among all plugins that are here."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.lambda_fit(max_peak="512 MiB", max_gb_s=2.5, memory_mib=1769)
        def test_small():
            held = bytearray(100 << 20)

        @pytest.mark.lambda_fit(memory_mib=256, max_peak="300 MB", max_gb_s=0.01)
        def test_large():
            held = bytearray(400 << 20)
            for _ in range(3_000_000):
                pass
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r".*::test_small  fits: peak 1\d\d MB, CPU .*, at 1,769 MB .* GB-seconds"])
    result.stdout.re_match_lines(
        [
            r"does not fit: peak 4\d\d MB, .*",
            r"  test_large needs \d+ MB with headroom; it declares 256 MB: declare memory_mib=\d+\.",
            r"  test_large holds 4\d\d MB at its peak; max_peak is 300 MB\.",
            r"  test_large takes .* GB-seconds at 256 MB; max_gb_s is 0\.01\.",
        ]
    )


def test_what_other_tests_and_the_session_hold_changes_no_figure(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        held = []

        def test_hoards():
            held.append(bytearray(300 << 20))

        @pytest.mark.lambda_fit(max_peak="200 MB")
        def test_small():
            assert not held
            bytearray(50 << 20)

        @pytest.mark.lambda_fit
        def test_again():
            bytearray(50 << 20)
        """
    )
    for options in ([], ["-p", "no:randomly", "-k", "test_small or test_again"]):
        result = suite.runpytest_subprocess(*options)
        assert result.ret == 0
        peaks = re.findall(r"fits: peak (\d+)\.?\d* MB", result.stdout.str())
        assert len(peaks) == 2
        assert all(70 <= int(peak) <= 130 for peak in peaks)


def test_fixtures_are_made_inside_and_before_the_measured_time(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import os
        import time
        import pytest

        @pytest.fixture(scope="module")
        def slow():
            end = time.process_time() + 0.5
            while time.process_time() < end:
                pass
            yield os.getpid()

        @pytest.mark.lambda_fit(max_gb_s=0.05)
        def test_uses_it(slow, tmp_path, capsys):
            print("seen")
            assert capsys.readouterr().out == "seen\\n"
            assert slow == os.getpid()
            (tmp_path / "x").write_text("y")

        def test_outside(slow):
            assert slow == os.getpid()
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=2)


def test_what_earlier_tests_have_set_up_is_taken_down_when_no_later_one_needs_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_a="""
        import pytest

        @pytest.fixture(scope="module")
        def thing():
            yield 1
            print("taken down")

        def test_first(thing):
            pass

        @pytest.mark.lambda_fit
        def test_last_of_its_module():
            pass
        """,
        test_b="""
        def test_other():
            print("the other module")
        """,
    )
    result = suite.runpytest_subprocess("-s")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*taken down*", "*the other module*"])


ENDINGS = {
    "assert [1] == [2]": "E       assert [[]1[]] == [[]2[]]",
    "import os, signal; print('last words', flush=True); os.kill(os.getpid(), signal.SIGKILL)": "killed by SIGKILL*",
    "import os; os._exit(4)": "the process ended itself with exit code 4*",
    "import time; time.sleep(60)": "not done after 1 s, the timeout*",
    "pytest.exit('enough')": "its process came to no result; it held *",
    "raise KeyboardInterrupt": "its process came to no result; it held *",
}


def test_a_test_that_fails_or_dies_is_a_failure_that_says_how(suite: pytest.Pytester) -> None:
    tests = (
        f"@pytest.mark.lambda_fit(timeout=1)\ndef test_ends_badly_{number}():\n    {body}"
        for number, body in enumerate(ENDINGS)
    )
    suite.makepyfile("\n\n".join(["import pytest", *tests, "def test_after_it():\n    pass"]))
    result = suite.runpytest_subprocess()
    result.assert_outcomes(failed=len(ENDINGS), passed=1)
    for number, said in enumerate(ENDINGS.values()):
        result.stdout.fnmatch_lines([f"_* test_ends_badly_{number} _*", f"*{said}*"])
    result.stdout.fnmatch_lines(["last words", "*Exit: enough", "KeyboardInterrupt"])


def test_a_test_that_hypothesis_calls_is_measured_too(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", only_with("hypothesispytest"))
    suite.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies

        @pytest.mark.lambda_fit(max_peak="150 MB")
        @settings(max_examples=3, database=None, deadline=None)
        @given(strategies.integers())
        def test_given(number):
            bytearray(200 << 20)
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r"  test_given holds 2\d\d.* at its peak; max_peak is 150 MB\."])


def test_tests_that_pytest_does_not_call_itself_are_measured_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        '''
        >>> 1 + 1
        2
        '''
        import os
        import unittest
        import pytest

        pytestmark = pytest.mark.lambda_fit(max_peak="150 MB")

        class TestOld(unittest.TestCase):
            def setUp(self):
                self.size = 200 << 20

            def test_large(self):
                bytearray(self.size)

            def test_small(self):
                bytearray(1)

        class TestAsync(unittest.IsolatedAsyncioTestCase):
            async def test_large(self):
                bytearray(200 << 20)

        def test_comes_back_twice():
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                bytearray(200 << 20)
        """
    )
    result = suite.runpytest_subprocess("--doctest-modules")
    result.assert_outcomes(failed=3, passed=2)
    result.stdout.re_match_lines_random(
        [
            rf"  {name} holds 2\d\d.* at its peak; max_peak is 150 MB\."
            for name in ("test_large", "test_comes_back_twice")
        ]
    )


def test_plugins_that_stand_around_a_test_find_what_they_expect(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        """
        import pytest
        from _pytest.runner import runtestprotocol

        class Hooks:
            @pytest.hookspec(firstresult=True)
            def pytest_timeout_set_timer(self, item, settings): ...

        def pytest_addhooks(pluginmanager):
            pluginmanager.add_hookspecs(Hooks())

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_protocol(item):  # As pytest-timeout does; its timer would end the session outside.
            item.ihook.pytest_timeout_set_timer(item=item, settings=None)
            return (yield)

        @pytest.hookimpl(trylast=True)
        def pytest_timeout_set_timer(item):
            assert item.config.get_terminal_writer() is not None
            with open("timers", "a") as file:
                file.write(f"{item.name}\\n")

        class TriesAgain:
            def pytest_runtest_protocol(self, item, nextitem):  # As pytest-rerunfailures does.
                item.tries = 0
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                again = True
                while again:
                    item._initrequest()
                    reports = runtestprotocol(item, nextitem=nextitem, log=False)
                    again = item.tries < 2 and any(report.failed for report in reports)
                    for report in reports:
                        if report.failed and again:
                            report.outcome = "rerun"
                        item.ihook.pytest_runtest_logreport(report=report)
                item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
                return True

            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_makereport(self, item, call):
                item.tries += call.when == "call"
                return (yield)

            def pytest_report_teststatus(self, report):
                return ("rerun", "R", "RERUN") if report.outcome == "rerun" else None

        def pytest_configure(config):
            config.pluginmanager.register(TriesAgain())
        """
    )
    suite.makepyfile(
        """
        import time
        import pytest

        tries = []

        @pytest.mark.lambda_fit(max_gb_s=0.1)
        def test_flaky():
            tries.append(1)
            if len(tries) == 1:
                end = time.process_time() + 0.5
                while time.process_time() < end:
                    pass
                assert not tries

        @pytest.mark.lambda_fit(max_peak="100 MB")
        def test_large():
            bytearray(200 << 20)
        """
    )
    result = suite.runpytest_subprocess("-s")
    result.stdout.re_match_lines([r".*::test_large  does not fit: peak 2\d\d MB", r"=.* 1 failed, 1 passed, 1 rerun"])
    assert re.findall(r"::test_flaky  fits: peak .*, CPU \S+ ms", result.stdout.str())
    assert result.stdout.str().count("::test_flaky  ") == 1
    assert (suite.path / "timers").read_text() == "test_flaky\ntest_large\n"  # Those of the sessions inside.


def test_skipping_parameters_classes_and_xfail_work_as_anywhere(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.lambda_fit
        class TestAll:
            @pytest.mark.skipif(True, reason="not today")
            def test_skipped(self):
                raise AssertionError

            @pytest.mark.xfail(strict=True)
            def test_known(self):
                raise AssertionError

            @pytest.mark.parametrize("text", ["a b::é", ""])
            def test_of(self, text):
                assert text in ("a b::é", "")

            @pytest.fixture
            def broken(self):
                raise RuntimeError("no such thing")

            def test_with_a_broken_fixture(self, broken):
                pass
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=2, skipped=1, xfailed=1, errors=1)
    result.stdout.fnmatch_lines(["*RuntimeError: no such thing*"])


def test_it_works_with_xdist_and_its_figures_reach_the_end_and_a_junit_file(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    monkeypatch.setenv("PYTEST_ADDOPTS", only_with("xdist", "xdist.looponfail"))
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.lambda_fit
        @pytest.mark.parametrize("number", range(3))
        def test_of(number, worker_id):
            assert worker_id.startswith("gw")

        @pytest.mark.lambda_fit(memory_mib=128)
        def test_large():
            bytearray(300 << 20)
        """
    )
    result = suite.runpytest_subprocess("-n", "2", "--junitxml=junit.xml")
    result.assert_outcomes(passed=3, failed=1)
    assert len(re.findall(r"::test_of\[\d\]  fits: ", result.stdout.str())) == 3
    cases = ElementTree.parse(suite.path / "junit.xml").getroot().iter("testcase")
    properties = {case.get("name"): [given.get("value") for given in case.iter("property")] for case in cases}
    assert [text.split(":")[0] for text in properties["test_large"] if text] == ["does not fit"]
    assert [text.split(":")[0] for text in properties["test_of[1]"] if text] == ["fits"]


def test_options_of_pytest_go_on_meaning_what_they_mean(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\naddopts = --strict-markers -q\npythonpath = .\n")
    suite.makepyfile(
        helper="VALUE = 3",
        test_it="""
        import pytest
        from helper import VALUE

        @pytest.mark.lambda_fit
        def test_first():
            assert VALUE == 4

        @pytest.mark.lambda_fit
        def test_second():
            assert VALUE == 3
        """,
    )
    suite.runpytest_subprocess("-x").assert_outcomes(failed=1)
    suite.runpytest_subprocess("--lf").assert_outcomes(failed=1)
    suite.runpytest_subprocess("-k", "second", "-p", "no:cacheprovider").assert_outcomes(passed=1, deselected=1)
    assert suite.runpytest_subprocess("--setup-only").ret == 0
    suite.runpytest_subprocess("--collect-only").stdout.fnmatch_lines(["*test_first*", "*test_second*"])
    suite.runpytest_subprocess("-p", "no:paredown", "-o", "addopts=").assert_outcomes(passed=1, failed=1, warnings=2)


MISTAKES = {
    'max_peak="512"': "max_peak*512*",
    "max_peek='1 GB'": "'max_peek' is unknown; did you mean max_peak?",
    "memory_mib=64": "memory_mib is 64; expected a whole number from 128 to 10240",
    "max_gb_s=-1": "max_gb_s*-1*",
    "'512 MB'": "takes its limits by name, and got '512 MB'; expected max_peak, *",
    "allow_undecided=3": "allow_undecided is 3; expected True or False",
    "headroom=0.5": "headroom is 0.5; expected a number from 1",
}


def test_every_mistake_in_a_marker_is_said_before_anything_runs(suite: pytest.Pytester) -> None:
    tests = (
        f"@pytest.mark.lambda_fit({marker})\ndef test_{number}():\n    open('it-ran', 'w')"
        for number, marker in enumerate(MISTAKES)
    )
    suite.makepyfile("\n\n".join(["import pytest", *tests]))
    result = suite.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    for number, said in enumerate(MISTAKES.values()):
        result.stderr.fnmatch_lines([f"*::test_{number}: *{said}*"])
    assert not (suite.path / "it-ran").exists()


def test_a_worker_of_xdist_fails_the_test_that_has_a_mistake(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    monkeypatch.setenv("PYTEST_ADDOPTS", only_with("xdist", "xdist.looponfail"))
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.lambda_fit(max_peek="1 GB")
        def test_wrong():
            pass

        def test_right():
            pass
        """
    )
    result = suite.runpytest_subprocess("-n", "1")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["lambda_fit: 'max_peek' is unknown; did you mean max_peak?"])


def test_an_interrupted_session_leaves_no_process(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import os, pathlib, subprocess, time
        import pytest

        @pytest.mark.lambda_fit
        def test_long():
            child = subprocess.Popen(["sleep", "600"])
            pathlib.Path("pids.part").write_text(f"{os.getpid()} {os.getppid()} {child.pid}")
            os.rename("pids.part", "pids")
            time.sleep(600)
        """
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    with subprocess.Popen(command, cwd=suite.path, stdout=subprocess.PIPE) as session:
        wait_until((suite.path / "pids").exists, "the test did not begin", process=session)
        session.send_signal(signal.SIGINT)
        try:
            said, _ = session.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            session.kill()
            raise
    assert session.returncode == pytest.ExitCode.INTERRUPTED
    assert b"KeyboardInterrupt" in said
    pids = (suite.path / "pids").read_text().split()
    assert len(pids) == 3
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "a process is left")


def test_the_fixture_measures_a_callable_where_it_is(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        def test_adds(paredown):
            measured = paredown(lambda size: bytearray(size), 60 << 20)
            assert len(measured.result) == 60 << 20
            assert 58 << 20 <= measured.added_bytes <= 64 << 20
            assert measured.peak_bytes >= measured.added_bytes
            assert measured.peak.exact

        def test_again_without_what_the_first_one_held(paredown):
            assert paredown(sorted, [2, 1]).added_bytes < 5 << 20

        def test_children(paredown):
            import subprocess
            measured = paredown(subprocess.run, ["true"])
            assert measured.peak.high is None

        def test_what_it_raises_is_raised(paredown):
            import pytest
            with pytest.raises(ZeroDivisionError):
                paredown(lambda: 1 / 0)
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=4)


def test_a_session_without_marked_tests_imports_nothing_of_the_harness(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys

        def test_bare():
            ours = [name for name in sys.modules if name.startswith("profiler.") and "testing" not in name]
            assert ours == []
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=1)
