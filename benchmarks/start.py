"""How soon `paredown --help` is there.

    python benchmarks/start.py [--runs 40]

Claim: `paredown --help` takes at most 8 times as long as `python -c pass`.

Method: both are started in turn, many times, so that a noisy moment meets both. Each pair gives one ratio of elapsed
times; the figure is the median ratio. The first pair only warms the page cache and the byte code, and is left out.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.evidence import Result, figure, finish, parser

NAME = "start"
MOST_TIMES = 8


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=40)
    options = options_of.parse_args(arguments)
    command = Path(sys.executable).with_name("paredown")
    ours = [str(command), "--help"] if command.exists() else [sys.executable, "-m", "profiler.cli.main", "--help"]
    bare = [sys.executable, "-c", "pass"]
    pairs = [(elapsed(ours), elapsed(bare)) for _ in range(options.runs + 1)][1:]
    return finish(
        Result(
            name=NAME,
            claim=f"`paredown --help` takes at most {MOST_TIMES} times as long as `python -c pass`.",
            method="Both started in turn; each pair gives one ratio of elapsed times; median and range of the pairs.",
            runs=options.runs,
            figures=(
                figure(
                    "paredown --help ÷ python -c pass", [help_s / bare_s for help_s, bare_s in pairs], "times",
                    at_most=MOST_TIMES,
                ),
                figure("paredown --help", [1000 * help_s for help_s, _ in pairs], "ms"),
                figure("python -c pass", [1000 * bare_s for _, bare_s in pairs], "ms"),
            ),
        ),
        options.results,
    )  # fmt: skip


def elapsed(command: list[str]) -> float:
    """Seconds from start to end of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
