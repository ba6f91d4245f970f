"""DuckDB reads from any store that fsspec has a filesystem for, asking it no more than it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from profiler.sandbox import lending

asked: list[str] = []


class Shelf(AbstractFileSystem):  # type: ignore[misc]
    """A store whose objects are the files of a folder."""

    protocol = "shelf"
    root: ClassVar[Path]

    def info(self, path: str, **_: object) -> dict[str, Any]:
        file = self.root / self._strip_protocol(path)
        return {"name": path, "size": file.stat().st_size, "type": "file"}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        return Book(self, path, mode, **options)


class Book(AbstractBufferedFile):  # type: ignore[misc]
    """A file that tells what it is and cannot be told, as gcsfs has them."""

    @property
    def details(self) -> dict[str, Any]:
        return self.fs.info(self.path)  # type: ignore[no-any-return]

    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = (self.fs.root / self.path).read_bytes()
        return content[start:end]


class Cloud(AsyncFileSystem):  # type: ignore[misc]
    """A store with generations, as GCS has them."""

    protocol = "cloud"
    root: ClassVar[Path]

    async def _info(self, path: str, **_: object) -> dict[str, Any]:
        asked.append("info")
        status = (self.root / self._strip_protocol(path)).stat()
        return {"name": path, "size": status.st_size, "type": "file", "generation": str(status.st_mtime_ns)}

    async def _cat_file(
        self, path: str, start: int | None = None, end: int | None = None, generation: str = "", **_: object
    ) -> bytes:
        asked.append("range")
        file: Path = self.root / self._strip_protocol(path)
        if generation and generation != str(file.stat().st_mtime_ns):
            raise FileNotFoundError(path)
        return file.read_bytes()[start:end]


@pytest.fixture(params=[Shelf, Cloud], ids=["opened", "by ranges"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    kind = request.param
    kind.root = tmp_path
    fsspec.register_implementation(kind.protocol, kind, clobber=True)
    lending._known.clear()
    duckdb.sql(f"COPY (SELECT range AS a, hash(range) AS b FROM range(100_000)) TO '{tmp_path}/a.parquet'")
    asked.clear()
    yield tmp_path
    kind.clear_instance_cache()
    lending._known.clear()


def total(url: str) -> int:
    with duckdb.connect() as connection:
        lending.attach(connection, [url])
        row = connection.execute(f"SELECT sum(a)::BIGINT FROM read_parquet('{url}')").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.usefixtures("store")
def test_a_query_reads_a_file_whose_kind_cannot_be_told_what_it_is(request: pytest.FixtureRequest) -> None:
    scheme = request.node.callspec.params["store"].protocol
    assert total(f"{scheme}://a.parquet") == 99_999 * 50_000


@pytest.mark.parametrize("store", [Cloud], ids=["by ranges"], indirect=True)
def test_a_file_that_is_read_by_ranges_is_asked_about_once(store: Path) -> None:
    total("cloud://a.parquet")
    assert asked.count("info") == 1
    asked.clear()
    lending.know(["cloud://b.parquet"], [(store / "a.parquet").stat().st_size])
    (store / "a.parquet").rename(store / "b.parquet")
    total("cloud://b.parquet")
    assert set(asked) == {"range"}


@pytest.mark.parametrize("store", [Cloud], ids=["by ranges"], indirect=True)
def test_a_file_that_another_one_has_replaced_is_not_mixed_with_it(store: Path) -> None:
    total("cloud://a.parquet")
    duckdb.sql(f"COPY (SELECT range + 1 AS a, hash(range) AS b FROM range(100_000)) TO '{store}/a.parquet'")
    with pytest.raises(duckdb.Error):
        total("cloud://a.parquet")
    told = lending.trouble()
    assert told is not None
    assert told.message == "cloud://a.parquet: it has changed while it was read"
