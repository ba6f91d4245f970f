"""Dask clusters to run on: of processes as `dask scheduler` and `dask worker` start them, each ended by who started it.

A worker can be put on another host, as far as the kernel lets one machine have several: into namespaces of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(slots=True)
class Cluster:
    """A scheduler with workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(
        self, *before: str, environment: Mapping[str, str] | None = None, memory: str = "2GB", cwd: Path | None = None
    ) -> None:
        """Start a worker of one thread, with a nanny that replaces it; `before` are words before its command."""
        command = [
            *before, sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1",
            "--no-dashboard", "--local-directory", str(self.folder), "--memory-limit", memory,
        ]  # fmt: skip
        self.workers.append(_started(command, environment, cwd))

    def pids(self) -> list[int]:
        """Worker processes, without their nannies: what runs tasks."""
        found = []
        for nanny in self.workers:
            if nanny.poll() is None:
                below = psutil.Process(nanny.pid).children(recursive=True)
                found += [child.pid for child in below if _is_worker(child)]
        return found

    def left_on_workers(self) -> list[str]:
        """Command lines of what workers have started and not ended."""
        found = []
        for pid in self.pids():
            for child in psutil.Process(pid).children(recursive=True):
                try:
                    found.append(" ".join(child.cmdline()))
                except psutil.NoSuchProcess:
                    continue
        return found

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many have come."""
        from distributed import Client

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Some tests want other versions.
            with Client(self.address, timeout=30, set_as_default=False) as client:
                client.wait_for_workers(number, timeout=60)

    def close(self) -> None:
        """End everything: a worker ends with its nanny, and what it started with it."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


SLOW_PULSE = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
}
"""By default the processes of an idle cluster look at themselves so often that they take a tenth of a core."""


def _started(
    command: list[str], environment: Mapping[str, str] | None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    env = os.environ | SLOW_PULSE | dict(environment or {})
    return subprocess.Popen(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def a_cluster(folder: Path, *, workers: int, environment: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A scheduler and so many workers."""
    port = free_port()
    command = [
        sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port),
        "--no-dashboard", "--dashboard-address", ":0",
    ]  # fmt: skip
    cluster = Cluster(f"tcp://127.0.0.1:{port}", _started(command, environment), folder)
    try:
        _wait_until_it_listens(port, cluster.scheduler)
        for _ in range(workers):
            cluster.add_worker()
        if workers:
            cluster.wait_for_workers(workers)
        yield cluster
    finally:
        cluster.close()


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, "the scheduler does not listen"
            assert process.poll() is None, "the scheduler ended"
            time.sleep(0.05)


def other_version(folder: Path, name: str, version: str) -> dict[str, str]:
    """An environment in which a package seems to be installed in another version."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return {"PYTHONPATH": str(folder)}
