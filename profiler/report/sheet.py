"""What a page beside the report is: statements, tables with their notes, and what to do next.

Only the values are here; all text in them is clean, and no format decides anything about a figure any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from profiler.report.shape import Command, Section, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Sentences behind their labels, under a title."""

    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page, in the order in which it is read."""

    title: str
    facts: tuple[str, ...] = ()
    """How much there is of what."""
    statements: tuple[Statement, ...] = ()
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    """Tables, each with a title and with what has to be said of it."""
    notes: tuple[str, ...] = ()
    """What all of it rests on."""
    commands: tuple[Command, ...] = ()
