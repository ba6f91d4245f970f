"""Standard input of a plain script that is measured several times: each time it is given the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STDIN = 0


@contextmanager
def the_same_input(repeats: int) -> Iterator[Callable[[], object]]:
    """Yield what is to be called before each repetition of a script.

    A file is read from where it stood at first. A pipe can be read once; so that no repetition does other work than
    the others, none of several gets anything from it. A terminal stays as it is: whoever sits there can type again.
    """
    mode = _mode() if repeats > 1 else None
    if mode is not None and stat.S_ISREG(mode):
        begin = os.lseek(_STDIN, 0, os.SEEK_CUR)
        yield lambda: os.lseek(_STDIN, begin, os.SEEK_SET)
    elif mode is not None and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        kept, nothing = os.dup(_STDIN), os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, _STDIN)
        os.close(nothing)
        try:
            yield lambda: None
        finally:
            os.dup2(kept, _STDIN)
            os.close(kept)
    else:
        yield lambda: None


def _mode() -> int | None:
    try:
        return os.fstat(_STDIN).st_mode
    except OSError:
        return None  # It is closed.
