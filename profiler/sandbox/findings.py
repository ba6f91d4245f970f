"""From an exception to a finding: what the user did wrong, with the user's own frames and none of ours."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType

import profiler
from profiler.errors import PareDownError, StoreInputError, StoreOutputError
from profiler.model import Ending, Outcome
from profiler.urls import is_url

_OURS = os.path.dirname(os.path.abspath(profiler.__file__)) + os.sep
_BUNDLED = os.path.join(_OURS, "_bundled") + os.sep
_LONGEST = 20_000


def outcome_of(error: BaseException) -> Outcome:
    """Say how a piece of work ended that raised `error`."""
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else (0 if error.code is None else 1)
        said = f" ({error.code})" if error.code is not None and not isinstance(error.code, int) else ""
        return Outcome(
            ending=Ending.EXITED,
            message=f"left with sys.exit{said}, exit code {code}; a step has to return",
            traceback=user_traceback(error),
            exit_code=code,
        )
    if isinstance(error, KeyboardInterrupt):
        return Outcome(ending=Ending.STOPPED, message="interrupted")
    if isinstance(error, PareDownError):
        first, _, more = error.message.partition("\n")
        # A store that says no for a while says nothing of the step: it may run yet, as a task may whose worker is gone.
        ending = Ending.LOST if isinstance(error, StoreInputError | StoreOutputError) else Ending.RAISED
        return Outcome(ending=ending, message=first, traceback=error.message if more else "")
    ending = Ending.OUT_OF_MEMORY if _is_memory(error) else Ending.RAISED
    return Outcome(ending=ending, message=last_line(error), traceback=user_traceback(error))


def last_line(error: BaseException) -> str:
    """The exception as Python's last line of a traceback shows it; of a message of several lines, the first."""
    lines = traceback.format_exception_only(error)
    text = lines[-1] if isinstance(error, SyntaxError) else lines[0]  # Behind others stand the notes added to them.
    return text.strip().split("\n")[0][:_LONGEST] + _of_a_url(error)


def _of_a_url(error: BaseException) -> str:
    """What to do where a URL was taken for the path of a file."""
    path = error.filename if isinstance(error, FileNotFoundError) else None
    return "; it is a URL and no path: read it through fsspec" if isinstance(path, str) and is_url(path) else ""


def user_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, from the first frame that is not paredown's."""
    shown = traceback.TracebackException(type(error), error, _first_user_frame(error.__traceback__), compact=True)
    inner: traceback.TracebackException | None = shown
    while inner is not None:
        inner.stack[:] = [frame for frame in inner.stack if not is_ours(frame.filename)]
        inner = inner.__cause__ or inner.__context__
    text = "".join(shown.format())
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + "\n...\n" + text[-_LONGEST // 2 :]


def _first_user_frame(trace: TracebackType | None) -> TracebackType | None:
    first = trace
    while first is not None and is_ours(first.tb_frame.f_code.co_filename):
        first = first.tb_next
    return first if first is not None else trace


def is_ours(filename: str) -> bool:
    """Whether a file is paredown's own, and no reference job."""
    if filename.startswith("<frozen importlib"):
        return True
    path = os.path.abspath(filename)
    return path.startswith(_OURS) and not path.startswith(_BUNDLED)


def _is_memory(error: BaseException) -> bool:
    """A MemoryError, or DuckDB's own."""
    duckdb = sys.modules.get("duckdb")
    return isinstance(error, MemoryError) or (duckdb is not None and isinstance(error, duckdb.OutOfMemoryException))
