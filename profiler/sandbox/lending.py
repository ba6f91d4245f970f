"""Object stores lent to DuckDB, which then reads `s3://` as it reads a file.

DuckDB's own httpfs is not used: it cannot be had without a network, does not look for credentials where boto3 does, and
tells nobody what it asks for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from profiler.errors import InputError, StoreInputError
from profiler.stores.explaining import explained
from profiler.stores.opening import opened
from profiler.urls import is_url, scheme_of

_OPENED = frozenset({"s3", "s3a", "http", "https"})
"""Whose own open files are used: s3fs has each range be of one version, and a web server may know no ranges."""
_last_trouble: InputError | None = None
_known: dict[str, dict[str, Any]] = {}
"""What files are that this process was told of, has asked about, or has written itself, by URL."""


def know(files: Iterable[str], sizes: Iterable[int]) -> None:
    """Be told how large files behind URLs are, that nobody changes any more: their store need not be asked."""
    for url, size in zip(files, sizes, strict=True):
        _known[url] = {"name": url, "size": size, "type": "file"}


def size_of(url: str) -> int:
    """Bytes of a file that this process has read or written, or was told of.

    Raises:
        InputError: If its store has to be asked, and says no.
    """
    if url not in _known:
        try:
            _known[url] = opened(url).info(url)
        except Exception as error:
            raise StoreInputError(f"{url}: {explained(error, url)}") from error
    size: int = _known[url]["size"]
    return size


def attach(connection: Any, files: Iterable[str]) -> None:
    """Let a DuckDB connection read these files, where there are URLs among them; nothing is asked of a store yet.

    Raises:
        InputError: If nothing here speaks the scheme of one.
    """
    trouble()  # What another query may have met, and DuckDB got over, is no matter of this one.
    for scheme, url in {scheme_of(file): file for file in files if is_url(file)}.items():
        if not connection.filesystem_is_registered(scheme):
            connection.register_filesystem(_lent(scheme, opened(url)))


def trouble() -> InputError | None:
    """The last thing that went wrong with a store, told once; DuckDB shows only a traceback of it."""
    global _last_trouble
    told, _last_trouble = _last_trouble, None
    return told


def _failed(error: BaseException, url: str) -> InputError:
    global _last_trouble
    _last_trouble = StoreInputError(f"{url}: {explained(error, url)}")
    return _last_trouble


def _lent(scheme: str, filesystem: Any) -> Any:
    """A filesystem as DuckDB is to see it: paths are no patterns, and every read is one request for just that range.

    fsspec's own way would read 50 MB ahead, and ask whether a file is there and what it is at every turn. Here each
    file is asked about once, and what is read after that has to be the same file still.
    """
    from fsspec.spec import AbstractFileSystem

    class Lent(AbstractFileSystem):  # type: ignore[misc]
        protocol = scheme
        cachable = False
        asks_nothing_itself = True

        def glob(self, path: str, **_: object) -> list[str]:
            return [self._strip_protocol(path)]

        def exists(self, path: str, **_: object) -> bool:
            return True

        def _url(self, path: str) -> str:
            return path if is_url(path) else f"{scheme}://{path}"

        def info(self, path: str, **_: object) -> dict[str, Any]:
            url = self._url(path)
            if url not in _known:
                try:
                    _known[url] = filesystem.info(url)
                except Exception as error:
                    raise _failed(error, url) from None
            return _known[url]

        def size(self, path: str) -> int:
            size: int = self.info(path)["size"]
            return size

        def modified(self, path: str) -> datetime:
            """Long ago: DuckDB asks twice for what is younger than ten seconds, and here it is one version anyway."""
            return datetime(2000, 1, 1, tzinfo=UTC)

        def open(self, path: str, mode: str = "rb", **_: object) -> Any:
            url = self._url(path)
            known = self.info(path)
            if filesystem.async_impl and scheme not in _OPENED:
                return _Explaining(_Ranges(filesystem, url, known), url)
            try:
                file = filesystem.open(url, "rb", cache_type="none", size=known["size"])
            except Exception as error:
                raise _failed(error, url) from None
            if hasattr(type(file), "details"):
                with suppress(AttributeError):  # Some have it to be read only.
                    file.details = known
            return _Explaining(file, url)

    return Lent()


class FileExpired(Exception):
    """A file is gone, or another one in its place, that was there when it was asked about; s3fs calls it so too."""


class _Ranges:
    """A file that is read by ranges of a store: to be opened, those of gcsfs and adlfs ask once more what it is.

    Where the store tells a file's generation, just that one is read.
    """

    def __init__(self, filesystem: Any, url: str, known: dict[str, Any]) -> None:
        self._filesystem, self._url, self._size, self._position = filesystem, url, int(known["size"]), 0
        self._one = {"generation": known["generation"]} if known.get("generation") else {}

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, length: int = -1) -> bytes:
        end = self._size if length < 0 else min(self._position + length, self._size)
        if end <= self._position:
            return b""
        data: bytes | None = None
        with suppress(FileNotFoundError):
            data = self._filesystem.cat_file(self._url, start=self._position, end=end, **self._one)
        if data is None:
            raise FileExpired
        self._position += len(data)
        return data

    def close(self) -> None:
        """Nothing is held open."""


class _Explaining:
    """An open file whose troubles are told in our words."""

    def __init__(self, file: Any, url: str) -> None:
        self._file, self._url = file, url

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, length: int = -1) -> bytes:
        try:
            data: bytes = self._file.read(length)
        except Exception as error:
            raise _failed(error, self._url) from None
        return data
