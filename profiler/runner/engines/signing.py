"""A place for signs, made in the workspace before anything runs and gone afterwards."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from profiler.errors import EngineError, OutputError, PareDownError
from profiler.runner.engines.places import Store, keeps_writers_apart, why
from profiler.stores import objects

OURS = "harness"
"""The harness's own sign, in each of these places."""


@contextmanager
def in_folder(root: Path) -> Iterator[str]:
    """A folder with the harness's own sign; folders that it had to make go too, where they stay empty.

    Raises:
        OutputError: If it cannot be written.
    """
    made = [folder for folder in (root, *root.parents) if not folder.exists()]
    folder = root / _a_name()
    try:
        folder.mkdir(parents=True)
        (folder / OURS).write_text(OURS)
    except OSError as error:
        raise OutputError(
            f"cannot write to the workspace {root}: {error.strerror}",
            hint="run in a folder that you may write to, or name another with --workspace",
        ) from error
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for empty in made:
            if not any(empty.iterdir()):
                empty.rmdir()


@contextmanager
def below_url(url: str) -> Iterator[str]:
    """A URL with the harness's own sign below it.

    Raises:
        OutputError: If it cannot be written.
        EngineError: If the store does not keep apart who writes there.
    """
    where = objects.join(url, _a_name())
    place = Store(where)
    try:
        try:
            apart = keeps_writers_apart(place)
            place.write(OURS, OURS.encode())
        except PareDownError as error:
            raise OutputError(f"cannot write to the workspace {url}: {why(error)}") from error
        if not apart:
            raise EngineError(
                f"the workspace {url}: of two who create one object there, both are told that they did, so a task "
                "that an engine starts twice would run twice",
                hint="name one whose store creates only what is not there (If-None-Match), as S3 does",
            )
        yield where
    finally:
        with suppress(PareDownError):
            objects.remove(where)


def _a_name() -> str:
    return f"probe-{secrets.token_hex(4)}"
