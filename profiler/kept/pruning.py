"""Which kept runs may go, by age and by count, and removing them with their answers.

Nothing outside the workspace is ever removed, and no link is followed. Who asks whether to go on is the command.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from profiler.errors import OutputError
from profiler.kept.listing import KeptRun, State, kept_in, work_folder
from profiler.maker import maker_of
from profiler.runner.workspace import Workspace
from profiler.stores import objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What lets a run go: each that is given has to."""

    older_than: timedelta | None = None
    keep: int | None = None
    """The newest so many of each job stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was removed."""

    runs: int
    freed_bytes: int
    still_running: tuple[str, ...] = ()
    """Ids that were to go and began again meanwhile."""


def to_prune(runs: Sequence[KeptRun], criteria: Criteria, *, now: datetime) -> tuple[KeptRun, ...]:
    """Return the runs that may go, the newest first; never one that still goes on.

    Args:
        runs: All kept runs, the newest first.
        criteria: At least one of them.
        now: With its zone.
    """
    chosen = []
    newer: Counter[str] = Counter()
    for run in runs:
        newer[run.header.job] += 1
        if run.state is State.RUNNING:
            continue
        if criteria.keep is not None and newer[run.header.job] <= criteria.keep:
            continue
        if criteria.older_than is not None and now - run.header.created <= criteria.older_than:
            continue
        chosen.append(run)
    return tuple(chosen)


def remove(chosen: Sequence[KeptRun], root: Path) -> Removed:
    """Remove runs with their answers; the file last, so that an interrupt leaves a run that can be pruned again.

    Of a workspace in a store, there and in its copy on this disk.

    Raises:
        OutputError: If something cannot be removed, or would be outside the workspace; what went before stays gone.
    """
    workspace = kept_in(root)
    for folder in (workspace.runs, workspace.root / "work"):
        _refuse_elsewhere(folder, workspace.root)
    freed, removed, running = 0, 0, []
    for run in chosen:
        if maker_of(run.header.path) is not None:
            running.append(run.header.id)
            continue
        gone = f"{removed} of {len(chosen)} runs are gone"
        try:
            _remove(run, workspace)
        except OSError as error:
            raise OutputError(f"cannot remove {error.filename or run.header.path}: {error.strerror}; {gone}") from error
        except OutputError as error:
            raise OutputError(f"{error.message}; {gone}") from error
        removed += 1
        freed += run.size_bytes
    return Removed(runs=removed, freed_bytes=freed, still_running=tuple(running))


def _remove(run: KeptRun, workspace: Workspace) -> None:
    work = work_folder(run.header, workspace)
    if workspace.url and work is not None:
        objects.remove(objects.join(workspace.url, "work", work.name))
    _remove_tree(work)
    if workspace.url:
        objects.remove(run.header.run.path)
    run.header.path.unlink(missing_ok=True)


def _refuse_elsewhere(folder: Path, root: Path) -> None:
    if folder.resolve() != root.resolve() / folder.name:
        raise OutputError(
            f"{folder} is a link to {folder.resolve()}, outside the workspace {root}; nothing is removed there",
            hint=f"prune where it is: paredown runs --prune --workspace {folder.resolve().parent}"
            if folder.resolve().name == folder.name
            else None,
        )


def _remove_tree(folder: Path | None) -> None:
    if folder is None:
        return
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
