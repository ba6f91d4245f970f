"""Where a sandbox begins: `python start.py REQUESTS REPLIES SPAWNED_NS`, exec'd by a keeper.

Reads orders from one pipe, answers on another, and keeps both away from the user's code. `profiler` is imported
before the user's folder goes on the path, so that a user's own `profiler.py` cannot take its place.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Serve orders until the keeper goes."""
    requests, replies, spawned_ns = (int(argument) for argument in sys.argv[1:4])
    # Python puts this file's folder first on the path. The package's own takes its place for one import, so that the
    # sandbox runs the same paredown as its harness; the user's folder comes with the first order.
    sys.path[0] = __file__.rsplit("/", 3)[0]
    from profiler.sandbox.serve import serve

    del sys.path[0]

    serve(requests, replies, spawned_ns)


if __name__ == "__main__":
    main()
