"""Options that several commands share, each group as one decorator, and the types that check their values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

import click

from profiler.report import FORMATS
from profiler.urls import workspace_url

LARGEST = Decimal(10) ** 12
SMALLEST = Decimal(10) ** -18
"""Below it an amount is a slip; 0 where 0 is allowed."""

_ARCHITECTURES = ("x86_64", "arm64")
_OTHER_NAMES = {"x86": "x86_64", "x86-64": "x86_64", "amd64": "x86_64", "arm": "arm64", "aarch64": "arm64"}


Check = Callable[[click.Context, click.Parameter, str | None], Any]


def amount(*, above: int | None = None, least: int | None = None) -> Check:
    """Take decimal digits, so that 0.1 is 0.1; never NaN, never infinite."""
    expected = f"expected a number above {above}" if above is not None else f"expected a number from {least}"

    def check(_context: click.Context, _option: click.Parameter, text: str | None) -> Decimal | None:
        if text is None:
            return None
        number = _decimal(text, expected)
        tiny = 0 < number.copy_abs() < SMALLEST
        if tiny or (above is not None and number <= above) or (least is not None and number < least):
            raise click.BadParameter(f"{text} is too small; {expected}")
        if number > LARGEST:
            raise click.BadParameter(f"{text} is too large; {expected}, at most {LARGEST:,}")
        return number

    return check


def whole(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    """Take a whole number from 1, also when it is written as 3e3."""
    if text is None:
        return None
    expected = f"expected a whole number from 1 to {LARGEST:,}"
    number = _decimal(text, expected)
    if not 1 <= number <= LARGEST or number != number.to_integral_value():
        raise click.BadParameter(f"{text} is out of range; {expected}")
    return int(number)


class WholeRange(click.IntRange):
    """A whole number between two ends, whose mistakes say what was expected."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take it, or say what was expected."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r}; expected a whole number from {self.min:,} to {self.max:,}", param, ctx)


def architecture(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Take a processor architecture of Lambda, also by its other names."""
    if text is None:
        return None
    name = _OTHER_NAMES.get(text.lower(), text.lower())
    if name not in _ARCHITECTURES:
        near = get_close_matches(name, (*_ARCHITECTURES, *_OTHER_NAMES), n=1)
        meant = f"; did you mean {_OTHER_NAMES.get(near[0], near[0])}?" if near else ""
        raise click.BadParameter(f"{text!r} is unknown; expected {' or '.join(_ARCHITECTURES)}{meant}")
    return name


def _decimal(text: str, expected: str) -> Decimal:
    try:
        if "_" in text or not text.isascii():  # Python's own way to write thousands, and digits of any script.
            raise InvalidOperation
        number = Decimal(text.strip())
    except InvalidOperation:
        without = ", without separators of thousands" if "," in text or "_" in text else ""
        raise click.BadParameter(f"{text!r} is no number; {expected}{without}") from None
    if not number.is_finite():
        raise click.BadParameter(f"{text} is no amount; {expected}")
    return number


class Workspace(click.Path):
    """A workspace, there or not yet: a folder, or the URL of one in a store."""

    def __init__(self) -> None:
        super().__init__(file_okay=False)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How the help shows it."""
        return "FOLDER|URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take it, or say why it is none."""
        return workspace_url(value) or super().convert(value, param, ctx)


workspace_option = click.option(
    "--workspace", type=Workspace(), default=".paredown", show_default=True, help="Where runs are kept."
)


prices_option = click.option(
    "--prices", metavar="FILE", help="Your own prices and facts, as TOML; they go before those of `paredown facts`."
)


format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    help="For people, or for programs.",
)


report_format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    default="terminal",
    metavar="FORMAT",
    help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}.  [default: terminal]",
)
"""Of a run's report; `docs/formats.md` says what each is for."""


def where_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add which of AWS's prices hold: `region`, `arch` and `free_tier`."""
    options = (
        click.option(
            "--region", metavar="REGION", default="us-east-1", show_default=True, help="AWS region of the prices."
        ),
        click.option(
            "--arch",
            callback=architecture,
            metavar="ARCH",
            default="x86_64",
            show_default=True,
            help="x86_64 or arm64.",
        ),
        click.option("--free-tier", is_flag=True, help="Take off what is always free every month."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def judging_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a run is held against; the command gets it as one argument, `judging`."""
    options = (
        click.option("--region", metavar="REGION", help="AWS region of the prices.  [default: us-east-1]"),
        click.option("--arch", callback=architecture, metavar="ARCH", help="x86_64 or arm64.  [default: x86_64]"),
        click.option(
            "--headroom",
            callback=amount(least=1),
            metavar="FACTOR",
            help="Memory size ÷ memory needed, for inputs that grow.  [default: 1.2]",
        ),
        click.option("--warm", is_flag=True, help="Bill no init, as if every sandbox were warm."),
        click.option(
            "--dollars-per-day", callback=amount(above=0), metavar="USD", help="The budget.  [default: the job's own]"
        ),
        click.option(
            "--requests-per-day",
            callback=whole,
            metavar="N",
            help="Requests that the budget is for.  [default: the job's own]",
        ),
        prices_option,
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
        prices: str | None,
        **others: Any,
    ) -> Any:
        from profiler.judging import Judging

        given = {"region": region, "arch": arch, "headroom": headroom}
        return function(
            judging=Judging(
                warm=warm,
                usd_per_day=dollars_per_day,
                requests_per_day=requests_per_day,
                prices=prices,
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
