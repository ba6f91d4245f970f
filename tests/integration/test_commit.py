"""The commit that a job was measured at: found where it is the job's own, and asked for without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from profiler.model import Commit
from profiler.runner.commit import commit_of
from tests.integration.place import Place

pytestmark = [
    pytest.mark.usefixtures("own_settings"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests, and nothing in the environment that points git elsewhere."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody with a name."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def is_dirty(file: Path) -> bool:
    """Whether tracked files differ from the commit around a file."""
    found = commit_of(file)
    assert found is not None
    return found.dirty


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job file in a folder of a repository with one commit."""
    file = tmp_path / "repository" / "jobs" / "job.py"
    file.parent.mkdir(parents=True)
    file.write_text("job = 1\n")
    git(file.parent.parent, "init", "--quiet", "--initial-branch", "main")
    git(file.parent.parent, "add", ".")
    git(file.parent.parent, "commit", "--quiet", "--message", "one")
    return file


def test_a_commit_has_all_its_digits_and_its_branch(job: Path) -> None:
    assert commit_of(job) == Commit(id=git(job.parent, "rev-parse", "HEAD").strip(), branch="main")


def test_a_checkout_may_be_at_no_branch(job: Path) -> None:
    git(job.parent, "checkout", "--quiet", "--detach")
    found = commit_of(job)
    assert found is not None
    assert (len(found.id), found.branch) == (40, "")


def test_a_change_anywhere_in_the_repository_makes_it_dirty_and_a_new_file_does_not(job: Path) -> None:
    (job.parent / "new.py").write_text("")
    assert is_dirty(job) is False
    elsewhere = job.parent.parent / "library.py"
    elsewhere.write_text("a = 1\n")
    git(job.parent, "add", str(elsewhere))
    assert is_dirty(job) is True


def test_a_file_that_was_only_touched_is_not_dirty(job: Path) -> None:
    os.utime(job, (1, 1))
    assert is_dirty(job) is False


def test_without_a_repository_or_a_commit_or_a_working_tree_there_is_none(job: Path, tmp_path: Path) -> None:
    assert commit_of(tmp_path / "job.py") is None
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    assert commit_of(tmp_path / "empty" / "job.py") is None
    git(tmp_path, "clone", "--quiet", "--bare", str(job.parent.parent), "bare")
    assert commit_of(tmp_path / "bare" / "job.py") is None
    assert commit_of(job.parent.parent / ".git" / "job.py") is None
    assert commit_of(tmp_path / "gone" / "job.py") is None


def test_without_git_there_is_none(job: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(job) is None


def test_a_repository_that_git_does_not_trust_gives_none(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    os.chown(job.parent.parent, 12345, 12345)
    os.chown(job.parent.parent / ".git", 12345, 12345)
    assert commit_of(job) is None
    trusted = job.parent.parent.parent / "settings"
    trusted.write_text("[safe]\n\tdirectory = *\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(trusted))
    assert commit_of(job) is not None, "where its owner says so, as a container's CI does"


def test_what_is_installed_inside_a_repository_is_not_of_it(job: Path) -> None:
    installed = job.parent.parent / ".venv" / "bundled.py"
    installed.parent.mkdir()
    installed.write_text("")
    (job.parent.parent / ".gitignore").write_text(".venv\n")
    assert commit_of(installed) is None


def test_the_environment_leads_to_no_other_repository(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = commit_of(job)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "other")
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_TRACE": "1",
        "GIT_CONFIG_COUNT": "nonsense",
    }.items():
        monkeypatch.setenv(name, value)
    assert commit_of(job) == expected


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Path]:
    """A program that leaves a file behind when somebody starts it; after the test there must be none."""
    program, trace = tmp_path / "trap", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {trace}\ncat\n")
    program.chmod(0o755)
    yield program
    assert not trace.exists(), "git has started a program of the repository's"


def test_no_program_that_the_repository_names_is_started(job: Path, trap: Path) -> None:
    git(job.parent, "config", "core.fsmonitor", str(trap))
    git(job.parent, "config", "core.pager", str(trap))
    git(job.parent, "config", "pager.status", "true")
    for driver in ("a", "b c.d=e"):
        git(job.parent, "config", f"filter.{driver}.clean", str(trap))
        git(job.parent, "config", f"filter.{driver}.required", "true")
    (job.parent.parent / ".git" / "info" / "attributes").write_text("*.py filter=a\n")
    os.utime(job, (1, 1))  # Git has to look into it.
    assert commit_of(job) is not None


def test_nothing_in_the_repository_changes(job: Path) -> None:
    os.utime(job, (1, 1))  # As a rule, git would note in its index what it has found out.
    repository = job.parent.parent / ".git"

    def state() -> dict[Path, tuple[int, bytes]]:
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in sorted(repository.rglob("*"))
        }

    before = state()
    assert commit_of(job) is not None
    assert state() == before


def test_a_run_keeps_the_commit_of_its_jobs_folder_wherever_it_is_started(job: Path, place: Place) -> None:
    script = job.parent / "train.py"
    script.write_text("print(1)\n")
    ended = place.paredown("run", str(script))
    assert ended.code == 0, ended.said
    assert ended.run.commit == commit_of(job)
    assert ended.run.commit is not None
