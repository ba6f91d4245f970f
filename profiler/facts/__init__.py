"""Limits and prices of what a provider sells: dated, sourced, and read from the TOML files beside this one.

A `FactSet` holds everything, with where it is from; a `Platform` holds what one region and architecture come to.
"""

from __future__ import annotations

from importlib.resources import files

from profiler.facts.entries import Confidence, Fact, FactSet, Origin, Price, Tier
from profiler.facts.reader import ARCHITECTURES, read
from profiler.facts.values import (
    DEFAULT_ARCH,
    DEFAULT_REGION,
    Ec2Type,
    LambdaLimits,
    LambdaPrices,
    Platform,
    platform_of,
)


def load() -> FactSet:
    """Read the facts that come with paredown.

    >>> load().services
    ('ec2', 'lambda')
    """
    folder = files("profiler.facts")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return read((name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


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
]
