"""Runs whose names and data hold what formats read as their own signs, for tests that they come out as text."""

from __future__ import annotations

from dataclasses import replace

from profiler.model import Comparison, Ending, Run, Variant
from tests.factories import a_planned_step, ended
from tests.sample_runs import a_fitting_run

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b \\| `c` ``d``",
    "line\nbreak\r\n# heading",
    "\"double\" and 'single' & &amp; &#64;x",
    "@ada/team sees #12 and GH-3",
    "*bold* _it_ ~gone~ [a](http://evil.example) <!-- x -->",
    "顧客 Überlandwerk 🎉 :tada: $x$ www.evil.example",
    "half \ud800 surrogate \x1b[31mred\x00 \u202e turned \ufffe",
)


def a_hostile_run(names: tuple[str, ...] = HOSTILE, job: str = "") -> Run:
    """A job whose every step, in both variants, has such a name, raises, and whose answers differ in such data."""
    run = a_fitting_run()
    task = next(item for item in run.of(Variant.DECOMPOSED) if item.step == "train")
    outcome = ended(Ending.RAISED, f"ValueError: {names[0]}", traceback="\n".join(names), output_tail="\n".join(names))
    steps = tuple(a_planned_step(name=name, kind="step", reads=(), by=()) for name in names)
    measurements = tuple(
        replace(task, variant=variant, step=name, outcome=task.outcome if place % 2 else outcome)
        for variant in Variant
        for place, name in enumerate(names)
    )
    return replace(
        run,
        plan=replace(run.plan, job=job or names[0], monolith=steps, decomposed=steps, warnings=names),
        measurements=measurements,
        comparison=Comparison(
            equal=False,
            rows=9,
            equal_rows=1,
            columns=(*names, "column", "monolith", "decomposed"),
            first_differing=((*names, *names[:3]),),
            reason=names[0],
        ),
    )
