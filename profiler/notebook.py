"""paredown in a notebook: `%%paredown` measures a cell in the kernel's own process, `%paredown` shows a kept run.

`%load_ext profiler` registers both. The cell's names and results stay in the notebook, which is why it is measured
here and not in a sandbox: the peak holds what the kernel holds already.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from profiler.errors import PareDownError, UsageError

if TYPE_CHECKING:
    from profiler.here import Measured

_CELL = "cell"
_WIDTH = 100
_KNOWN = ("max_peak", "max_gb_s", "memory_mib", "headroom")


def register(shell: Any) -> None:
    """Make the magics known to a shell of IPython."""
    shell.register_magic_function(_line(shell), magic_kind="line", magic_name="paredown")
    shell.register_magic_function(_cell(shell), magic_kind="cell", magic_name="paredown")


def _line(shell: Any) -> Callable[[str], None]:
    def paredown(line: str) -> None:
        """Show a kept run: `%paredown` the last one, `%paredown RUN` one by its id or path."""
        _told(lambda: _show_run(line))

    return paredown


def _cell(shell: Any) -> Callable[[str, str], None]:
    def paredown(line: str, cell: str) -> None:
        """Measure the cell: `%%paredown`, or with limits as in a test: `%%paredown max_peak="512 MB"`."""
        _told(lambda: _measure_cell(shell, line, cell))

    return paredown


class CellFailed(Exception):
    """Ends a cell as one that failed, so that nothing runs on behind it, with this text in place of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _told(work: Callable[[], None]) -> None:
    """Do it; an error of ours is told as on the command line, without a traceback through our code."""
    try:
        work()
    except PareDownError as error:
        raise CellFailed(f"error: {error.message}" + (f"\n hint: {error.hint}" if error.hint else "")) from None


def _show_run(line: str) -> None:
    from profiler.face import load, render

    try:
        words = shlex.split(line)
    except ValueError:
        raise UsageError(f"%paredown cannot read {line!r}; expected the id or the path of a run") from None
    if len(words) > 1:
        raise UsageError(f"%paredown takes one run, and got {len(words)}: {line}")
    _print(render(load(words[0] if words else "last"), width=_WIDTH).rstrip())


def _measure_cell(shell: Any, line: str, cell: str) -> None:
    from profiler.here import measure_here
    from profiler.testing.limits import limits_of

    limits = limits_of(_arguments(line), of="%%paredown", known=_KNOWN)
    if _awaits(shell, cell):
        raise UsageError(
            "%%paredown cannot measure a cell with await: the notebook's event loop is busy with this one",
            hint="measure it as a script, with asyncio.run: paredown run FILE",
        )
    measured = measure_here(lambda: shell.run_cell(cell))
    result = measured.result
    if result.error_before_exec is None:  # Otherwise it never ran.
        _print(_report(measured, limits))
    if not result.success:
        error = type(result.error_before_exec or result.error_in_exec).__name__
        raise CellFailed(f"The cell raised {error}; see above.")


def _awaits(shell: Any, cell: str) -> bool:
    """Whether a cell needs an event loop while one is running, as in a kernel: IPython's own is free at a terminal."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return bool(shell.should_run_async(cell, transformed_cell=shell.transform_cell(cell)))


def _arguments(line: str) -> dict[str, Any]:
    """The limits behind `%%paredown`, written as the arguments of a call."""
    import ast

    try:
        call = ast.parse(f"f({line}\n)", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise UsageError(
            f"%%paredown cannot read {line.strip()!r}; expected limits such as max_peak='512 MB', memory_mib=1769"
        ) from None


def _report(measured: Measured[Any], limits: Any) -> str:
    from dataclasses import replace

    from profiler.testing.judged import a_call, judge_call

    call = replace(
        a_call(_CELL),
        wall_ns=measured.wall_ns,
        cpu_ns=measured.cpu_ns,
        peak=measured.peak,
        start_bytes=measured.start_bytes,
    )
    judged = judge_call(call, limits)
    if not measured.result.success:
        return f"RAISED   Until then: {measured}."
    label = {True: "FITS", False: "DOES NOT FIT", None: "UNDECIDED"}[judged.fits]
    lines = [f"{label}   {measured}."]
    if judged.there:
        lines.append(f"On Lambda, {judged.there}; its start is not counted.")
    return "\n".join([*lines, *(f"  {reason}" for reason in judged.reasons)])


def _print(text: str) -> None:
    print(text)  # noqa: T201 - what a magic shows goes below its cell
