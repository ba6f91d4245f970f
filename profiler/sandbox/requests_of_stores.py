"""Requests to Google Cloud Storage and Azure Blob Storage, as aiohttp and requests have sent them.

So gcsfs and adlfs are seen, and Google's and Azure's own libraries. What goes by gRPC is not: how a bucket is laid out,
which gcsfs asks for once, and all that is in a zonal bucket.
"""

from __future__ import annotations

import re
from asyncio import CancelledError
from collections.abc import Mapping
from functools import wraps
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from profiler.sandbox import moving

_OF_GOOGLE = re.compile(r"/(?:upload/|download/)?storage/v1/b(?:/|$)")
_LISTS_OF_GOOGLE = re.compile(r"/storage/v1/b(?:/[^/]+/o)?/?")
_OF_AZURE = "x-ms-version"
"""A header that every request to it has."""


def watch_aiohttp(module: ModuleType) -> None:
    """Count from now on what any of its sessions sends to such a store; `module` is `aiohttp.client`."""
    original = module.ClientSession._request

    @wraps(original)
    async def request(self: Any, method: str, url: Any, **named: Any) -> Any:
        what = _what(method, str(url), named.get("headers") or {})
        if what is None:
            return await original(self, method, url, **named)
        try:
            response = await original(self, method, url, **named)
        except CancelledError:
            moving.count(**{what: 1}, estimates=1)  # Nobody waits for the answer; the store has most likely given it.
            raise
        _count(what, method, response.status, response.request_info.headers, response.headers)
        return response

    module.ClientSession._request = request


def watch_requests(module: ModuleType) -> None:
    """Count from now on what any of its sessions sends to such a store; `module` is `requests.sessions`."""
    original = module.Session.send

    @wraps(original)
    def send(self: Any, request: Any, **named: Any) -> Any:
        response = original(self, request, **named)
        what = _what(request.method, request.url, request.headers)
        if what is not None:
            _count(what, request.method, response.status_code, request.headers, response.headers)
        return response

    module.Session.send = send


def _what(method: str, url: str, headers: Mapping[str, str]) -> str | None:
    """What a request counts as; None: it is to no such store, or costs nothing."""
    parts = urlsplit(url)
    if any(name.lower() == _OF_AZURE for name in headers):
        lists = "comp=list" in parts.query.split("&")
    elif _OF_GOOGLE.match(parts.path):
        lists = _LISTS_OF_GOOGLE.fullmatch(parts.path) is not None
    else:
        return None
    method = method.upper()
    if method in ("GET", "HEAD"):
        return "list" if lists else "get"
    return None if method == "DELETE" else "put"


def _count(what: str, method: str, status: int, request: Mapping[str, str], response: Mapping[str, str]) -> None:
    if status >= 500:
        return  # The store's own fault, for which it asks nothing.
    length = "0" if method.upper() == "HEAD" else response.get("Content-Length")
    moving.count(
        **{what: 1},
        sent_bytes=int(request.get("Content-Length") or 0),
        received_bytes=int(length or 0),
        estimates=int(length is None),
    )
