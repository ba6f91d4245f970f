"""Where a sandbox begins: `python start.py REQUESTS REPLIES SPAWNED_NS`, exec'd by a keeper.

Reads orders from one pipe, answers on another, and keeps both away from the user's code. `profiler` is imported
before the user's folder goes on the path, so that a user's own `profiler.py` cannot take its place.

What paredown's own modules take of the start is no part of an init: on Lambda they are not there. The standard modules
that they need are, since hardly a program with a data library does without them.
"""

from __future__ import annotations

import sys
import time

STANDARD = (
    "contextlib", "dataclasses", "gc", "importlib.util", "inspect", "math", "pathlib", "pickle", "resource",
    "traceback", "typing",
)  # fmt: skip
"""All that paredown's own modules import beside each other before the user's code is there."""


def main() -> None:
    """Serve orders until the keeper goes."""
    requests, replies, spawned_ns = (int(argument) for argument in sys.argv[1:4])
    # Python puts this file's folder first on the path. The package's own takes its place for one import, so that the
    # sandbox runs the same paredown as its harness; the user's folder comes with the first order.
    sys.path[0] = __file__.rsplit("/", 3)[0]
    for name in STANDARD:
        __import__(name)
    began_ns = time.process_time_ns()
    from profiler.sandbox.serve import serve

    own_ns = time.process_time_ns() - began_ns
    del sys.path[0]

    serve(requests, replies, spawned_ns, own_ns)


if __name__ == "__main__":
    main()
