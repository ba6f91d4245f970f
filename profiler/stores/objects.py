"""Objects of a store by URL: read, written whole, written once, listed and removed; its errors as ours.

An object appears when it is whole, or not at all: no store shows what is half-written.
"""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from glob import has_magic
from typing import Any

from profiler.errors import InputError, OutputError, StoreInputError, StoreOutputError
from profiler.stores.explaining import NO_FILE, explained
from profiler.stores.opening import opened
from profiler.urls import scheme_of

PART_BYTES = 8 << 20
"""A file of twice this size and more is sent in parts of it; each is a request."""
AT_ONCE = 8
"""Files that are sent or fetched at a time, at most."""
_IN_MEMORY = 4 * PART_BYTES
"""Bytes that are on their way to a store at a time, and in memory meanwhile, at most."""

_LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object as a store lists it."""

    size: int
    written_ns: int
    """When, since 1970; 0 where the store does not say it."""


def read(url: str) -> bytes | None:
    """The content of an object; None: there is no such one.

    Raises:
        InputError: If the store cannot be asked, or says no.
    """
    with _if_there(url):
        content: bytes = opened(url).cat_file(url, **_as_one(url))
        return content
    return None


def age_s(url: str) -> float | None:
    """How many seconds ago an object was written; None: there is no such one.

    It is by the store's clock on S3, which says the time with each answer, and by this machine's elsewhere.

    Raises:
        InputError: If the store cannot be asked, or says no.
    """
    with _if_there(url):
        filesystem = opened(url)
        if not _is_s3(url):
            return time.time() - _written_ns(filesystem.info(url)) / 1e9
        bucket, key, _ = filesystem.split_path(url)
        answer = filesystem.call_s3("head_object", Bucket=bucket, Key=key)
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        now_s = parsedate_to_datetime(said).timestamp() if said else time.time()
        return float(now_s - answer["LastModified"].timestamp())
    return None


def connect(url: str) -> None:
    """Look up how the store of a URL is asked, and who asks; it stays so, whatever becomes of the environment.

    Raises:
        OutputError: If there is nothing that can ask it.
    """
    with _writing(url):
        filesystem = opened(url)
        if _is_s3(url):
            filesystem.connect()


def write(url: str, content: bytes) -> None:
    """Write an object, in the place of another one if there is one.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    with _writing(url):
        opened(url).pipe_file(url, content)


def create(url: str, content: bytes) -> bool:
    """Write an object that is not there yet, as only one of several writers can; False: it is there.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    with _writing(url):
        try:
            opened(url).pipe_file(url, content, mode="create")
        except FileExistsError:
            return False
    return True


def put(path: str, url: str) -> None:
    """Copy a file of this disk to a store.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    put_all({url: path})


