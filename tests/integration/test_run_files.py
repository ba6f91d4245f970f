"""Run files that are none, cut off, damaged or from another version: told, and never half believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from profiler.model import Ending, Outcome
from profiler.store import Recorder, load_run
from tests.factories import a_machine, a_measurement, a_plan, the_settings
from tests.integration.place import Ended, Place


@pytest.fixture
def kept(place: Place, measured_shop: tuple[Place, Ended]) -> Path:
    """A copy of a whole run's file, in an empty place."""
    _, ended = measured_shop
    path = place.folder / "run.jsonl"
    path.write_bytes(Path(ended.run.path).read_bytes())
    return path


def refused(place: Place, reference: str, *words: str) -> None:
    """`report` ends with trouble and these words."""
    ended = place.paredown("report", reference)
    assert (ended.code, ended.out) == (2, ""), ended.said
    assert ended.err.startswith("error: "), ended.said
    for word in words:
        assert word in ended.err, ended.said


def test_a_run_can_be_shown_anywhere(place: Place, kept: Path) -> None:
    ended = place.paredown("report", "run.jsonl")
    assert (ended.code, ended.err) == (0, ""), ended.said
    assert "FITS" in ended.out


def test_a_torn_last_line_is_dropped(place: Place, kept: Path) -> None:
    data = kept.read_bytes()
    whole = data.rindex(b"\n", 0, -1) + 1
    for end in (whole + 5, len(data) - 1):
        kept.write_bytes(data[:end])
        ended = place.paredown("report", "run.jsonl")
        assert ended.code == 0, ended.said
        assert "FITS" in ended.out


@pytest.mark.parametrize("lines", [1, 2, 5])
def test_a_run_that_was_cut_off_between_lines_is_shown_as_unfinished(place: Place, kept: Path, lines: int) -> None:
    kept.write_bytes(b"".join(kept.read_bytes().splitlines(keepends=True)[:lines]))
    ended = place.paredown("report", "run.jsonl")
    assert ended.code == 0, ended.said
    assert "bug of paredown" not in ended.err
    assert "SAME" not in ended.out


def test_a_file_cut_off_in_its_header_is_told(place: Place, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:300])
    refused(place, "run.jsonl", "run.jsonl: is no run of paredown", "cut off")


def test_a_line_damaged_in_the_middle_is_told_with_its_number(place: Place, kept: Path) -> None:
    lines = kept.read_bytes().splitlines(keepends=True)
    lines[2] = b"x" * 40 + lines[2][40:]
    kept.write_bytes(b"".join(lines))
    refused(place, "run.jsonl", "run.jsonl: line 3 is damaged: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wall_ns": "long"}, "wall_ns: expected int, found str"),
        ({"pace_ns": 10**400}, "pace_ns: expected an int of at most 64 bits"),
        ({"outcome": {"ending": "exploded"}}, "outcome: ending: 'exploded'"),
        ({"peak": None}, "peak: expected dict, found NoneType"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_field(
    place: Place, kept: Path, change: dict[str, object], words: str
) -> None:
    lines = kept.read_text().splitlines()
    number = next(number for number, line in enumerate(lines) if '"event":"measurement"' in line)
    lines[number] = json.dumps(json.loads(lines[number]) | change)
    kept.write_text("\n".join(lines) + "\n")
    refused(place, "run.jsonl", f"line {number + 1} is damaged: ", words)


def test_a_newer_schema_asks_for_a_newer_paredown(place: Place, kept: Path) -> None:
    lines = kept.read_text().splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"schema": 99, "paredown": "9.0"})
    kept.write_text("\n".join(lines) + "\n")
    refused(place, "run.jsonl", "was written with schema 99 by paredown 9.0", "hint: use a newer paredown to read it")


def test_what_this_version_does_not_know_of_is_passed_over(place: Place, kept: Path) -> None:
    lines = kept.read_text().splitlines()
    header = json.loads(lines[0])
    header["plan"]["mood"] = "good"
    lines[0] = json.dumps(header)
    lines.insert(1, json.dumps({"event": "weather", "sun": True}))
    kept.write_text("\n".join(lines) + "\n")
    assert place.paredown("report", "run.jsonl").code == 0


def test_a_run_from_before_items_and_files_were_counted_does_not_say_how_many(place: Place, kept: Path) -> None:
    later = {"input_files", "printed_bytes", "item_bytes", "largest_item_bytes", "write_units"}
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert later - {"printed_bytes"} <= {name for line in lines for name in line}, "the job prints nothing"
    kept.write_text("".join(json.dumps({k: v for k, v in line.items() if k not in later}) + "\n" for line in lines))
    run = load_run(str(kept))
    assert {(item.input_files, item.printed_bytes) for item in run.measurements} == {(0, 0)}
    assert {(item.item_bytes, item.largest_item_bytes, item.write_units) for item in run.answers} == {(None,) * 3}
    assert place.paredown("report", "run.jsonl").code == 0


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"{}\n", b"[]\n", b"null\n", b"3\n", b'"event"\n', b"\xff\xfe\x00\x01\n", b"\x00" * 100, b"PAR1",
        b'{"event":"header"}\n', b'{"event":"header","schema":1}\n', b'{"event":"header","schema":null}\n',
        b'{"event":"header","schema":1,"id":3,"created":4,"paredown":5,"plan":6,"machine":7,"settings":8}\n',
        b"[" * 100_000 + b"\n",
    ],
)  # fmt: skip
def test_a_file_that_is_no_run_is_told(place: Place, content: bytes) -> None:
    (place.folder / "a.jsonl").write_bytes(content)
    refused(place, "a.jsonl", "a.jsonl: ")


def test_a_folder_or_nothing_is_no_run(place: Place) -> None:
    (place.folder / "folder").mkdir()
    refused(place, "folder", "folder")
    refused(place, "gone", "there is no run 'gone': neither a file nor an id in")
    refused(place, "last", "there is no run in", "hint: measure one: paredown run JOB")


def test_a_damaged_run_does_not_disturb_the_next_one(shop: Place) -> None:
    shop.write(".paredown/runs/shop-19990101-000000-0000.jsonl", "nonsense\n")
    shop.write(".paredown/runs/shop-19990101-000000-0001.jsonl", "")
    ended = shop.paredown("run", "job.py", "--variant", "decomposed")
    assert ended.code == 0, ended.said


def test_resume_passes_over_what_is_no_run(shop: Place) -> None:
    shop.write(".paredown/runs/broken.jsonl", "nonsense\n")
    ended = shop.paredown("run", "job.py", "--resume")
    assert ended.code == 2, ended.said
    assert "there is no run of shop to resume" in ended.err or "broken.jsonl" in ended.err


def test_half_a_surrogate_pair_in_a_name_or_a_message_is_kept(tmp_path: Path) -> None:
    message = "no \ud83d, and no \udcff of a name that is not UTF-8"
    outcome = Outcome(ending=Ending.RAISED, message=message)
    recorder = Recorder.create(
        tmp_path / "run.jsonl",
        run_id="run",
        created="2026-11-24T12:00:00Z",
        version="1",
        plan=a_plan(),
        machine=a_machine(),
        settings=the_settings(),
    )
    recorder.record(a_measurement(outcome=outcome))
    (loaded,) = load_run(str(recorder.path)).measurements
    assert loaded.outcome.message == message
