"""`run --repeat N`: each variant N times, by turns; what fails is not repeated, and what is there is kept."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

import profiler
from profiler.errors import UsageError
from profiler.model import Run, Variant
from profiler.store import load_run
from tests.integration.place import Place, Started
from tests.integration.within import paredown_within

M, D = Variant.MONOLITH, Variant.DECOMPOSED
DECOMPOSED = ("run", "job.py", "--variant", "decomposed")


def taken(place: Place) -> str:
    """Which steps have run, in their order."""
    return (place.folder / "turns").read_text()


def repetitions(run: Run) -> list[tuple[Variant, int, bool]]:
    """Which there are, and whether they are complete."""
    return [(one.variant, one.repeat, one.complete) for one in run.repetitions]


def left_in(place: Place, run: Run) -> set[str]:
    """Names of what a run has left in its folder of work."""
    return {path.name for path in (place.workspace / "work" / run.id).iterdir()}


def held(turns: Place, turn: str, *options: str) -> Started:
    """A run that holds on in a turn."""
    turns.write(f"hold-{turn}", "")
    started = turns.start("run", "job.py", *options)
    started.wait_for(turns.folder / f"held-{turn}")
    return started


def test_variants_are_repeated_by_turns_and_only_the_answers_stay(turns: Place) -> None:
    started = held(turns, "E2", "--repeat", "3")
    run = load_run("last", folder=turns.workspace)
    work = turns.workspace / "work" / run.id
    assert [path.parent.parent.parent.name for path in work.glob("**/first/**/*.pickle")] == ["repeat-1-decomposed"]
    assert {path.name for path in work.iterdir() if path.is_dir()} == {"answers", "temp", "repeat-1-decomposed"}
    (turns.folder / "hold-E2").unlink()
    ended = started.end()
    assert ended.code == 0, ended.said
    assert taken(turns) == "MDE" * 3
    run = ended.run
    assert run.settings.repeats == 3
    assert repetitions(run) == [(variant, repeat, True) for repeat in range(3) for variant in (M, D)]
    steps = ((M, "whole"), (M, "answer"), (D, "first"), (D, "last"), (D, "answer"))
    assert {(item.variant, item.step, item.repeat) for one in run.repetitions for item in one.measurements} == {
        (variant, step, repeat) for variant, step in steps for repeat in range(3)
    }
    assert [item.init_ns > 0 for one in run.repeated(D) for item in one.measurements] == [True] * 9, "none is warmed up"
    assert run.comparison is not None
    assert run.comparison.equal is True
    assert len(run.answers) == 2
    assert left_in(turns, run) == {"answers"}


def test_what_has_failed_is_not_repeated_and_the_rest_goes_on(turns: Place) -> None:
    turns.write("fail-D2", "")
    ended = paredown_within(turns, "run", "job.py", "--repeat", "3")
    assert ended.code == 1, ended.said
    assert taken(turns) == "MDE" + "MD" + "M"
    assert repetitions(ended.run) == [
        (M, 0, True),
        (D, 0, True),
        (M, 1, True),
        (D, 1, False),
        (M, 2, True),
    ]
    (end,) = [end for end in ended.run.variants if end.variant is D]
    assert (end.repeat, end.complete) == (1, False), "the one that failed is shown"
    assert "D2 fails" in ended.out
    assert left_in(turns, ended.run) == {"answers"}


def test_a_variant_that_fails_at_once_leaves_the_other_one_its_repetitions(turns: Place) -> None:
    turns.write("fail-M1", "")
    ended = paredown_within(turns, "run", "job.py", "--repeat", "2")
    assert ended.code == 1, ended.said
    assert taken(turns) == "M" + "DE" * 2


def stopped(turns: Place, started: Started, how: signal.Signals, until: str) -> Run:
    """What is kept of a run that is stopped while it holds on, after these turns; turns are counted anew then."""
    started.process.send_signal(how)
    started.process.communicate()
    assert taken(turns) == until
    for file in ("hold-E2", "held-E2", "turns"):
        (turns.folder / file).unlink()
    run = load_run("last", folder=turns.workspace)
    assert not run.ended
    assert {end.complete for end in run.variants} == {True}, "what was complete is shown, not what was interrupted"
    shown = paredown_within(turns, "report")
    assert shown.code == 0, shown.said
    return run


def test_resume_does_what_is_missing_of_every_repetition(turns: Place) -> None:
    interrupted = stopped(turns, held(turns, "E2", "--repeat", "3"), signal.SIGINT, "MDEMDE")
    killed = stopped(turns, held(turns, "E2", "--resume"), signal.SIGKILL, "EMDE")
    assert killed.repetitions[:3] == interrupted.repetitions[:3]
    ended = paredown_within(turns, "run", "job.py", "--resume")
    assert ended.code == 0, ended.said
    assert taken(turns) == "E"
    assert repetitions(ended.run) == [(variant, repeat, True) for repeat in range(3) for variant in (M, D)]
    assert ended.run.repetitions[:5] == killed.repetitions[:5]
    assert left_in(turns, ended.run) == {"answers"}


def as_by_another_python(run: Run) -> None:
    """Let a kept run's file say so."""
    path, python = Path(run.path), json.dumps(run.machine.python)
    path.write_text(path.read_text().replace(f'"python":{python}', '"python":"3.10.1"', 1))
    assert load_run(run.path).machine.python == "3.10.1"


