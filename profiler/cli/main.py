"""The command `paredown`: lists its commands, loads the one that is asked for, and turns every error into an exit code.

What a command does is in a file of its name beside this one. Nothing but click is imported before that is known, so
that `paredown --help` is there at once.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from profiler import __version__
from profiler.errors import DeclarationError, PareDownError, UsageError

COMMANDS = {
    "run": "Measure both variants of a job, or a plain script.",
    "report": "Show a kept run again.",
    "check": "Say whether a kept run holds the line.",
    "compare": "Show kept runs of a job side by side.",
    "history": "Show the kept runs of a job over time.",
    "runs": "List the kept runs, or remove old ones.",
    "budget": "Turn dollars into requests and GB-seconds, and back.",
    "bill": "Show what AWS charges for given quantities, tier by tier.",
    "plan": "Show what would run, reading what; nothing runs.",
    "init": "Write a job file to start from.",
    "facts": "List the limits and prices in use.",
}
"""Every command with its line in `paredown --help`, in the order shown; a test holds each to its command's own."""

TROUBLE, BUG, INTERRUPTED, READER_GONE = 2, 3, 130, 141
"""Exit codes that no command gives itself; the last two are what a shell shows for SIGINT and SIGPIPE."""


class LazyGroup(click.Group):
    """A group of commands, each imported when it is asked for and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"profiler.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, name="paredown", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="paredown %(version)s")
def paredown() -> None:
    """What a batch ML job costs as one process, what it costs decomposed, and whether it fits AWS Lambda."""


def main(arguments: Sequence[str] | None = None, *, group: click.Group = paredown) -> int:
    """Run one command and return its exit code. The one place where errors are caught.

    Args:
        arguments: What stands behind the program's name; by default what this process was started with.
        group: Where commands are looked up.

    Returns:
        0 yes, 1 no: the command's own answer; 2 trouble with usage, job, files or this machine; 3 a bug of paredown;
        130 interrupted; 141 when whoever read the output went away.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # As stderr: a terminal without "×" is no reason to fail.
    try:
        code = _run(group, list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return TROUBLE
    except click.ClickException as error:
        _complain([_lowered(error.format_message())], hint=_where_to_look(error))
        return TROUBLE
    except (DeclarationError, UsageError) as error:
        _complain(error.problems, hint=error.hint)
        return TROUBLE
    except PareDownError as error:
        _complain([error.message], hint=error.hint)
        return TROUBLE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE and _reader_is_gone():
            _drop_unwritten()
            return READER_GONE
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _complain([f"cannot write {error.filename or 'the output'}: {error.strerror}"])
            _drop_unwritten()
            return TROUBLE
        return _bug()
    except Exception:
        return _bug()


def _run(group: click.Group, arguments: list[str]) -> int:
    """Run a command as click's own `main` would, without its exit codes, which are other ones than ours."""
    try:
        with group.make_context("paredown", arguments) as context:
            code = group.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    if not isinstance(code, int):
        raise TypeError(f"a command ended with {code!r} instead of its exit code")
    return code


def _complain(problems: Sequence[str], *, hint: str | None = None) -> None:
    """Write one `error:` per problem and one ` hint:`; further lines of a text stand under its first."""
    texts = [("error: ", problem) for problem in problems] + ([(" hint: ", hint)] if hint else [])
    for label, text in texts:
        click.echo(label + text.replace("\n", "\n" + " " * len(label)), err=True)


def _bug() -> int:
    import platform
    import traceback

    click.echo(traceback.format_exc().rstrip(), err=True)
    _complain([f"this is a bug of paredown {__version__} (Python {platform.python_version()}), not of your job"])
    return BUG


def _where_to_look(error: click.ClickException) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see {context.command_path} --help" if context else None


def _lowered(message: str) -> str:
    """Click's sentence in the form of ours: no capital, no full stop."""
    return message[:1].lower() + message[1:].removesuffix(".")


def _reader_is_gone() -> bool:
    """Whether it is our own output that broke; another pipe that breaks is a bug that must be seen."""
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)
    return any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0))


def _drop_unwritten() -> None:
    """Send what cannot be written nowhere; otherwise Python tries again at its end, and ends with a code of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
