"""Object stores on this machine: one that works, moto's, and some that do not."""

from __future__ import annotations

import logging
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

import pytest

from profiler.stores import objects

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


def environment(address: str) -> dict[str, str]:
    """What a command needs to ask a store at this address, and no other, with credentials that nobody has."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }


def ask(variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process ask the store of these variables from here on, by clients of its own."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True, slots=True)
class Store:
    """moto's S3."""

    address: str
    client: Any
    """boto3's, to put files there."""

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to ask it."""
        return environment(self.address)


@contextmanager
def running_store(*buckets: str) -> Iterator[Store]:
    """Run moto's server on the loopback device, with these buckets; nothing of it is left.

    One at a time: all servers of a process keep their objects in one place.
    """
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key=SECRET,
        )
        for bucket in buckets:
            client.create_bucket(Bucket=bucket)
        yield Store(address, client)
        client.close()
    finally:
        urlopen(Request(f"{address}/moto-api/reset", method="POST"), timeout=60).close()
        server.stop()


@contextmanager
def listening(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """Let something of the test's own answer at an address; what is still open at the end is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connections: list[socket.socket] = []
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(connection)
                threads.append(threading.Thread(target=_handled, args=(handle, connection)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                _end(connection)
            for thread in threads:
                thread.join()


def _handled(handle: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        try:
            handle(connection)
        except OSError:
            return  # The other side, or the end of the test, has closed it.


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def never(connection: socket.socket) -> None:
    """Take everything and never answer."""
    while connection.recv(65536):
        pass


def resets(connection: socket.socket) -> None:
    """Break the connection off in the middle of a request."""
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def refusing(status: int, code: str, headers: str = "") -> Callable[[socket.socket], None]:
    """Answer everything with an error of S3's."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()

    def handle(connection: socket.socket) -> None:
        while request := _request(connection):
            sent = b"" if request.startswith(b"HEAD ") else body
            head = (
                f"HTTP/1.1 {status} No\r\nContent-Type: application/xml\r\nContent-Length: {len(sent)}\r\n{headers}\r\n"
            )
            connection.sendall(head.encode() + sent)

    return handle


def _request(connection: socket.socket) -> bytes:
    """The head of one request; nothing at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data


def slow(store: Store, delay_s: float) -> Callable[[socket.socket], None]:
    """Pass everything on to a store that works, and its answers back after a while."""
    host, port = store.address.removeprefix("http://").split(":")

    def handle(connection: socket.socket) -> None:
        with socket.create_connection((host, int(port))) as behind:
            answering = threading.Thread(target=_passed_on, args=(behind, connection, delay_s))
            answering.start()
            _passed_on(connection, behind, 0)
            _end(behind)
            answering.join()

    return handle


def _passed_on(source: socket.socket, target: socket.socket, delay_s: float) -> None:
    wait = threading.Event()
    try:
        while data := source.recv(65536):
            wait.wait(delay_s)
            target.sendall(data)
    except OSError:
        return


@contextmanager
def keeping(store: Store) -> Iterator[str]:
    """Pass everything on to a store that works, but let nobody remove anything, as S3 answers then."""
    with _behind(
        store, lambda command, path: command == "DELETE" or (command == "POST" and path.endswith("?delete"))
    ) as url:
        yield url


@contextmanager
def hiding(store: Store) -> Iterator[str]:
    """Pass everything on to a store that works, but let nobody list anything, as S3 answers then."""
    with _behind(store, lambda command, path: command == "GET" and "list-type=" in path) as url:
        yield url


@contextmanager
def denying(store: Store, words: str) -> Iterator[str]:
    """Pass everything on to a store that works, but let nobody write what has these words in its name."""
    with _behind(store, lambda command, path: command == "PUT" and words in path) as url:
        yield url


@contextmanager
def busy(store: Store, words: str, times: int) -> Iterator[str]:
    """Pass everything on to a store that works, once it has been asked so often for each name with these words."""
    asked: Counter[str] = Counter()

    def is_busy(_command: str, path: str) -> bool:
        asked[path] += words in path
        return 0 < asked[path] <= times

    with _behind(store, is_busy, 503, "SlowDown") as url:
        yield url


@contextmanager
def ahead(store: Store, by_s: float) -> Iterator[str]:
    """Pass everything on to a store that works, and say that it is so much later there than here."""
    with _behind(store, lambda _command, _path: False, ahead_s=by_s) as url:
        yield url


@contextmanager
def _behind(
    store: Store,
    is_denied: Callable[[str, str], bool],
    status: int = 403,
    code: str = "AccessDenied",
    *,
    ahead_s: float = 0,
) -> Iterator[str]:
    denied = f"<Code>{code}</Code><Message>as the test wants it</Message>"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.command == "POST" and is_denied(self.command, self.path):
                errors = "".join(f"<Error><Key>{key}</Key>{denied}</Error>" for key in _keys(body.decode()))
                self.send(200, f"<DeleteResult>{errors}</DeleteResult>".encode())
            elif is_denied(self.command, self.path):
                self.send(status, f"<Error>{denied}</Error>".encode())
            else:
                behind = HTTPConnection(store.address.removeprefix("http://"))
                behind.request(self.command, self.path, body, dict(self.headers))
                response = behind.getresponse()
                self.send(response.status, response.read(), response.getheaders())
                behind.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - as http.server calls them

        def send(self, status: int, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
            passed = [(name, value) for name, value in headers if name.lower() not in _OF_CONNECTION]
            of_object = [value for name, value in headers if name == "Content-Length" and self.command == "HEAD"]
            self.send_response(status)
            for name, value in (*passed, ("Content-Length", of_object[0] if of_object else str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((time.time() if timestamp is None else timestamp) + ahead_s)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


_OF_CONNECTION = ("content-length", "connection", "server", "date", "transfer-encoding")


def _keys(body: str) -> list[str]:
    return re.findall(r"<Key>(.*?)</Key>", body)


def sign(url: str) -> None:
    """Leave the sign of a harness on another machine."""
    objects.write(url, f"123 4567 build-7#{'0' * 8}".encode())
