"""Commands that read a workspace in a store, on moto's server: its runs come to this disk, and go from both places."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from s3fs import S3FileSystem

import profiler
from profiler import mirror
from profiler.errors import InputError, RunFileError
from profiler.maker import GONE_S
from profiler.model import Run
from profiler.owner import claim
from profiler.stores import objects
from tests.factories import a_run
from tests.integration.place import Ended, Place
from tests.integration.within import paredown_within
from tests.object_stores import (
    SECRET,
    Store,
    ahead,
    ask,
    denying,
    environment,
    keeping,
    listening,
    never,
    refusing,
    running_store,
    sign,
)
from tests.reports import keep
from tests.sample_runs import an_interrupted_run

URL = "s3://team/paredown"
THERE = ("--workspace", f"{URL}/")
TWO = ("a-23", "a-24")


@dataclass(frozen=True, slots=True)
class Kept:
    """A workspace in a store, and a place to read it from."""

    place: Place
    store: Store

    def put(self, run: Run, url: str = URL) -> bytes:
        """Put the file of a run there, as if it had been measured elsewhere."""
        file = keep(run, str(self.place.folder / "made" / f"{run.id}.jsonl"))
        content = file.read_bytes()
        file.unlink()
        objects.write(f"{url}/runs/{run.id}.jsonl", content)
        return content

    def read(self, *arguments: str, **variables: str) -> Ended:
        """Run a command that reads."""
        return paredown_within(self.place, *arguments, **variables)

    @property
    def copy(self) -> Path:
        """Where the workspace's copy is."""
        return mirror.folder_of(URL)

    def copied(self) -> dict[str, bytes]:
        """The runs' files that the copy has."""
        return {path.name: path.read_bytes() for path in self.copy.glob("runs/*")}

    def everything(self) -> dict[str, objects.Found]:
        """All that the store has of it."""
        return objects.listed(URL)


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    """A store that this process asks by one client, since to make one takes longer than most of these tests."""
    with running_store("team") as store, pytest.MonkeyPatch.context() as there:
        ask(store.environment, there)
        yield store


