"""An executor of somebody else's, tried with one small task: whether decomposed tasks could run on it at all.

One worker answers, and speaks for all: an executor does not say how many it has. What another one lacks becomes the
outcome of the tasks that it gets.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from profiler.errors import UsageError
from profiler.runner.engines.asking import client_of
from profiler.runner.engines.once import versions
from profiler.runner.host import called, this_host
from profiler.runner.workspace import Workspace

PATIENCE_S = 300.0
"""A cluster may have to start its first worker."""
_SHARED_S = 5.0
"""A file server may take a moment until it shows what another host wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A small task: read a file of the harness's, write one beside it, and look for what tasks will need."""

    folder: str
    """In the workspace."""
    token: str
    """What stands in the file."""
    job: str
    """The job's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a worker found."""

    host: str
    """As `this_host` knows it."""
    versions: tuple[tuple[str, str], ...]
    """Of what has to be alike."""
    reads: bool
    """It read what the harness wrote."""
    problem: str
    """Why it could not write beside it; empty: it did."""
    has_job: bool


def look(probe: Probe) -> Seen:
    """Do the small task; runs on a worker."""
    folder = Path(probe.folder)
    reads, problem = False, ""
    try:
        reads = (folder / "asked").read_text() == probe.token
        if reads:
            (folder / "answered").write_text(probe.token)
    except OSError as error:
        problem = error.strerror or str(error)
    return Seen(host=this_host(), versions=versions(), reads=reads, problem=problem, has_job=os.path.isfile(probe.job))


def probed(executor: object, root: Path, job: str, *, patience_s: float = PATIENCE_S) -> Executor:
    """Return the executor, if a task can run on it.

    Args:
        executor: What the user gave.
        root: The workspace, absolute.
        job: The job's file, absolute.
        patience_s: How long its first worker may take to answer, in seconds.

    Raises:
        UsageError: If it is no executor, takes no task or loses it, or its worker does not see the workspace or the
            job, or has other versions.
        OutputError: If the workspace cannot be written.
    """
    if isinstance(executor, type):
        raise UsageError(
            f"executor is the class {executor.__name__}; expected an instance of it",
            hint=f"executor={executor.__name__}(...)",
        )
    if not callable(getattr(executor, "submit", None)):
        raise UsageError(
            f"executor is of type {type(executor).__name__}, which has no submit(); "
            "expected a concurrent.futures.Executor",
            hint="such as concurrent.futures.ProcessPoolExecutor(2)",
        )
    given = cast("Executor", executor)
    if client_of(given) is not None:
        return given  # Dask's can be looked at more closely, each worker by itself: its own engine does.
    folder = Workspace(root).prepare(f"probing-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        probe = Probe(folder=str(folder), token=secrets.token_hex(16), job=job)
        (folder / "asked").write_text(probe.token)
        seen = _answer(_future(given, probe), given, patience_s)
        problems = tuple(_problems(seen, probe, root, min(_SHARED_S, patience_s)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if problems:
        raise UsageError(*problems, hint="every worker has to run the same code on the same files")
    return given


def _future(executor: Executor, probe: Probe) -> Future[Any]:
    try:
        future: object = executor.submit(look, probe)
    except Exception as error:
        raise UsageError(
            f"executor takes no task: its submit() raised {_said(error)}",
            hint="expected one that pickles what it is given, and is open until profiler.run returns",
        ) from error
    if isinstance(future, Future):
        return future
    raise UsageError(
        f"executor is of type {type(executor).__name__}, whose submit() returned a value of type "
        f"{type(future).__name__}; expected a concurrent.futures.Future"
    )


def _answer(future: Future[Any], executor: Executor, patience_s: float) -> Seen:
    try:
        seen = future.result(patience_s)
    except Exception as error:
        if isinstance(error, TimeoutError) and not future.done():
            raise UsageError(
                f"executor did nothing with a first task for {patience_s:g} s; expected one that has workers",
                hint="wait for its first worker before profiler.run, if that takes longer",
            ) from None
        hint = "expected workers that unpickle what they are given, and have paredown installed"
        if isinstance(error, BrokenExecutor):
            hint += "; in a script, a process pool has to be made below \"if __name__ == '__main__':\""
        raise UsageError(f"executor lost a first task: {_said(error)}", hint=hint) from error
    if not isinstance(seen, Seen):
        raise UsageError(
            f"executor gave a value of type {type(seen).__name__} for what a first task returned; "
            f"expected that {type(executor).__name__} carries results as they are"
        )
    return seen


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _problems(seen: Seen, probe: Probe, root: Path, shared_s: float) -> Iterator[str]:
    """What its worker lacks."""
    name = called(seen.host, this_host())
    worker = f"the executor's worker{f' on {name}' if name else ''}"
    if not seen.reads:
        yield f"{worker} does not see the workspace {root}; expected a folder that all workers share, under this path"
    elif seen.problem:
        yield f"{worker} cannot write to the workspace {root}: {seen.problem}"
    elif not _shows(Path(probe.folder) / "answered", probe.token, shared_s):
        yield f"{worker} writes to {root}, but not to the folder of that name here; expected one that they share"
    if not seen.has_job:
        yield f"{worker} does not see the job's file {probe.job}; expected it under this path"
    for (name, own), (_, other) in zip(versions(), seen.versions, strict=True):
        if own != other:
            yield f"{worker} has {_version(name, other)}, and this has {_version(name, own)}; expected the same"


def _shows(path: Path, token: str, within_s: float) -> bool:
    """Whether a file that a worker wrote is here, now or in a moment."""
    end = time.monotonic() + within_s
    while True:
        try:
            if path.read_text() == token:
                return True
        except OSError:
            pass  # Not there, or not yet.
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)


def _version(name: str, version: str) -> str:
    return f"{name} {version}" if version else f"no {name}"
