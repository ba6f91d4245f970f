"""What `@pytest.mark.lambda_fit(...)` asks of a test."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from profiler.errors import UsageError

NAME = "lambda_fit"
KNOWN = ("max_peak", "max_gb_s", "memory_mib", "headroom", "timeout", "allow_undecided")
_DEFAULT_TIMEOUT_S = Decimal(900)
"""Lambda's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a test may use."""

    max_peak_bytes: int | None = None
    """Highest resident memory, as measured, without headroom."""
    max_gb_s: Decimal | None = None
    """GB-seconds that Lambda bills for one call, without an init: that of a test session is no function's."""
    memory_mib: int | None = None
    """Memory size of the function; None: the smallest that holds the peak with headroom."""
    headroom: Decimal | None = None
    timeout_s: Decimal = _DEFAULT_TIMEOUT_S
    allow_undecided: bool = False


def limits_of(kwargs: dict[str, Any], *args: object, of: str = NAME, known: tuple[str, ...] = KNOWN) -> Limits:
    """Return the limits that the arguments of a marker, or of a cell's magic, state.

    Args:
        kwargs: As given.
        args: As given; they have no meaning, and are refused.
        of: What they are the arguments of, for the message.
        known: Which of them it takes.

    Raises:
        UsageError: If one is unknown or no such quantity.
    """
    from profiler.fit import DEFAULT_HEADROOM
    from profiler.judging import headroom_of
    from profiler.pricing.cost import as_decimal
    from profiler.pricing.targets import exact
    from profiler.sizes import size_bytes

    if args:
        raise UsageError(f"{of} takes its limits by name, and got {args[0]!r}; expected {', '.join(known)}")
    for name in kwargs:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise UsageError(
                f"{of}: {name!r} is unknown; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
            )
    memory_mib = kwargs.get("memory_mib")
    if memory_mib is not None and (type(memory_mib) is not int or not 128 <= memory_mib <= 10_240):
        raise UsageError(f"{of}: memory_mib is {memory_mib!r}; expected a whole number from 128 to 10240")
    allow = kwargs.get("allow_undecided", False)
    if not isinstance(allow, bool):
        raise UsageError(f"{of}: allow_undecided is {allow!r}; expected True or False")
    given = {name: kwargs[name] for name in ("max_gb_s", "timeout") if kwargs.get(name) is not None}
    numbers = {name: as_decimal(exact(f"{of}: {name}", value)) for name, value in given.items()}
    for name, number in numbers.items():
        if number <= 0:
            raise UsageError(f"{of}: {name} is {given[name]!r}; expected a number above 0")
    peak = kwargs.get("max_peak")
    return Limits(
        max_peak_bytes=None if peak is None else size_bytes(peak, of=f"{of}: max_peak"),
        max_gb_s=numbers.get("max_gb_s"),
        memory_mib=memory_mib,
        headroom=headroom_of(kwargs["headroom"]) if kwargs.get("headroom") is not None else DEFAULT_HEADROOM,
        timeout_s=numbers.get("timeout", _DEFAULT_TIMEOUT_S),
        allow_undecided=allow,
    )
