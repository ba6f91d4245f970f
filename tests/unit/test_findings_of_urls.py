"""A function that opens a URL as a file is told what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiler.sandbox.findings import outcome_of


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("s3://bucket/a.csv", "'s3://bucket/a.csv'; it is a URL and no path: read it through fsspec"),
        ("/nowhere/a.csv", "'/nowhere/a.csv'"),
        (Path("/nowhere/a.csv"), "'/nowhere/a.csv'"),
    ],
)
def test_a_url_that_is_opened_as_a_path_is_told(path: str | Path, told: str) -> None:
    with pytest.raises(FileNotFoundError) as caught, open(path):
        pass
    assert outcome_of(caught.value).message == f"FileNotFoundError: [Errno 2] No such file or directory: {told}"
