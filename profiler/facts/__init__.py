"""Limits and prices of what a provider sells: dated, sourced, and read from the TOML files beside this one.

A `FactSet` holds everything, with where it is from; a `Platform` holds what one region and architecture come to.
"""

from __future__ import annotations

from profiler.facts.values import Ec2Type, LambdaLimits, LambdaPrices, Platform, Tier

__all__ = ["Ec2Type", "LambdaLimits", "LambdaPrices", "Platform", "Tier"]
