"""Objects of a store by URL, on moto's server: whole or not there, written by one of several, listed, removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from profiler.errors import InputError, OutputError, PareDownError
from profiler.stores import objects
from tests.object_stores import SECRET, Store, ask, environment, hiding, keeping, listening, refusing, running_store

HERE = "s3://workspace/paredown"


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    with running_store("workspace") as store:
        yield store


@pytest.fixture
def store(running: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    ask(running.environment, monkeypatch)
    yield running
    objects.remove(HERE)


@pytest.mark.usefixtures("store")
def test_what_is_written_is_read_and_what_is_not_there_is_none() -> None:
    objects.write(f"{HERE}/a", b"first")
    objects.write(f"{HERE}/a", b"second")
    assert objects.read(f"{HERE}/a") == b"second"
    assert objects.read(f"{HERE}/b") is None


@pytest.mark.usefixtures("store")
def test_of_two_who_create_an_object_one_does() -> None:
    assert objects.create(f"{HERE}/begun", b"one")
    assert not objects.create(f"{HERE}/begun", b"other")
    assert objects.read(f"{HERE}/begun") == b"one"


def test_a_large_file_goes_and_comes_whole_in_parts(store: Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * (3 * objects.PART_BYTES // 256)
    (tmp_path / "large").write_bytes(content)
    objects.put(str(tmp_path / "large"), f"{HERE}/large")
    objects.get(f"{HERE}/large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content
    assert store.client.head_object(Bucket="workspace", Key="paredown/large", PartNumber=1)["PartsCount"] == 3


PUTS_AND_GETS = """
import os, resource, sys
from profiler.sandbox import moving
from profiler.stores import objects
moving.watch()
folder, here = sys.argv[1:]
files = {f"{here}/{number}": f"{folder}/{number}" for number in range(9)}
for number, path in enumerate(files.values()):
    with open(path, "wb") as file:
        for _ in range(60 if number == 0 else 15):
            file.write(os.urandom(1 << 20))
def grown(before=[0]):
    before[0], grew = (peak := resource.getrusage(resource.RUSAGE_SELF).ru_maxrss), peak - before[0]
    return grew >> 10
