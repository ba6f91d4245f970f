"""Reports as a check leaves them, for tests of formats that show what it found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from profiler.checking.outcome import Baseline, Called, Change, Check, Measure
from profiler.model import Run, Variant
from profiler.report.shape import Cell, Checked, Column, Report, Row, Statement, Table, Tone
from profiler.units import MIB
from tests.reports import a_report


def a_change(**changes: Any) -> Change:
    """The peak of train, 14 % higher than in the run before, where 5 % are let pass."""
    change = Change(
        variant=Variant.DECOMPOSED,
        step="train",
        measure=Measure.PEAK,
        before=237 * MIB,
        after=270 * MIB,
        ratio=270 / 237,
        threshold=Decimal("0.05"),
        called=Called.WORSE,
        interval=(1.12, 1.16),
        p_value=0.004,
        before_repeats=5,
        after_repeats=5,
    )
    return replace(change, **changes)


def a_baseline() -> Baseline:
    """A run of the day before, on the same machine."""
    return Baseline(
        run_id="20261123-120000-abcd", created="2026-11-23T12:00:00Z", commit=None, repeats=5, same_machine=True
    )


def a_checked_report(run: Run, **changes: Any) -> Report:
    """A report of a run that was checked: by default it did not pass, because train takes more memory than before."""
    report = a_report(run)
    check = Check(
        passed=False,
        variant=report.verdict.decided_by,
        verdict=report.verdict,
        objections=(),
        changes=(a_change(),),
        baselines=(a_baseline(),),
    )
    check = replace(check, **changes)
    label, tone = ("PASSES", Tone.YES) if check.passed else ("FAILS", Tone.NO)
    return replace(
        report,
        check=check,
        checked=Checked(
            headline=Statement(label=label, text="cost_anomalies, checked against one run.", tone=tone),
            statements=(Statement(label="WORSE", text="train holds 14 % more at its peak than before.", tone=Tone.NO),),
            changes=Table(
                columns=(
                    Column(key="step", title="step"),
                    Column(key="before", title="before", right=True),
                    Column(key="after", title="now", right=True),
                    Column(key="change", title="change", right=True),
                ),
                rows=(Row(cells=(Cell(text="train"), Cell(text="237 MB"), Cell(text="270 MB"), Cell(text="+14 %"))),),
            ),
            notes=("Against run 20261123-120000-abcd of this machine.",),
        ),
    )
