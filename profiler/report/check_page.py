"""What a check found as a short page for a terminal: whether it passes, what decided that, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from profiler.checking.outcome import Called, Check
from profiler.model import Run, Variant
from profiler.report.changes_table import changes_table
from profiler.report.clean import one_line
from profiler.report.moments import commit_words
from profiler.report.plain import many
from profiler.report.shape import Report, Section
from profiler.report.sheet import Sheet

_MOST_ROWS = 12
_MOST_STATEMENTS = 12


def check_page(report: Report) -> Sheet:
    """Lay out a checked report; its long tables and the verdict's basis are in the other formats."""
    check, checked = report.check, report.checked
    assert check is not None
    assert checked is not None
    left_out = len(checked.statements) - _MOST_STATEMENTS
    more = (f"{many(left_out, 'more thing')} to say of it; --format json has all.",) if left_out > 0 else ()
    quiet = tuple(variant for variant in Variant if _is_quiet(check, variant))
    unchanged = (f"Every figure of the {variant} variant, which need not fit, is as before." for variant in quiet)
    return Sheet(
        title=report.title,
        facts=tuple(_facts(report.run)),
        statements=(checked.headline, *checked.statements[:_MOST_STATEMENTS]),
        sections=tuple(_sections(check, quiet)),
        notes=(*more, *checked.notes, *unchanged),
        commands=report.commands,
    )


def _facts(run: Run) -> Iterator[str]:
    yield f"run {one_line(run.id)}"
    if run.commit is not None:
        yield commit_words(run.commit, branch=run.commit.branch)
    if run.settings.repeats > 1:
        yield many(run.settings.repeats, "repeat")


def _sections(check: Check, quiet: Collection[Variant]) -> Iterator[Section]:
    """The changes of the variant that has to fit, then those of the other, where there are any."""
    for variant in sorted(Variant, key=lambda variant: variant is not check.variant):
        table = changes_table(check, variant)
        if table.rows and variant not in quiet:
            which = "has to" if variant is check.variant else "need not"
            title = f"{variant.capitalize()}, which {which} fit: what changed"
            left_out = len(table.rows) - _MOST_ROWS
            notes = (f"{many(left_out, 'more row')} that changed less.",) if left_out > 0 else ()
            yield Section(title=title, steps=replace(table, title="", rows=table.rows[:_MOST_ROWS]), notes=notes)


def _is_quiet(check: Check, variant: Variant) -> bool:
    """Whether a variant is there, need not fit, and did not change."""
    called = [change.called for change in check.changes if change.variant is variant]
    return (
        variant is not check.variant
        and all(creep.variant is not variant for creep in check.creeps)
        and Called.NO_CHANGE in called
        and {Called.NO_CHANGE, Called.NOT_COMPARED}.issuperset(called)
    )
