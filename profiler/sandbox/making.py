"""Making data that are missing: the user's `make`, into a folder that appears only when it is whole."""

from __future__ import annotations

import os
from pathlib import Path

from profiler.errors import InputError
from profiler.model import Ending, Outcome
from profiler.sandbox import inputs, leaving, loading
from profiler.work import Answered, MakeInput


def carry_out(order: MakeInput) -> Answered:
    """Call `make(folder, **params)`.

    Raises:
        InputError: If it wrote nothing, or what no later run would find.
    """
    with leaving.shared_folder(order.target) as partial:
        loading.find(order.function)(Path(partial), **order.params)
        wrote = f"input {order.name!r}: {order.function.qualname} wrote"
        entries = sorted(os.scandir(partial), key=lambda entry: entry.name) if os.path.isdir(partial) else []
        for entry in entries:
            if entry.is_dir():
                raise InputError(f"{wrote} into a folder of its own, {entry.name}; expected every file in {partial}")
        if not any(inputs.is_made(entry.name) for entry in entries):
            raise InputError(f"{wrote} no file into {partial}")
        files = leaving.below(order.target, partial)
    return Answered(outcome=Outcome(ending=Ending.OK), files=files)
