"""`mark`: names a part of a plain script, so that it is measured as a step of its own.

Costs nothing when nobody is measuring. The sandbox that runs a script sets `meter`; nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

meter: Callable[[str], AbstractContextManager[None]] | None = None
"""Set by the sandbox while it measures a script."""


@contextmanager
def mark(name: str) -> Iterator[None]:
    """Measure the block as a step called `name`.

    The same name twice is one step with two tasks. Nested marks each see their own peak.

    >>> with mark("load"):
    ...     rows = list(range(3))
    """
    if meter is None:
        yield
    else:
        with meter(name):
            yield
