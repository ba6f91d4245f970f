"""Which process makes a run, and when it no longer does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from profiler.owner import claim, is_running, owner_of

CLAIMS = "import sys; from pathlib import Path; from profiler.owner import claim; claim(Path(sys.argv[1]))"


def test_this_process_makes_what_it_claims(tmp_path: Path) -> None:
    assert owner_of(tmp_path) is None
    claim(tmp_path)
    assert owner_of(tmp_path) == os.getpid()


def test_one_that_was_killed_makes_nothing_also_where_nobody_has_asked_how_it_ended(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", f"{CLAIMS}; input()", tmp_path], stdin=subprocess.PIPE)
    while not (tmp_path / "pid").exists() or owner_of(tmp_path) is None:
        assert killed.poll() is None
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{killed.pid}").exists()
    assert owner_of(tmp_path) is None
    killed.communicate()


def test_another_process_of_the_same_number_makes_nothing(tmp_path: Path) -> None:
    """A container's only process has the number of the one before it."""
    claim(tmp_path)
    number, started, boot = (tmp_path / "pid").read_text().split()
    for other in (f"{number} {int(started) - 1} {boot}", f"{number} {started} another-boot", number, "", "x"):
        (tmp_path / "pid").write_text(other)
        assert owner_of(tmp_path) is None, other


def test_what_is_no_number_is_no_process() -> None:
    assert is_running(str(os.getpid()))
    assert not any(is_running(text) for text in ("", "self", "1/../self", str(2**22 + 1)))
