"""What JOB means on the command line: a path if it exists or ends in `.py`, else the name of a bundled job.

Nothing is imported or run to find out.
"""

from __future__ import annotations

import ast
from difflib import get_close_matches
from pathlib import Path

from profiler.errors import JobFileError

_HERE = Path(__file__).parent


def bundled_folder() -> Path:
    """Where the reference jobs are: inside the installed package, or beside it in a checkout."""
    inside = _HERE / "_bundled" / "workloads"
    return inside if inside.is_dir() else _HERE.parent / "workloads"


def bundled_jobs() -> dict[str, Path]:
    """The reference jobs by name; what stands beside them without a job of its own is no job."""
    return {path.stem: path for path in sorted(bundled_folder().glob("*.py")) if declares_a_job(path)}


def find_job(reference: str) -> Path:
    """The file that JOB means, absolute.

    Raises:
        JobFileError: If there is no such file or bundled job.
    """
    path = Path(reference)
    if path.is_dir():
        raise JobFileError(f"{reference}: is a folder; expected a job file, a script, or the name of a bundled job")
    if path.exists() or reference.endswith(".py"):
        if not path.is_file():
            raise JobFileError(f"there is no file {reference}", hint="paredown init writes a job file to start from")
        return path.absolute()
    jobs = bundled_jobs()
    if reference in jobs:
        return jobs[reference].absolute()
    near = get_close_matches(reference, jobs, n=2)
    known = f"did you mean {' or '.join(near)}?" if near else f"bundled: {', '.join(jobs) or 'none'}"
    raise JobFileError(f"there is no file and no bundled job {reference!r}", hint=known)


def declares_a_job(path: Path) -> bool:
    """Whether a file calls paredown's `Job`; otherwise it is a plain script. A file with a syntax error is no job yet.

    Raises:
        JobFileError: If it cannot be read.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise JobFileError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return b"profiler" in text and b"Job(" in text
    names, modules = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "profiler":
            names |= {alias.asname or alias.name for alias in node.names if alias.name in ("Job", "*")}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "profiler"}
    if "*" in names:
        names.add("Job")
    return any(_calls_job(node, names, modules) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _calls_job(call: ast.Call, names: set[str], modules: set[str]) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in names
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "Job"
        and isinstance(function.value, ast.Name)
        and function.value.id in modules
    )
