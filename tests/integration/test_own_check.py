"""This project's own CI does what it tells others to do: measure a job, and check it against limits and a baseline.

The limits are in `[tool.paredown]` of our `pyproject.toml`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.place import PAREDOWN

SMALL = ("rows=20000", "groups=20", "days=40")


def paredown(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PAREDOWN, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference job, measured small, twice."""
    folder = tmp_path_factory.mktemp("own")
    for _ in range(2):
        done = paredown("run", "cost_anomalies", *SMALL, "-q", "--workspace", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_reference_job_holds_the_line(workspace: Path) -> None:
    done = paredown("check", "--baseline", "last", "--workspace", str(workspace))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSES" in done.stdout


def test_it_would_be_seen_if_it_did_not(workspace: Path) -> None:
    done = paredown("check", "--max-peak", "daily_cost=20MB", "--workspace", str(workspace))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILS" in done.stdout
    assert "daily_cost" in done.stdout
