"""Dates, ages and commits as a reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime

from profiler.model import Commit
from profiler.report.clean import one_line

_SHORT_COMMIT = 9


def moment(when: datetime) -> str:
    """Return a moment to the minute, in UTC.

    >>> moment(datetime(2026, 11, 24, 12, 0, 31, tzinfo=UTC))
    '2026-11-24 12:00'
    """
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def commit_words(commit: Commit, *, branch: str = "") -> str:
    """Return a commit as a part of a sentence.

    >>> commit_words(Commit(id="5e61ed9a0b1c2d3e4f", dirty=True), branch="main")
    'commit 5e61ed9a0 of main with changes'
    """
    of = f" of {one_line(branch)}" if branch else ""
    return f"commit {one_line(commit.id[:_SHORT_COMMIT])}{of}{' with changes' if commit.dirty else ''}"


def commit_text(commit: Commit | None) -> str:
    """Return a commit's hash as git shortens it, with a mark where files differed from it; empty without one.

    >>> commit_text(Commit(id="5e61ed9a0b1c2d3e4f", branch="main", dirty=True))
    '5e61ed9a0*'
    """
    return "" if commit is None else one_line(commit.id[:_SHORT_COMMIT]) + ("*" if commit.dirty else "")
