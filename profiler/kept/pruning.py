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
from profiler.kept.listing import KeptRun, State, work_folder
from profiler.runner.workspace import Workspace


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

    Raises:
        OutputError: If something cannot be removed, or would be outside the workspace; what went before stays gone.
    """
    workspace = Workspace(root)
    for folder in (workspace.runs, workspace.root / "work"):
        _refuse_elsewhere(folder, workspace.root)
    freed, removed, running = 0, 0, []
    for run in chosen:
        if workspace.owner(run.header.id) is not None:
            running.append(run.header.id)
            continue
        try:
            _remove_tree(work_folder(run.header, workspace))
            run.header.path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot remove {error.filename or run.header.path}: {error.strerror}; {removed} of {len(chosen)} runs "
                "are gone"
            ) from error
        removed += 1
        freed += run.size_bytes
    return Removed(runs=removed, freed_bytes=freed, still_running=tuple(running))


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
