"""What a query reads is a matter of the query and its files, not of how quick the disk is at the moment."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from profiler.sandbox import frames

ROWS, COLUMNS = 200_000, 12


@pytest.fixture(scope="module")
def wide_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve columns of noise, 1.6 MB each."""
    path = tmp_path_factory.mktemp("wide") / "wide.parquet"
    columns = ", ".join(f"hash(range, {number}) AS c{number}" for number in range(COLUMNS))
    duckdb.execute(f"COPY (SELECT {columns} FROM range({ROWS})) TO '{path}' (FORMAT parquet)")
    return path


def read_bytes(path: Path, *columns: str) -> int:
    """Bytes that this process asked of the system to look at some columns of a file that is not in the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    before = _asked()
    with frames.connect(threads=1) as connection:
        connection.execute(f"SELECT {', '.join(f'max({name})' for name in columns)} FROM read_parquet('{path}')")
    return _asked() - before


def _asked() -> int:
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


def test_the_same_columns_are_the_same_bytes(wide_file: Path) -> None:
    first, second = (read_bytes(wide_file, "c0", "c11") for _ in range(2))
    assert first == pytest.approx(second, rel=0.01)


def test_columns_that_lie_far_off_are_not_read_along(wide_file: Path) -> None:
    assert read_bytes(wide_file, "c0") < wide_file.stat().st_size / 4


def test_a_cursor_reads_as_its_connection_does() -> None:
    with frames.tables() as connection:
        found = connection.execute("SELECT current_setting('parquet_prefetch_column_gap')").fetchone()
    assert found == (frames.COLUMN_GAP_BYTES,)
