"""The same work as one step of a job; what and how much of it comes in the environment."""

import os

from load import work

from profiler import Job, step


def do_work() -> int:
    """Work as `load.py` does."""
    work(os.environ["LOAD_KIND"], int(os.environ["LOAD_ROUNDS"]))
    return 0


job = Job(name="load", monolith=[step(do_work)])
