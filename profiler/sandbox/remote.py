"""Inputs behind URLs, while a job is planned: found by one listing, and looked at without fetching them.

What planning reads of a file are its footer or its first lines. These are fetched, all files at once, into stand-ins on
this disk: files of the same size that are empty but for that. Everything that planning asks of files it then asks of
them, as it would of the files themselves.
"""

from __future__ import annotations

import glob
import gzip
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from profiler.errors import InputError
from profiler.sandbox import frames
from profiler.stores import opening
from profiler.stores.explaining import NO_FILE, explained
from profiler.urls import is_url

_MAGIC = b"PAR1"
_FOOTER = 64 << 10
"""Bytes fetched from the end of a Parquet file; few footers are longer, and those are fetched in two."""
_HEAD = 64
_LINES = 4 << 20
"""Bytes fetched from the beginning of a CSV file, in which its types are told."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file as its store lists it."""

    url: str
    size: int
    mark: str
    """Changes when the file does: its ETag, or when it was written."""


@dataclass(slots=True)
class Remote:
    """The files behind URLs that one planning has found, as a context: their stand-ins go when it ends."""

    files: dict[str, RemoteFile] = field(default_factory=dict)
    _stand_ins: dict[str, str] = field(default_factory=dict)
    _folder: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def expand(self, pattern: str) -> tuple[list[str], str]:
        """Files that a URL names: as a glob, a folder or itself; and what is wrong where it names none.

        Raises:
            InputError: If the store cannot be asked, or says no.
        """
        opening.refuse_without_bucket(pattern)
        filesystem = opening.opened(pattern)
        try:
            listed = _listed(filesystem, pattern)
        except Exception as error:
            what = explained(error, pattern)
            if what != NO_FILE:
                raise InputError(f"{pattern}: {what}") from None
            listed = []
            missing = f"{pattern} matches no file" if glob.has_magic(pattern) else f"there is no file {pattern}"
        else:
            missing = f"the folder {pattern} holds no file"
        found = [
            RemoteFile(url=_url(filesystem, entry["name"]), size=int(entry["size"] or 0), mark=_mark(entry))
            for entry in listed
            if entry["type"] == "file" and not entry["name"].endswith("/")
        ]
        self.files |= {file.url: file for file in found}
        return [file.url for file in found], "" if found else missing

    def sizes(self, paths: Iterable[str]) -> tuple[int, ...]:
        """Bytes of each of these files, where all are behind URLs; else nothing."""
        found = [self.files.get(path) for path in paths]
        return tuple(file.size for file in found if file) if all(found) else ()

    def local(self, path: str) -> str:
        """What to look at in place of a file; a path of this disk is its own."""
        return self._stand_ins.get(path, path)

    def named(self, text: str) -> str:
        """Text in which no stand-in stands for its file."""
        if self._folder and self._folder in text:
            for url, path in self._stand_ins.items():
                text = text.replace(path, url)
        return text

    def fetch(self, paths: Sequence[str]) -> list[str]:
        """Make stand-ins of those among some files that are behind URLs; returns what is wrong with those that fail."""
        complaints = []
        urls = [path for path in paths if path in self.files and path not in self._stand_ins]
        for start in range(0, len(urls), _AT_ONCE):
            complaints += self._fetch([self.files[url] for url in urls[start : start + _AT_ONCE]])
        return complaints

    def _fetch(self, files: Sequence[RemoteFile]) -> list[str]:
        filesystem = opening.opened(files[0].url)
        complaints: dict[str, str] = {}
        ranges = {file.url: _of_interest(file) for file in files}
        parts = _fetched(filesystem, ranges, complaints)
        more = {
            url: missing
            for url, data in parts.items()
            for missing in [_missing(self.files[url], data)]
            if missing is not None
        }
        others = _fetched(filesystem, more, complaints)
        for url, data in parts.items():
            self._write(
                self.files[url], [(ranges[url][0], data), *([(more[url][0], others[url])] if url in others else [])]
            )
        return list(complaints.values())

    def _write(self, file: RemoteFile, parts: Sequence[tuple[int, bytes]]) -> None:
        if not self._folder:
            temp = os.environ.get("TMPDIR")
            self._folder = tempfile.mkdtemp(prefix="stand-ins-", dir=temp if temp and os.path.isdir(temp) else None)
        folder = os.path.join(self._folder, f"{len(self._stand_ins):06d}")
        os.mkdir(folder)
        path = os.path.join(folder, file.url.rsplit("/", 1)[-1][-200:])
        with open(path, "wb") as stand_in:
            if frames.is_csv(file.url):
                stand_in.write(_whole_lines(file, parts[0][1]))
            else:
                stand_in.truncate(file.size)
                for start, data in parts:
                    stand_in.seek(start)
                    stand_in.write(data)
                if parts[0][1].endswith(_MAGIC):
                    stand_in.seek(0)
                    stand_in.write(_MAGIC[: file.size])
        self._stand_ins[file.url] = path


