"""A folder to run paredown in as a user does: the real command, the real processes, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from profiler.model import Run
from profiler.store import load_run

JOBS = Path(__file__).resolve().parent.parent / "jobs"
PAREDOWN = Path(sys.executable).with_name("paredown")
MARK = "PAREDOWN_TEST_MARK"
"""A variable that every process below a command inherits; by it they are found again, whoever their parent is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str
    workspace: Path
    newest: Path | None
    """The newest run's file when it ended; later commands may add others."""

    @property
    def run(self) -> Run:
        """The run that it kept."""
        return load_run(str(self.newest or "last"), folder=self.workspace)

    @property
    def said(self) -> str:
        """Both outputs, for an assertion's message."""
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass(slots=True)
class Place:
    """A working directory with files of the test's own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def table(self, name: str, select: str) -> Path:
        """Write what a SELECT returns, as Parquet or CSV by the name's ending."""
        import duckdb

        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "csv" if path.suffix == ".csv" else "parquet"
        duckdb.sql(f"COPY ({select}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT {kind})")
        return path

    @property
    def workspace(self) -> Path:
        """Where runs are kept, unless a command is told otherwise."""
        return self.folder / ".paredown"

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None, **options: object) -> Started:
        """Start `paredown ARGUMENTS`, and go on at once."""
        mark = uuid.uuid4().hex
        env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
        env |= {"PYTHONWARNINGS": "", **self.environment, **(environment or {}), MARK: mark}
        process = subprocess.Popen(
            [PAREDOWN, *map(str, arguments)],
            cwd=self.folder,
            env=env,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},  # type: ignore[call-overload]
        )
        return Started(process, mark, self.workspace)

    def paredown(self, *arguments: str, given: bytes | None = None, **options: object) -> Ended:
        """Run `paredown ARGUMENTS` to its end; no process of it may still be there then."""
        if given is not None:
            options["stdin"] = subprocess.PIPE
        return self.start(*arguments, **options).end(given)  # type: ignore[arg-type]


@dataclass(slots=True)
class Started:
    """A command that runs."""

    process: subprocess.Popen[bytes]
    mark: str
    workspace: Path

    def end(self, given: bytes | None = None) -> Ended:
        """Wait for its end; by then everything below it is gone too."""
        try:
            out, err = self.process.communicate(given, timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        left = alive(self.mark)
        assert not left, f"still there when paredown had ended: {left}"
        return Ended(
            code=self.process.returncode,
            out=(out or b"").decode("utf-8", "replace"),
            err=(err or b"").decode("utf-8", "replace"),
            workspace=self.workspace,
            newest=max(self.workspace.glob("runs/*.jsonl"), key=lambda path: path.stat().st_mtime_ns, default=None),
        )

    def interrupt(self) -> None:
        """Send what Ctrl-C sends to the harness."""
        self.process.send_signal(signal.SIGINT)

    def wait_for(self, path: Path) -> None:
        """Wait until a file is there, as a sign from a step."""
        wait_until(path.exists, f"{path} did not appear", process=self.process)


def wait_until(
    condition: object, complaint: str, *, process: subprocess.Popen[bytes] | None = None, every_s: float = 0.01
) -> None:
    """Wait for a condition that will hold in a moment; generous, since the machine may be busy."""
    end = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, complaint
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{complaint}; the command ended with {process.returncode}")
        time.sleep(every_s)


def alive(mark: str) -> list[str]:
    """Command lines of all processes that carry a mark, wherever they hang in the tree; the dead are not counted."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if wanted not in file.read().split(b"\0"):
                    continue
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                found.append(f"{entry}: {file.read().replace(bytes(1), b' ').decode()}")
        except OSError:
            continue
    return found