@pytest.fixture
def kept(place: Place, running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """A workspace with two runs of one job, the newest last; neither is here yet."""
    place.environment["XDG_CACHE_HOME"] = str(place.folder / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", place.environment["XDG_CACHE_HOME"])
    kept = Kept(place, running)
    for run_id in TWO:
        kept.put(a_run(id=run_id, created=f"2026-11-{run_id[2:]}T12:00:00Z"))
    yield kept
    objects.remove("s3://team")


def refused(ended: Ended, *words: str) -> None:
    """It ended with one error, which says these words and no secret."""
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert ended.err.count("error:") == 1
    assert SECRET not in ended.err
    for word in words:
        assert word in ended.err, ended.said


def test_every_command_that_reads_finds_runs_in_a_store_and_changes_nothing_there(kept: Kept) -> None:
    before = kept.everything()
    for arguments in (
        ("report", "last"),
        ("report", "a-23", "--format", "json"),
        ("check", "last", "--baseline", "last"),
        ("compare", *TWO),
        ("history", "cost_anomalies"),
        ("budget", "--run", "last", "--dollars-per-day", "7", "--requests-per-day", "3000"),
        ("runs",),
        ("runs", "--format", "json"),
    ):
        ended = kept.read(*arguments, *THERE)
        assert ended.code in ((0, 1) if arguments[0] == "check" else (0,)), ended.said
        assert str(kept.place.folder / "cache") not in ended.out, ended.out
        assert ended.err == ""
    assert kept.everything() == before
    assert not kept.place.workspace.exists()


def test_a_run_is_shown_by_its_url_and_found_by_it_again(kept: Kept) -> None:
    ended = kept.place.paredown("report", "last", *THERE)  # By itself, once.
    named = f"{URL}/runs/a-24.jsonl"
    assert f"paredown report {named}" in " ".join(ended.out.replace("\\\n", "").split())
    again = kept.read("report", named, "--format", "json")
    assert json.loads(again.out)["run"]["id"] == "a-24"


def test_what_goes_on_in_a_store_is_resumed_where_it_is(kept: Kept) -> None:
    kept.put(an_interrupted_run())
    said = " ".join(kept.read("report", an_interrupted_run().id, *THERE).out.replace("\\\n", "").split())
    assert f" --workspace {URL} --shards 20 --resume" in said


def test_python_reads_it_as_the_command_line_does(kept: Kept) -> None:
    newest = profiler.load(workspace=f"{URL}/")
    assert (newest.id, newest.path) == ("a-24", f"{URL}/runs/a-24.jsonl")
    assert profiler.load(newest.path) == newest
    for baseline in ("last", "a-23", URL, f"{URL}/runs", f"{URL}/runs/a-23.jsonl"):
        found = profiler.check(newest, [baseline], workspace=URL)
        assert [one.run_id for one in found.baselines] == ["a-23"]


@pytest.mark.parametrize("baseline", [URL, f"{URL}/runs/a-23.jsonl"])
def test_a_run_of_this_disk_is_held_to_baselines_in_a_store(kept: Kept, baseline: str) -> None:
    keep(a_run(id="mine"), str(kept.place.workspace / "runs" / "mine.jsonl"))
    ended = kept.read("check", "mine", "--baseline", baseline, "--format", "json")
    found = json.loads(ended.out)["baselines"]
    assert f"{URL}/runs/a-23.jsonl" in [one["path"] for one in found], ended.said


@pytest.mark.parametrize("baseline", ["s3://team/none", "s3://team/none/runs/a.jsonl"])
def test_a_baseline_that_no_store_has_is_said_as_one_of_this_disk_is(kept: Kept, baseline: str) -> None:
    ended = kept.read("check", "a-24", "--baseline", baseline, *THERE)
    assert f"No baseline yet: there is no {'run' if baseline.endswith('l') else 'other run'}" in ended.out
    assert baseline in ended.out


def test_runs_come_whole_with_their_time_and_a_run_that_grew_comes_again(kept: Kept) -> None:
    whole = kept.put(a_run(id="grows"))
    objects.write(f"{URL}/runs/grows.jsonl", whole[:-200])
    mirror.to_read(URL)
    assert kept.copied()["grows.jsonl"] == whole[:-200]
    objects.write(f"{URL}/runs/grows.jsonl", whole)
    mirror.to_read(URL)
    assert kept.copied()["grows.jsonl"] == whole
    times = {path.name: path.stat().st_mtime_ns for path in kept.copy.glob("runs/*")}
    assert times == {name: found.written_ns for name, found in objects.listed(f"{URL}/runs").items()}
    assert {path.name for path in kept.copy.iterdir()} == {"url", "runs"}


def test_what_did_not_change_is_not_fetched_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.to_read(URL)
    monkeypatch.setattr(objects, "get_all", lambda files: pytest.fail(f"fetched again: {files}"))
    mirror.to_read(URL)


def test_the_end_of_a_run_that_could_not_be_put_is_put_by_whoever_reads_next(kept: Kept) -> None:
    whole = kept.put(a_run(id="killed"))
    mirror.to_read(URL)
    with denying(kept.store, "/runs/killed") as address:
        assert kept.read("report", "killed", *THERE, **environment(address)).code == 0
        objects.write(f"{URL}/runs/killed.jsonl", whole[:-200])
        ended = kept.read("report", "killed", *THERE, **environment(address))
    assert (ended.code, ended.err) == (0, ""), "who may only read is not kept from it"
    assert "INTERRUPTED" not in ended.out
    assert objects.read(f"{URL}/runs/killed.jsonl") == whole[:-200]
    mirror.to_read(URL)
    assert kept.copied()["killed.jsonl"] == whole
    assert objects.read(f"{URL}/runs/killed.jsonl") == whole


def test_with_what_was_put_another_machine_may_have_gone_on(kept: Kept) -> None:
    whole = kept.put(a_run(id="killed"))
    mirror.to_read(URL)
    other = whole[:-200] + b"other"
    objects.write(f"{URL}/runs/killed.jsonl", other)
    mirror.to_read(URL)
    assert kept.copied()["killed.jsonl"] == objects.read(f"{URL}/runs/killed.jsonl") == other


def test_a_run_that_was_removed_elsewhere_goes_from_the_copy_unless_it_goes_on_here(kept: Kept) -> None:
    mirror.to_read(URL)
    for name in ("a-23", "a-24"):
        (kept.copy / "work" / name).mkdir(parents=True)
        claim(kept.copy / "work" / name)
    (kept.copy / "work" / "a-23" / "pid").write_text(f"{os.getpid()} 1 of another boot")
    objects.remove(f"{URL}/runs")
    mirror.to_read(URL)
    assert set(kept.copied()) == {"a-24.jsonl"}
    assert [path.name for path in (kept.copy / "work").iterdir()] == ["a-24"]


def test_nothing_goes_from_the_copy_while_the_store_says_no(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mirror.to_read(URL)
    with listening(refusing(403, "AccessDenied")) as address:
        ended = kept.read("runs", *THERE, AWS_ENDPOINT_URL=address)
        with monkeypatch.context() as meanwhile:
            S3FileSystem.clear_instance_cache()
            meanwhile.setattr(mirror, "folder_of", lambda url: folder)
            meanwhile.setenv("AWS_ENDPOINT_URL", address)
            with pytest.raises(InputError, match="access is denied"):
                mirror.to_read(URL)
    S3FileSystem.clear_instance_cache()
    refused(ended, f"{URL}/runs: cannot be read: access is denied (AccessDenied)")
    assert {path.stem for path in folder.glob("runs/*")} == set(TWO)


def test_a_run_that_goes_while_it_is_fetched_is_no_trouble(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = objects.get_all

    def raced(files: dict[str, str]) -> bool:
        monkeypatch.setattr(objects, "get_all", fetch)
        objects.remove(f"{URL}/runs/a-23.jsonl")
        return fetch(files)

    monkeypatch.setattr(objects, "get_all", raced)
    mirror.to_read(URL)
    assert set(kept.copied()) == {"a-24.jsonl"}


def test_what_else_lies_among_the_runs_stays_where_it_is(kept: Kept) -> None:
    for name in ("notes.txt", "deep/a.jsonl", ".jsonl", "..jsonl"):
        objects.write(f"{URL}/runs/{name}", b"")
    mirror.to_read(URL)
    assert set(kept.copied()) == {"a-23.jsonl", "a-24.jsonl"}


def test_a_file_there_that_is_no_run_is_named_by_its_url(kept: Kept) -> None:
    objects.write(f"{URL}/runs/odd.jsonl", b"hello\n")
    refused(kept.read("report", "odd", *THERE), f"{URL}/runs/odd.jsonl: is no run of paredown")
    document = json.loads(kept.read("runs", "--format", "json", *THERE).out)
    assert document["workspace"] == URL
    assert [file["path"] for file in document["unreadable"]] == [f"{URL}/runs/odd.jsonl"]
    assert [run["path"] for run in document["runs"]] == [f"{URL}/runs/{name}.jsonl" for name in reversed(TWO)]


def test_two_workspaces_are_two_copies(kept: Kept) -> None:
    kept.put(a_run(id="other"), "s3://team/other")
    assert profiler.load(workspace="s3://team/other").id == "other"
    assert profiler.load(workspace=URL).id == "a-24"
    with pytest.raises(RunFileError, match=f"neither a file nor an id in {URL}/runs"):
        profiler.load("other", workspace=URL)


def test_one_url_at_another_endpoint_is_another_workspace(kept: Kept) -> None:
    mirror.to_read(URL)
    objects.remove(f"{URL}/runs")
    with keeping(kept.store) as address:  # The same server, by another name.
        ended = kept.read("report", "last", *THERE, AWS_ENDPOINT_URL=address)
    refused(ended, f"there is no run in {URL}/runs")
    assert set(kept.copied()) == {"a-23.jsonl", "a-24.jsonl"}


def test_what_a_run_keeps_in_the_store_is_its_size(kept: Kept) -> None:
    objects.write(f"{URL}/work/a-23/answers/monolith.parquet", b"x" * 5000)
    objects.write(f"{URL}/work/a-23/train/0.parquet", b"x" * 3000)
    objects.write(f"{URL}/work/gone/train/0.parquet", b"x")
    document = json.loads(kept.read("runs", "--format", "json", *THERE).out)
    assert {run["id"]: run["work_bytes"] for run in document["runs"]} == {"a-23": 8000, "a-24": 0}
    assert "in the store" in kept.read("runs", *THERE).out


def test_pruning_removes_a_run_there_and_here_and_nothing_beside_it(kept: Kept) -> None:
    for name in ("work/a-23/answers/monolith.parquet", "work/a-24/answers/monolith.parquet", "data/sales-1/0.parquet"):
        objects.write(f"{URL}/{name}", b"x")
    mirror.to_read(URL)
    (kept.copy / "work" / "a-23" / "temp").mkdir(parents=True)
    asked = kept.read("runs", "--prune", "--keep", "1", *THERE)
    assert asked.code == 2
    assert "nothing is removed where nobody can be asked" in asked.err
    assert "runs/a-23.jsonl" in kept.everything()
    ended = kept.read("runs", "--prune", "--keep", "1", "--yes", *THERE)
    assert ended.out.splitlines()[-1].startswith("removed 1 run, ")
    assert set(kept.everything()) == {
        "runs/a-24.jsonl",
        "work/a-24/answers/monolith.parquet",
        "data/sales-1/0.parquet",
    }
    assert set(kept.copied()) == {"a-24.jsonl"}
    assert not (kept.copy / "work" / "a-23").exists()


def test_a_run_that_may_not_be_removed_stays_a_run_in_both_places(kept: Kept) -> None:
    with keeping(kept.store) as address:
        ended = kept.read("runs", "--prune", "--older-than", "1h", "--yes", *THERE, AWS_ENDPOINT_URL=address)
    assert ended.code == 2
    assert f"{URL}/runs/a-24.jsonl: cannot be removed: access is denied (AccessDenied)" in ended.err
    assert "0 of 2 runs are gone" in ended.err
    assert set(kept.everything()) == {"runs/a-23.jsonl", "runs/a-24.jsonl"}
    (copy,) = (path for path in kept.copy.parent.iterdir() if path != kept.copy)
    assert {path.stem for path in copy.glob("runs/*")} == set(TWO)


def test_a_run_that_goes_on_on_another_machine_is_told_and_left_alone_until_it_gives_no_sign(kept: Kept) -> None:
    run = an_interrupted_run()
    kept.put(run)

    def say(*arguments: str, **variables: str) -> str:
        return " ".join(kept.read(*arguments, *THERE, **variables).out.split())

    sign(f"{URL}/work/{run.id}/goes-on")
    with ahead(kept.store, GONE_S - 20) as address:
        said = say("report", run.id, **environment(address))
    assert re.search(r"The run still goes on, on another machine \(build-7, last sign 4\d s ago\), so", said)
    assert "--resume" not in said
    assert "has not ended yet, so its figures are lower bounds" in said
    assert "interrupted" not in said
    assert "it is not measured to its end: its run still goes on, on another machine (build-7," in say("check", run.id)
    assert "goes on, on build-7" in say("runs")
    (listed,) = [one for one in json.loads(kept.read("runs", "--format", "json", *THERE).out)["runs"]
                 if one["id"] == run.id]  # fmt: skip
    assert (listed["state"], listed["owner_pid"], listed["owner_host"]) == ("running", None, "build-7")
    assert "1 run still going on: never removed." in say("runs", "--prune", "--older-than", "1h", "--yes")
    assert list(kept.everything()) == [f"runs/{run.id}.jsonl", f"work/{run.id}/goes-on"]

    with ahead(kept.store, GONE_S + 2) as address:
        said = say("report", run.id, **environment(address))
        assert "INTERRUPTED" in said
        assert "--resume" in said
        say("runs", "--prune", "--older-than", "1h", "--yes", **environment(address))
    assert not kept.everything()


def test_a_sign_that_nobody_can_read_is_none(kept: Kept) -> None:
    run = an_interrupted_run()
    kept.put(run)
    for content in (b"", b"?", b"1e3 2 c#d", b"1 2 c", b"\xff 1 2 c#d", b"1 2 c\x1b[1m#d"):
        objects.write(f"{URL}/work/{run.id}/goes-on", content)
        assert "INTERRUPTED" in kept.read("report", run.id, *THERE).out, content


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "last", "--workspace", "s3://team/empty"), "there is no run in s3://team/empty/runs"),
        (("history", "--workspace", "s3://team/empty"), "paredown run JOB --workspace s3://team/empty"),
        (("report", "a-25", *THERE), f"neither a file nor an id in {URL}/runs\n hint: newest: a-24, a-23"),
        (("report", f"{URL}/runs/a-25.jsonl"), f"there is no run {URL}/runs/a-25.jsonl"),
        (("report", f"{URL}/runs/a-24"), f"did you mean {URL}/runs/a-24.jsonl?"),
        (("report", URL), f"last --workspace {URL}"),
        (("history", "other", *THERE), f"no run of 'other' is kept in {URL}"),
        (("runs", "--workspace", "s3://nowhere/x"), "s3://nowhere/x/runs: cannot be read: there is no bucket"),
        (("runs", "--workspace", "gs://team/x"), "its filesystem is not installed; pip install gcsfs"),
        (("check", "last", "--workspace", "https://host/x"), "where nothing can be written"),
        (("report", "last", *THERE, "-o", "s3://team/r.txt"), "s3://team/r.txt: is a URL, and results are written to"),
    ],
)
def test_what_is_not_there_is_said_by_its_url(kept: Kept, arguments: tuple[str, ...], says: str) -> None:
    refused(kept.read(*arguments), says)


