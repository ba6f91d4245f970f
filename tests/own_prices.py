"""What of a set of facts is the user's own, for tests of files of prices."""

from __future__ import annotations

from profiler.facts import FactSet


def yours_in(facts: FactSet) -> tuple[str, ...]:
    """What is the user's own, as "lambda.gb_seconds (us-east-1, x86_64)" and "lambda.free_gb_seconds"."""
    prices = [
        f"{price.service}.{price.name} ({', '.join([*price.regions, *([price.arch] if price.arch else [])])})"
        for price in facts.prices
        if price.origin.yours
    ]
    return (*prices, *(f"{fact.service}.{fact.name}" for fact in facts.facts if fact.origin.yours))
