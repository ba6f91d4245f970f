"""What a report is: a run and its verdict, with every figure as the text that a reader sees.

Only the values are here. `build` makes them; a format lays them out, and decides nothing about a figure any more.
All text is clean: one line of printable characters, whatever names and messages the user's code holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from profiler.checking.outcome import Check
from profiler.hosts import Hosts
from profiler.model import Run
from profiler.verdict import Verdict


class Tone(StrEnum):
    """What a text says beyond its words. A format may colour it; the words stand without."""

    PLAIN = "plain"
    YES = "yes"
    NO = "no"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that is so: a label and its sentences."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A length between 0 and 1; where `high` is above `low`, the end is somewhere between them."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure or word of a table; a figure is padded already, so that a column's decimal points are aligned."""

    text: str = ""
    tone: Tone = Tone.PLAIN
    bar: Bar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    key: str
    """Names the column for a format, which may leave it out where there is no room."""
    title: str = ""
    group: str = ""
    """Heading over neighbouring columns."""
    right: bool = False
    """Figures stand at the right."""
    always: bool = False
    """Shown even where it holds nothing."""
    meaning: str = ""
    """What the figures are, for a line below the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table."""

    cells: tuple[Cell, ...]
    remarks: tuple[str, ...] = ()
    """Said of the row's last cell: beside it where there is room, below the table otherwise."""
    remedies: tuple[str, ...] = ()
    """What would help; always below the table."""
    subject: str = ""
    """What a remark is about, where it stands below the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns; a column that holds nothing is not shown."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What one variant comes to."""

    variant: str
    text: str
    """Empty where it is not known."""
    detail: str = ""
    """What the figure is of, where that is not plain: the machine that is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of the figures that a manager asks for: before and after, or what there is of it."""

    label: str
    values: tuple[Value, ...]
    """One per variant, the monolith first."""
    less: str = ""
    """By how much the second is less, or more, in words; empty where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A variant: what it is, what its steps used, and what has to be said of it."""

    title: str
    steps: Table
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Tasks that did not end well, in the same way."""

    title: str
    """Which tasks of which step, and how they ended."""
    message: str
    traceback: tuple[str, ...] = ()
    """Lines of the user's own traceback, the middle of a long one left out."""
    printed: tuple[str, ...] = ()
    """Last lines that the task printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that is useful next, and what for."""

    line: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the reader names things on the command line, from where the reader stands; quoted for a shell."""

    job: str
    """With what was said of its parameters and inputs."""
    run: str = "last"
    workspace: str = ""
    """The option that says where the run is kept; empty: where it is by default."""
    priced: str = ""
    """The options that say which prices hold; empty: the default ones."""
    arm64: bool = True
    """Whether there is a price of arm64 as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found, laid out for a reader."""

    headline: Statement
    """PASSES or FAILS, and why, in a sentence that stands alone."""
    statements: tuple[Statement, ...]
    """What speaks against it, then what is in doubt, then what is better than before: one sentence each."""
    changes: Table
    """Every figure that is compared: before, after, the change and its interval; those that decide first."""
    notes: tuple[str, ...]
    """Since which run, on which machine; what is new, gone or renamed; what could not be compared and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run and its verdict, laid out for a reader, in the order in which they are to be read."""

    title: str
    facts: tuple[str, ...]
    """How much it is: rows, groups, requests."""
    statements: tuple[Statement, ...]
    """The verdict first, then whether both answers are the same, then what else is to be known before the figures."""
    figures: tuple[Figure, ...]
    """Memory, GB-seconds and dollars."""
    differences: tuple[Table, ...]
    """First differing rows, and rows that only one variant has."""
    totals: Table
    totals_notes: tuple[str, ...]
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    more_findings: int
    """How many are left out."""
    warnings: tuple[str, ...]
    basis: tuple[Statement, ...]
    """What all of it rests on."""
    sources: Table
    """Every limit and price that it rests on, each with its source and date."""
    sources_notes: tuple[str, ...]
    commands: tuple[Command, ...]
    run: Run
    verdict: Verdict
    hosts: Hosts | None = None
    """Where others than the harness's own host ran tasks."""
    hosts_section: Section | None = None
    """The same as text."""
    check: Check | None = None
    """Where the run was checked: what was found."""
    checked: Checked | None = None
    """The same as text."""