def test_of_a_url_that_no_store_answers_for_nothing_is_kept(kept: Kept, tmp_path: Path) -> None:
    refused(kept.read("runs", "--workspace", "s3://nowhere/x", XDG_CACHE_HOME=str(tmp_path / "own")), "is no bucket")
    assert not (tmp_path / "own").exists()


def test_without_credentials_it_says_where_they_are_looked_for(kept: Kept) -> None:
    refused(kept.read("runs", *THERE, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""), "no credentials were found")


def test_a_store_that_cannot_be_reached_is_said(kept: Kept) -> None:
    with listening(never) as address:
        nobody = address
    refused(kept.read("runs", *THERE, **environment(nobody)), f"{nobody.removeprefix('http://')} cannot be reached")


def test_without_the_library_it_says_which_extra_brings_it(kept: Kept) -> None:
    kept.place.write("hidden/sitecustomize.py", "import sys\nsys.modules['s3fs'] = None\n")
    ended = kept.place.paredown("runs", *THERE, environment={"PYTHONPATH": str(kept.place.folder / "hidden")})
    refused(ended, "its filesystem is not installed; pip install 'paredown[s3]'")


def test_no_store_is_spoken_of_where_there_is_no_url(kept: Kept) -> None:
    keep(a_run(id="mine"), str(kept.place.workspace / "runs" / "mine.jsonl"))
    program = (
        "import sys\nfor name in ('fsspec', 's3fs', 'botocore'): sys.modules[name] = None\n"
        "from profiler.cli.main import main\n"
        "for command in (['report'], ['check'], ['runs'], ['history'], ['budget', '--run', 'last']):\n"
        "    assert main(command) == 0, command\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=kept.place.folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_a_copy_that_has_no_place_is_said_with_what_changes_it(kept: Kept) -> None:
    shutil.rmtree(kept.place.folder / "cache", ignore_errors=True)
    kept.place.write("cache", "a file")
    refused(kept.read("runs", *THERE), f"where the copy of {URL} is kept", "XDG_CACHE_HOME says where")
