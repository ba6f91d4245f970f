"""Calls of fsspec's filesystems in place of requests, for stores whose requests nobody can see: an estimate.

S3, Google's and Azure's are left out, since their requests are seen; so are filesystems that are no store, or go
through another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

from profiler.sandbox import moving

_NO_STORES = frozenset(
    {
        *("file", "local", "data"),
        *("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"),
        *("dir", "generic", "async_wrapper", "reference", "zip", "tar", "libarchive"),
        *("cached", "blockcache", "filecache", "simplecache"),
    }
)
_METHODS = {
    "cat_file": "get", "get_file": "get", "info": "get",
    "pipe_file": "put", "put_file": "put", "cp_file": "put",
    "ls": "list", "find": "list",
}  # fmt: skip
_inside: ContextVar[bool] = ContextVar("_inside", default=False)
"""Within a call that is counted already: what it calls itself is no further request."""
_watched: set[type] = set()


def watch(module: ModuleType) -> None:
    """Count calls of every filesystem that is made from now on; `module` is `fsspec.spec`."""
    from fsspec.caching import BaseCache

    _before(module.AbstractFileSystem, "__init__", _watch_kind)
    _after(BaseCache, "__init__", _watch_reading)
    _before(module.AbstractBufferedFile, "close", _count_written)


def _before(kind: type, name: str, do: Callable[[Any], None]) -> None:
    original = getattr(kind, name)

    @wraps(original)
    def both(self: Any, *arguments: Any, **named: Any) -> Any:
        do(self)
        return original(self, *arguments, **named)

    setattr(kind, name, both)


def _after(kind: type, name: str, do: Callable[[Any], None]) -> None:
    original = getattr(kind, name)

    @wraps(original)
    def both(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        do(self)

    setattr(kind, name, both)


def _watch_kind(filesystem: Any) -> None:
    """Have a kind of filesystem count, when the first of it is made; fsspec takes its methods from the class then."""
    from fsspec.spec import AbstractFileSystem

    kind = type(filesystem)
    protocols = {kind.protocol} if isinstance(kind.protocol, str) else set(kind.protocol)
    if kind in _watched or protocols & _NO_STORES or getattr(kind, "asks_nothing_itself", False):
        return
    _watched.add(kind)
    for name, what in _METHODS.items():
        asynchronous, plain = getattr(kind, f"_{name}", None), getattr(kind, name, None)
        of_its_own = plain is not getattr(AbstractFileSystem, name)
        if name == "find" and not of_its_own and (asynchronous is None or asynchronous is _walking()):
            continue  # It lists folder by folder, each of which is counted.
        if iscoroutinefunction(asynchronous):
            setattr(kind, f"_{name}", _counted_later(asynchronous, what))
        if callable(plain) and (of_its_own or asynchronous is None):
            setattr(kind, name, _counted(plain, what))


def _walking() -> Any:
    from fsspec.asyn import AsyncFileSystem

    return AsyncFileSystem._find


@contextmanager
def _one_request() -> Iterator[None]:
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def _counted(method: Callable[..., Any], what: str) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        if _inside.get():
            return method(self, *arguments, **named)
        with _one_request():
            result = method(self, *arguments, **named)
        _count(what, arguments, result)
        return result

    return call


def _counted_later(method: Callable[..., Any], what: str) -> Callable[..., Any]:
    @wraps(method)
    async def call(self: Any, *arguments: Any, **named: Any) -> Any:
        if _inside.get():
            return await method(self, *arguments, **named)
        with _one_request():
            result = await method(self, *arguments, **named)
        _count(what, arguments, result)
        return result

    return call


def _count(what: str, arguments: tuple[Any, ...], result: Any) -> None:
    sent = len(arguments[1]) if what == "put" and len(arguments) > 1 and isinstance(arguments[1], bytes) else 0
    received = len(result) if what == "get" and isinstance(result, bytes) else 0
    moving.count(**{what: 1}, received_bytes=received, sent_bytes=sent, estimates=1)


def _watch_reading(cache: Any) -> None:
    """Count each range that an open file has fetched; all of fsspec's buffered files read through a cache."""
    file = getattr(cache.fetcher, "__self__", None)
    if type(getattr(file, "fs", None)) in _watched:
        fetch = cache.fetcher

        def fetched(*arguments: Any, **named: Any) -> Any:
            with _one_request():
                data = fetch(*arguments, **named)
            moving.count(get=1, received_bytes=len(data), estimates=1)
            return data

        cache.fetcher = fetched


def _count_written(file: Any) -> None:
    """Count a file that was written, when it is closed, as one request."""
    if not file.closed and file.mode != "rb" and type(file.fs) in _watched:
        moving.count(put=1, sent_bytes=file.loc or 0, estimates=1)
