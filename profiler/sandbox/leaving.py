"""Leaving files where later steps find them, under their name only when whole: in a folder, or in a store.

What goes to a store is written to this disk first, and then put: an object is whole or not there, and what that takes
of the disk is measured like all else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from profiler.sandbox import lending
from profiler.stores import objects
from profiler.urls import is_url

WHOLE = "_SUCCESS"
"""An object that says so of a folder in a store; the name is Hadoop's, and what reads tables leaves it out."""


@contextmanager
def whole(path: str) -> Iterator[str]:
    """A name on this disk to write a file under; it becomes `path` when the block ends well, and goes otherwise."""
    partial = _partial(path)
    try:
        yield partial
        if is_url(path):
            _put({path: partial})
        else:
            os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


@contextmanager
def whole_folder(path: str) -> Iterator[str]:
    """An empty folder of this disk, whose files are below `path` when the block ends well, and go otherwise.

    In a folder all of them appear at once, in the place of what was there. In a store they come one after another.
    """
    with _emptied(path) as partial:
        yield partial
        if is_url(path):
            _put(_in_store(path, partial))
        else:
            _put_in_place(partial, path)


@contextmanager
def shared_folder(path: str) -> Iterator[str]:
    """The same for what other runs read too: of two that make it at a time, what the first one has made stays.

    In a store a last object says that it is whole, and what is there besides its files, from one that was killed, goes.
    """
    with _emptied(path) as partial:
        yield partial
        if not is_url(path):
            _put_in_place(partial, path)
        elif not is_whole(objects.listed(path)):
            whole = objects.join(path, WHOLE)
            files = {url: file for url, file in _in_store(path, partial).items() if url != whole}
            _put(files)
            for url in {objects.join(path, name) for name in objects.listed(path)} - files.keys():
                objects.remove(url)
            objects.write(whole, b"")


def is_whole(names: Iterable[str]) -> bool:
    """Whether one among the names of a folder in a store says that it is whole, as a folder of this disk always is."""
    return WHOLE in names


@contextmanager
def _emptied(path: str) -> Iterator[str]:
    partial = _partial(path)
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(partial: str, path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.replace(partial, path)


def _in_store(path: str, partial: str) -> dict[str, str]:
    return {objects.join(path, os.path.relpath(file, partial)): file for file in _files(partial)}


def _partial(path: str) -> str:
    if is_url(path):
        return os.path.join(tempfile.gettempdir(), f"{path.rsplit('/', 1)[-1]}.{os.getpid()}.partial")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return f"{path}.{os.getpid()}.partial"


def written_to(path: str) -> str:
    """What a disk's own complaint is about: of what goes to a store, the folder of this disk that it goes by."""
    return f"to {tempfile.gettempdir()} what goes to {path}" if is_url(path) else path


def _put(files: dict[str, str]) -> None:
    sizes = [os.path.getsize(path) for path in files.values()]
    objects.put_all(files)
    lending.know(files, sizes)


def _files(folder: str) -> list[str]:
    """Every file below a folder."""
    return sorted(os.path.join(inside, name) for inside, _, names in os.walk(folder) for name in names)


def below(folder: str, partial: str) -> tuple[str, ...]:
    """What the files below a folder that is not yet whole are called when it is."""
    return tuple(os.path.join(folder, os.path.relpath(file, partial)) for file in _files(partial))
