"""Which runs a workspace keeps: of each what its file says at the top, how it ended, and the room that it takes.

Files are read, but no measurement of them is decoded, so that hundreds of runs are listed in a moment. A file that is
no run, or is damaged, is named beside the others.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from profiler import mirror
from profiler.encoding import decode
from profiler.errors import RunFileError
from profiler.maker import Maker, maker_of
from profiler.model import Commit, Machine, Plan, Run, Settings, Signed, VariantEnd
from profiler.runner.workspace import Workspace
from profiler.store import read_header
from profiler.stores import objects


class State(StrEnum):
    """How a run ended, or that it did not."""

    COMPLETE = "complete"
    """Everything that was asked for ended well."""
    FAILED = "failed"
    """It came to its end, but a variant or the script did not end well."""
    INTERRUPTED = "interrupted"
    """It was stopped or killed; what was measured until then is kept."""
    RUNNING = "running"
    """Whoever makes it still lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line of a run's file says of it."""

    path: Path
    id: str
    """As a command takes it: the name of its file."""
    created: datetime
    run: Run
    """As the first line has it: nothing is measured yet. Its own id is another one where the file was copied."""

    @property
    def job(self) -> str:
        """The name of its job."""
        return self.run.plan.job


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """One kept run."""

    header: Header
    state: State
    reason: str
    """Why it failed, in the words of the run; empty otherwise."""
    maker: Maker | None
    """Who makes it, while it goes on."""
    file_bytes: int
    work_bytes: int
    """Its answers, and what an unfinished run passed between its steps."""

    @property
    def size_bytes(self) -> int:
        """All that it takes where it is kept."""
        return self.file_bytes + self.work_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file among the runs that cannot be shown."""

    path: str
    """As its user knows it."""
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The runs of a workspace, the newest first, and what lies among them that is none."""

    url: str = ""
    """Of a workspace in a store: runs that other machines make are in it too."""

    runs: tuple[KeptRun, ...]
    unreadable: tuple[Unreadable, ...] = ()


def list_runs(root: Path) -> Kept:
    """Return every kept run of a workspace; none where there is no such folder.

    Raises:
        InputError: If it lies in a store that cannot be asked what it keeps of them.
    """
    workspace = kept_in(root)
    sizes = _sizes(workspace.url) if workspace.url else None
    headers, unreadable = list_headers(root)
    runs, damaged = [], []
    for header in headers:
        try:
            runs.append(_kept(header, workspace, sizes))
        except RunFileError as error:
            damaged.append(Unreadable(path=header.run.path, problem=error.message))
    found = tuple(sorted((*unreadable, *damaged), key=lambda item: item.path))
    return Kept(url=workspace.url, runs=tuple(runs), unreadable=found)


def kept_in(root: Path) -> Workspace:
    """The workspace that a folder is, or is the copy of."""
    return Workspace(root, mirror.url_of(root))


def list_headers(root: Path) -> tuple[tuple[Header, ...], tuple[Unreadable, ...]]:
    """Return the first lines of all kept runs, the newest run first, and the files that have none."""
    headers, unreadable = [], []
    for path in Workspace(root).runs.glob("*.jsonl"):
        try:
            headers.append(_header(path))
        except RunFileError as error:
            unreadable.append(Unreadable(path=mirror.shown(path), problem=error.message))
    headers.sort(key=lambda header: (header.created, header.id), reverse=True)
    return tuple(headers), tuple(sorted(unreadable, key=lambda item: item.path))


def _header(path: Path) -> Header:
    values = read_header(path)
    try:
        created = datetime.fromisoformat(values["created"])
        return Header(
            path=path,
            id=path.stem,
            created=created if created.tzinfo else created.replace(tzinfo=UTC),
            run=Run(
                id=decode(str, values["id"]),
                path=mirror.shown(path),
                created=values["created"],
                version=decode(str, values["paredown"]),
                plan=decode(Plan, values["plan"]),
                machine=decode(Machine, values["machine"]),
                settings=decode(Settings, values["settings"]),
                commit=decode(Commit | None, values.get("commit")),
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunFileError(f"{mirror.shown(path)}: its header is damaged: {error}") from error


def _kept(header: Header, workspace: Workspace, sizes: Mapping[str, int] | None) -> KeptRun:
    ended, ends, code = _endings(header.path)
    maker = maker_of(header.path) if not ended and header.run.id == header.id else None
    failed = next((end for end in ends if not end.complete), None)
    state, reason = State.COMPLETE, ""
    if not ended:
        state = State.INTERRUPTED if maker is None else State.RUNNING
    elif failed is not None:
        state, reason = State.FAILED, failed.reason or f"the {failed.variant} variant did not end well"
    elif code:
        state, reason = State.FAILED, f"exit code {code}"
    return KeptRun(
        header=header,
        state=state,
        reason=reason,
        maker=maker,
        file_bytes=_size(header.path),
        work_bytes=_work_bytes(header, workspace, sizes),
    )


def _work_bytes(header: Header, workspace: Workspace, sizes: Mapping[str, int] | None) -> int:
    folder = work_folder(header, workspace)
    if sizes is None or folder is None:
        return sum(map(_size, tree(folder)))
    return sizes.get(folder.name, 0)


def _sizes(url: str) -> Mapping[str, int]:
    """What a store keeps of each run beside its file, in bytes."""
    sizes: Counter[str] = Counter()
    for name, found in objects.listed(objects.join(url, "work")).items():
        sizes[name.partition("/")[0]] += found.size
    return sizes


def work_folder(header: Header, workspace: Workspace) -> Path | None:
    """Where a run's answers lie; None for a copy of a run's file, whose answers are those of another one."""
    return workspace.work(header.id) if header.run.id == header.id else None


def _endings(path: Path) -> tuple[bool, Sequence[VariantEnd], int]:
    """Whether a run came to its end, how each repetition of a variant ended last, and a script's exit code."""
    ended, ends, code = False, {}, 0
    for number, line in _lines(path):
        ended = line == b'{"event":"end"}\n'
        if line.startswith((b'{"event":"variant",', b'{"event":"exit",')):
            try:
                values = json.loads(line)
                if values.pop("event") == "exit":
                    code = decode(Signed, values["code"])
                    continue
                end = decode(VariantEnd, values)
            except (ValueError, KeyError, TypeError) as error:
                raise RunFileError(f"{mirror.shown(path)}: line {number} is damaged: {error}") from error
            ends[end.variant, end.repeat] = end
    return ended, tuple(ends.values()), code


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every whole line, numbered; a torn last one is left out, since a run that was killed has it."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                if not (line.startswith(b'{"event":"') and line.endswith(b"}\n")):
                    raise RunFileError(f"{mirror.shown(path)}: line {number} is damaged: expected an event")
                yield number, line
    except OSError as error:
        raise RunFileError(f"cannot read the run {mirror.shown(path)}: {error.strerror}") from error


def tree(path: Path | None) -> Iterator[Path]:
    """Every file below a folder, links as what they are themselves; nothing where it is not there."""
    if path is None:
        return
    if path.is_symlink():
        yield path
        return
    for folder, _, names in os.walk(path, followlinks=False):
        yield from (Path(folder) / name for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # Gone meanwhile: it takes no room any more.
        return 0
