"""A plain script, as it stands: `__main__`, its arguments, its path and its exit are what they are without us."""

from __future__ import annotations

import atexit
import builtins
import os
import sys
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

from profiler import marks
from profiler.model import Ending, Outcome
from profiler.sandbox import findings, meter
from profiler.sandbox.serve import NEWS
from profiler.work import Answered, Marked, Ready, RunScript

if TYPE_CHECKING:
    from profiler.sandbox.serve import Channel


@dataclass
class _Open:
    """A mark that is being measured: where it began, and the highest peak that inner marks have hidden."""

    start: meter.Snapshot
    peak_bytes: int = 0


class _Marks:
    """Open marks of all threads. Each sees its own peak, since every reset tells the peak so far to all of them.

    `whole` is the script itself; its peak is the highest outside of any mark.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.open: list[_Open] = []
        self.lock = threading.Lock()
        self.whole = _Open(meter.snapshot())
        self.owner = os.getpid()

    @property
    def is_owner(self) -> bool:
        """Whether this is the script's own process; a forked child has a copy of all this, and of the channel."""
        return os.getpid() == self.owner

    def note_peak(self) -> None:
        """Tell the peak since the last reset to every open mark, and reset it."""
        peak, _ = meter.resident()
        for mark in self.open or [self.whole]:
            mark.peak_bytes = max(mark.peak_bytes, peak)
        meter.reset_peak()

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Measure one entered mark, and tell the harness when it is left; in a forked child, do neither."""
        if not self.is_owner:
            yield
            return
        with self.lock:
            self.note_peak()
            mark = _Open(meter.snapshot())
            depth = len(self.open)
            self.open.append(mark)
        outcome = Outcome(ending=Ending.OK)
        try:
            yield
        except BaseException as error:
            outcome = findings.outcome_of(error)
            raise
        finally:
            if self.is_owner:
                self._leave(mark, str(name), outcome, depth)

    def _leave(self, mark: _Open, name: str, outcome: Outcome, depth: int) -> None:
        with self.lock:
            reading = meter.since(mark.start, peak_bytes=mark.peak_bytes)
            self.note_peak()
            self.open.remove(mark)
        reading = replace(reading, peak_bytes=max(reading.peak_bytes, mark.peak_bytes))
        news = Marked(name=name, outcome=outcome, reading=reading, begin_ns=mark.start.wall_ns, depth=depth)
        self.channel.send(NEWS, news)


def carry_out(order: RunScript, channel: Channel, spawned_ns: int) -> None:
    """Run the script to its end; the process then ends as the script would have it."""
    path = os.path.join(os.getcwd(), order.argv0)  # As it was named: Python does not take `./` out of it.
    channel.send(
        NEWS,
        Ready(init_ns=time.monotonic_ns() - spawned_ns - meter.waited_ns(), init_cpu_ns=0, resets=meter.reset_peak()),
    )
    measured = _Marks(channel)
    marks.meter = measured.measure
    failure: list[Outcome] = []

    def tell() -> None:
        if measured.is_owner:  # A forked child runs its parent's exit functions too.
            measured.note_peak()
            reading = replace(meter.since(measured.whole.start), peak_bytes=measured.whole.peak_bytes)
            outcome = failure[0] if failure else Outcome(ending=Ending.OK)
            channel.send(NEWS, Answered(outcome=outcome, reading=reading))

    atexit.register(tell)  # Registered before the script's own, so it runs after them.
    sys.argv = [order.argv0, *order.args]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __file__=path,
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", path),
        __spec__=None,
        __cached__=None,
    )
    sys.modules["__main__"] = module
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except SystemExit as error:
        outcome = findings.outcome_of(error)
        if outcome.exit_code:
            failure.append(replace(outcome, message=f"exit code {outcome.exit_code}", traceback=""))
        raise
    except BaseException as error:
        failure.append(findings.outcome_of(error))
        _show(error)
        raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 1) from None


def _show(error: BaseException) -> None:
    """Let Python, or the script's own hook, show it: without the frames of ours that the script never saw."""
    trace = error.__traceback__
    while trace is not None and findings.is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    sys.stderr.flush()
