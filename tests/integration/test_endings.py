"""However a step ends, there is a measurement that says so, and no process stays."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from profiler.model import Ending, Measurement, Outcome
from tests.integration.place import MARK, alive, wait_until
from tests.integration.tasks import ENDINGS, measure


def ended(name: str, folder: Path, **changes: object) -> Measurement:
    """Run one step in a sandbox of its own; nothing of it may be left."""
    mark = uuid.uuid4().hex
    environment = {MARK: mark} | changes.pop("environment", {})  # type: ignore[operator]
    (measurement,) = measure(name, folder, environment=environment, **changes)
    assert not alive(mark)
    assert list((folder / "temp").iterdir()) == []
    return measurement


def outcome(name: str, folder: Path, **changes: object) -> Outcome:
    """How it ended."""
    return ended(name, folder, **changes).outcome


def test_a_step_that_raises_shows_the_users_traceback_and_none_of_our_frames(tmp_path: Path) -> None:
    shown = outcome("raises", tmp_path)
    assert (shown.ending, shown.message) == (Ending.RAISED, "ValueError: no price for 'disk'")
    lines = shown.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert {line.split('"')[1] for line in lines if line.startswith("  File ")} == {str(ENDINGS)}
    assert "KeyError: 'disk'" in lines
    assert "The above exception was the direct cause of the following exception:" in lines
    assert [line.split(", in ")[1] for line in lines if line.startswith("  File ")] == ["_deeper", "raises", "_deeper"]


@pytest.mark.parametrize(
    ("name", "ending", "message"),
    [
        ("raises_memory_error", Ending.OUT_OF_MEMORY, "MemoryError"),
        ("raises_forever", Ending.RAISED, "RecursionError: maximum recursion depth exceeded"),
        ("raises_own_error", Ending.RAISED, "Strange: ('one', 'two')"),
        ("raises_unprintable", Ending.RAISED, "Silent: <exception str() failed>"),
        ("raises_a_group", Ending.RAISED, "ExceptionGroup: two things (2 sub-exceptions)"),
        ("exits", Ending.EXITED, "left with sys.exit, exit code 7"),
        ("exits_with_words", Ending.EXITED, "left with sys.exit (no data today), exit code 1"),
        ("exits_at_once", Ending.EXITED, "the process ended itself with exit code 9"),
        ("exits_well_at_once", Ending.EXITED, "the process ended itself with exit code 0"),
        ("killed", Ending.KILLED, "killed by SIGKILL, possibly for memory"),
        ("crashes", Ending.KILLED, "killed by SIGSEGV; it crashed outside Python"),
        ("aborts", Ending.KILLED, "killed by SIGABRT; it crashed outside Python"),
        ("closes_everything", Ending.EXITED, "it closed file descriptors that are not its own"),
    ],
)
def test_an_ending_is_told_in_one_sentence(name: str, ending: Ending, message: str, tmp_path: Path) -> None:
    shown = outcome(name, tmp_path)
    assert shown.ending is ending
    assert message in shown.message


@pytest.mark.parametrize(
    "name", ["fine", "closes_stdout", "loses_stdout", "reads_stdin", "prints_megabytes", "returns_none"]
)
def test_a_step_may_do_this_and_still_end_well(name: str, tmp_path: Path) -> None:
    assert outcome(name, tmp_path) == Outcome(ending=Ending.OK)


def test_what_a_failed_step_printed_is_kept_to_its_last_words(tmp_path: Path) -> None:
    assert outcome("prints_and_raises", tmp_path).output_tail == "said before\ncomplained before\n"
    tail = outcome("prints_megabytes_and_raises", tmp_path).output_tail
    assert tail.endswith("the last word\n")
    assert len(tail) < 10_000


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        pytest.param("fine", 0, id="nothing"),
        pytest.param("prints_and_raises", len("said before\ncomplained before\n"), id="both outputs, before it failed"),
        pytest.param("exits_at_once", len("about to end\n"), id="before its process ended"),
        pytest.param("prints_from_a_child", len("one\ntwo\n"), id="a child of its own too"),
        pytest.param("prints_megabytes", 100 * 100_001 + len("the last word\n"), id="more than is shown"),
    ],
)
def test_what_a_task_printed_is_counted_to_the_byte(name: str, printed: int, tmp_path: Path) -> None:
    assert ended(name, tmp_path).printed_bytes == printed


def test_each_task_of_a_warm_sandbox_is_told_what_it_printed_itself(tmp_path: Path) -> None:
    printed = [item.printed_bytes for item in measure("prints_megabytes", tmp_path, times=3)]
    assert printed == [100 * 100_001 + len("the last word\n")] * 3


def test_a_flood_is_counted_with_what_was_cut_away(tmp_path: Path) -> None:
    assert ended("prints_a_flood", tmp_path).printed_bytes == 200 << 20


def test_a_flood_takes_room_for_its_tail_alone(tmp_path: Path) -> None:
    measurement = ended("sees_a_flood_sink", tmp_path)
    assert measurement.outcome.ok, measurement.outcome


@pytest.mark.parametrize("name", ["sleeps", "sleeps_deaf", "stops_itself"])
def test_a_step_that_takes_too_long_is_ended(name: str, tmp_path: Path) -> None:
    shown = outcome(name, tmp_path, timeout_ns=300_000_000)
    assert (shown.ending, shown.message) == (Ending.TIMED_OUT, "not done after 0.3 s, the timeout")


@pytest.mark.parametrize("name", ["leaves_children", "leaves_children_and_dies"])
def test_no_child_outlives_the_task_that_left_it(name: str, tmp_path: Path) -> None:
    measurement = ended(name, tmp_path)  # `ended` looks for what is left.
    assert measurement.processes >= 4
    assert measurement.outcome.ending is (Ending.OK if name == "leaves_children" else Ending.EXITED)


def test_a_forked_child_that_comes_back_gives_no_answer(tmp_path: Path) -> None:
    for measurement in measure("comes_back_twice", tmp_path, times=2):
        assert measurement.outcome.ok, measurement.outcome
        assert measurement.cpu_ns > 0
    (kept,) = (tmp_path / "kept").glob("**/*.pickle")
    assert b"parent" in kept.read_bytes()


def test_no_child_outlives_a_timeout(tmp_path: Path) -> None:
    reached = tmp_path / "reached"
    shown = outcome(
        "leaves_children_and_sleeps", tmp_path, timeout_ns=1_500_000_000, environment={"REACHED": str(reached)}
    )
    assert shown.ending is Ending.TIMED_OUT
    assert reached.exists()


@pytest.mark.parametrize("name", ["leaves_children_and_sleeps", "sleeps_deaf"])
def test_a_stop_file_ends_a_task_and_all_below_it(name: str, tmp_path: Path) -> None:
    reached = tmp_path / "reached"

    def stop() -> None:
        wait_until(reached.exists, "the step did not begin")
        (tmp_path / "stop").touch()

    stopper = threading.Thread(target=stop)
    stopper.start()
    shown = outcome(name, tmp_path, environment={"REACHED": str(reached)})
    stopper.join()
    assert shown.ending is Ending.STOPPED


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("returns_a_lock", "returned a dict, which cannot be kept: cannot pickle '_thread.lock' object"),
        ("returns_a_lambda", "returned a function, which cannot be kept: "),
        ("returns_a_series", "returned a Series; expected a DataFrame (use .to_frame() or .reset_index())"),
        ("returns_no_columns", "returned a DataFrame without columns; expected at least one"),
        ("returns_columns_twice", "columns 'a' and 'a' have the same name"),
        ("returns_columns_that_clash", "columns 'Day' and 'day' have the same name where upper and lower case"),
        ("returns_numbered_columns", "column 0 has a name of type int; expected text"),
        ("returns_levels", "column ('a', 'x') has a name of type tuple; expected text"),
        ("returns_periods", "column 'month' is of type period[M], which Parquet by DuckDB cannot keep"),
        ("returns_complex", "column 'z' is of type complex128, which Parquet by DuckDB cannot keep"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(name: str, message: str, tmp_path: Path) -> None:
    shown = outcome(name, tmp_path)
    assert shown.ending is Ending.RAISED
    assert shown.message.startswith(f"{name}: ")
    assert message in shown.message
    kept = tmp_path / "kept"
    assert not kept.exists() or list(kept.iterdir()) == []


def test_columns_that_change_on_the_way_are_told_by_name(tmp_path: Path) -> None:
    measurement = ended("returns_what_changes", tmp_path)
    assert measurement.outcome.ok
    told = "\n".join(measurement.warnings)
    for words in ("index 'row' is not kept", "'kind' is categorical", "'when' is in time zone Europe/Berlin"):
        assert words in told
    for words in ("'price' holds Decimal; it comes back as float64", "'day' holds date"):
        assert words in told


def test_mixed_objects_are_told_or_refused(tmp_path: Path) -> None:
    measurement = ended("returns_mixed", tmp_path)
    assert "'a' holds mixed objects" in "\n".join((measurement.outcome.message, *measurement.warnings))


def test_column_names_may_need_quotes(tmp_path: Path) -> None:
    import duckdb

    measurement = ended("returns_strange_names", tmp_path)
    (file,) = measurement.files
    names = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()]
    assert names == ["a b", 'say "so"', "it's", "größe", "../up", ";drop"]


def test_a_sandbox_that_failed_is_not_used_again(tmp_path: Path) -> None:
    first, second = measure("raises", tmp_path, times=2)
    assert first.init_ns > 0
    assert second.init_ns > 0


def test_a_warm_sandbox_pays_its_start_once_and_a_cold_one_each_time(tmp_path: Path) -> None:
    assert [item.init_ns > 0 for item in measure("fine", tmp_path, times=3)] == [True, False, False]
    assert [item.init_ns > 0 for item in measure("fine", tmp_path, times=3, cold=True)] == [True, True, True]


def test_a_sandbox_that_had_a_child_is_not_used_again(tmp_path: Path) -> None:
    assert all(item.init_ns > 0 for item in measure("starts_something_quick", tmp_path, times=2))


def test_a_function_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    shown = outcome("nobody", tmp_path)
    assert shown.ending is Ending.RAISED
    assert shown.message == "AttributeError: module 'endings' has no attribute 'nobody'"


def test_a_step_inherits_no_descriptor_of_ours(tmp_path: Path) -> None:
    assert outcome("lists_descriptors", tmp_path).message.startswith("left with sys.exit ({})")
