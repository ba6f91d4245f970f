"""Frozen values to plain JSON and back, by the types that their fields declare.

Numbers are figures: whole ones from 0 up, others finite. One that may be otherwise is `Annotated` with the words that
say so. How a type is read is worked out once per type: a run of 100,000 tasks has millions of fields.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]

_BEYOND = 2**63


def encode(value: Any) -> Any:
    """A frozen value as plain JSON; what is at its default is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return value


def decode(kind: Any, value: Any) -> Any:
    """Plain JSON as the value of a type: dataclasses, enums, tuples, dicts, unions with None.

    A key that the type has no field for is left out.

    Raises:
        ValueError: If it does not fit; the message names the field.
    """
    return _reader(kind)(value)


@cache
def _reader(kind: Any) -> Reader:
    """What turns plain JSON into a value of this type."""
    if kind is Any:
        return lambda value: value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _any_whole if arguments[0] is int else _any_number
    if origin in (types.UnionType, typing.Union):
        return _of_union(arguments)
    if origin is tuple:
        return _of_tuple(arguments)
    if origin is dict:
        of_value = _reader(arguments[1])
        return lambda value: {key: of_value(item) for key, item in _expect(dict, value).items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _of_fields(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is float:
        return _finite
    if kind is int:
        return _whole
    return lambda value: value if type(value) is kind else _expect(kind, value)


def _whole(value: Any) -> int:
    """A number as counters have it."""
    number = _any_whole(value)
    if number < 0:
        raise ValueError(f"expected a number from 0, found {number}")
    return number


def _finite(value: Any) -> float:
    number = _any_number(value)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, found {number}")
    return number


def _any_number(value: Any) -> float:
    try:
        number: float = float(value) if type(value) is int else _expect(float, value)
    except OverflowError:
        raise ValueError("expected a number that a float holds") from None
    return number


def _any_whole(value: Any) -> int:
    """A number as DuckDB has it: what is longer is no figure, and no float holds it."""
    if type(value) is int and -_BEYOND <= value < _BEYOND:
        return value
    _expect(int, value)
    raise ValueError("expected an int of at most 64 bits")


def _of_union(arguments: tuple[Any, ...]) -> Reader:
    readers = [_reader(argument) for argument in arguments if argument is not type(None)]
    optional = len(readers) < len(arguments)

    def read(value: Any) -> Any:
        if value is None and optional:
            return None
        problems = []
        for reader in readers:
            try:
                return reader(value)
            except ValueError as error:
                problems.append(str(error))
        raise ValueError("; ".join(problems))

    return read


def _of_tuple(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        of_item = _reader(arguments[0])
        return lambda value: tuple([of_item(item) for item in _expect(list, value)])
    readers = [_reader(argument) for argument in arguments]

    def read(value: Any) -> Any:
        items = _expect(list, value)
        if len(items) != len(readers):
            raise ValueError(f"expected {len(readers)} items, found {len(items)}")
        return tuple(reader(item) for reader, item in zip(readers, items, strict=True))

    return read


def _of_fields(kind: Any) -> Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}

    def read(value: Any) -> Any:
        found = {}
        for name, item in _expect(dict, value).items():
            reader = readers.get(name)
            if reader is None:
                continue
            try:
                found[name] = reader(item)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        try:
            return kind(**found)
        except TypeError as error:
            raise ValueError(str(error)) from error

    return read


def _expect(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value
