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


def commit_text(commit: Commit | None) -> str:
    """Return a commit's hash as git shortens it, with a mark where files differed from it; empty without one.

    >>> commit_text(Commit(id="5e61ed9a0b1c2d3e4f", branch="main", dirty=True))
    '5e61ed9a0*'
    """
    return "" if commit is None else one_line(commit.id[:_SHORT_COMMIT]) + ("*" if commit.dirty else "")
