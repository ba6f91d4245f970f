"""The wheel on the other Pythons that it says it runs on, where they are found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

UV = str(Path(sys.executable).with_name("uv"))
EXAMPLE = ("job.py", "--param", "rows=2000", "shops=5", "--shards", "1")
REFERENCE = ("cost_anomalies_batched", "rows=5000", "groups=20", "days=80", "--shards", "1")
"""A bundled job with all the libraries of paredown, whose imports take longest: on the newest Python only."""


@pytest.mark.parametrize(("version", "job"), [("3.11", EXAMPLE), ("3.12", EXAMPLE), ("3.13", REFERENCE)])
def test_a_job_is_measured_on_another_python(
    version: str, job: tuple[str, ...], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if version == "{}.{}".format(*sys.version_info):
        pytest.skip("all other tests run on it")
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here, so paredown was not tested on it")
    (wheel,) = request.getfixturevalue("release").glob("*.whl")
    run(UV, "venv", "--python", python, "venv", folder=tmp_path)
    install = (UV, "pip", "install", "--python", "venv/bin/python")  # pip would compile all that nobody imports.
    run(*install, "--require-hashes", "-r", str(ROOT / "locks/run.txt"), folder=tmp_path)
    run(*install, "--no-deps", str(wheel), folder=tmp_path)
    run("venv/bin/paredown", "init", folder=tmp_path)
    shown = run("venv/bin/paredown", "run", *job, folder=tmp_path)
    assert "  SAME " in shown
    assert f"Python {version}." in " ".join(shown.split())


def find(version: str) -> str | None:
    """A Python of this version: on the path, or one that pyenv has installed."""
    places = [
        shutil.which(f"python{version}"),
        *(Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python{version}"),
    ]
    for python in filter(None, places):
        if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
            return str(python)
    return None


def run(*command: str, folder: Path) -> str:
    """Run a command that has to end well; returns what it printed."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, f"{command}: {ended.stdout}\n{ended.stderr}"
    return ended.stdout
