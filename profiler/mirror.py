"""A workspace in a store, and its copy on this disk: runs' files are made here, and put there as they grow.

No store can append to what it keeps. So a run is written to a file of this disk, event by event, as in any workspace,
and the copy is what every command reads; runs that were measured elsewhere come from the store first.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from profiler.errors import InputError, OutputError, RunFileError
from profiler.owner import owner_of
from profiler.stores import objects
from profiler.urls import is_url, workspace_option, workspace_url

_URL_FILE = "url"
"""In a copy: the URL of what it is a copy of."""
_ENDPOINTS = ("FSSPEC_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_ENDING = ".jsonl"
_ATTEMPTS = 3
"""How often the runs are listed where one of them is removed while they are fetched."""


def folder_of(url: str) -> Path:
    """The folder of this disk that a workspace's copy lies in, there or not yet.

    It is below `$XDG_CACHE_HOME`, or `~/.cache`. One URL at two endpoints is two stores.
    """
    where = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    key = hashlib.sha256(f"{url}\n{where}".encode()).hexdigest()[:10]
    name = re.sub(r"[^A-Za-z0-9]+", "-", url)[:60].strip("-")
    return _base() / f"{name}-{key}"


def made_for(url: str) -> Path:
    """The folder of this disk that a workspace's copy lies in, made if it is not there: once its store has said yes.

    Raises:
        OutputError: If it cannot be made.
    """
    folder = folder_of(url)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if url_of(folder) != url:
            (folder / _URL_FILE).write_text(url)
    except OSError as error:
        raise _cannot_write(folder, url, error) from error
    return folder


def to_read(path: str | Path) -> Path:
    """The folder to read a workspace's runs from, as somebody names it: itself, or the copy of what is in a store.

    Nothing in the store is changed, but that a run of ours is put there whole whose end could not be put.

    Raises:
        UsageError: If it is a URL that no workspace can have.
        InputError: If the store cannot be asked, or says no.
        OutputError: If a copy has no place on this disk.
    """
    url = workspace_url(path)
    if not url:
        return Path(path)
    folder = folder_of(url)
    for _ in range(_ATTEMPTS):
        if _pulled(url, folder):
            return folder
    raise InputError(f"{url}/runs: runs are removed there while they are read", hint="try again")


def run_by_url(url: str) -> Path:
    """Where the file of a run that somebody names by its URL lies, or would lie, in the copy of its workspace.

    Raises:
        RunFileError: If it is the URL of no workspace's run.
        UsageError, InputError, OutputError: As for a workspace.
    """
    workspace, _, name = url.rpartition("/runs/")
    if not workspace or not _is_run(name):
        meant = f"did you mean {url}{_ENDING}?" if workspace else f"for its newest run: last --workspace {url}"
        raise RunFileError(
            f"{url}: is the URL of no run; expected one like s3://bucket/paredown/runs/ID{_ENDING}",
            hint=None if url.endswith(_ENDING) else meant,
        )
    return to_read(workspace) / "runs" / name


def _pulled(url: str, folder: Path) -> bool:
    """Bring the runs' files of a copy up to date; False: one went while they were fetched.

    Files are only appended to. One that is longer here holds what a harness could not put any more, since it was killed
    or the store was not there; unless somebody has gone on with what was put. One that is not in the store was removed
    by somebody, since it is put there before anything is measured.
    """
    runs = folder / "runs"
    left = [path for path in runs.glob(f"*{_ENDING}") if owner_of(folder / "work" / path.stem) is None]
    there = {name: found for name, found in objects.listed(objects.join(url, "runs")).items() if _is_run(name)}
    made_for(url)
    try:
        longer = [path for path in left if path.name in there and _size(path) > there[path.name].size]
        other = {path.name for path in longer if not _put_whole(path, objects.join(url, "runs", path.name))}
        newer = {name: found for name, found in there.items() if name in other or found.size > _size(runs / name)}
        whole = _fetched(url, newer, folder)
        for path in left:
            if path.name not in there:
                shutil.rmtree(folder / "work" / path.stem, ignore_errors=True)
                path.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(folder, url, error) from error
    return whole


def _put_whole(path: Path, url: str) -> bool:
    """Put a run's file over what the store has of its beginning; False: there it goes on in another way.

    A store that may only be read is left as it is: the file is whole here.
    """
    if not path.read_bytes().startswith(objects.read(url) or b""):
        return False
    with suppress(OutputError):
        objects.put(str(path), url)
    return True


def _is_run(name: str) -> bool:
    return name.endswith(_ENDING) and not name.startswith(".") and "/" not in name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _fetched(url: str, found: Mapping[str, objects.Found], folder: Path) -> bool:
    """Fetch runs' files, whole ones under their names; the newest run is known by the time of its file."""
    if not found:
        return True
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix=".pulling-", dir=folder) as temporary:
        coming = {name: os.path.join(temporary, str(number)) for number, name in enumerate(found)}
        if not objects.get_all({objects.join(url, "runs", name): path for name, path in coming.items()}):
            return False
        for name, path in coming.items():
            if found[name].written_ns:
                os.utime(path, ns=(found[name].written_ns, found[name].written_ns))
            os.replace(path, runs / name)
    return True


def _cannot_write(folder: Path, url: str, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write to {folder}, where the copy of {url} is kept: {error.strerror}",
        hint="XDG_CACHE_HOME says where such copies are kept",
    )


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


def option(folder: Path) -> str:
    """How a command of this folder is told that it means the workspace that this is, or is the copy of."""
    return workspace_option(url_of(folder) or str(folder))


def shown(path: Path) -> str:
    """A workspace, or what lies in one, as its user knows it: by URL where this is in a copy, else as it is."""
    base = _base()
    for folder in (path, *path.parents):
        if folder.parent == base:
            url = url_of(folder)
            return objects.join(url, *path.relative_to(folder).parts) if url else str(path)
    return str(path)


def on_disk(path: str) -> Path:
    """Where on this disk the file of a run lies that is shown by this path or URL."""
    workspace, _, name = path.rpartition("/runs/")
    return folder_of(workspace) / "runs" / name if is_url(path) else Path(path)
