"""Requests are counted where they are made; of stores that tell nothing, the calls of their filesystem are."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from profiler.model import Moved, moved_by
from profiler.sandbox.moving import between, with_unseen

COUNTING = """
from profiler.sandbox import moving
moving.watch()
import fsspec
store = fsspec.filesystem("memory")
"""


def counted(code: str) -> Counter[str]:
    """What a fresh process counts: what is watched stays watched."""
    program = f"{COUNTING}{code}\nprint(repr(moving.so_far()))\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return eval(done.stdout.splitlines()[-1], {"Counter": Counter})  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("store.pipe_file('/a/b', b'12345')", Counter(put=1, sent_bytes=5, estimates=1)),
        ("store.pipe_file('/a/b', b'12345'); store.cat_file('/a/b')",
         Counter(put=1, get=1, sent_bytes=5, received_bytes=5, estimates=2)),
        ("store.pipe_file('/a/b', b'12345'); store.ls('/a')", Counter(put=1, list=1, sent_bytes=5, estimates=2)),
        ("store.pipe_file('/a/b', b'12345'); store.info('/a/b')", Counter(put=1, get=1, sent_bytes=5, estimates=2)),
        ("fsspec.filesystem('file').ls('/')", Counter()),
    ],
    ids=["written", "read", "listed", "asked about", "this disk is no store"],
)  # fmt: skip
def test_calls_of_a_store_that_tells_nothing_stand_for_its_requests(code: str, counts: Counter[str]) -> None:
    assert counted(code) == counts


def test_a_file_that_is_read_piece_by_piece_is_asked_for_by_each_piece() -> None:
    code = """
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem
class Pieces(AbstractBufferedFile):
    def _fetch_range(self, start, end):
        return b"x" * (end - start)
class Store(AbstractFileSystem):
    protocol = "pieces"
    def info(self, path, **_):
        return {"name": path, "size": 1000, "type": "file"}
    def _open(self, path, mode="rb", **options):
        return Pieces(self, path, mode, cache_type="none", size=1000)
with Store().open("a") as file:
    file.read(10), file.read(20)
"""
    assert counted(code) == Counter(get=2, received_bytes=30, estimates=2)


def test_a_kind_with_methods_of_its_own_besides_those_that_wait_is_counted_once_by_either() -> None:
    code = """
from fsspec.asyn import AsyncFileSystem, sync_wrapper
class Store(AsyncFileSystem):
    protocol = "own"
    async def _pipe_file(self, path, value, **_):
        pass
    pipe_file = sync_wrapper(_pipe_file)
    async def _find(self, path, **_):
        return []
own = Store()
own.pipe_file("a", b"12345")
own.pipe({"a": b"12345", "b": b"12345"})
own.find("a")
"""
    assert counted(code) == Counter(put=3, list=1, sent_bytes=15, estimates=4)


def test_a_listing_that_goes_folder_by_folder_is_counted_by_each() -> None:
    code = """
from fsspec.spec import AbstractFileSystem
class Store(AbstractFileSystem):
    protocol = "own"
    def ls(self, path, detail=True, **_):
        below = [("a/b", "directory")] if path == "a" else [("a/b/c", "file")]
        return [{"name": name, "type": kind, "size": 0} for name, kind in below]
assert Store().find("a") == ["a/b/c"]
"""
    assert counted(code) == Counter(list=2, estimates=2)


ANSWERING = """
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answering(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(int(self.headers.get("Answer-With", 200)))
        if "comp=list" not in self.path:
            self.send_header("Content-Length", "7")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"content")
    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer
    def log_message(self, *_):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_address[1]}"
"""
BY_AIOHTTP = """
import asyncio, aiohttp
async def asked():
    async with aiohttp.ClientSession() as session:
        async with session.request(method, here + path, headers=headers, data=body) as response:
            await response.read()
def ask():
    asyncio.run(asked())
"""
BY_REQUESTS = """
import requests
def ask():
    requests.request(method, here + path, headers=headers, data=body)
"""
ASKING_EACH = """
found = []
for method, path, headers, body in cases:
    before = moving.so_far()
    ask()
    found.append(moving.so_far() - before)
