"""How a reader is told how fast the cores were: the same words wherever CPU times of two runs are held together."""

from __future__ import annotations

from profiler.report.changes_table import growth

_LEAST_SLOWER = 0.01
"""Below it nothing is said: no figure shows it."""


def slower(ratio: float) -> str:
    """Return how much slower or faster cores are that take so many times as long; empty where nobody would see it.

    >>> slower(1.124), slower(1 / 1.124), slower(1.002)
    ('12 % slower', '12 % faster', '')
    """
    if abs(ratio - 1) < _LEAST_SLOWER:
        return ""
    how, by = ("slower", ratio) if ratio > 1 else ("faster", 1 / ratio)
    return f"{growth(by).removeprefix('+')} {how}"


def at_one_pace(cores: str, given: str, run: str) -> str:
    """Return the sentence that figures are not as measured.

    Args:
        cores: What the cores were, as a clause.
        given: Which figures are given otherwise.
        run: At whose pace.
    """
    return f"{cores}, as a fixed piece of work on them shows: {given} are given as they would be at the pace of {run}."
