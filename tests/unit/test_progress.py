"""The line of progress: which repetition it is, and when all of them are done."""

from __future__ import annotations

from profiler.model import Variant, VariantEnd
from profiler.runner.progress import Progress
from profiler.session.earlier import durations
from profiler.units import NS_PER_S
from tests.factories import a_measurement

M, D = Variant.MONOLITH, Variant.DECOMPOSED


def line_of(progress: Progress) -> str:
    """What is drawn."""
    return str(progress._line())


def test_a_run_of_one_repetition_says_nothing_of_it() -> None:
    progress = Progress(visible=False, expected_ns={"monolith": 90 * NS_PER_S})
    progress.repetition(M, 0, 1, then=[])
    progress.step(M, "train", 1)
    assert line_of(progress) == "monolith  train · 0 s elapsed"


def test_all_that_is_to_come_counts_by_what_one_repetition_took() -> None:
    progress = Progress(visible=False, expected_ns={"monolith": 90 * NS_PER_S, "decomposed": 30 * NS_PER_S})
    progress.repetition(M, 1, 3, then=[D, M, D])
    progress.step(M, "train", 1)
    said = line_of(progress)
    assert "monolith  train · repetition 2 of 3 · " in said
    assert any(f", {left} to go" in said for left in ("4 min 00 s", "3 min 59 s", "3 min 58 s")), said


def test_what_comes_after_the_last_repetition_is_none() -> None:
    progress = Progress(visible=False, expected_ns={"monolith": 90 * NS_PER_S})
    progress.repetition(M, 2, 3, then=[])
    progress.step("comparing", "the answers", 1)
    assert line_of(progress) == "comparing  the answers · 0 s elapsed"


def test_where_one_variant_was_never_seen_nobody_knows_when_it_ends() -> None:
    progress = Progress(visible=False, expected_ns={"monolith": 90 * NS_PER_S})
    progress.repetition(M, 0, 3, then=[D, M, D])
    progress.step(M, "train", 1)
    assert "to go" not in line_of(progress)


def test_a_step_lasts_from_its_first_task_to_its_last_one_and_a_variant_as_it_ended() -> None:
    tasks = [a_measurement(index=index, started_ns=index * NS_PER_S, wall_ns=2 * NS_PER_S) for index in range(3)]
    ends = [
        VariantEnd(variant=D, wall_ns=7 * NS_PER_S, complete=True),
        VariantEnd(variant=M, wall_ns=1, complete=False, reason="step 'load': it failed"),
    ]
    assert durations(tasks, ends) == {"decomposed/train": 4 * NS_PER_S, "decomposed": 7 * NS_PER_S}
