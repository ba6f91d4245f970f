"""A workspace in a store, and its copy on this disk: runs' files are made here, and put there as they grow.

No store can append to what it keeps. So a run is written to a file of this disk, event by event, as in any workspace,
and the copy is what every command reads; runs that were measured elsewhere come from the store first.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from profiler.errors import OutputError
from profiler.urls import workspace_url

_URL_FILE = "url"
"""In a copy: the URL of what it is a copy of."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def folder_of(url: str) -> Path:
    """The folder of this disk that a workspace's copy lies in, made if it is not there.

    It is below `$XDG_CACHE_HOME`, or `~/.cache`. One URL at two endpoints is two stores.

    Raises:
        OutputError: If it cannot be made.
    """
    where = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    key = hashlib.sha256(f"{url}\n{where}".encode()).hexdigest()[:10]
    name = re.sub(r"[^A-Za-z0-9]+", "-", url)[:60].strip("-")
    folder = _base() / f"{name}-{key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if url_of(folder) != url:
            (folder / _URL_FILE).write_text(url)
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}, where the copy of {url} is kept: {error.strerror}",
            hint="XDG_CACHE_HOME says where such copies are kept",
        ) from error
    return folder


def to_read(path: str | Path) -> Path:
    """The folder to read a workspace's runs from, as somebody names it: itself, or the copy of what is in a store.

    Raises:
        UsageError: If it is a URL that no workspace can have.
        OutputError: If a copy has no place on this disk.
    """
    url = workspace_url(path)
    return folder_of(url) if url else Path(path)


def _base() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache).absolute() / "paredown" / "workspaces"


def url_of(folder: Path) -> str:
    """The URL of the workspace that a folder is the copy of; empty: it is a workspace itself."""
    if folder.absolute().parent != _base():
        return ""
    try:
        return (folder / _URL_FILE).read_text()
    except OSError:
        return ""


def shown(folder: Path) -> str:
    """A workspace as its user knows it: the URL of what this folder is the copy of, or the folder."""
    return url_of(folder) or str(folder)