print(repr(found))
"""
AZURE = {"x-ms-version": "2025-01-05"}
REQUESTS: list[tuple[str, str, dict[str, str], Counter[str]]] = [
    ("GET", "/download/storage/v1/b/bucket/o/key?alt=media", {}, Counter(get=1, received_bytes=7)),
    ("GET", "/storage/v1/b/bucket/o/a%2Fo", {}, Counter(get=1, received_bytes=7)),
    ("GET", "/storage/v1/b/bucket/o?prefix=a", {}, Counter(list=1, received_bytes=7)),
    ("POST", "/upload/storage/v1/b/bucket/o", {}, Counter(put=1, sent_bytes=5, received_bytes=7)),
    ("DELETE", "/storage/v1/b/bucket/o/key", {}, Counter()),
    ("GET", "/storage/v1/b/bucket/o/key", {"Answer-With": "404"}, Counter(get=1, received_bytes=7)),
    ("GET", "/storage/v1/b/bucket/o/key", {"Answer-With": "503"}, Counter()),
    ("GET", "/container/blob", AZURE, Counter(get=1, received_bytes=7)),
    ("HEAD", "/container/blob", AZURE, Counter(get=1)),
    ("GET", "/container?restype=container&comp=list", AZURE, Counter(list=1, estimates=1)),
    ("PUT", "/container/blob?comp=block", AZURE, Counter(put=1, sent_bytes=5, received_bytes=7)),
    ("DELETE", "/container/blob", AZURE, Counter()),
    ("GET", "/anything", {}, Counter()),
]


@pytest.mark.parametrize("asking", [BY_AIOHTTP, BY_REQUESTS], ids=["aiohttp", "requests"])
def test_requests_to_googles_and_azures_stores_are_counted_where_they_are_sent(asking: str) -> None:
    cases = [
        (method, path, headers, b"12345" if method in ("PUT", "POST") else None)
        for method, path, headers, _ in REQUESTS
    ]
    program = f"from profiler.sandbox import moving\nmoving.watch()\n{ANSWERING}{cases=}\n{asking}{ASKING_EACH}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert eval(done.stdout.splitlines()[-1], {"Counter": Counter}) == [counts for *_, counts in REQUESTS]


def test_what_duckdb_asks_of_a_store_that_is_lent_to_it_is_counted_once() -> None:
    code = """
import duckdb
from profiler.sandbox import lending
store.pipe_file("/a.csv", b"a\\n1\\n")
with duckdb.connect() as connection:
    lending.attach(connection, ["memory://a.csv"])
    assert connection.execute("SELECT a FROM read_csv('memory://a.csv')").fetchall() == [(1,)]
"""
    asked = counted(code)
    assert (asked["put"], asked["get"]) == (1, 1)


def test_nothing_is_imported_to_be_watched() -> None:
    code = (
        "import sys\nfrom profiler.sandbox import moving\nmoving.watch()\n"
        "print({'fsspec', 'botocore'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "set()\n"


def test_a_library_keeps_its_own_loader() -> None:
    code = (
        "from profiler.sandbox import moving\nmoving.watch()\n"
        "import botocore\nprint(type(botocore.__loader__).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "SourceFileLoader\n"


def test_what_a_task_moved_is_the_difference_of_two_moments() -> None:
    start, end = Counter(get=2, received_bytes=10), Counter(get=5, put=1, received_bytes=30, estimates=1)
    assert between(start, end) == Moved(get=3, put=1, received_bytes=20, estimated=True)
    assert between(start, start) is None


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        (None, Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)),
        (Moved(put=1, sent_bytes=9), Moved(get=None, put=1, list=None, received_bytes=None, sent_bytes=9)),
        (Moved(get=1, received_bytes=9), Moved(get=1, received_bytes=9)),
    ],
    ids=["nothing was seen", "it was seen to write", "it was seen to read"],
)
def test_where_no_file_was_read_in_a_way_that_is_seen_reading_is_not_known(seen: Moved | None, kept: Moved) -> None:
    assert with_unseen(seen) == kept


def test_a_sum_with_something_unknown_is_unknown() -> None:
    assert moved_by([Moved(get=1), None, Moved(get=None)]) == Moved(get=None)
    assert moved_by([None, None]) is None