def put_all(files: Mapping[str, str]) -> None:
    """Copy files of this disk, by the URLs that they get, to one store, several at a time, as memory allows.

    Raises:
        OutputError: If the store cannot be asked, or says no; then some of them may be there.
    """
    if not files:
        return
    first = next(iter(files))
    with _writing(first):
        each = min(2 * PART_BYTES, max(map(os.path.getsize, files.values())))
        at_once = min(len(files), AT_ONCE, _IN_MEMORY // max(each, 1))
        parts = {"chunksize": PART_BYTES} if _is_s3(first) or _is_google(first) else {}
        if _is_s3(first):
            parts["max_concurrency"] = _IN_MEMORY // PART_BYTES // at_once
        opened(first).put(list(files.values()), list(files), batch_size=at_once, **parts)


def get(url: str, path: str) -> None:
    """Copy an object to this disk; where it cannot be had whole, `path` may be left with a part of it.

    Raises:
        InputError: If there is none, or the store cannot be asked, or says no.
    """
    with _if_there(url):
        opened(url).get_file(url, path, **_as_one(url))
        return
    raise StoreInputError(f"{url}: {NO_FILE}")


def get_all(files: Mapping[str, str]) -> bool:
    """Copy objects that lie side by side in a store, each by its URL, to these paths of this disk, several at a time.

    False: one of them is gone, and others may be missing here too, or be here in part.

    Raises:
        InputError: If the store cannot be asked, or says no.
    """
    if not files:
        return True
    first = next(iter(files))
    with _if_there(posixpath.dirname(first)):
        filesystem = opened(first)
        at_once = {"batch_size": AT_ONCE} if filesystem.async_impl else {}
        filesystem.get(list(files), list(files.values()), **at_once, **_as_one(first))
        return True
    return False


def listed(url: str) -> dict[str, Found]:
    """What lies below a URL, by its name from there on, with `/` between folders.

    Raises:
        InputError: If the store cannot be asked, or says no.
    """
    below = url.rstrip("/") + "/"
    with _if_there(url):
        filesystem = opened(url)
        start = filesystem._strip_protocol(below).rstrip("/") + "/"
        found = filesystem.find(below, detail=True)
        if not isinstance(found, dict):  # adlfs, of what is an object itself.
            return {}
        return {
            name.removeprefix(start): Found(size=int(entry["size"] or 0), written_ns=_written_ns(entry))
            for name, entry in found.items()
            if name.startswith(start)
        }
    return {}


def remove(url: str) -> None:
    """Remove what lies below a URL, and the object that has this URL itself; nothing there is as well.

    Raises:
        OutputError: If the store cannot be asked, or says no; then some of it may be gone.
    """
    with _writing(url, _LISTED):
        filesystem = opened(url)
        found = _at_or_below(filesystem, url)
    with _writing(url, "removed"):
        together = [name for name in found if not has_magic(name)]  # Others fsspec would take for globs.
        if len(together) > 1:
            with suppress(FileNotFoundError):
                filesystem.rm(together)
            found = _at_or_below(filesystem, url)  # Of several, s3fs does not say which the store refused to remove.
        for name in found:
            with suppress(FileNotFoundError):
                filesystem.rm_file(name)


def _at_or_below(filesystem: Any, url: str) -> list[str]:
    start = filesystem._strip_protocol(url).rstrip("/")
    return [name for name in filesystem.find(url) if name == start or name.startswith(f"{start}/")]


def _as_one(url: str) -> dict[str, int]:
    """What has an object come by one request, piece by piece.

    Else s3fs asks for its size first, lists what is not there, and has ten parts of 50 MiB in memory; and gcsfs asks
    two or three times what it is.
    """
    if _is_google(url):
        return {"concurrency": 1}
    return {"max_concurrency": 1} if _is_s3(url) else {}


def _is_s3(url: str) -> bool:
    return scheme_of(url) in ("s3", "s3a")


def _is_google(url: str) -> bool:
    return scheme_of(url) in ("gs", "gcs")


def join(url: str, *names: str) -> str:
    """The URL of what lies below another one.

    >>> join("s3://bucket/paredown/", "runs", "a.jsonl")
    's3://bucket/paredown/runs/a.jsonl'
    """
    return posixpath.join(url, *names)


def _written_ns(entry: dict[str, Any]) -> int:
    for name in ("LastModified", "last_modified", "mtime", "updated", "created"):
        when = entry.get(name)
        if isinstance(when, str):
            when = datetime.fromisoformat(when)
        if when is not None:
            return int((when.timestamp() if isinstance(when, datetime) else float(when)) * 1e9)
    return 0


@contextmanager
def _if_there(url: str) -> Iterator[None]:
    """Errors of reading as ours; where there is no such object, the block ends and nothing is raised."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        what = explained(error, url)
        if what != NO_FILE:
            raise StoreInputError(f"{url}: cannot be read: {what}") from error


@contextmanager
def _writing(url: str, how: str = "written") -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise OutputError(error.message) from error
    except Exception as error:
        why = explained(error, url, writing=how != _LISTED)  # Which is another right than to write.
        raise StoreOutputError(f"{url}: cannot be {how}: {why}") from error
