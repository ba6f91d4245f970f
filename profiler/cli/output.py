"""Where a command's result goes: to standard output as it is, or into a file that is never half written."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TextIO

import click

from profiler.errors import OutputError
from profiler.urls import is_url

_PLAIN = str.maketrans("·×–…─│≥→÷▁▂▃▄▅▆▇█▉▊▋▌▍▎▏░", "-x-~-|>>/_.-=+*%########:")
"""What stands for the signs of a report where a terminal cannot show them; each as wide as before."""

WIDTH = 80
"""Where no terminal says how wide it is."""


def width_of(stream: TextIO | None) -> int:
    """Cells of the terminal behind a stream; COLUMNS, or 80, where it is none."""
    try:
        if stream is not None and not os.environ.get("COLUMNS"):
            return os.get_terminal_size(stream.fileno()).columns or WIDTH
    except (OSError, ValueError):
        pass
    return shutil.get_terminal_size((WIDTH, 24)).columns if os.environ.get("COLUMNS") else WIDTH


def colour_of(stream: TextIO | None) -> bool:
    """Whether to write colours to a stream: to a terminal that has them, and never with NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def shown_on(stream: TextIO, text: str) -> str:
    """Return the text as a stream can show it: with plain signs where its encoding lacks ours."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(_PLAIN)
    return text


def write_result(text: str, output: str, *, force: bool) -> None:
    """Write a command's result to a file, or to standard output for `-`.

    The file is written under another name and renamed, so that no reader ever finds half of it.

    Raises:
        OutputError: If the file is there already and `force` is not given, or it cannot be written.
    """
    if output == "-":
        if sys.stdout is None:
            raise OutputError("standard output is closed, so there is nowhere to write", hint="-o FILE writes a file")
        sys.stdout.write(shown_on(sys.stdout, text))
        return
    if not output.strip():
        raise OutputError(f"{output!r} is no name of a file; expected one, or - for standard output")
    if is_url(output):
        raise OutputError(f"{output}: is a URL, and results are written to this disk; expected the name of a file")
    path = Path(output)
    try:
        if path.is_dir():
            raise OutputError(f"{output}: is a folder; expected the name of a file")
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # A device or a pipe: nothing to overwrite, nothing to rename.
            return
        if path.exists() and not force:
            raise OutputError(f"{output}: is there already, and nothing is overwritten", hint="--force overwrites it")
        _replace(path.resolve(), text)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror}", hint=_hint(path)) from error
    click.echo(f"wrote {output}", err=True)


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _hint(path: Path) -> str | None:
    return None if os.path.lexists(path.parent) else f"there is no folder {path.parent}"
