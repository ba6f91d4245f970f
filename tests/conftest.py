"""What tests of several folders share: where the project lies, what a release holds, and data handed to us."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)  # How long an example takes is the machine's matter.
settings.load_profile("here")

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what it sends to the background, and every program that a test starts would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whole reports are compared with files; this option writes those files instead, to be read in the diff."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ from what the reports are now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Hold a text against a file of `tests/golden/`, by its name."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; pytest --update-golden writes it"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data are not part of the project, and {folder} is not here")
    return folder


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built once."""
    folder = tmp_path_factory.mktemp("release")
    build(ROOT, folder)
    return folder


def build(project: Path, folder: Path) -> None:
    """Build a wheel and a source archive from a checkout or an unpacked source archive."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=300)
