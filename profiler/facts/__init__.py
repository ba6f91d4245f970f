"""Limits and prices of what a provider sells: dated, sourced, and read from the TOML files beside this one.

A `FactSet` holds everything, with where it is from; a `Platform` holds what one region and architecture come to.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from profiler.errors import FactsError
from profiler.facts.checks import ARCHITECTURES, meant, told
from profiler.facts.document import parse, read_text
from profiler.facts.entries import Confidence, Fact, FactSet, Origin, Price, Tier
from profiler.facts.reader import read
from profiler.facts.values import (
    DEFAULT_ARCH,
    DEFAULT_REGION,
    Ec2Type,
    LambdaLimits,
    LambdaPrices,
    Platform,
    platform_of,
)

_FOLDER = Path(__file__).parent


def load(*, prices: str | Path | None = None, services: Collection[str] | None = None) -> FactSet:
    """Read the facts that come with paredown, with a user's own in front.

    Args:
        prices: A file of the user's own prices and facts. Each goes before the bundled one of the same name, region
            and architecture. All of it is checked, also what `services` leaves out.
        services: The services wanted, so that nothing else is read; None: all.

    Raises:
        FactsError: If the file is not right, with its place and what was expected; or a service is unknown.

    >>> load(services=["lambda", "ec2"]).services
    ('ec2', 'lambda')
    """
    known = service_names()
    wanted = known if services is None else tuple(service for service in known if service in services)
    for service in services or ():
        if service not in known:
            raise FactsError(f"there are no facts of a service {told(service)}", hint=meant(service, known))
    if prices is None:
        return _bundled(wanted)
    from profiler.facts.overlay import lay_over, services_in  # Checks that nothing bundled needs at every start.

    file = str(prices)
    document = parse(read_text(prices), file)
    named = services_in(document, file, known=known)
    facts = _bundled(tuple(service for service in known if service in wanted or service in named))
    return lay_over(facts, document, file).only(wanted)


def service_names() -> tuple[str, ...]:
    """Return the services that there are facts of; nothing is read.

    >>> "lambda" in service_names()
    True
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def _bundled(services: Collection[str]) -> FactSet:
    files = [_FOLDER / f"{service}.toml" for service in services]
    return read((file.name, file.read_text(encoding="utf-8")) for file in files)


__all__ = [
    "ARCHITECTURES",
    "DEFAULT_ARCH",
    "DEFAULT_REGION",
    "Confidence",
    "Ec2Type",
    "Fact",
    "FactSet",
    "LambdaLimits",
    "LambdaPrices",
    "Origin",
    "Platform",
    "Price",
    "Tier",
    "load",
    "platform_of",
    "read",
    "service_names",
]
