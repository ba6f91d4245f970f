"""Which runs a workspace keeps, which of them may go, and that nothing else does."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from profiler.errors import OutputError
from profiler.kept.listing import Kept, KeptRun, State, list_runs
from profiler.kept.pruning import Criteria, remove, to_prune
from profiler.maker import Maker
from profiler.model import Commit, Run
from profiler.owner import claim
from profiler.report.runs_page import document, runs_page
from profiler.report.sheet_text import sheet_text
from profiler.runner.workspace import Workspace
from tests.factories import a_plan, a_run
from tests.reports import keep
from tests.sample_runs import a_run_with_failed_tasks, a_script_run, an_interrupted_run

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def keep_one(root: Path, run_id: str, run: Run | None = None, **changes: object) -> Path:
    """Keep a run with an answer of 1,000 bytes."""
    run = replace(run or a_run(), id=run_id, **changes)  # type: ignore[arg-type]
    answers = root / "work" / run_id / "answers"
    answers.mkdir(parents=True)
    (answers / "monolith.parquet").write_bytes(b"x" * 1000)
    return keep(run, str(root / "runs" / f"{run_id}.jsonl"))


def days_ago(days: float) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def states(kept: Kept) -> dict[str, State]:
    return {run.header.id: run.state for run in kept.runs}


def ids(runs: tuple[KeptRun, ...]) -> list[str]:
    return [run.header.id for run in runs]


def test_a_workspace_that_is_not_there_keeps_nothing(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == Kept(runs=())
    assert "paredown run JOB" in sheet_text(runs_page(Kept(runs=()), workspace=tmp_path))


def test_runs_are_listed_the_newest_first_however_their_files_were_copied(tmp_path: Path) -> None:
    for days in (1, 3, 2):
        keep_one(tmp_path, f"a-{days}", created=days_ago(days))
    os.utime(tmp_path / "runs" / "a-3.jsonl")
    assert ids(list_runs(tmp_path).runs) == ["a-1", "a-2", "a-3"]


def test_how_a_run_ended_is_told(tmp_path: Path) -> None:
    keep_one(tmp_path, "good")
    keep_one(tmp_path, "failed", a_run_with_failed_tasks())
    keep_one(tmp_path, "script", a_script_run())
    keep_one(tmp_path, "stopped", an_interrupted_run())
    keep_one(tmp_path, "going", an_interrupted_run())
    claim(Workspace(tmp_path).work("going"))
    kept = list_runs(tmp_path)
    assert states(kept) == {
        "good": State.COMPLETE,
        "failed": State.FAILED,
        "script": State.FAILED,
        "stopped": State.INTERRUPTED,
        "going": State.RUNNING,
    }
    reasons = {run.header.id: run.reason for run in kept.runs}
    assert reasons["failed"] == "4 of 20 tasks of train did not end well"
    assert next(run.maker for run in kept.runs if run.header.id == "going") == Maker(process=os.getpid())


def test_a_torn_last_line_is_an_interrupted_run(tmp_path: Path) -> None:
    path = keep_one(tmp_path, "torn", an_interrupted_run())
    with path.open("a") as file:
        file.write('{"event":"end"')
    assert states(list_runs(tmp_path)) == {"torn": State.INTERRUPTED}


def test_a_variant_that_was_resumed_counts_as_it_ended_last(tmp_path: Path) -> None:
    run = a_run()
    path = keep_one(tmp_path, "a", replace(run, variants=(replace(run.variants[0], complete=False, reason="killed"),)))
    assert states(list_runs(tmp_path)) == {"a": State.FAILED}
    with path.open("a") as file:
        file.write('{"event":"resume"}\n{"event":"variant","variant":"monolith","wall_ns":1,"complete":true}\n')
        file.write('{"event":"end"}\n')
    assert states(list_runs(tmp_path)) == {"a": State.COMPLETE}


def test_a_run_takes_the_room_of_its_file_and_of_its_work(tmp_path: Path) -> None:
    path = keep_one(tmp_path, "a")
    (run,) = list_runs(tmp_path).runs
    assert (run.file_bytes, run.work_bytes) == (path.stat().st_size, 1000)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        pytest.param(lambda data: b"", "expected a first line with a header", id="empty"),
        pytest.param(lambda data: data[:40], "cut off in it", id="a torn header"),
        pytest.param(lambda data: b"\x00\xff\n" + data, "expected a first line with a header", id="binary"),
        pytest.param(lambda data: data.replace(b'"schema":1', b'"schema":9'), "schema 9", id="a newer one"),
        pytest.param(lambda data: data.replace(b'"job":', b'"jab":'), "header is damaged", id="no job"),
        pytest.param(lambda data: data.replace(b'"created":"2026', b'"created":"last'), "damaged", id="no date"),
        pytest.param(lambda data: data.replace(b'"event":"meas', b'"evont":"meas', 1), "line 2", id="another line"),
        pytest.param(lambda data: data.replace(b'"complete":true', b'"complete":"yes"'), "complete", id="a value"),
    ],
)
def test_a_damaged_file_is_named_beside_the_others(damage, problem: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    keep_one(tmp_path, "good")
    path = keep_one(tmp_path, "bad")
    path.write_bytes(damage(path.read_bytes()))
    kept = list_runs(tmp_path)
    assert ids(kept.runs) == ["good"]
    (bad,) = kept.unreadable
    assert bad.path == str(path)
    assert problem in bad.problem
    text = " ".join(sheet_text(runs_page(kept, workspace=tmp_path), width=400).split())
    assert f"NOT SHOWN {path}" in text


def test_a_folder_called_like_a_run_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "runs" / "a.jsonl").mkdir(parents=True)
    (bad,) = list_runs(tmp_path).unreadable
    assert "Is a directory" in bad.problem


def test_two_hundred_runs_are_all_listed(tmp_path: Path) -> None:
    for number in range(200):
        keep_one(tmp_path, f"a-{number:03}", created=days_ago(number / 4))
    kept = list_runs(tmp_path)
    assert ids(kept.runs) == [f"a-{number:03}" for number in range(200)]
    text = sheet_text(runs_page(kept, workspace=tmp_path), width=140)
    assert all(run_id in text for run_id in ids(kept.runs))
    assert [entry["id"] for entry in document(kept, workspace=tmp_path)["runs"]] == ids(kept.runs)


def test_a_hostile_name_is_shown_as_text(tmp_path: Path) -> None:
    commit = Commit(id="\x1b[31mdeadbeef00", branch="<script>")
    keep_one(tmp_path, "x", plan=a_plan(job="<script>\x1b[2J日本\nfits"), commit=commit)
    keep_one(tmp_path, "y")
    text = sheet_text(runs_page(list_runs(tmp_path), workspace=tmp_path), width=200)
    assert "<script>\\x1b[2J日本\\nfits" in text
    assert "\x1b" not in text


# --- pruning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "gone"),
    [
        pytest.param(Criteria(older_than=timedelta(days=2)), ["a-3", "b-30"], id="by age"),
        pytest.param(Criteria(older_than=timedelta(days=3)), ["b-30"], id="exactly as old stays"),
        pytest.param(Criteria(keep=1), ["a-2", "a-3", "b-30"], id="by count, of each job"),
        pytest.param(Criteria(keep=2, older_than=timedelta(days=2)), ["a-3"], id="both have to let it go"),
        pytest.param(Criteria(keep=9), [], id="fewer than are kept"),
    ],
)
def test_criteria_choose(criteria: Criteria, gone: list[str], tmp_path: Path) -> None:
    for name, job, days in (("a-1", "a", 1), ("a-2", "a", 2), ("a-3", "a", 3), ("b-2", "b", 2), ("b-30", "b", 30)):
        keep_one(tmp_path, name, plan=a_plan(job=job), created=days_ago(days))
    assert ids(to_prune(list_runs(tmp_path).runs, criteria, now=NOW)) == gone


def test_a_run_that_goes_on_is_never_chosen_nor_removed(tmp_path: Path) -> None:
    keep_one(tmp_path, "a", an_interrupted_run(), created=days_ago(99))
    (before,) = list_runs(tmp_path).runs
    claim(Workspace(tmp_path).work("a"))
    assert to_prune(list_runs(tmp_path).runs, Criteria(older_than=timedelta(days=1)), now=NOW) == ()
    assert remove([before], tmp_path).still_running == ("a",)
    assert before.header.path.exists()


def test_a_run_goes_with_its_answers_and_the_others_stay(tmp_path: Path) -> None:
    for name in ("a", "b"):
        keep_one(tmp_path, name)
    run = next(run for run in list_runs(tmp_path).runs if run.header.id == "a")
    removed = remove([run], tmp_path)
    assert (removed.runs, removed.freed_bytes) == (1, run.size_bytes)
    assert ids(list_runs(tmp_path).runs) == ["b"]
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["b"]


def test_a_copy_of_a_run_goes_without_the_answers_of_the_original(tmp_path: Path) -> None:
    path = keep_one(tmp_path, "a")
    path.with_name("copy.jsonl").write_bytes(path.read_bytes())
    copy = next(run for run in list_runs(tmp_path).runs if run.header.id == "copy")
    remove([copy], tmp_path)
    assert ids(list_runs(tmp_path).runs) == ["a"]
    assert (tmp_path / "work" / "a" / "answers" / "monolith.parquet").exists()


def test_an_id_that_leads_elsewhere_removes_nothing_there(tmp_path: Path) -> None:
    root, outside = tmp_path / "workspace", tmp_path / "precious"
    outside.mkdir()
    keep(a_run(id="../../precious"), str(root / "runs" / "a.jsonl"))
    remove(list_runs(root).runs, root)
    assert outside.exists()
    assert list_runs(root).runs == ()


def test_links_are_removed_and_not_what_they_lead_to(tmp_path: Path) -> None:
    root, outside = tmp_path / "workspace", tmp_path / "precious"
    outside.mkdir()
    (outside / "file").write_bytes(b"x" * 5000)
    path = keep_one(root, "a")
    (root / "work" / "a" / "answers" / "link").symlink_to(outside)
    real = path.rename(tmp_path / "real.jsonl")
    path.symlink_to(real)
    keep(a_run(id="b"), str(root / "runs" / "b.jsonl"))
    (root / "work" / "b").symlink_to(outside)
    runs = list_runs(root).runs
    assert all(run.work_bytes < 5000 for run in runs)
    remove(runs, root)
    assert (outside / "file").exists()
    assert real.exists()
    assert list((root / "work").iterdir()) == list((root / "runs").iterdir()) == []


@pytest.mark.parametrize("folder", ["runs", "work"])
def test_a_folder_that_is_a_link_out_of_the_workspace_is_refused(folder: str, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    path = keep_one(root, "a")
    (root / folder).rename(tmp_path / folder)
    (root / folder).symlink_to(tmp_path / folder)
    runs = list_runs(root).runs
    with pytest.raises(OutputError, match="outside the workspace"):
        remove(runs, root)
    assert path.exists()


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep_one(tmp_path, "a")
    runs = list_runs(tmp_path).runs
    path.unlink()
    path.mkdir()
    with pytest.raises(OutputError, match=r"cannot remove .*a\.jsonl.*0 of 1 runs are gone"):
        remove(runs, tmp_path)
