"""Objects of stores other than S3: of a filesystem of the test's own over a folder, under the scheme of another one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.registry import _registry

from profiler.errors import OutputError
from profiler.stores import objects

HERE = "gs://bucket/paredown"


class Folder(AsyncFileSystem):  # type: ignore[misc]
    """A store that is a folder: its objects are files, its buckets are the folders at its top."""

    protocol = "gs"
    root: ClassVar[Path]
    asked: ClassVar[list[str]] = []

    def _at(self, path: str) -> Path:
        at: Path = self.root / self._strip_protocol(path)
        return at

    async def _info(self, path: str, **_: object) -> dict[str, Any]:
        self.asked.append("info")
        status = self._at(path).stat()
        kind = "directory" if self._at(path).is_dir() else "file"
        return {"name": self._strip_protocol(path), "size": status.st_size, "type": kind, "mtime": status.st_mtime}

    async def _find(self, path: str, detail: bool = False, **_: object) -> Any:
        at = self._at(path)
        if at.is_file():
            return [self._strip_protocol(path)]  # As adlfs does, whatever is asked for.
        found = [str(Path(inside, name).relative_to(self.root)) for inside, _, names in os.walk(at) for name in names]
        return {name: await self._info(name) for name in found} if detail else found

    async def _pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: object) -> None:
        if not self._at(path.removeprefix("gs://").split("/")[0]).is_dir():
            raise FileNotFoundError(path)
        self._at(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._at(path).open("xb" if mode == "create" else "wb") as file:
                file.write(value)
        except FileExistsError:
            raise FileExistsError(path) from None

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        return self._at(path).read_bytes()[start:end]

    async def _put_file(self, lpath: str, rpath: str, chunksize: int = 50 << 20, **_: object) -> None:
        content = Path(lpath).read_bytes()
        self.asked.extend(["part"] * -(-len(content) // chunksize))
        await self._pipe_file(rpath, content)

    async def _get_file(self, rpath: str, lpath: str, concurrency: int = 4, **_: object) -> None:
        if concurrency > 1:
            await self._info(rpath)  # As gcsfs does, to know where to cut it.
        Path(lpath).write_bytes(await self._cat_file(rpath))

    async def _rm_file(self, path: str, **_: object) -> None:
        self._at(path).unlink()


@pytest.fixture(autouse=True)
def asked(tmp_path: Path) -> Iterator[list[str]]:
    """A bucket, empty, and what is asked of it."""
    Folder.root = tmp_path / "store"
    (Folder.root / "bucket").mkdir(parents=True)
    fsspec.register_implementation("gs", Folder, clobber=True)
    Folder.asked.clear()
    yield Folder.asked
    _registry.pop("gs")
    Folder.clear_instance_cache()


def test_what_is_written_is_read_listed_and_removed() -> None:
    for name in ("runs/a", "runs/b", "work/a/1"):
        objects.write(f"{HERE}/{name}", b"123")
    assert objects.read(f"{HERE}/runs/a") == b"123"
    assert objects.read(f"{HERE}/runs/none") is None
    assert {name: found.size for name, found in objects.listed(HERE).items()} == {
        "runs/a": 3,
        "runs/b": 3,
        "work/a/1": 3,
    }
    objects.remove(f"{HERE}/runs")
    assert set(objects.listed(HERE)) == {"work/a/1"}


def test_how_long_ago_an_object_was_written_is_told_by_when_its_store_says_it_was() -> None:
    objects.write(f"{HERE}/sign", b"1")
    written = Folder.root / "bucket" / "paredown" / "sign"
    os.utime(written, (written.stat().st_atime, written.stat().st_mtime - 3600))
    age_s = objects.age_s(f"{HERE}/sign")
    assert age_s is not None
    assert 3600 <= age_s < 7200
    assert objects.age_s(f"{HERE}/none") is None


def test_of_two_who_create_an_object_one_does() -> None:
    assert [objects.create(f"{HERE}/begun", content) for content in (b"one", b"other")] == [True, False]
    assert objects.read(f"{HERE}/begun") == b"one"


def test_below_an_object_lies_nothing() -> None:
    objects.write(f"{HERE}/a", b"123")
    assert objects.listed(f"{HERE}/a") == {}


def test_what_comes_is_not_asked_about_first(asked: list[str], tmp_path: Path) -> None:
    objects.write(f"{HERE}/a", b"123")
    objects.get(f"{HERE}/a", str(tmp_path / "a"))
    assert objects.get_all({f"{HERE}/a": str(tmp_path / "b")})
    assert asked == []
    assert (tmp_path / "b").read_bytes() == b"123"


def test_a_large_file_goes_in_parts_that_are_small_in_memory(asked: list[str], tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(2 * objects.PART_BYTES + 1))
    objects.put(str(tmp_path / "large"), f"{HERE}/large")
    assert asked.count("part") == 3


def test_a_bucket_that_is_not_there_is_named_to_who_writes() -> None:
    with pytest.raises(OutputError, match="gs://nowhere/x: cannot be written: there is no bucket 'nowhere'"):
        objects.write("gs://nowhere/x", b"")
