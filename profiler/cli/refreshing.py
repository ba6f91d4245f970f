"""`paredown facts --refresh`: asks for current prices, shows what differs, and writes a file for `--prices`."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from profiler.errors import OutputError, PriceListError, UsageError
from profiler.facts import DEFAULT_REGION, FactSet

if TYPE_CHECKING:
    from profiler.refresh import Fetched

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")


def refresh_prices(facts: FactSet, service: str | None, *, region: str | None, output: str | None, force: bool) -> int:
    """Run the command; `output` is None for the file that is named after the region."""
    from profiler.cli.output import shown_on, width_of, write_result
    from profiler.refresh import compare, fetch, new_client, price_file, reasons, shown

    region = DEFAULT_REGION if region is None else _checked(region)
    output = output or f"prices-{region}.toml"
    _check_room(output, force=force)
    quantities = _of_service(facts, service)
    fetched = fetch(new_client(), facts=facts, region=region, today=datetime.now(UTC).date(), quantities=quantities)
    if not fetched.prices:
        raise PriceListError(
            f"no price was found in {region}, so there is nothing to write", hint="\n".join(reasons(fetched.left_out))
        )
    text = price_file(fetched)
    # Where the prices themselves go to standard output, what is said about them must not stand in between.
    stream = sys.stderr if output == "-" else sys.stdout
    said = shown(fetched, compare(facts, fetched.prices), width=width_of(stream))
    click.echo(shown_on(stream, said), file=stream)
    write_result(text, output, force=force)
    if output != "-":
        click.echo(f"next: {_next(fetched, output)}")
    return 0


def _checked(region: str) -> str:
    if not _REGION.fullmatch(region):
        raise UsageError(f"--region {region!r} is no name of a region; expected one such as eu-west-1")
    return region


def _check_room(output: str, *, force: bool) -> None:
    """Refuse before anything is asked what could not be written afterwards; the file may still come in between."""
    path = Path(output)
    if output != "-" and path.is_file() and not force:
        raise OutputError(f"{output}: is there already, and nothing is overwritten", hint="--force overwrites it")


def _of_service(facts: FactSet, service: str | None) -> Collection[tuple[str, str]] | None:
    if service is None:
        return None
    quantities = {(price.service, price.name) for price in facts.prices if price.service == service}
    if not quantities:
        raise UsageError(f"the facts of {service} hold no prices that could be refreshed")
    return quantities


def _next(fetched: Fetched, output: str) -> str:
    where = "" if fetched.region == DEFAULT_REGION else f" --region {fetched.region}"
    price = min(fetched.prices, key=lambda price: price.service != "lambda")  # Lambda's if it is there, else the first.
    if price.is_of_a_machine:
        what = f"ec2.hours=730 --instance-type {price.name}"
    else:
        what = f"{price.service}.{price.name}=1000000"
    return f"paredown bill{where} --prices {shlex.quote(output)} {what}"