def _listed(filesystem: Any, pattern: str) -> list[dict[str, Any]]:
    """What a URL names, as its store lists it.

    A glob that comes to nothing may be the name of one file. It is asked for as such also since a listing that fails
    comes to nothing in fsspec.
    """
    found = list(filesystem.glob(pattern, detail=True).values()) if glob.has_magic(pattern) else []
    if found:
        return found
    entry = filesystem.info(pattern)
    return [entry] if entry["type"] == "file" else filesystem.ls(pattern, detail=True)


def _url(filesystem: Any, name: str) -> str:
    url: str = name if is_url(name) else filesystem.unstrip_protocol(name)
    return url


def _mark(entry: dict[str, Any]) -> str:
    for name in (
        "ETag",
        "etag",
        "content_md5",
        "md5Hash",
        "LastModified",
        "last_modified",
        "mtime",
        "updated",
        "created",
    ):
        if entry.get(name) is not None:
            return f"{name} {entry[name]}"
    return ""


def _of_interest(file: RemoteFile) -> tuple[int, int]:
    """From where to where a file is fetched first."""
    if frames.is_csv(file.url):
        return 0, file.size if file.url.lower().endswith(".zst") else min(file.size, _LINES)
    return max(0, file.size - _FOOTER), file.size


def _missing(file: RemoteFile, data: bytes) -> tuple[int, int] | None:
    """What else is needed: the rest of a long footer; the beginning of what does not end as Parquet does."""
    if frames.is_csv(file.url) or len(data) >= file.size:
        return None
    if not data.endswith(_MAGIC):
        return 0, min(_HEAD, file.size - len(data))
    start = max(0, file.size - 8 - int.from_bytes(data[-8:-4], "little"))
    end = file.size - len(data)
    return (start, end) if start < end else None


def _fetched(filesystem: Any, ranges: dict[str, tuple[int, int]], complaints: dict[str, str]) -> dict[str, bytes]:
    """Ranges of files, all at once; what fails is complained of by its URL."""
    wanted = {url: (start, end) for url, (start, end) in ranges.items() if start < end}
    data = {url: b"" for url in ranges if url not in wanted}
    if not wanted:
        return data
    starts, ends = zip(*wanted.values(), strict=True)
    try:
        results = filesystem.cat_ranges(list(wanted), list(starts), list(ends), on_error="return")
    except Exception as error:
        results = [error] * len(wanted)
    for url, result in zip(wanted, results, strict=True):
        if isinstance(result, BaseException):
            complaints[url] = f"{url}: {explained(result, url)}"
        else:
            data[url] = bytes(result)
    return data


def _whole_lines(file: RemoteFile, data: bytes) -> bytes:
    """The beginning of a CSV file up to the end of a line, packed as the file is."""
    if len(data) >= file.size:
        return data
    packed = file.url.lower().endswith(".gz")
    text = zlib.decompressobj(31).decompress(data) if packed else data
    text = text[: text.rfind(b"\n") + 1] or text
    return gzip.compress(text, 1) if packed else text
