"""What a run may be told: the options of `paredown run` and of `profiler.run` as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from profiler.model import Plan, Variant
from profiler.runner.workspace import Workspace

DEFAULT_TIMEOUT_NS = 900_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `paredown run` may be told; the defaults are the command line's."""

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    shards: int | Literal["auto"] | None = None
    """None: by the data's size; auto: by the sizes of the groups."""
    variants: tuple[Variant, ...] = (Variant.MONOLITH, Variant.DECOMPOSED)
    jobs: int | None = None
    """Tasks at a time; None: one per core."""
    threads: int | None = None
    """Threads of numeric libraries; None: one in a task, and whatever the machine gives in a monolith."""
    repeats: int | None = None
    """How often each variant is measured, from 1; None: once, or as the run that is resumed was begun."""
    cold: bool = False
    timeout_ns: int | None = DEFAULT_TIMEOUT_NS
    workspace: Workspace = field(default_factory=lambda: Workspace.at(".paredown"))
    progress: bool = False
    resume: bool = False
    against: str | None = None
    script_args: tuple[str, ...] = ()
    engine: str = "local"
    """Where decomposed tasks run: `"local"`, threads here; `"dask"`."""
    scheduler: str | None = None
    """Address of a Dask scheduler; None: a cluster of our own on this machine."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """What sandboxes get: this process's own as it was at first, since Dask changes it where it starts workers."""
    say: Callable[[str], object] = lambda text: None
    """Told in one line what an engine was found to be."""
    check: Callable[[Plan], object] = lambda plan: None
    """Called with the plan before anything is measured; what it raises ends the run there."""

    @property
    def root(self) -> Path:
        """The workspace's folder on this disk, absolute."""
        return self.workspace.root
