"""Reads TOML: from a text, or from a file of the user's, which may be anything."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tomllib import loads
from typing import Any

from profiler.errors import FactsError

_LARGEST_BYTES = 4_000_000
"""Far above any file of prices; a device that never ends is left alone beyond it."""

_KEY = re.compile(r"\('.*'\)")
"""How tomllib shows a dotted key: as Python would a tuple."""
_END = "end of document"
_PLACE = re.compile(rf"(?P<problem>.*) \(at (?P<place>line \d+, column \d+|{_END})\)", re.DOTALL)


def parse(text: str, file: str) -> dict[str, Any]:
    """Return what a TOML text says, every number with a point or an exponent as `Decimal`.

    Raises:
        FactsError: With line and column.
    """
    try:
        return loads(text, parse_float=_decimal)
    except RecursionError as error:
        raise FactsError(f"{file}: is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of more digits than Python reads.
        found = _PLACE.fullmatch(str(error))
        if found is None:
            raise FactsError(f"{file}: no TOML: {error}") from error
        problem = _KEY.sub(lambda key: ".".join(re.findall(r"'([^']*)'", key[0])), found["problem"])
        place = _end_of(text) if found["place"] == _END else found["place"]
        raise FactsError(f"{file}: no TOML, {place}: {problem[:1].lower()}{problem[1:]}") from error


def read_text(path: str | Path) -> str:
    """Return the text of a file of prices.

    Raises:
        FactsError: If it cannot be read, or is no text.
    """
    if not str(path).strip():
        raise FactsError(f"{str(path)!r} is no name of a file of prices")
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
    except IsADirectoryError as error:
        raise FactsError(f"{path}: is a folder; expected a file of prices") from error
    except FileNotFoundError as error:
        raise FactsError(f"{path}: there is no such file of prices") from error
    except OSError as error:
        raise FactsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FactsError(f"{str(path)!r}: is no name of a file: {error}") from error
    if len(content) > _LARGEST_BYTES:
        raise FactsError(f"{path}: is larger than {_LARGEST_BYTES:,} bytes; expected a file of prices")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FactsError(
            f"{path}: is no UTF-8 text: byte {error.start + 1} is 0x{content[error.start]:02x}",
            hint="TOML is UTF-8; save the file as that",
        ) from error


def _end_of(text: str) -> str:
    """Where a text ends, as tomllib says the other places."""
    return f"line {text.count(chr(10)) + 1}, column {len(text) - text.rfind(chr(10))}, the end"


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text} is beyond any number") from None
