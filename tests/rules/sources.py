"""The files that the rules are about."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import ROOT

NOT_OURS = {
    ".git",
    ".venv",
    ".paredown",
    "dist",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
}


def project_files() -> list[Path]:
    """Every file that is in the project or about to be: git's list, or all files where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def modules(folder: str) -> list[Path]:
    """Every Python file of one of the project's folders, by path."""
    return sorted(path for path in project_files() if path.suffix == ".py" and path.is_relative_to(ROOT / folder))


def name_of(path: Path) -> str:
    """A file below the project as Python names it: `profiler.cli.main`, or `profiler.cli` for its `__init__`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
