"""Parquet or CSV files into pandas, from this disk or by URL."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd


def read_files(paths: Sequence[str], columns: str = "*") -> pd.DataFrame:
    """Read all rows of some files; `columns` is SQL."""
    reader = "read_csv" if paths[0].lower().endswith((".csv", ".csv.gz")) else "read_parquet"
    with duckdb.connect() as connection:
        scheme, _, there = paths[0].partition("://")
        if there:
            import fsspec

            connection.register_filesystem(fsspec.filesystem(scheme))
        # execute() hands rows over as it reads them; duckdb.read_parquet().df() would hold them all twice.
        return connection.execute(f"SELECT {columns} FROM {reader}(?, union_by_name = true)", [list(paths)]).df()
