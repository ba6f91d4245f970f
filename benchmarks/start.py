"""How soon the commands that only read are there.

    python benchmarks/start.py [--runs 40]

Claim: `paredown --help` takes at most 8 times as long as `python -c pass`, and `paredown bill` and `paredown budget`,
which read prices and compute with them, at most 10 times.

Method: all are started in turn, many times, so that a noisy moment meets all. Each round gives one ratio of elapsed
times to that of `python -c pass`; the figure is the median ratio. Byte code is kept, as after an installation, in a
folder of its own; the first round writes it and warms the page cache, and is left out.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.evidence import Result, figure, finish, parser

NAME = "start"
MOST_TIMES = {
    "--help": 8,
    "bill lambda.gb_seconds=61440000000 lambda.requests=15000000000": 10,
    "budget --dollars-per-day 7": 10,
}
"""What is asked of `paredown`, and how many times as long as `python -c pass` it may take."""

_PROGRAM = "import sys; from profiler.cli.main import main; sys.exit(main())"
"""What the command does, where it is not installed as one."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=40)
    options = options_of.parse_args(arguments)
    script = Path(sys.executable).with_name("paredown")
    ours = [str(script)] if script.exists() else [sys.executable, "-c", _PROGRAM]
    commands = {f"paredown {words}": [*ours, *shlex.split(words)] for words in MOST_TIMES}
    commands["python -c pass"] = [sys.executable, "-c", "pass"]
    with TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        rounds = [
            {name: elapsed(command, environment) for name, command in commands.items()} for _ in range(options.runs + 1)
        ][1:]
    times = [
        figure(
            f"paredown {words} ÷ python -c pass",
            [round_[f"paredown {words}"] / round_["python -c pass"] for round_ in rounds],
            "times",
            at_most=most,
        )
        for words, most in MOST_TIMES.items()
    ]
    return finish(
        Result(
            name=NAME,
            claim="`paredown --help` takes at most 8 times as long as `python -c pass`, and `paredown bill` and "
            "`paredown budget` at most 10 times.",
            method="All started in turn; each round gives one ratio of elapsed times for each; median and range of the "
            "rounds. Byte code is kept, as after an installation.",
            runs=options.runs,
            figures=(
                *times,
                *(figure(name, [1000 * round_[name] for round_ in rounds], "ms") for name in commands),
            ),
        ),
        options.results,
    )


def elapsed(command: list[str], environment: Mapping[str, str]) -> float:
    """Seconds from start to end of a command."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
