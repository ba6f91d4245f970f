"""Object stores by URL: opened through fsspec, and lent to DuckDB, which then reads `s3://` as it reads a file.

Credentials, region and endpoint are those that boto3 (or the store's own library) finds in the environment. fsspec is
imported where there is a URL, and nowhere else. DuckDB's own httpfs is not used: it cannot be had without a network,
does not look for credentials where boto3 does, and tells nobody what it asks for.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from glob import has_magic
from typing import Any

from profiler.errors import InputError
from profiler.sandbox.store_errors import ATTEMPTS, CONNECT_S, READ_S, explained
from profiler.urls import is_url, scheme_of

_S3 = frozenset({"s3", "s3a"})
_WITH_BUCKETS = _S3 | {"gs", "gcs"}
_PACKAGES = {
    "s3": "pip install 'paredown[s3]'", "s3a": "pip install 'paredown[s3]'",
    "gs": "pip install gcsfs", "gcs": "pip install gcsfs",
    "abfs": "pip install adlfs", "abfss": "pip install adlfs", "az": "pip install adlfs",
    "http": "pip install 'fsspec[http]'", "https": "pip install 'fsspec[http]'",
}  # fmt: skip
"""What brings the filesystem of a scheme, where fsspec does not say it or is not there to say it."""
_last_trouble: InputError | None = None


def refuse_without_bucket(url: str) -> None:
    """Refuse a URL that names no bucket, or several by a glob, where everything lies in buckets.

    Raises:
        InputError: If so.
    """
    bucket = url.split("://", 1)[1].split("/", 1)[0]
    if scheme_of(url) in _WITH_BUCKETS and (not bucket or has_magic(bucket)):
        raise InputError(f"{url}: names no bucket; expected one, without a glob, as in {scheme_of(url)}://bucket/path")


def opened(url: str) -> Any:
    """Open the fsspec filesystem of a URL.

    Raises:
        InputError: If nothing here speaks its scheme; the message says what to install.
    """
    scheme = scheme_of(url)
    try:
        import fsspec
    except ImportError:
        raise InputError(f"{url}: {_missing(scheme, 'fsspec')}") from None
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except ValueError:
        near = get_close_matches(scheme, [*_PACKAGES, *fsspec.available_protocols()], n=1)
        meant = f"; did you mean {near[0]}://?" if near else "; known are s3, gs, abfs, https and what fsspec has"
        raise InputError(f"{url}: no filesystem is known for {scheme}://{meant}") from None
    except ImportError:
        raise InputError(f"{url}: {_missing(scheme, 'its filesystem')}") from None
    if any(item.default is item.empty and item.kind is item.POSITIONAL_OR_KEYWORD for item in _parameters(kind)):
        raise InputError(f"{url}: {scheme}:// is not read here; expected a store, as s3, gs, abfs or https")
    options: dict[str, Any] = {"use_listings_cache": False}
    if scheme in _S3:
        retries = {"total_max_attempts": ATTEMPTS, "mode": "standard"}
        options["config_kwargs"] = {"connect_timeout": CONNECT_S, "read_timeout": READ_S, "retries": retries}
    try:
        filesystem = kind(**options)
    except ImportError as error:
        raise InputError(f"{url}: {_missing(scheme, error.name or 'its filesystem')}") from None
    except Exception as error:
        raise InputError(f"{url}: {explained(error, url)}") from error
    if scheme in _S3:
        filesystem.retries = 1  # Its own attempts come on top of botocore's.
    return filesystem


def _parameters(kind: type) -> Iterable[inspect.Parameter]:
    """What a kind of filesystem is made with: a host to log in to, as of ftp:// and sftp://, is no store's."""
    return list(inspect.signature(kind.__init__).parameters.values())[1:]  # type: ignore[misc]


def _missing(scheme: str, what: str) -> str:
    remedy = _PACKAGES.get(scheme)
    return f"{what} is not installed" + (f"; {remedy}" if remedy else f"; expected a package that brings {scheme}://")


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
    _last_trouble = InputError(f"{url}: {explained(error, url)}")
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

        def __init__(self) -> None:
            super().__init__()
            self.known: dict[str, dict[str, Any]] = {}

        def glob(self, path: str, **_: object) -> list[str]:
            return [self._strip_protocol(path)]

        def exists(self, path: str, **_: object) -> bool:
            return True

        def _url(self, path: str) -> str:
            return path if is_url(path) else f"{scheme}://{path}"

        def info(self, path: str, **_: object) -> dict[str, Any]:
            url = self._url(path)
            if url not in self.known:
                try:
                    self.known[url] = filesystem.info(url)
                except Exception as error:
                    raise _failed(error, url) from None
            return self.known[url]

        def size(self, path: str) -> int:
            size: int = self.info(path)["size"]
            return size

        def modified(self, path: str) -> datetime:
            """Long ago: DuckDB asks twice for what is younger than ten seconds, and here it is one version anyway."""
            return datetime(2000, 1, 1, tzinfo=UTC)

        def open(self, path: str, mode: str = "rb", **_: object) -> Any:
            url = self._url(path)
            known = self.info(path)
            try:
                file = filesystem.open(url, "rb", cache_type="none", size=known["size"])
            except Exception as error:
                raise _failed(error, url) from None
            if hasattr(type(file), "details"):
                file.details = known
            return _Explaining(file, url)

    return Lent()


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
