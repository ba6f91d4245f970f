"""The report as JUnit XML, for a CI that shows it beside its tests: a suite per variant, a case per step.

`rulings` decides what is red. Text is clean before it comes here, so that no character is one that XML has no way to
write.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from xml.etree import ElementTree

from profiler.model import Run
from profiler.report.cases import Case
from profiler.report.clean import one_line
from profiler.report.rulings import Ruled, Ruling, rulings_of
from profiler.report.shape import Finding, Report
from profiler.units import NS_PER_S, count, duration, memory, significant

WHOLE = "the whole"
"""Name of the case that is about a whole variant: the platform, the budget, the answer."""

_ELEMENTS = {Ruling.FAILED: "failure", Ruling.ERROR: "error", Ruling.SKIPPED: "skipped"}


def render(report: Report) -> str:
    """Return the report as XML that ends in a newline."""
    ruled = rulings_of(report)
    root = ElementTree.Element("testsuites", {"name": report.title, **_counts(ruled)})
    for variant in dict.fromkeys(item.case.variant for item in ruled):
        cases = [item for item in ruled if item.case.variant is variant]
        root.append(_suite(f"{report.title}.{variant.value}", cases, report.run))
    ElementTree.indent(root)
    # ElementTree's own declaration names the encoding of the locale, and this text will be UTF-8.
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(name: str, ruled: Sequence[Ruled], run: Run) -> ElementTree.Element:
    whole = next(item.case for item in ruled if item.case.step is None)
    skipped = sum(item.ruling is Ruling.SKIPPED for item in ruled)
    suite = ElementTree.Element(
        "testsuite",
        {"name": name, **_counts(ruled), "skipped": str(skipped), "time": _seconds(whole.wall_ns), **_when(run)},
    )
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in _properties(run).items():
        ElementTree.SubElement(properties, "property", {"name": key, "value": one_line(value)})
    for item in ruled:
        suite.append(_case(name, item))
    return suite


def _counts(ruled: Sequence[Ruled]) -> dict[str, str]:
    return {
        "tests": str(len(ruled)),
        "failures": str(sum(item.ruling is Ruling.FAILED for item in ruled)),
        "errors": str(sum(item.ruling is Ruling.ERROR for item in ruled)),
    }


def _when(run: Run) -> dict[str, str]:
    """When the run was made, without its zone, which the schema of Ant has no room for; UTC."""
    try:
        return {"timestamp": datetime.fromisoformat(run.created).replace(tzinfo=None).isoformat(timespec="seconds")}
    except ValueError:
        return {}


def _properties(run: Run) -> dict[str, str]:
    commit = {} if run.commit is None else {"commit": run.commit.id + (" and changes" if run.commit.dirty else "")}
    return {
        "run": run.id,
        "paredown": run.version,
        **commit,
        "machine": f"{run.machine.cpu_model}, {count(run.machine.cores)} cores, {memory(run.machine.memory_bytes)}",
        "repeats": str(run.settings.repeats),
    }


def _case(suite: str, ruled: Ruled) -> ElementTree.Element:
    """One case; that of the whole has no time, since the steps have it already and readers add up."""
    case = ruled.case
    time = {} if case.step is None else {"time": _seconds(case.wall_ns)}
    element = ElementTree.Element("testcase", {"classname": suite, "name": case.name or WHOLE, **time})
    if ruled.ruling in _ELEMENTS:
        what = {"message": ruled.message, "type": ruled.kind}
        ElementTree.SubElement(element, _ELEMENTS[ruled.ruling], what).text = _text(ruled)
    printed = [*_figures(case), *(ruled.sentences if ruled.ruling is Ruling.PASSED else ())]
    if printed:
        ElementTree.SubElement(element, "system-out").text = "\n".join(printed)
    return element


def _text(ruled: Ruled) -> str:
    blocks = ["\n".join(ruled.sentences), *("\n".join(_finding(finding)) for finding in ruled.findings)]
    if ruled.more_findings:
        blocks.append(f"{count(ruled.more_findings)} more kinds of endings are left out here; --format json has more.")
    return "\n\n".join(block for block in blocks if block)


def _finding(finding: Finding) -> list[str]:
    printed = ["It printed last:", *(f"| {line}" for line in finding.printed)] if finding.printed else []
    return [finding.title, *([finding.message] if finding.message else []), *finding.traceback, *printed]


def _figures(case: Case) -> list[str]:
    """What it used, for whoever opens a case that passed."""
    lines = []
    if case.figures is not None:
        bounded = " or so: it lies between two ends" if case.figures.bounded else ""
        repeats = len(case.figures.cpu_s)
        of = f", the median of {count(repeats)} repeats" if repeats > 1 else ""
        lines.append(f"memory at the peak: {memory(round(median(case.figures.peak_bytes)))}{bounded}")
        lines.append(f"CPU time: {duration(round(median(case.figures.cpu_s) * NS_PER_S))}{of}")
    if case.gb_s is not None:
        note = " (peak × time: no Lambda holds it)" if case.hypothetical else ""
        lines.append(f"GB-seconds a run: {significant(case.gb_s)}{note}")
    if case.memory_mib is not None:
        lines.append(f"memory size on Lambda: {count(case.memory_mib)} MB")
    return lines


def _seconds(ns: int) -> str:
    return f"{ns / NS_PER_S:.3f}"
