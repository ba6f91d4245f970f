"""What the preflight asks of a worker: whether it sees the workspace and the inputs, and has the job's code.

Sent by reference, so that a worker has to have paredown before it is asked any of this.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from profiler.runner.engines.job_code import digest_of
from profiler.runner.engines.places import TROUBLE, Place, place_at, why
from profiler.urls import is_url

_LONG_S = 5.0
"""How long a file may take until another host sees it; a network's file system keeps what a folder held."""


def leave_sign(where: str, name: str) -> str:
    """Leave a sign in a folder that the harness has made, or below a URL; returns what went wrong, if anything did."""
    if not is_url(where) and not os.path.isdir(where):
        return "does not see it"
    place = place_at(where)
    try:
        place.create(name, name.encode())
    except TROUBLE as error:
        return f"cannot write to it: {why(error)}"
    return ""


def missing_signs(where: str, names: list[str]) -> list[str]:
    """Return which of the signs that others have left cannot be read here, after waiting a little for them."""
    place = place_at(where)
    end_s = time.monotonic() + _LONG_S
    missing = names
    while missing := [name for name in missing if _read(place, name) != name.encode()]:
        if time.monotonic() > end_s:
            break
        time.sleep(0.1)
    return missing


def _read(place: Place, name: str) -> bytes | None:
    with suppress(*TROUBLE):
        return place.read(name)
    return None


def has_code(code: dict[str, str]) -> bool:
    """Return whether every file is here, with the content that belongs to this SHA-256."""
    return all(digest_of(path) == digest for path, digest in code.items())


def unlike_files(sizes: dict[str, int]) -> dict[str, int | None]:
    """Return which files are not of these sizes here, with the size that they have; None: they are not seen."""
    found = {path: _size(path) for path in sizes}
    return {path: size for path, size in found.items() if size != sizes[path]}


def _size(path: str) -> int | None:
    try:
        return os.path.getsize(path)
    except OSError:
        return None