objects.write(f"{here}/first", b"")
grown()
objects.put_all(files)
putting, asked = grown(), moving.so_far()
objects.get(f"{here}/0", f"{folder}/back")
print(putting, grown(), *((moving.so_far() - asked)[what] for what in ("get", "list", "received_bytes")))
"""


def test_large_files_take_little_memory_and_one_request_to_come(store: Store, tmp_path: Path) -> None:
    script = [sys.executable, "-c", PUTS_AND_GETS, str(tmp_path), f"{HERE}/large"]
    ended = subprocess.run(script, env=os.environ, capture_output=True, text=True, check=True)
    put_mib, got_mib, gets, lists, received = map(int, ended.stdout.split())
    assert put_mib < 110  # 180 are put.
    assert got_mib < 20
    assert (gets, lists, received) == (1, 0, 60 << 20)


@pytest.mark.usefixtures("store")
def test_what_lies_below_a_url_is_listed_by_its_names_from_there() -> None:
    for name in ("runs/a.jsonl", "runs/b.jsonl", "work/a/answers/m.parquet"):
        objects.write(f"{HERE}/{name}", b"123")
    objects.write("s3://workspace/paredown-other/x", b"")
    found = objects.listed(HERE)
    objects.remove("s3://workspace/paredown-other")
    assert {name: item.size for name, item in found.items()} == {
        "runs/a.jsonl": 3,
        "runs/b.jsonl": 3,
        "work/a/answers/m.parquet": 3,
    }
    assert all(item.written_ns > 1_700_000_000 * 10**9 for item in found.values())
    assert set(objects.listed(f"{HERE}/runs/")) == {"a.jsonl", "b.jsonl"}
    assert objects.listed(f"{HERE}/none") == {}


@pytest.mark.usefixtures("store")
def test_what_is_removed_is_gone_and_nothing_beside_it() -> None:
    for name in ("work/a/1", "work/a/2", "work/ab/1"):
        objects.write(f"{HERE}/{name}", b"")
    objects.remove(f"{HERE}/work/a")
    objects.remove(f"{HERE}/work/a")
    assert set(objects.listed(HERE)) == {"work/ab/1"}


@pytest.mark.parametrize("names", [("a",), ("a", "b")], ids=["one object", "two objects"])
def test_what_the_store_refuses_to_remove_is_said(
    names: tuple[str, ...], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        objects.write(f"{HERE}/kept/{name}", b"")
    with keeping(store) as address:
        ask(environment(address), monkeypatch)
        with pytest.raises(OutputError, match=r"kept: cannot be removed: access is denied \(AccessDenied\)"):
            objects.remove(f"{HERE}/kept")
    ask(store.environment, monkeypatch)
    assert len(objects.listed(f"{HERE}/kept")) == len(names)


@pytest.mark.usefixtures("store")
def test_a_name_that_looks_like_a_glob_is_removed_as_it_is() -> None:
    for name in ("run[1].jsonl", "run1.jsonl", "more/[ab]/1", "more/[ab]/2", "more/a/1"):
        objects.write(f"{HERE}/odd/{name}", b"")
    objects.remove(f"{HERE}/odd/run[1].jsonl")
    objects.remove(f"{HERE}/odd/more/[ab]")
    assert set(objects.listed(f"{HERE}/odd")) == {"run1.jsonl", "more/a/1"}


def test_several_come_at_once_and_one_that_is_gone_is_told(store: Store, tmp_path: Path) -> None:
    for name in "abc":
        objects.write(f"{HERE}/{name}", name.encode())
    assert objects.get_all({f"{HERE}/{name}": str(tmp_path / name) for name in "abc"})
    assert [(tmp_path / name).read_text() for name in "abc"] == ["a", "b", "c"]
    assert not objects.get_all({f"{HERE}/{name}": str(tmp_path / name) for name in "az"})
    assert objects.get_all({})


ASKED: dict[str, Callable[[str], object]] = {
    "read": objects.read,
    "listed": objects.listed,
    "got together": lambda url: objects.get_all({f"{url}/a": "/dev/null"}),
    "got": lambda url: objects.get(url, "/dev/null"),
    "written": lambda url: objects.write(url, b""),
    "created": lambda url: objects.create(url, b""),
    "put": lambda url: objects.put(__file__, url),
}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("what", ASKED)
def test_a_bucket_that_is_not_there_is_named(what: str) -> None:
    with pytest.raises(PareDownError, match=r"s3://nowhere/x: cannot be (read|written): there is no bucket 'nowhere'"):
        ASKED[what]("s3://nowhere/x")


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [("read", InputError, "may not read it"), ("written", OutputError, "may not write here")],
)
def test_a_denied_key_is_said_without_the_secret(
    what: str, error: type[PareDownError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(refusing(403, "AccessDenied")) as address:
        ask(environment(address), monkeypatch)
        with pytest.raises(error, match=says) as caught:
            ASKED[what](f"{HERE}/x")
    assert SECRET not in str(caught.value)


def test_what_may_not_be_listed_is_said_to_whom_would_remove_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.write(f"{HERE}/x", b"1")
    with hiding(store) as address:
        ask(environment(address), monkeypatch)
        with pytest.raises(OutputError, match=r"/x: cannot be listed: access is denied .* may not list"):
            objects.remove(f"{HERE}/x")
    ask(store.environment, monkeypatch)


def test_nothing_that_speaks_a_scheme_is_said_to_a_writer_too() -> None:
    with pytest.raises(OutputError, match="nowhere://a/b: no filesystem is known for nowhere://"):
        objects.write("nowhere://a/b", b"")
