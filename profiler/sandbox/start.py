"""Where a sandbox begins: `python start.py REQUESTS REPLIES SPAWNED_NS`, exec'd by a keeper.

Reads orders from one pipe, answers on another, and keeps both away from the user's code. `profiler` is imported
before the user's folder goes on the path, so that a user's own `profiler.py` cannot take its place.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Serve orders until the keeper goes."""
    requests, replies, spawned_ns = (int(argument) for argument in sys.argv[1:4])
    del sys.path[0]  # Our own folder, which Python puts there; the user's takes its place in `Prepare`.
    from profiler.sandbox.serve import serve

    serve(requests, replies, spawned_ns)


if __name__ == "__main__":
    main()
