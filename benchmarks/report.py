"""Make `RESULTS.md` of all result files.

    python benchmarks/report.py [--check]

With `--check` nothing is written; exit code 1 says that `RESULTS.md` is not what the result files say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.evidence import RESULTS, figure_cells

TARGET = Path(__file__).resolve().parent / "RESULTS.md"

_TOP = """\
# What paredown claims, and what was measured

Made by `python benchmarks/report.py` from the files in `benchmarks/results/`; not written by hand. Each part names the
script that makes its figures anew. A figure is a median, with its range in brackets; one without a target stands beside
the others for comparison.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the report, or say whether it is what it should be."""
    options_of = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )  # fmt: skip
    options_of.add_argument("--check", action="store_true", help="write nothing; 1 if RESULTS.md is old")
    options = options_of.parse_args(arguments)
    text = report(read(RESULTS))
    if options.check:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"written: {TARGET}")
    return 0


def read(folder: Path) -> list[dict[str, Any]]:
    """Every result file of a folder, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def report(results: list[dict[str, Any]]) -> str:
    """Lay all results out as markdown: first every target with how it went, then each benchmark."""
    held = [(found, item) for found in results for item in found["figures"] if item["met"] is not None]
    missed = sum(not item["met"] for _, item in held)
    count = f"{len(held)} targets, {len(held) - missed} met, {missed} missed."
    summary = [(*figure_cells(item), f"[{found['name']}](#{found['name']})") for found, item in held]
    parts = [_TOP, count + "\n", table(("", "measured", "target", "", "benchmark"), summary)]
    return "\n".join(parts + [section(found) for found in results])


def section(found: dict[str, Any]) -> str:
    """Lay one benchmark out."""
    lines = [f"\n## {found['name']}\n", f"{found['claim']}\n", f"{found['method']}\n"]
    rows = [figure_cells(item) for item in found["figures"]]
    lines.append(table(("", "measured", "target", ""), rows))
    for more in found.get("tables", ()):
        lines += [f"\n{more['title']}\n", table(tuple(more["columns"]), [tuple(row) for row in more["rows"]])]
    lines += [f"\n{note}" for note in found.get("notes", ())]
    return "\n".join([*lines, f"\n{where(found)}\n"])


def where(found: dict[str, Any]) -> str:
    """Say how often, on what and when it was measured."""
    script = f"`python benchmarks/{found['name']}.py`"
    machine = found.get("machine")
    if not machine:
        return f"{script}: computed from published data, the same on any machine."
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    settings = "".join(f", {name} {value}" for name, value in found.get("settings", {}).items())
    load = machine["load_average_at_end"][0]
    return (
        f"{script}{settings}; {found['runs']} runs, {found['date'][:10]}; {machine['cpu_model']}, {machine['cores']} "
        f"cores, {machine['memory_bytes'] / 2**30:.1f} GB, load {load} at the end; {machine['system']}; Python "
        f"{machine['python']}; {packages}."
    )


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lay rows out as a markdown table."""
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
