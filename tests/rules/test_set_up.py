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


ROOT_USER = "#!/bin/sh\necho 0\n"
WILLING = "#!/bin/sh\nexit 0\n"
APT_GET = """#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >>"$HOME/asked"
echo "what apt-get says"
"""
APT_GET_WITH_OLD_LISTS = (
    APT_GET
    + """case "$* $(cat "$HOME/asked")" in *install*update*) ;; *install*) exit 100;; esac
"""
)
APT_GET_WITHOUT_NETWORK = APT_GET + "exit 100\n"
SET_UP = ["set-up: installing what locks/dev.txt lists"]
INSTALLING = "set-up: installing the Debian package chromium, in which the tests look at pages"


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


def set_up(
    project: Path, programs: dict[str, str], need: str = "run", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Set up with these programs before the shell's own, and no Python but theirs."""
    folder = project.parent / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for tool in ("sh", "cat", "cksum", "dirname", "mktemp", "rm", "mkdir", "tail"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.run(
        ["sh", "tools/set-up.sh", need],
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


@pytest.fixture
def with_venv(project: Path) -> Path:
    """A checkout whose .venv is there and takes whatever it is told to install."""
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(WILLING)
    python.chmod(0o755)
    (project / ".venv" / ".made-in").write_text(f"{project.resolve()}\n")
    return project


def asked_of_apt_get(project: Path) -> list[str]:
    """What apt-get was asked for, call by call."""
    asked = project.parent / "asked"
    return asked.read_text().splitlines() if asked.exists() else []


INSTALL = "noninteractive -q -y install --no-install-recommends chromium"


def test_a_browser_for_the_tests_is_installed_once_and_quietly(with_venv: Path) -> None:
    programs = {"id": ROOT_USER, "apt-get": APT_GET}
    ended = set_up(with_venv, programs, need="dev")
    assert (ended.returncode, ended.stdout, ended.stderr.splitlines()) == (0, "", [*SET_UP, INSTALLING])
    assert asked_of_apt_get(with_venv) == [INSTALL]
    again = set_up(with_venv, programs, need="dev")
    assert (again.returncode, again.stderr) == (0, "")
    assert asked_of_apt_get(with_venv) == [INSTALL]


def test_old_package_lists_are_brought_up_to_date_first(with_venv: Path) -> None:
    ended = set_up(with_venv, {"id": ROOT_USER, "apt-get": APT_GET_WITH_OLD_LISTS}, need="dev")
    assert (ended.returncode, ended.stderr.splitlines()) == (0, [*SET_UP, INSTALLING])
    assert asked_of_apt_get(with_venv) == [INSTALL, " -q update", INSTALL]


def test_running_needs_no_browser(with_venv: Path) -> None:
    ended = set_up(with_venv, {"id": ROOT_USER, "apt-get": APT_GET})
    assert (ended.returncode, ended.stderr) == (0, "set-up: installing what locks/run.txt lists\n")
    assert asked_of_apt_get(with_venv) == []


@pytest.mark.parametrize("browser", ["chromium", "google-chrome"])
def test_a_browser_that_is_there_is_taken(browser: str, with_venv: Path) -> None:
    ended = set_up(with_venv, {"id": ROOT_USER, "apt-get": APT_GET, browser: WILLING}, need="dev")
    assert (ended.returncode, ended.stderr.splitlines()) == (0, SET_UP)
    assert asked_of_apt_get(with_venv) == []


@pytest.mark.parametrize("programs", [{"id": NO_ROOT, "apt-get": APT_GET}, {"id": ROOT_USER}])
def test_where_no_browser_can_be_installed_the_package_is_named_and_setting_up_goes_on(
    programs: dict[str, str], with_venv: Path
) -> None:
    ended = set_up(with_venv, programs, need="dev")
    needed = "set-up: tests of pages are skipped without Chromium; on Debian or Ubuntu: apt install chromium"
    assert (ended.returncode, ended.stderr.splitlines()) == (0, [*SET_UP, needed])
    assert asked_of_apt_get(with_venv) == []
    assert (with_venv / ".venv" / ".set-up-dev").exists()


def test_a_browser_that_cannot_be_fetched_stops_nothing(with_venv: Path) -> None:
    ended = set_up(with_venv, {"id": ROOT_USER, "apt-get": APT_GET_WITHOUT_NETWORK}, need="dev")
    assert ended.returncode == 0
    assert ended.stderr.splitlines() == [
        *SET_UP,
        INSTALLING,
        "what apt-get says",
        "set-up: tests of pages are skipped, since apt-get could not install chromium; see above",
    ]
    assert (with_venv / ".venv" / ".set-up-dev").exists()
