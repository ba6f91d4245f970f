"""Options that several commands share, each group as one decorator, and the types that check their values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

import click

LARGEST = Decimal(10) ** 12

_ARCHITECTURES = ("x86_64", "arm64")
_OTHER_NAMES = {"x86": "x86_64", "x86-64": "x86_64", "amd64": "x86_64", "arm": "arm64", "aarch64": "arm64"}


class Amount(click.ParamType[Decimal]):
    """A decimal number between two ends; never NaN, never infinite."""

    name = "number"

    def __init__(self, *, above: int | None = None, least: int | None = None) -> None:
        self.above, self.least = above, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Parse it as decimal digits, so that 0.1 is 0.1."""
        expected = f"a number above {self.above}" if self.above is not None else f"a number from {self.least}"
        try:
            number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
        except InvalidOperation:
            self.fail(f"{value!r} is no number; expected {expected}", param, ctx)
        too_low = (
            (self.above is not None and number <= self.above) or (self.least is not None and number < self.least)
            if number.is_finite()
            else True
        )
        if too_low:
            self.fail(f"{value} is no amount; expected {expected}", param, ctx)
        if number > LARGEST:
            self.fail(f"{value} is too large; expected {expected} and at most {LARGEST:,}", param, ctx)
        return number


class Count(click.ParamType[int]):
    """A whole number from 1."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it, also when it is written as 3e3 or 3000.0."""
        expected = f"a whole number from 1 to {LARGEST:,}"
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            self.fail(f"{value!r} is no number; expected {expected}", param, ctx)
        if not number.is_finite() or not 1 <= number <= LARGEST or number != number.to_integral_value():
            self.fail(f"{value} is out of range; expected {expected}", param, ctx)
        return int(number)


class Architecture(click.ParamType[str]):
    """A processor architecture of Lambda, also by its other names."""

    name = "arch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name that the facts use."""
        name = _OTHER_NAMES.get(str(value).lower(), str(value).lower())
        if name not in _ARCHITECTURES:
            near = get_close_matches(name, (*_ARCHITECTURES, *_OTHER_NAMES), n=1)
            meant = f"; did you mean {_OTHER_NAMES.get(near[0], near[0])}?" if near else ""
            self.fail(f"{value!r} is unknown; expected {' or '.join(_ARCHITECTURES)}{meant}", param, ctx)
        return name


def judging_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a run is held against; the command gets it as one argument, `judging`."""
    options = (
        click.option("--region", metavar="REGION", help="AWS region of the prices.  [default: us-east-1]"),
        click.option("--arch", type=Architecture(), metavar="ARCH", help="x86_64 or arm64.  [default: x86_64]"),
        click.option(
            "--headroom",
            type=Amount(least=1),
            metavar="FACTOR",
            help="Memory size ÷ memory needed, for inputs that grow.  [default: 1.2]",
        ),
        click.option("--warm", is_flag=True, help="Bill no init, as if every sandbox were warm."),
        click.option(
            "--dollars-per-day", type=Amount(above=0), metavar="USD", help="The budget.  [default: the job's own]"
        ),
        click.option(
            "--requests-per-day",
            type=Count(),
            metavar="N",
            help="Requests that the budget is for.  [default: the job's own]",
        ),
    )

    @functools.wraps(function)
    def with_judging(
        *,
        region: str | None,
        arch: str | None,
        headroom: Decimal | None,
        warm: bool,
        dollars_per_day: Decimal | None,
        requests_per_day: int | None,
        **others: Any,
    ) -> Any:
        from profiler.cli.judging import Judging

        given = {"region": region, "arch": arch, "headroom": headroom}
        return function(
            judging=Judging(
                warm=warm,
                usd_per_day=dollars_per_day,
                requests_per_day=requests_per_day,
                **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
            ),
            **others,
        )

    for option in reversed(options):
        with_judging = option(with_judging)
    return with_judging


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add where the result goes: `output` and `force`."""
    function = click.option("-f", "--force", is_flag=True, help="Overwrite FILE if it is there.")(function)
    return click.option(
        "-o", "--output", metavar="FILE", default="-", help="Write to FILE; - is standard output, the default."
    )(function)
