"""What the preflight asks of a worker: whether it sees the workspace, and has the job's code.

Sent by reference, so that a worker has to have paredown before it is asked any of this.
"""

from __future__ import annotations

import hashlib
import os
import time

_LONG_S = 5.0
"""How long a file may take until another host sees it; a network's file system keeps what a folder held."""


def leave_sign(folder: str, name: str) -> str:
    """Write a file into a folder that the harness has made; returns what went wrong, if anything did."""
    if not os.path.isdir(folder):
        return "does not see it"
    try:
        with open(os.path.join(folder, name), "x") as file:
            file.write(name)
    except OSError as error:
        return f"cannot write to it: {error.strerror}"
    return ""


def missing_signs(folder: str, names: list[str]) -> list[str]:
    """Return which of the files that others have left cannot be read here, after waiting a little for them."""
    end_s = time.monotonic() + _LONG_S
    while (missing := [name for name in names if _read(os.path.join(folder, name)) != name]) and (
        time.monotonic() < end_s
    ):
        time.sleep(0.1)
    return missing


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def has_code(code: dict[str, str]) -> bool:
    """Return whether every file is here, with the content that belongs to this SHA-256."""
    return all(_digest(path) == digest for path, digest in code.items())


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
