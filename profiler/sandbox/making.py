"""Making data that are missing: the user's `make`, into a folder that appears only when it is whole."""

from __future__ import annotations

from pathlib import Path

from profiler.errors import InputError
from profiler.model import Ending, Outcome
from profiler.sandbox import leaving, loading
from profiler.work import Answered, MakeInput


def carry_out(order: MakeInput) -> Answered:
    """Call `make(folder, **params)`.

    Raises:
        InputError: If it wrote nothing.
    """
    with leaving.whole_folder(order.target) as partial:
        loading.find(order.function)(Path(partial), **order.params)
        files = leaving.below(order.target, partial)
        if not files:
            raise InputError(f"input {order.name!r}: {order.function.qualname} wrote no file into {partial}")
    leaving.mark_whole(order.target)
    return Answered(outcome=Outcome(ending=Ending.OK), files=files)
