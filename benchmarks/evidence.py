"""What a benchmark finds: figures held against their targets, written with the machine that they were measured on.

Every script here makes one `Result`, and `finish` writes and shows it. Nothing in a result file is typed by hand, and
`report.py` makes `RESULTS.md` of all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from profiler.runner.machine import this_machine

SCHEMA = 1
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: the median of what was measured, with its range, and what it is held against."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where the figure has none and only stands beside the others."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    @property
    def part_of_limit(self) -> float | None:
        """How much of its limit it uses, met up to 1; the limit ÷ the figure, where it has to be large."""
        if self.at_most:
            return self.value / self.at_most
        if self.at_least:
            return self.at_least / self.value if self.value else None
        return None


def figure(name: str, values: Sequence[float] | float, unit: str = "", **target: Any) -> Figure:
    """Make a figure of one value, or of several: their median and range."""
    found = [float(value) for value in (values if isinstance(values, Sequence) else [values])]
    return Figure(
        name=name,
        value=rounded(statistics.median(found)),
        low=rounded(min(found)),
        high=rounded(max(found)),
        unit=unit,
        **target,
    )


def rounded(value: float) -> float:
    """Return a value to five significant digits, which is more than any of them is known to."""
    return float(f"{value:.5g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Further figures, for a reader who wants to see more."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that one benchmark has to say."""

    name: str
    claim: str
    method: str
    runs: int
    """How often each figure was measured."""
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def as_json(result: Result) -> dict[str, Any]:
    """Lay a result out as its file has it, with the machine and the moment."""
    machine = asdict(this_machine())
    del machine["host"]
    return {
        "schema": SCHEMA,
        "name": result.name,
        "claim": result.claim,
        "method": result.method,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": result.runs,
        "settings": result.settings,
        "machine": machine | {"load_average_at_end": [round(load, 2) for load in os.getloadavg()]},
        "figures": [figure_as_json(item) for item in result.figures],
        "tables": [asdict(table) for table in result.tables],
        "notes": list(result.notes),
        "met": all(item.met is not False for item in result.figures),
    }


def figure_as_json(item: Figure) -> dict[str, Any]:
    """Lay one figure out, with whether and by how much its target is met."""
    part = item.part_of_limit
    return asdict(item) | {"met": item.met, "part_of_limit": None if part is None else rounded(part)}


def finish(result: Result, folder: Path) -> int:
    """Write a result and show it; 0 where every target is met, otherwise 1."""
    found = as_json(result)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(as_text(found))
    print(f"\nwritten: {path}")
    return 0 if found["met"] else 1


def as_text(found: dict[str, Any]) -> str:
    """Lay a result file out for a terminal."""
    lines = [found["claim"], ""]
    rows = [("", "measured", "target", ""), *(figure_cells(item) for item in found["figures"])]
    lines += aligned(rows)
    for table in found.get("tables", ()):
        lines += ["", table["title"], *aligned([tuple(table["columns"]), *map(tuple, table["rows"])])]
    for note in found.get("notes", ()):
        lines += ["", note]
    return "\n".join(lines)


def figure_cells(item: dict[str, Any]) -> tuple[str, str, str, str]:
    """Name, value with its range, target, and how it went."""
    unit = f" {item['unit']}" if item["unit"] else ""
    measured = f"{number(item['value'])}{unit}"
    if item["low"] != item["high"]:
        measured += f" ({number(item['low'])} to {number(item['high'])})"
    return item["name"], measured, target_text(item), went(item)


def target_text(item: dict[str, Any]) -> str:
    """Return "at most 5 ms", or nothing."""
    unit = f" {item['unit']}" if item["unit"] else ""
    if item["at_most"] is not None:
        return f"at most {number(item['at_most'])}{unit}"
    if item["at_least"] is not None:
        return f"at least {number(item['at_least'])}{unit}"
    return ""


def went(item: dict[str, Any]) -> str:
    """Return "met: 7 % of the limit", "MISSED: 1.3 times the limit", or nothing."""
    if item["met"] is None:
        return ""
    part = item["part_of_limit"]
    if item["met"]:
        return "met" if part is None else f"met: {100 * part:.2g} % of the limit" if part < 0.1 else (
            f"met: {100 * part:.0f} % of the limit"
        )  # fmt: skip
    return "MISSED" if part is None else f"MISSED: {part:.3g} times the limit"


def number(value: float) -> str:
    """Return a number with three significant digits, at least all before its point.

    >>> [number(value) for value in (0.01234, 8.0, 12.345, 1234.5, 0)]
    ['0.0123', '8', '12.3', '1,234', '0']
    """
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lay rows of text out in columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def parser(description: str | None) -> argparse.ArgumentParser:
    """Begin the arguments of a benchmark: what every one takes."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--results", type=Path, default=RESULTS, help="folder for NAME.json (default: %(default)s)")
    return found
