"""What a report says of repetitions: how often, which is shown, and how far they lie apart."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from profiler.model import INTERRUPTED, Commit, Repetition, Run, Variant, VariantEnd
from profiler.report import render
from profiler.report.repeated import repeated_text
from profiler.units import MIB, NS_PER_S
from tests.conftest import ROOT
from tests.factories import a_measurement, a_run, between, exactly, the_settings
from tests.reports import a_report
from tests.sample_runs import a_script_run

M, D = Variant.MONOLITH, Variant.DECOMPOSED


def a_repetition(variant: Variant, repeat: int, *, cpu_s: float, mib: int, reason: str = "") -> Repetition:
    """One task without an init; not complete where there is a reason."""
    end = VariantEnd(variant=variant, wall_ns=NS_PER_S, complete=not reason, reason=reason, repeat=repeat)
    task = a_measurement(
        variant=variant, repeat=repeat, cpu_ns=round(cpu_s * NS_PER_S), peak=exactly(mib), init_ns=0, init_cpu_ns=0
    )
    return Repetition(variant=variant, repeat=repeat, measurements=(task,), end=end)


def of(*repetitions: Repetition, repeats: int = 3) -> Run:
    """A run of these."""
    return a_run(repetitions=repetitions, settings=the_settings(repeats=repeats))


MONOLITH = tuple(a_repetition(M, repeat, cpu_s=50 + repeat, mib=4096) for repeat in range(3))
DECOMPOSED = tuple(a_repetition(D, repeat, cpu_s=4.1 + repeat / 10, mib=270 + repeat) for repeat in range(3))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        pytest.param(a_run(), "", id="once: nothing is repeated, nothing is said"),
        pytest.param(
            of(*MONOLITH, *DECOMPOSED),
            "measured 3 times, by turns, shown is the repetition with the median CPU time; "
            "monolith: CPU 50.0–52.0 s with inits, peak 4.00 GB; "
            "decomposed: CPU 4.10–4.30 s with inits, peak 270–272 MB",
            id="three of each",
        ),
        pytest.param(
            of(*MONOLITH, DECOMPOSED[0], a_repetition(D, 1, cpu_s=1, mib=9, reason="step 'train': it failed")),
            "measured 3 times, by turns, shown is the repetition with the median CPU time; "
            "monolith: CPU 50.0–52.0 s with inits, peak 4.00 GB; "
            "decomposed: CPU 4.10 s with inits, peak 270 MB, 1 complete, repetition 2 failed and is shown",
            id="one failed",
        ),
        pytest.param(
            of(*MONOLITH[:2], DECOMPOSED[0], a_repetition(D, 1, cpu_s=1, mib=9, reason=INTERRUPTED)),
            "measured 3 times, by turns, shown is the repetition with the median CPU time; "
            "monolith: CPU 50.0–51.0 s with inits, peak 4.00 GB, 2 complete; "
            "decomposed: CPU 4.10 s with inits, peak 270 MB, 1 complete",
            id="interrupted",
        ),
        pytest.param(
            of(a_repetition(M, 0, cpu_s=1, mib=9, reason="step 'load': it failed"), *DECOMPOSED),
            "measured 3 times, by turns, shown is the repetition with the median CPU time; "
            "monolith: 0 complete, repetition 1 failed and is shown; "
            "decomposed: CPU 4.10–4.30 s with inits, peak 270–272 MB",
            id="none complete",
        ),
        pytest.param(
            replace(of(*MONOLITH, DECOMPOSED[0], repeats=1), settings=the_settings(variants=(D,))),
            "measured once, shown is the repetition with the median CPU time; "
            "monolith: CPU 50.0–52.0 s with inits, peak 4.00 GB, 3 complete; "
            "decomposed: CPU 4.10 s with inits, peak 270 MB",
            id="the monolith of another run",
        ),
        pytest.param(
            replace(a_script_run(), repetitions=MONOLITH, settings=the_settings(variants=(M,), repeats=3)),
            "measured 3 times, shown is the repetition with the median CPU time; "
            "CPU 50.0–52.0 s with inits, peak 4.00 GB",
            id="a script",
        ),
    ],
)
def test_how_far_repetitions_lie_apart_is_said_of_each_variant(run: Run, said: str) -> None:
    assert repeated_text(run) == said


def test_a_bounded_peak_is_said_to_be_bounded() -> None:
    first, *others = DECOMPOSED
    task = replace(first.measurements[0], peak=between(200, 300))
    assert "peak 271–300 MB, bounded" in repeated_text(of(replace(first, measurements=(task,)), *others))


def test_the_terminal_says_it_once_and_names_the_commit() -> None:
    run = replace(of(*MONOLITH, *DECOMPOSED), commit=Commit(id="0123456789abcdef" * 2, branch="main", dirty=True))
    said = " ".join(render(a_report(run), width=100).split())
    assert said.count("shown is the repetition with the median CPU time") == 1
    assert "commit 012345678 of main with changes" in said
    assert "commit" not in render(a_report(replace(run, commit=None)))
    clean = replace(run, commit=Commit(id="f" * 40))
    assert ", commit fffffffff " in " ".join(render(a_report(clean), width=100).split()) + " "


def test_programs_get_every_figure_of_every_complete_repetition() -> None:
    half = a_repetition(D, 3, cpu_s=1, mib=9, reason=INTERRUPTED)
    commit = Commit(id="a" * 40, branch="", dirty=False)
    document = json.loads(render(a_report(replace(of(*MONOLITH, *DECOMPOSED, half), commit=commit)), "json"))
    jsonschema.validate(
        document, json.loads((ROOT / "docs" / "report.schema.json").read_text()), jsonschema.Draft202012Validator
    )
    decomposed = document["repetitions"]["decomposed"]
    assert decomposed["repeats"] == 3
    assert decomposed["whole"]["peak_bytes"] == [270 * MIB, 271 * MIB, 272 * MIB]
    assert decomposed["whole"]["cpu_ns"] == [4_100_000_000, 4_200_000_000, 4_300_000_000]
    assert decomposed["whole"]["wall_ns"] == [NS_PER_S] * 3
    assert [(step["name"], step["tasks"], step["bounded"]) for step in decomposed["steps"]] == [("train", 1, False)]
    assert document["run"]["commit"] == {"id": "a" * 40, "branch": None, "dirty": False}
    assert document["settings"]["repeats"] == 3


def test_a_variant_without_a_complete_repetition_has_no_figures_for_programs() -> None:
    run = of(a_repetition(M, 0, cpu_s=1, mib=9, reason="step 'load': it failed"), *DECOMPOSED)
    assert list(json.loads(render(a_report(run), "json"))["repetitions"]) == ["decomposed"]


def test_what_an_interrupted_run_has_measured_is_counted_over_all_repetitions() -> None:
    run = replace(of(*MONOLITH, *DECOMPOSED[:2]), ended=False)
    assert "until then: 5 tasks that ended well; --resume" in " ".join(render(a_report(run), width=200).split())
