"""Work to be measured: `python load.py KIND ROUNDS`, one line of JSON into the file that `LOAD_NOTES` names.

It notes its own CPU time, and that of the process that watches it and of the one above, from its first line of work to
its last. Alone, without a watcher, these two are whoever started it, and mean nothing.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import sys
import threading
import time
from collections.abc import Callable

WORKERS = 2
HELD_BYTES = 500 << 20


def spin(rounds: int) -> int:
    """Plain Python arithmetic: some 50 ms a round."""
    total = 0
    for number in range(rounds * 500_000):
        total += number & 7
    return total


def spin_holding(rounds: int) -> int:
    """Do the same with memory in hand, every page of it touched."""
    held = b"x" * HELD_BYTES
    return spin(rounds) + len(held)


def hash_blocks(rounds: int) -> None:
    """SHA-256 of large blocks, which lets other threads run meanwhile."""
    block = bytes(1 << 20)
    for _ in range(rounds * 100):
        hashlib.sha256(block).digest()


def in_threads(rounds: int) -> None:
    """Two threads at once."""
    threads = [threading.Thread(target=hash_blocks, args=(rounds // WORKERS,)) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_processes(rounds: int, work: Callable[[int], int] = spin) -> None:
    """Two processes at once, below this one."""
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        pool.map(work, [rounds // WORKERS] * WORKERS, chunksize=1)
        pool.close()
        pool.join()


def in_large_processes(rounds: int) -> None:
    """Two processes at once that each hold 500 MB."""
    in_processes(rounds, spin_holding)


KINDS: dict[str, Callable[[int], object]] = {
    "nothing": lambda rounds: None,
    "one process": spin,
    "two threads": in_threads,
    "two processes": in_processes,
    "two large processes": in_large_processes,
}


def own_cpu_s() -> float:
    """CPU seconds of this process and of those that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def cpu_s_of(process: int) -> float:
    """CPU seconds of another process's threads, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def parent_of(process: int) -> int:
    """The process that started another."""
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def work(kind: str, rounds: int) -> None:
    """Do the work, and note what it and its watchers used meanwhile."""
    keeper = os.getppid()
    harness = parent_of(keeper)
    before = (time.monotonic(), own_cpu_s(), cpu_s_of(keeper), cpu_s_of(harness))
    KINDS[kind](rounds)
    after = (time.monotonic(), own_cpu_s(), cpu_s_of(keeper), cpu_s_of(harness))
    used = dict(
        zip(
            ("wall_s", "own_s", "keeper_s", "harness_s"),
            (b - a for a, b in zip(before, after, strict=True)),
            strict=True,
        )
    )
    with open(os.environ["LOAD_NOTES"], "w") as file:
        json.dump(used | {"all_own_s": own_cpu_s()}, file)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
