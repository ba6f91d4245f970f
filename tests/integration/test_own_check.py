"""This project's own CI does what it tells others to do: measure a job, and check it against limits and a baseline.

The limits are in `[tool.paredown]` of our `pyproject.toml`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.place import Place
from tests.integration.within import paredown_within

HERE = Place(ROOT)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference job, measured small: once as a whole, once more what its limits and its baseline are for."""
    folder = tmp_path_factory.mktemp("own")
    small = ("run", "cost_anomalies", "rows=20000", "groups=20", "days=40", "--shards", "1", "--workspace", str(folder))
    for again in ((), ("--variant", "decomposed", "--against", "last")):
        done = paredown_within(HERE, *small, *again)
        assert done.code == 0, done.said
    return folder


def test_the_reference_job_holds_the_line(workspace: Path) -> None:
    done = paredown_within(HERE, "check", "--baseline", "last", "--workspace", str(workspace))
    assert done.code == 0, done.said
    assert "PASSES" in done.out


def test_it_would_be_seen_if_it_did_not(workspace: Path) -> None:
    done = paredown_within(HERE, "check", "--max-peak", "daily_cost=20MB", "--workspace", str(workspace))
    assert done.code == 1, done.said
    assert "FAILS" in done.out
    assert "daily_cost" in done.out
