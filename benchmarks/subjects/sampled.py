"""The work of `load.py` as a task, without notes; what and how much of it comes in the environment."""

from __future__ import annotations

import os

from load import KINDS


def do_work() -> int:
    """Work for so many rounds."""
    KINDS[os.environ["LOAD_KIND"]](int(os.environ["LOAD_ROUNDS"]))
    return 0
