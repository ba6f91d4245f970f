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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from profiler.errors import UsageError
from profiler.owner import this_host
from profiler.runner.engines import signing
from profiler.runner.engines.asking import client_of
from profiler.runner.engines.once import versions
from profiler.runner.engines.places import TROUBLE, Place, place_at, why
from profiler.runner.host import called
from profiler.runner.workspace import Workspace

PATIENCE_S = 300.0
"""A cluster may have to start its first worker."""
_SHARED_S = 5.0
"""A file server may take a moment until it shows what another host wrote."""
_ASKED, _ANSWERED = "asked", "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A small task: read a sign of the harness's, leave one beside it, and look for what tasks will need."""

    where: str
    """Folder in the workspace, or the URL of one."""
    token: str
    """What the harness has left there."""
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
    """Why it could not read it, or write beside it; empty: it did."""
    has_job: bool


def look(probe: Probe) -> Seen:
    """Do the small task; runs on a worker."""
    place, token = place_at(probe.where), probe.token.encode()
    reads, problem = False, ""
    try:
        reads = place.read(_ASKED) == token
        if reads:
            place.write(_ANSWERED, token)
    except TROUBLE as error:
        problem = why(error)
    return Seen(host=this_host(), versions=versions(), reads=reads, problem=problem, has_job=os.path.isfile(probe.job))


def probed(executor: object, workspace: Workspace, job: str, *, patience_s: float = PATIENCE_S) -> Executor:
    """Return the executor, if a task can run on it.

    Args:
        executor: What the user gave.
        workspace: Where its workers have to write.
        job: The job's file, absolute.
        patience_s: How long its first worker may take to answer, in seconds.

    Raises:
        UsageError: If it is no executor, takes no task or loses it, or its worker does not see the workspace or the
            job, or has other versions.
        OutputError: If the workspace cannot be written.
        EngineError: If it lies in a store that does not keep apart who writes there.
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
    with _a_place(workspace) as where:
        probe = Probe(where=where, token=secrets.token_hex(16), job=job)
        place_at(where).write(_ASKED, probe.token.encode())
        seen = _answer(_future(given, probe), given, patience_s)
        problems = tuple(_problems(seen, probe, workspace, min(_SHARED_S, patience_s)))
    if problems:
        raise UsageError(*problems, hint="every worker has to run the same code on the same files")
    return given


@contextmanager
def _a_place(workspace: Workspace) -> Iterator[str]:
    if workspace.url:
        with signing.below_url(workspace.url) as where:
            yield where
        return
    folder = workspace.prepare(f"probing-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _problems(seen: Seen, probe: Probe, workspace: Workspace, shared_s: float) -> Iterator[str]:
    """What its worker lacks."""
    name = called(seen.host, this_host())
    worker = f"the executor's worker{f' on {name}' if name else ''}"
    if workspace.url and not seen.reads:
        lacks = seen.problem or "it does not find what is here; expected one store for all"
        yield f"{worker} cannot read the workspace {workspace.url}: {lacks}"
    elif not seen.reads:
        yield (
            f"{worker} does not see the workspace {workspace.root}; "
            "expected a folder that all workers share, under this path"
        )
    elif seen.problem:
        yield f"{worker} cannot write to the workspace {workspace.url or workspace.root}: {seen.problem}"
    elif not _shows(place_at(probe.where), probe.token.encode(), shared_s):
        same = "store" if workspace.url else "folder"
        yield (
            f"{worker} writes to {workspace.url or workspace.root}, but not to the {same} of that name here; "
            "expected one that they share"
        )
    if not seen.has_job:
        yield f"{worker} does not see the job's file {probe.job}; expected it under this path"
    for (name, own), (_, other) in zip(versions(), seen.versions, strict=True):
        if own != other:
            yield f"{worker} has {_version(name, other)}, and this has {_version(name, own)}; expected the same"


def _shows(place: Place, token: bytes, within_s: float) -> bool:
    """Whether a sign that a worker left is here, now or in a moment."""
    end = time.monotonic() + within_s
    while True:
        with suppress(*TROUBLE):  # Not there, or not yet.
            if place.read(_ANSWERED) == token:
                return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)


def _version(name: str, version: str) -> str:
    return f"{name} {version}" if version else f"no {name}"
