"""Paths that are URLs: what lies in an object store rather than on this disk, and which of them may be kept in a run.

Nothing here asks a store for anything.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from profiler.errors import InputError

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_CHAINED = re.compile(r"[A-Za-z0-9+.-]+::")
_SECRET_NAMES = re.compile(r"sig|signature|token|key|secret|password|credential", re.IGNORECASE)
_USER = r"[^/@\s'\"]*:(?!\d+(?:/|$))[^@\s'\"]*@"  # Keys of AWS hold slashes; what is all digits is a port.
_USER_IN_TEXT = re.compile(rf"(?<=://){_USER}")
_SECRET_IN_TEXT = re.compile(r"([?&][\w-]*(?:sig|signature|token|secret|password|credential)[\w-]*=)[^&\s'\"]+", re.I)


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
        InputError: If it holds a password, a key or a signature, which a run would keep; or is several URLs in one.
    """
    if _CHAINED.match(path) and "://" in path:
        raise InputError(f"{cleaned(path)}: is a chain of filesystems; expected one URL, like s3://bucket/path")
    scheme = scheme_of(path)
    if not scheme:
        return None
    _refuse_secrets(path)
    rest = path[len(scheme) :]
    return rest.removeprefix("://") if scheme in ("file", "local") else scheme + rest


def _refuse_secrets(url: str) -> None:
    """Refuse a URL that says who asks: everything that a run was measured on is kept in its file."""
    asked = [name for name, _ in parse_qsl(_query(url), keep_blank_values=True)]
    if _USER_IN_TEXT.search(url):
        what = "a user and a password"
    elif any(_SECRET_NAMES.search(name) for name in asked):
        what = "a key or a signature"
    else:
        return
    raise InputError(
        f"{cleaned(url)}: holds {what}, which would be kept in the run; "
        "expected the URL alone, and credentials in the environment"
    )


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:  # An authority in brackets that is no address: `[` is also a glob's.
        return url.partition("?")[2]


def cleaned(text: str) -> str:
    """Text without the passwords and signatures of the URLs in it.

    >>> cleaned("cannot reach https://me:secret@host/a?X-Amz-Signature=123&x=1")
    'cannot reach https://***@host/a?X-Amz-Signature=***&x=1'
    """
    return _SECRET_IN_TEXT.sub(r"\1***", _USER_IN_TEXT.sub("***@", text))
