"""Which commit of its own repository a job was measured at, as git says; None where there is nothing to say.

Only asks: git takes no lock, writes nothing, fetches nothing, and starts no program that the repository names.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from profiler.model import Commit

_MOST_SECONDS = 5
"""A repository too large to be looked through in this time gets no commit, rather than a run that waits for it."""
_CONFIG_FILES = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
"""Where git's settings lie. Everything else of that name could send git to another repository, and is not passed on."""


def commit_of(file: Path) -> Commit | None:
    """Return the commit that is checked out around a job's file, and whether tracked files differ from it.

    None where there is no git, no repository, no commit yet or no working tree; where git does not trust the folder,
    since it is another user's; and where the repository ignores the file, as it does what is installed in a venv.
    """
    quiet = _environment()
    ignored = _git(["check-ignore", "--quiet", "--", file.name], file.parent, quiet)
    if ignored is None or ignored.returncode == 0:
        return None
    status = [
        "status", "--porcelain=v2", "--branch", "-z",
        "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames", "--no-ahead-behind",
    ]  # fmt: skip
    told = _git(status, file.parent, quiet | _without_filters(file.parent, quiet))
    if told is None or told.returncode != 0:
        return None
    return _read(told.stdout.decode("utf-8", "replace"))


def _read(told: str) -> Commit | None:
    lines = [line for line in told.split("\0") if line]
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    found = heads.get("branch.oid", "(initial)")
    if found == "(initial)":
        return None
    branch = heads.get("branch.head", "")
    return Commit(
        id=found,
        branch="" if branch == "(detached)" else branch,
        dirty=any(not line.startswith("# ") for line in lines),
    )


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _CONFIG_FILES}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


def _without_filters(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Variables that turn off every clean filter: to see whether a touched file differs, git would run its program."""
    told = _git(["config", "--null", "--name-only", "--get-regexp", r"^filter\."], folder, environment)
    if told is None or told.returncode != 0:
        return {}  # 1: there is none.
    drivers = {key.rpartition(".")[0] for key in told.stdout.decode("utf-8", "surrogateescape").split("\0") if key}
    off = [
        (f"{driver}.{key}", value)
        for driver in sorted(drivers)
        for key, value in (("clean", ""), ("process", ""), ("required", "false"))
    ]
    variables = {"GIT_CONFIG_COUNT": str(len(off))}
    for number, (key, value) in enumerate(off):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _git(arguments: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(
            ["git", "--no-pager", "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
