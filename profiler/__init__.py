"""paredown: what a batch ML job costs as one process, what it costs decomposed, and whether it fits AWS Lambda."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from profiler.declare import Job, dataset, per_group, per_shard, query, script, step
from profiler.marks import mark

if TYPE_CHECKING:
    from profiler.face import judge as judge
    from profiler.face import load as load
    from profiler.face import render as render
    from profiler.face import run as run
    from profiler.fit import predict_duration as predict_duration
    from profiler.solving import budget as budget

__version__ = "0.1.0"

_LAZY = {
    "budget": "profiler.solving",
    "judge": "profiler.face",
    "load": "profiler.face",
    "predict_duration": "profiler.fit",
    "render": "profiler.face",
    "run": "profiler.face",
}
__all__ = [
    "Job",
    "budget",
    "dataset",
    "judge",
    "load",
    "mark",
    "per_group",
    "per_shard",
    "predict_duration",
    "query",
    "render",
    "run",
    "script",
    "step",
]


def __getattr__(name: str) -> object:
    """Import the heavier public names when they are first asked for, so that a sandbox starts bare."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'profiler' has no attribute {name!r}")
