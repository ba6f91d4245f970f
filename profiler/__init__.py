"""paredown: what a batch ML job costs as one process, what it costs decomposed, and whether it fits AWS Lambda."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from profiler.declare import Job as Job
    from profiler.declare import dataset as dataset
    from profiler.declare import per_group as per_group
    from profiler.declare import per_shard as per_shard
    from profiler.declare import query as query
    from profiler.declare import script as script
    from profiler.declare import step as step
    from profiler.face import check as check
    from profiler.face import judge as judge
    from profiler.face import load as load
    from profiler.face import render as render
    from profiler.face import run as run
    from profiler.fit import predict_duration as predict_duration
    from profiler.marks import mark as mark
    from profiler.pricing.charges import bill as bill
    from profiler.pricing.solving import budget as budget
    from profiler.projecting import budget_of_run as budget_of_run

__version__ = "0.1.0"

_LAZY = {
    "Job": "profiler.declare",
    "bill": "profiler.pricing.charges",
    "budget": "profiler.pricing.solving",
    "budget_of_run": "profiler.projecting",
    "check": "profiler.face",
    "dataset": "profiler.declare",
    "judge": "profiler.face",
    "load": "profiler.face",
    "mark": "profiler.marks",
    "per_group": "profiler.declare",
    "per_shard": "profiler.declare",
    "predict_duration": "profiler.fit",
    "query": "profiler.declare",
    "render": "profiler.face",
    "run": "profiler.face",
    "script": "profiler.declare",
    "step": "profiler.declare",
}
__all__ = [
    "Job",
    "bill",
    "budget",
    "budget_of_run",
    "check",
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


def load_ipython_extension(shell: object) -> None:
    """Register `%%paredown` and `%paredown`, for `%load_ext profiler` in a notebook."""
    from profiler.notebook import register

    register(shell)


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: a sandbox starts bare, and a bill needs no job."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'profiler' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what can be asked for, so that a notebook completes it."""
    return sorted({*globals(), *__all__})
