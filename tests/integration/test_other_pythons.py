"""The wheel on the other Pythons that it says it runs on, where they are found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

VERSIONS = ("3.11", "3.12", "3.13")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_job_is_measured_on_another_python(version: str, release: Path, tmp_path: Path) -> None:
    if version == "{}.{}".format(*sys.version_info):
        pytest.skip("all other tests run on it")
    python = find(version)
    if python is None:
        pytest.skip(f"there is no complete Python {version} here, so paredown was not tested on it")
    run(python, "-m", "venv", "venv", folder=tmp_path)
    pip = (str(tmp_path / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", str(ROOT / "locks/run.txt"), folder=tmp_path)
    run(*pip, "--no-deps", *map(str, release.glob("*.whl")), folder=tmp_path)
    shown = run(
        "venv/bin/paredown", "run", "cost_anomalies_batched", "rows=5000", "groups=20", "days=80", folder=tmp_path
    )
    assert "  SAME " in shown
    assert f"Python {version}." in " ".join(shown.split())


def find(version: str) -> str | None:
    """A Python of this version that can make a virtual environment: on the path, or one that pyenv has installed."""
    places = [
        shutil.which(f"python{version}"),
        *(Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python{version}"),
    ]
    for python in filter(None, places):
        if subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode == 0:
            return str(python)
    return None


def run(*command: str, folder: Path) -> str:
    """Run a command that has to end well; returns what it printed."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, f"{command}: {ended.stdout}\n{ended.stderr}"
    return ended.stdout
