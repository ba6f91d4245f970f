"""Setting up on a machine that lacks something: it says what, and leaves nothing half done."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NO_ROOT = "#!/bin/sh\necho 1000\n"
TOO_OLD = '#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac\n'
WITHOUT_VENV = """#!/bin/sh
case "$*" in
    *-venv*) echo python3.11-venv;;
    --version) echo "Python 3.11.2";;
    "-m venv .venv") mkdir -p .venv/bin; echo "ensurepip is not available" >&2; exit 1;;
    "-m virtualenv"*) echo "No module named virtualenv" >&2; exit 1;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with what setting up reads."""
    for name in ("pyproject.toml", "locks", "tools"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / "project" / name)
        else:
            (tmp_path / "project").mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "project" / name)
    return tmp_path / "project"


def set_up(project: Path, programs: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Set up with these programs before the shell's own, and no Python but theirs."""
    folder = project.parent / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "cksum", "dirname", "mktemp", "rm", "mkdir", "tail"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["sh", "tools/set-up.sh", "run"],
        cwd=project,
        env={"PATH": str(folder), "HOME": str(project.parent), "TMPDIR": os.fspath(project.parent), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_old_python_is_refused_by_its_version(project: Path) -> None:
    ended = set_up(project, {"python3": TOO_OLD})
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "error: paredown needs Python 3.11 or newer; python3 is Python 3.9.2",
        " hint: install one, or name it: make PYTHON=/path/to/python3.11",
    ]


def test_a_python_that_was_asked_for_is_not_replaced(project: Path) -> None:
    ended = set_up(project, {"python3": WITHOUT_VENV, "python3.9": TOO_OLD}, PYTHON="python3.9")
    assert (ended.returncode, ended.stderr) == (
        2,
        "error: PYTHON=python3.9 is Python 3.9.2; paredown needs Python 3.11 or newer\n",
    )


def test_a_machine_without_python_is_told_what_is_needed(project: Path) -> None:
    ended = set_up(project, {})
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: paredown needs Python 3.11 or newer; python3 is no working Python\n")


@pytest.mark.parametrize("name", ["python3", "python3.12"])
def test_a_python_without_venv_names_the_package_and_leaves_nothing(name: str, project: Path) -> None:
    ended = set_up(project, {"python3": TOO_OLD, name: WITHOUT_VENV, "id": NO_ROOT})
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "set-up: making .venv with Python 3.11.2",
        "ensurepip is not available",
        "No module named virtualenv",
        "error: Python 3.11.2 cannot make a virtual environment",
        " hint: on Debian or Ubuntu: apt install python3.11-venv",
    ]
    assert not (project / ".venv").exists()
