"""Where a run keeps things: `.paredown/` with runs, the work of each run, and data that were made."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from profiler import mirror
from profiler.errors import InputError, OutputError
from profiler.model import Variant
from profiler.owner import claim, is_running, owner_of
from profiler.stores.objects import join, listed, remove, write
from profiler.stores.opening import opened
from profiler.urls import is_url, workspace_url

_IGNORE = ".gitignore"
_OF_A_PROCESS = re.compile(r"(planning|dask|lines)-\d+", re.ASCII)
"""Folders that belong to no run, and go with their process."""
_STOP_S = 86_400
"""How long a sign to stop stays that was left for tasks on workers that did not answer."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of all runs. Every worker sees it under the same path, or else what is kept by URL."""

    root: Path
    """On this disk, absolute; of a workspace in a store, its copy."""
    url: str = ""
    """Where it lies in a store."""

    @classmethod
    def at(cls, path: str | Path) -> Workspace:
        """The workspace that somebody names, by path or by URL; nothing is asked of a store yet.

        Raises:
            UsageError: If it is a URL that no workspace can have.
        """
        url = workspace_url(path)
        return cls(mirror.folder_of(url), url) if url else cls(Path(path).absolute())

    @property
    def name(self) -> str:
        """What its user calls it, by path or by URL."""
        return self.url or str(self.root)

    @property
    def runs(self) -> Path:
        """The runs' files."""
        return self.root / "runs"

    @property
    def data(self) -> Path:
        """Data that jobs have made."""
        return self.root / "data"

    @property
    def data_folder(self) -> str:
        """Folder, or URL, for data that jobs make."""
        return os.path.join(self.url, "data") if self.url else str(self.data)

    def work(self, run_id: str) -> Path:
        """What one run passes between steps."""
        return self.root / "work" / run_id

    def of_repetition(self, run_id: str, variant: Variant, repeat: int) -> Path:
        """What a repetition of a variant needs on this disk; of the first one, the run's own folder."""
        return self.work(run_id).joinpath(*_repetition(variant, repeat))

    def files(self, run_id: str, variant: Variant = Variant.DECOMPOSED, repeat: int = 0) -> str:
        """Folder, or URL, below which the steps of a repetition leave their files."""
        return os.path.join(self.url or self.root, "work", run_id, *_repetition(variant, repeat))

    def answer(self, run_id: str, variant: Variant) -> str:
        """Path or URL of a variant's answer; it stays when the rest of the work goes."""
        return os.path.join(self.files(run_id), "answers", f"{variant.value}.parquet")

    def prepare(self, run_id: str) -> Path:
        """Make a run's folder.

        Raises:
            OutputError: If it cannot be made or written.
        """
        folder = self.work(run_id)
        if self.url:
            mirror.made_for(self.url)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            claim(folder)  # First, or a sweep takes what follows for left behind.
            (folder / "temp").mkdir(exist_ok=True)
            probe = folder / "temp" / ".probe"
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"cannot write to the workspace {self.root.absolute()}: {error.strerror}",
                hint="run in a folder that you may write to, or name another with --workspace",
            ) from error
        ignore = self.root / _IGNORE
        if not ignore.exists():
            ignore.write_text("*\n")
        return folder

    def check(self) -> None:
        """See whether it can be written, where it lies in a store.

        Raises:
            InputError: If nothing here speaks its scheme.
            OutputError: If not; or if its copy has no place on this disk.
        """
        if self.url:
            opened(self.url)  # What is not installed is said of the workspace, not of a file in it.
            probe = join(self.url, "probe")  # Where it may not be removed, one is left, not one of each attempt.
            write(probe, b"")
            remove(probe)
            mirror.made_for(self.url)

    def sweep(self) -> None:
        """Remove what harnesses that were killed have left: half-made data, spilled queries, plans, old signs to stop.

        What they passed between steps stays, for `--resume`.
        """
        for work in (self.root / "work").glob("*"):
            if owner_of(work) is None:
                if _OF_A_PROCESS.fullmatch(work.name):
                    shutil.rmtree(work, ignore_errors=True)
                for folder in (work / "temp", *work.glob("repeat-*/temp")):
                    shutil.rmtree(folder, ignore_errors=True)
        for partial in self.data.glob("*.partial"):
            if not is_running(partial.name.split(".")[-2]):
                shutil.rmtree(partial, ignore_errors=True)
        for sign in self.root.glob("stop-*"):
            with suppress(OSError):
                if time.time() - sign.stat().st_mtime > _STOP_S and not is_running(sign.name.split("-")[1]):
                    sign.unlink()

    def leave(self) -> None:
        """Remove it where nothing is in it: no run was begun, and nobody else begins one."""
        for folder in (self.root / "work", self.data):
            with suppress(OSError):
                folder.rmdir()
        with suppress(OSError):
            if [entry.name for entry in self.root.iterdir()] == [_IGNORE]:
                (self.root / _IGNORE).unlink()
                self.root.rmdir()

    def tidy(self, run_id: str) -> None:
        """Remove what a finished run passed between its steps, but not its answers."""
        if self.url:
            work = self.files(run_id)
            with suppress(InputError):
                for name in {name.split("/")[0] for name in listed(work)} - {"answers"}:
                    discard(join(work, name))
        for entry in self.work(run_id).iterdir():
            if entry.name == "answers":
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def discard(where: str) -> None:
    """Remove what lies below a folder, or a URL; what stays is shown by `paredown runs`, and goes with its run."""
    if is_url(where):
        with suppress(OutputError):
            remove(where)
    else:
        shutil.rmtree(where, ignore_errors=True)


def _repetition(variant: Variant, repeat: int) -> tuple[str, ...]:
    """Below a run's own folder, the one of a repetition; the first one has none of its own."""
    return (f"repeat-{repeat}-{variant.value}",) if repeat else ()


def new_run_id(job: str) -> str:
    """A run's id: job, time in UTC, and four letters against two in the same second; a file name on any system."""
    safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in job)[:60]
    return f"{safe}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
