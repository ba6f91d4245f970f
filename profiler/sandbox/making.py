"""Making data that are missing: the user's `make`, into a folder that appears only when it is whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from profiler.errors import InputError
from profiler.model import Ending, Outcome
from profiler.sandbox import loading
from profiler.work import Answered, MakeInput


def carry_out(order: MakeInput) -> Answered:
    """Call `make(folder, **params)`.

    Raises:
        InputError: If it wrote nothing.
    """
    partial = Path(f"{order.target}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        loading.find(order.function)(partial, **order.params)
        if not any(partial.iterdir()):
            raise InputError(f"input {order.name!r}: {order.function.qualname} wrote no file into {partial}")
        os.replace(partial, order.target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Answered(outcome=Outcome(ending=Ending.OK), files=tuple(sorted(map(str, Path(order.target).iterdir()))))
