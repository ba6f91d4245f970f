"""Object stores by URL, opened through fsspec, which is imported where there is a URL, and nowhere else.

Credentials, region and endpoint are those that boto3 (or the store's own library) finds in the environment.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable
from difflib import get_close_matches
from glob import has_magic
from typing import Any

from profiler.errors import InputError
from profiler.stores.explaining import CONNECT_S, READ_S, attempts, explained
from profiler.urls import scheme_of

_S3 = frozenset({"s3", "s3a"})
_WITH_BUCKETS = _S3 | {"gs", "gcs"}
_WITH_LOGIN = frozenset({"ftp", "sftp", "ssh", "smb"})
"""Named, so that nobody installs what speaks them to be told no afterwards."""
_TALKING = ("gcsfs", "azure")
"""Libraries that log a traceback of what they raise too; with no logging set up, Python prints it to the terminal."""
_PACKAGES = {
    "s3": "pip install 'paredown[s3]'", "s3a": "pip install 'paredown[s3]'",
    "gs": "pip install gcsfs", "gcs": "pip install gcsfs",
    "abfs": "pip install adlfs", "abfss": "pip install adlfs", "az": "pip install adlfs",
    "http": "pip install 'fsspec[http]'", "https": "pip install 'fsspec[http]'",
}  # fmt: skip
"""What brings the filesystem of a scheme, where fsspec does not say it or is not there to say it."""


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
    if scheme in _WITH_LOGIN:
        raise InputError(_no_store(url, scheme))
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
        raise InputError(_no_store(url, scheme))
    for name in _TALKING:
        if not logging.getLogger(name).handlers:
            logging.getLogger(name).addHandler(logging.NullHandler())
    options: dict[str, Any] = {"use_listings_cache": False}
    if scheme in _S3:
        retries = {"total_max_attempts": attempts(), "mode": "standard"}
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


def _no_store(url: str, scheme: str) -> str:
    return f"{url}: {scheme}:// asks a host that one logs in to, and is no store; expected one, as s3, gs or abfs"


def _missing(scheme: str, what: str) -> str:
    remedy = _PACKAGES.get(scheme)
    return f"{what} is not installed" + (f"; {remedy}" if remedy else f"; expected a package that brings {scheme}://")
