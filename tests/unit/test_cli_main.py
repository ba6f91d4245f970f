"""The command line's outermost layer: which exit code and which words every ending has."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from profiler.cli.main import COMMANDS, LazyGroup, main
from profiler.errors import DeclarationError, InputError

PIPE = 65_536
"""Bytes that a pipe takes before its writer has to wait for a reader."""


def a_group(body: Callable[[], object]) -> click.Group:
    """A command line whose only command is `do`."""
    group = click.Group("paredown")
    group.add_command(click.Command("do", callback=body))
    return group


def raising(error: BaseException) -> Callable[[], object]:
    """A command that ends like this."""

    def body() -> object:
        raise error

    return body


def lines_of_main(body: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """The exit code of a command, and what stood on stderr."""
    code = main(["do"], group=a_group(body))
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("answer", [0, 1, 2])
def test_a_command_answers_with_its_exit_code(answer: int) -> None:
    assert main(["do"], group=a_group(lambda: answer)) == answer


def test_an_error_says_what_and_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = lines_of_main(
        raising(InputError("no such file: a.parquet", hint="name another with --input")), capsys
    )
    assert (code, lines) == (2, ["error: no such file: a.parquet", " hint: name another with --input"])


def test_every_mistake_of_a_declaration_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = lines_of_main(raising(DeclarationError(("one thing", "another thing"))), capsys)
    assert (code, lines) == (2, ["error: one thing", "error: another thing"])


def test_further_lines_of_an_error_stand_under_its_first(capsys: pytest.CaptureFixture[str]) -> None:
    """So that the caret of an SQL error stays under its column."""
    code, lines = lines_of_main(raising(InputError("q.sql:1\nSELECT x\n       ^")), capsys)
    assert (code, lines) == (2, ["error: q.sql:1", "       SELECT x", "              ^"])


@pytest.mark.parametrize("error", [ZeroDivisionError("boom"), BrokenPipeError(errno.EPIPE, "a keeper's pipe")])
def test_the_unknown_is_a_bug_of_ours_and_shows_its_traceback(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = lines_of_main(raising(error), capsys)
    assert code == 3
    assert lines[0] == "Traceback (most recent call last):"
    assert type(error).__name__ in lines[-2]
    assert lines[-1].startswith("error: this is a bug of paredown")


def test_a_command_without_an_exit_code_is_a_bug_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = lines_of_main(lambda: None, capsys)
    assert code == 3
    assert "TypeError: a command ended with None instead of its exit code" in lines


def test_a_full_disk_is_trouble_and_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = lines_of_main(raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.jsonl")), capsys)
    assert (code, lines) == (2, ["error: cannot write run.jsonl: No space left on device"])


def test_an_interruption_says_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of_main(raising(KeyboardInterrupt()), capsys) == (130, [])


@pytest.mark.parametrize(
    ("arguments", "wrong", "hint"),
    [
        pytest.param(["nope"], "nope", " hint: see paredown --help", id="unknown command"),
        pytest.param(["--nope"], "--nope", " hint: see paredown --help", id="unknown option"),
        pytest.param(["do", "x"], "x", " hint: see paredown do --help", id="argument too many"),
    ],
)
def test_wrong_usage_names_what_is_wrong_and_the_help_of_the_command_meant(
    arguments: list[str], wrong: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, group=a_group(lambda: 0)) == 2
    message, advice = capsys.readouterr().err.splitlines()
    assert message.startswith("error: ")
    assert wrong in message
    assert advice == hint


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command_in_its_order(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    shown = capsys.readouterr().out.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in shown] == list(COMMANDS)


def test_no_command_shows_the_help_and_is_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_the_version_is_the_packages_own(capsys: pytest.CaptureFixture[str]) -> None:
    from profiler import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"paredown {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_of_each_command_what_its_own_help_says(name: str) -> None:
    command = LazyGroup("paredown").get_command(click.Context(click.Command("paredown")), name)
    assert command is not None
    assert command.get_short_help_str(limit=1000) == COMMANDS[name]


def shell(line: str, *, writes: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A shell line in which `$PAREDOWN` is a command line whose only command prints `writes`."""
    program = (
        "import sys, click\nfrom profiler.cli.main import main\ngroup = click.Group('paredown')\n"
        f"group.add_command(click.Command('do', callback=lambda: print({writes}) or 0))\n"
        "sys.exit(main(['do'], group=group))\n"
    )
    return subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, "PYTHON": sys.executable, "PROGRAM": program, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("size", [1, 10 * PIPE], ids=["found out at the end", "found out while printing"])
def test_a_reader_that_went_away_is_met_with_silence(size: int) -> None:
    line = '{ sleep 0.3; "$PYTHON" -c "$PROGRAM"; } | true; echo ${PIPESTATUS[0]}'
    ended = shell(line, writes=f"'x' * {size}")
    assert (ended.stdout, ended.stderr) == ("141\n", "")


def test_a_full_output_is_trouble_said_once() -> None:
    ended = shell('"$PYTHON" -c "$PROGRAM" > /dev/full', writes="'x'")
    assert (ended.returncode, ended.stderr) == (2, "error: cannot write the output: No space left on device\n")


def test_a_closed_output_is_no_reason_to_fail() -> None:
    ended = shell('"$PYTHON" -c "$PROGRAM" >&-', writes="'x'")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_terminal_that_lacks_a_character_gets_its_number() -> None:
    ended = shell('"$PYTHON" -c "$PROGRAM"', writes="'3 \\u00d7'", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stdout) == (0, "3 \\xd7\n")


@pytest.mark.parametrize("value", ["0", "1.5", "-1", "five", "1001", "", "1e3"])
def test_a_number_of_repeats_that_means_nothing_is_told_with_what_was_expected(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "cost_anomalies", "--repeat", value]) == 2
    shown = capsys.readouterr()
    assert f"'--repeat': {value!r}; expected a whole number from 1 to 1,000" in shown.err
    assert shown.out == ""
