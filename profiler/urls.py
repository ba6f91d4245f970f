"""Paths that are URLs: what lies in an object store rather than on this disk, and which of them may be kept in a run.

Nothing here asks a store for anything.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from profiler.errors import InputError, UsageError

DEFAULT_WORKSPACE = Path(".paredown")
"""Where runs are kept, seen from the folder that a command is started in, where nothing else is said."""

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_SHORT = re.compile(r"(?P<scheme>s3a?|gc?s|abfss?|az|https?|file):/?(?P<rest>[^/].*)", re.IGNORECASE | re.DOTALL)
_CHAINED = re.compile(r"[A-Za-z0-9+.-]+::.*://|[A-Za-z][A-Za-z0-9+.-]*://.*::(?:/|.*://)", re.DOTALL)
_HAS_PATTERN = re.compile(r"[*?\[\]#]")
_WORDS = "sig|signature|token|key|secret|password|credential"
_SECRET_NAMES = re.compile(_WORDS, re.IGNORECASE)
_NAMES = re.compile(r"[?&#;]([\w.-]+)=")
_SECRET_IN_TEXT = re.compile(rf"([?&#;][\w.-]*(?:{_WORDS})[\w.-]*=)[^&#;\s'\"]+", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)[^/@\s'\"]*:(?!\d+(?:/|$))[^@\s'\"]*@")
"""Keys of AWS hold slashes; what is all digits is a port."""
_USER = re.compile(r"\b(?!(?:abfss?|wasbs?|az)://)([a-z][a-z0-9+.-]*://)[^/@?#\s'\"]+@", re.IGNORECASE)
"""Often a token. Before the @ of Azure's URLs stands a container."""


def is_url(path: str) -> bool:
    """Whether a path names something by URL.

    >>> is_url("s3://bucket/focus/*.parquet"), is_url("data/focus.parquet")
    (True, False)
    """
    return _URL.match(path) is not None


def scheme_of(url: str) -> str:
    """Return the scheme of a URL, in lower case; empty where it is no URL.

    >>> scheme_of("S3://bucket/key")
    's3'
    """
    match = _URL.match(url)
    return match["scheme"].lower() if match else ""


def located(path: str) -> str | None:
    """Return a URL as it is kept in a run, a `file://` URL as the path that it means; None: it is a path of this disk.

    >>> located("S3://bucket/key"), located("file:///data/a.csv"), located("data/a.csv")
    ('s3://bucket/key', '/data/a.csv', None)

    Raises:
        InputError: If it holds a password, a key or a signature, which a run would keep; or is several URLs in one, one
            that lacks a slash, or one of a process's own memory.
    """
    if _CHAINED.match(path):
        raise InputError(f"{cleaned(path)}: is a chain of filesystems; expected one URL, like s3://bucket/path")
    if short := _SHORT.fullmatch(path):
        raise InputError(_lacks_a_slash(short["scheme"].lower(), short["rest"]))
    scheme = scheme_of(path)
    if not scheme:
        return None
    _refuse_secrets(path)
    if scheme == "memory":
        raise InputError(
            f"{path}: lies in the memory of one process, which no other sees; expected a folder or a store"
        )
    rest = path[len(scheme) :]
    return _of_this_disk(path, rest) if scheme in ("file", "local") else scheme + rest


def workspace_url(path: str | Path) -> str | None:
    """Return the URL of a workspace that lies in a store, without a slash at its end; None: it is a folder.

    >>> workspace_url("s3://bucket/paredown/"), workspace_url(".paredown")
    ('s3://bucket/paredown', None)

    Raises:
        UsageError: If it is a URL that no workspace can have.
    """
    try:
        url = located(str(path))
    except InputError as error:
        raise UsageError(f"the workspace {error.message}") from error
    if url is None:
        return None
    if not is_url(url):
        raise UsageError(f"the workspace is {path}; expected the path alone, {url}")
    if _HAS_PATTERN.search(url):
        raise UsageError(f"the workspace is {cleaned(url)}; expected one folder, without any of * ? [ ] #")
    if scheme_of(url) in ("http", "https"):
        raise UsageError(
            f"the workspace is {cleaned(url)}, where nothing can be written; "
            "expected a folder of a store, like s3://bucket/paredown"
        )
    if not url.split("://", 1)[1].split("/", 1)[0]:
        raise UsageError(f"the workspace is {url}, which names no bucket; expected one like s3://bucket/paredown")
    return url.rstrip("/")


def workspace_option(where: str) -> str:
    """How a command of this folder is told that it means this workspace; nothing, where it would mean it anyway.

    >>> workspace_option("s3://bucket/paredown"), workspace_option("../kept"), workspace_option(".paredown")
    (' --workspace s3://bucket/paredown', ' --workspace ../kept', '')
    """
    is_default = not is_url(where) and Path(where).resolve() == DEFAULT_WORKSPACE.resolve()
    return "" if is_default else f" --workspace {shlex.quote(where)}"


def _lacks_a_slash(scheme: str, rest: str) -> str:
    meant = f"{scheme}:///{rest}" if scheme == "file" else f"{scheme}://{rest}"
    return f"{scheme}: begins a URL only before two slashes; did you mean {cleaned(meant)}?"


def _of_this_disk(url: str, rest: str) -> str:
    path = rest.removeprefix("://").removeprefix("localhost")
    if not path.startswith("/"):
        raise InputError(f"{url}: names no file of this disk; expected three slashes, file:///PATH")
    return path


def without_secrets(name: str, value: str) -> str:
    """Return a parameter's value as it is kept in a run.

    >>> without_secrets("source", "postgres://host/db?x=1")
    'postgres://host/db?x=1'

    Raises:
        InputError: If a URL in it holds a password, a key or a signature.
    """
    if "://" in value:
        try:
            _refuse_secrets(value)
        except InputError as error:
            raise InputError(f"the parameter {name!r}: {error.message}") from None
    return value


def _refuse_secrets(url: str) -> None:
    """Refuse a URL that says who asks: everything that a run was measured on is kept in its file."""
    if _PASSWORD.search(url):
        what = "a user and a password"
    elif _USER.search(url):
        what = "a user or a token"
    elif any(_SECRET_NAMES.search(name) for name in _NAMES.findall(url)):
        what = "a key or a signature"
    else:
        return
    raise InputError(
        f"{cleaned(url)}: holds {what}, which would be kept in the run; "
        "expected the URL alone, and credentials in the environment"
    )


def cleaned(text: str) -> str:
    """Text without the passwords and signatures of the URLs in it.

    >>> cleaned("cannot reach https://me:secret@host/a?X-Amz-Signature=123&x=1")
    'cannot reach https://***@host/a?X-Amz-Signature=***&x=1'
    """
    return _SECRET_IN_TEXT.sub(r"\1***", _USER.sub(r"\1***@", _PASSWORD.sub("***@", text)))
