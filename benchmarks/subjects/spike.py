"""An array that is filled, lives 5 ms and goes: `python spike.py`, its size in MiB in the environment's `SPIKE_MIB`.

Notes the truth in the file that `SPIKE_NOTES` names: what the process held just before (every page counted), and how
many bytes the array has. Their sum is the peak that whoever measures should report.
"""

from __future__ import annotations

import json
import os
import time

import numpy as np

LIVES_S = 0.005


def spike() -> None:
    """Fill an array, wait 5 ms, let it go."""
    size_bytes = int(os.environ["SPIKE_MIB"]) << 20
    before = resident_bytes()
    began = time.perf_counter()
    array = np.ones(size_bytes // 8)
    filled = time.perf_counter()
    time.sleep(LIVES_S)
    del array
    note = {"truth_bytes": before + size_bytes, "fill_s": filled - began, "lived_s": time.perf_counter() - filled}
    with open(os.environ["SPIKE_NOTES"], "a") as file:
        file.write(json.dumps(note) + "\n")


def resident_bytes() -> int:
    """Resident memory of this process, by walking its pages: the quick counters lag behind by some."""
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Rss:"))


if __name__ == "__main__":
    spike()
