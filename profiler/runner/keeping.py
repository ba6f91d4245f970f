"""The harness's end of a keeper: start it, give its sandbox orders, hear how they went."""

from __future__ import annotations

import marshal
import os
import pickle
import select
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiler.errors import UnsupportedError
from profiler.runner.curves import later
from profiler.work import Answered, Order

_KEEPER = Path(__file__).with_name("keeper.py")
_START = Path(__file__).parent.parent / "sandbox" / "start.py"
_LOOK_MS = 100
"""How often a waiting harness looks whether it shall stop."""
_OOM_SCORE_ADJ = 500
"""A monolith that is too big is the first that the kernel ends, before the harness and the desktop."""

_open: weakref.WeakSet[Keeper] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Replied:
    """The sandbox answered, and lives."""

    answer: Any
    figures: dict[str, int]
    """What the keeper saw meanwhile: see `Watch.figures`."""
    curve: tuple[int, ...] = ()
    """Memory over time: milliseconds since `ask` and KiB, by turns."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The sandbox ended; with how, and what the keeper saw."""

    figures: dict[str, int]
    stopped: bool = False
    """Because we asked for it."""
    curve: tuple[int, ...] = ()


Reply = Replied | Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a sandbox is started."""

    env: tuple[tuple[str, str], ...]
    cwd: str
    log: str | None
    """File for what it prints; None: standard input, output and error are ours."""
    pace: bool = False
    """Whether the pace of its core is looked at while it works."""


class Keeper:
    """One keeper with its sandbox. Not for several threads at once."""

    def __init__(self, start: Start) -> None:
        if not sys.platform.startswith("linux"):
            raise UnsupportedError(
                f"measuring needs Linux, and this is {sys.platform}",
                hint='run it in a container: docker run --rm -v "$PWD:/work" -w /work python:3.11 '
                "sh -c 'pip install paredown && paredown run JOB'",
            )
        self.log = start.log
        self._socket, theirs = socket.socketpair()
        self._inbox = b""
        with theirs:
            quiet = None if start.log is None else subprocess.DEVNULL
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                stdin=quiet,
                stdout=quiet,
            )
        _open.add(self)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        options = {
            "argv": [sys.executable, str(_START)],
            "env": dict(start.env),
            "cwd": start.cwd,
            "log": start.log,
            "oom_score_adj": _OOM_SCORE_ADJ,
            "pace": start.pace,
        }
        self._send("start", options)

    def ask(
        self,
        order: Order,
        *,
        timeout_ns: int | None = None,
        temp: str | None = None,
        points: int = 0,
        stopping: Callable[[], bool] = lambda: False,
        gently: bool = False,
        on_news: Callable[[Any], None] = lambda news: None,
        on_memory: Callable[[int], None] = lambda size: None,
    ) -> Reply:
        """Give an order and wait until it is answered, or the sandbox is gone.

        Args:
            timeout_ns: The sandbox is ended after so long.
            temp: Its temporary folder, whose use is watched.
            points: How many points its curve of memory may have; 0: it is not drawn.
            stopping: Asked every 100 ms; once it says yes, the sandbox is ended.
            gently: Stop with SIGINT first, as a terminal does, and leave the sandbox the time to react.
            on_news: Told what the sandbox says before it answers.
            on_memory: Told the resident bytes of the sandbox and all below it, twice a second.
        """
        asked_ns = time.monotonic_ns()
        self._send("task", pickle.dumps(order), timeout_ns or 0, temp, points)
        stopped = False
        while True:
            if not stopped and stopping():
                stopped = True
                self._send("interrupt" if gently else "kill")
            for message in self._receive():
                match message:
                    case ("news", payload):
                        on_news(pickle.loads(payload[1:]))
                    case ("message", payload, figures, curve):
                        return Replied(pickle.loads(payload[1:]), figures, _since(asked_ns, figures, curve))
                    case ("sample", size):
                        on_memory(size)
                    case ("gone", figures, curve):
                        self.close()
                        return Gone(figures, stopped, _since(asked_ns, figures, curve))

    def _send(self, *message: Any) -> None:
        data = marshal.dumps(message)
        try:
            self._socket.sendall(len(data).to_bytes(8, "little") + data)
        except OSError:
            return  # The keeper is gone; `_receive` sees the end of the stream and says so.

    def _receive(self) -> list[tuple[Any, ...]]:
        """Whole messages that came within the next look; the end of the stream counts as one."""
        if not self._poll.poll(_LOOK_MS):
            return []
        try:
            data = self._socket.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            return [("gone", {}, ())]
        self._inbox += data
        messages = []
        while len(self._inbox) >= 8:
            end = 8 + int.from_bytes(self._inbox[:8], "little")
            if len(self._inbox) < end:
                break
            messages.append(marshal.loads(self._inbox[8:end]))
            self._inbox = self._inbox[end:]
        return messages

    def printed(self, most: int = 4000) -> str:
        """The last of what the sandbox printed since `forget_printed`."""
        if self.log is None:
            return ""
        try:
            with open(self.log, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - most))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return text if size <= most else "..." + text

    def printed_bytes(self, reply: Reply) -> int:
        """How much the sandbox printed since `forget_printed`, with what its keeper has cut away meanwhile."""
        if self.log is None or not os.path.exists(self.log):
            return 0
        return os.path.getsize(self.log) + reply.figures.get("cut_bytes", 0)

    def forget_printed(self) -> None:
        """Begin the log anew for the next task."""
        if self.log is not None and os.path.exists(self.log):
            os.truncate(self.log, 0)

    def close(self) -> None:
        """Let the keeper end, with everything below it."""
        self._socket.close()
        self._process.wait()
        _open.discard(self)


def _since(asked_ns: int, figures: dict[str, int], curve: tuple[int, ...]) -> tuple[int, ...]:
    """A curve since an order was sent, rather than since its keeper began to watch: a new one has to start first."""
    return later(curve, max(0, figures["begin_ns"] - asked_ns) // 1_000_000) if curve else ()


def ended_well(reply: Reply) -> bool:
    """Whether an order was answered, and the answer says that it was carried out."""
    return isinstance(reply, Replied) and isinstance(reply.answer, Answered) and reply.answer.outcome.ok


def _after_fork() -> None:
    """A forked child holds no keeper's socket, or the keeper would not see its harness go."""
    for keeper in list(_open):
        keeper._socket.close()
    _open.clear()


os.register_at_fork(after_in_child=_after_fork)