def test_a_monolith_that_was_interrupted_begins_its_repetition_again(turns: Place) -> None:
    started = held(turns, "M2", "--repeat", "2")
    started.interrupt()
    assert started.end().code == 130
    (turns.folder / "hold-M2").unlink()
    turns.write("turns", "")
    as_by_another_python(load_run("last", folder=turns.workspace))

    refused = paredown_within(turns, "run", "job.py", "--resume", "--repeat", "3")
    assert refused.code == 2, refused.said
    assert "was begun with --repeat 2, and goes on with that, not 3" in refused.err

    ended = paredown_within(turns, "run", "job.py", "--resume", "--repeat", "2")
    assert ended.code == 0, ended.said
    assert taken(turns) == "MDE"
    restarts = [json.loads(line) for line in Path(ended.run.path).read_text().splitlines() if '"restart"' in line]
    assert restarts == [{"event": "restart", "variant": "monolith", "repeat": 1}]
    assert [[item.attempt for item in one.measurements] for one in ended.run.repeated(M)] == [[1, 1], [2, 2]]
    looks = [sum(task.paces for task in one.measurements) for one in ended.run.repeated(M)]
    assert (looks[0] > 0, looks[1]) == (True, 0), "a pace is not looked at in two ways, by two Pythons"


def test_against_takes_every_repetition_of_the_other_variant(turns: Place) -> None:
    kept = paredown_within(turns, "run", "job.py", "--variant", "monolith", "--repeat", "3").run
    assert all(any(task.paces for task in one.measurements) for one in kept.repeated(M))
    turns.write("turns", "")
    ended = paredown_within(turns, *DECOMPOSED, "--repeat", "2", "--against", kept.id)
    assert ended.code == 0, ended.said
    assert taken(turns) == "DEDE"
    run = ended.run
    assert [one.measurements for one in run.repeated(M)] == [one.measurements for one in kept.repeated(M)]
    assert {one.end.from_run for one in run.repeated(M) if one.end} == {kept.id}
    assert len(run.repeated(D)) == 2
    assert run.comparison is not None
    assert run.comparison.equal is True

    as_by_another_python(kept)
    run = paredown_within(turns, *DECOMPOSED, "--repeat", "2", "--against", kept.id).run
    assert {(task.pace_ns, task.paces) for one in run.repeated(M) for task in one.measurements} == {(0, 0)}
    assert any(task.paces for one in run.repeated(D) for task in one.measurements)


def test_against_takes_no_variant_that_failed_in_a_repetition(turns: Place) -> None:
    turns.write("fail-M2", "")
    paredown_within(turns, "run", "job.py", "--variant", "monolith", "--repeat", "3")
    ended = paredown_within(turns, "run", "job.py", "--variant", "decomposed", "--against", "last")
    assert ended.code == 2, ended.said
    assert "holds no complete monolith variant" in ended.err


def test_lines_and_repeat_make_no_sense_together(turns: Place) -> None:
    ended = paredown_within(turns, "run", "job.py", "--repeat", "2", "--lines", "whole")
    assert (ended.code, ended.out) == (2, ""), ended.said
    assert "--lines shows a step once, so --repeat has nothing to do" in ended.err
    assert paredown_within(turns, "run", "job.py", "--repeat", "0").code == 2
    assert not (turns.folder / "turns").exists()


def test_python_repeats_too(turns: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(turns.folder)
    run = profiler.run("job.py", variants=["decomposed"], repeat=2)
    assert repetitions(run) == [(D, 0, True), (D, 1, True)]
    for nonsense in (0, -1, 1.5, "2", True):
        with pytest.raises(UsageError, match="expected a whole number from 1"):
            profiler.run("job.py", repeat=nonsense)  # type: ignore[arg-type]


SCRIPT = """
import os, sys
with open("turns", "a") as file:
    file.write("S")
print(len(open("turns").read()), sys.stdin.read())
sys.exit(int(os.environ.get("CODE", 0)) * (len(open("turns").read()) == 2))
"""


def test_a_script_is_run_as_often_and_its_output_is_its_own(place: Place) -> None:
    place.write("train.py", SCRIPT)
    ended = place.paredown("run", "--repeat", "3", "train.py")
    assert ended.code == 0, ended.said
    assert ended.out.split() == ["1", "2", "3"]
    assert repetitions(ended.run) == [(M, repeat, True) for repeat in range(3)]
    assert ended.run.exit_code == 0


def test_a_script_that_fails_is_not_run_again_and_its_exit_code_is_kept(place: Place) -> None:
    place.write("train.py", SCRIPT)
    ended = place.paredown("run", "--repeat", "4", "train.py", environment={"CODE": "7"})
    assert ended.code == 1, ended.said
    assert taken(place) == "SS"
    assert ended.run.exit_code == 7
    assert "exit code 7" in ended.err


def test_each_repetition_of_a_script_reads_the_same(place: Place) -> None:
    place.write("train.py", SCRIPT)
    place.write("input.txt", "skipped\nrows")
    with (place.folder / "input.txt").open("rb", buffering=0) as file:
        file.seek(len("skipped\n"))
        ended = place.paredown("run", "--repeat", "2", "train.py", stdin=file)
    assert ended.out.split() == ["1", "rows", "2", "rows"], ended.said
    (place.folder / "turns").unlink()
    piped = place.paredown("run", "--repeat", "2", "train.py", given=b"rows")
    assert piped.out.split() == ["1", "2"], "a pipe can be read once only, so none of them does"
    (place.folder / "turns").unlink()
    once = place.paredown("run", "train.py", given=b"rows")
    assert once.out.split() == ["1", "rows"]
