"""What counts as paredown's own part of a start is paredown's alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from profiler.sandbox.start import STANDARD
ours = [name for name in sys.modules if name.partition(".")[0] == "profiler"]
for name in ours:
    del sys.modules[name]
for name in STANDARD:
    __import__(name)
before = set(sys.modules)
import profiler.sandbox.serve, profiler.sandbox.frames, profiler.sandbox.loading
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_no_module_of_others_is_taken_off_an_init_as_our_own() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(ROOT)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["profiler"]
