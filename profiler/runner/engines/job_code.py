"""A job's code on a worker: at its own path as the harness has it, or sent to a place where the worker finds it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache

from profiler.errors import EngineError
from profiler.model import FunctionRef, Plan
from profiler.runner.engines.places import place_at
from profiler.task import Task
from profiler.work import CallFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The files of a job's code, as its harness has read them."""

    home: str
    """The job's folder."""
    digests: tuple[tuple[str, str], ...]
    """The SHA-256 of each file, by its path."""
    sent: str = ""
    """Folder or URL that stands for the job's folder; empty: each file is at its own path."""

    @classmethod
    def of(cls, plan: Plan) -> Code:
        """The code of a plan, where it lies."""
        return cls(home=os.path.dirname(plan.file), digests=tuple(sorted(plan.code.items())))

    @property
    def sendable(self) -> dict[str, tuple[str, str]]:
        """Path and SHA-256 of each file inside the job's folder, by its name from there on."""
        inside = self.home + os.sep
        return {path.removeprefix(inside): (path, digest) for path, digest in self.digests if path.startswith(inside)}

    def moved(self, task: Task, now: str) -> Task:
        """A task that finds what lies in the job's folder in another one."""
        if not isinstance(task.order, CallFunction):
            return task

        def there(function: FunctionRef) -> FunctionRef:
            inside = function.file.startswith(self.home + os.sep)
            return replace(function, file=now + function.file[len(self.home) :]) if inside else function

        prepare = replace(task.prepare, folder=now, functions=tuple(map(there, task.prepare.functions)))
        return replace(task, prepare=prepare, order=replace(task.order, function=there(task.order.function)))

    def fetch(self, folder: str) -> None:
        """Copy what was sent into a folder of this process's own.

        Raises:
            InputError: If the store cannot be asked.
            EngineError: If a file is not there, or is another one than was sent.
            OSError: If it cannot be written.
        """
        place = place_at(self.sent)
        for name, (_, digest) in self.sendable.items():
            content = place.read(name)
            if content is None or hashlib.sha256(content).hexdigest() != digest:
                is_not = "is not there" if content is None else "is another file than was sent"
                raise EngineError(f"{place.at(name)}: {is_not}")
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)


@lru_cache(maxsize=8)
def differing(code: Code, run_started_ns: int) -> tuple[str, ...]:
    """Which files are not at their own paths here, with the harness's content; looked at once per process and run."""
    return tuple(path for path, digest in code.digests if digest_of(path) != digest)


def digest_of(path: str) -> str:
    """SHA-256 of a file; empty: it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
