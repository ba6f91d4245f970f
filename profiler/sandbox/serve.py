"""The sandbox's loop: take an order, measure it, answer."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from profiler.errors import PareDownError
from profiler.sandbox import findings, meter, moving
from profiler.stores.explaining import be_patient
from profiler.work import (
    UNHEARD,
    Answered,
    CallFunction,
    CollectAnswer,
    CompareAnswers,
    CountGroups,
    KeepAnswer,
    MakeInput,
    MakePlan,
    MonolithStep,
    Prepare,
    Ready,
    RunQuery,
    RunScript,
    RunTest,
    ScoreAnswer,
)

FINAL, NEWS = b"R", b"N"

_HANDLERS = {
    CallFunction: "profiler.sandbox.calls",
    RunQuery: "profiler.sandbox.queries",
    MonolithStep: "profiler.sandbox.monolith",
    KeepAnswer: "profiler.sandbox.monolith",
    MakePlan: "profiler.sandbox.planning",
    CountGroups: "profiler.sandbox.counting",
    MakeInput: "profiler.sandbox.making",
    CollectAnswer: "profiler.sandbox.answers",
    CompareAnswers: "profiler.sandbox.answers",
    ScoreAnswer: "profiler.sandbox.answers",
}
"""Each module has `carry_out(order)`, which does the work and returns an `Answered` without a reading."""


class Channel:
    """Orders in, answers out, each length-prefixed, on descriptors that the user's code does not know of."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests, self.replies = requests, replies
        self._pipe = os.fstat(replies).st_ino
        self._owner = os.getpid()
        for descriptor in (requests, replies):
            os.set_inheritable(descriptor, False)

    def receive(self) -> Any:
        """The next order; ends the process when nobody gives orders any more."""
        return pickle.loads(self._read(int.from_bytes(self._read(8), "little")))

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            chunk = os.read(self.requests, length - len(data))
            if not chunk:
                os._exit(0)
            data += chunk
        return data

    def send(self, kind: bytes, answer: object) -> bool:
        """Answer an order (`FINAL`), or tell something on the way (`NEWS`).

        False where the user's code has closed the descriptor: nothing is said then, since a file of the user's may
        have its number by now. Ends a process that was forked off and has come back from the user's code: the answer
        is its parent's.
        """
        if os.getpid() != self._owner:
            os._exit(0)
        data = kind + pickle.dumps(answer)
        data = len(data).to_bytes(8, "little") + data
        try:
            if os.fstat(self.replies).st_ino != self._pipe:
                return False
            while data:
                data = data[os.write(self.replies, data) :]
        except OSError:
            return False
        return True


def serve(requests: int, replies: int, spawned_ns: int) -> None:
    """Prepare once, then carry out orders until the keeper ends this process."""
    channel = Channel(requests, replies)
    meter.count_children()
    moving.watch()
    first = channel.receive()
    if isinstance(first, RunScript):
        import_module("profiler.sandbox.scripts").carry_out(first, channel, spawned_ns)
        return
    if isinstance(first, RunTest):
        import_module("profiler.sandbox.pytests").carry_out(first, channel)
        return
    try:
        _prepare(first)
    except BaseException as error:
        channel.send(FINAL, Answered(outcome=findings.outcome_of(error), result=_ours(error)))
        return
    channel.send(FINAL, _ready(spawned_ns))
    gc.collect()
    gc.freeze()  # What imports made stays; collecting after a task then costs only what the task made.
    while True:
        order = channel.receive()
        if isinstance(order, CallFunction | RunQuery | MonolithStep):
            be_patient()
        answer = _with_unseen(order, measured(partial(import_module(_HANDLERS[type(order)]).carry_out, order)))
        _flush()
        if not channel.send(FINAL, answer):
            os._exit(UNHEARD)
        del order, answer
        gc.collect()


def _prepare(order: Prepare) -> None:
    from profiler.sandbox import frames, loading

    if order.folder:
        loading.use_folder(order.folder)
    if order.threads:
        frames.threads = order.threads
    for name in order.imports:
        import_module(name)
    if order.opens_tables:
        frames.open_tables()
    for reference in order.functions:
        loading.find(reference)


def _ready(spawned_ns: int) -> Ready:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Ready(
        init_ns=time.monotonic_ns() - spawned_ns - meter.waited_ns(),
        init_cpu_ns=round((usage.ru_utime + usage.ru_stime) * 1e9),
        resets=meter.reset_peak(),
    )


def measured(work: Callable[[], Answered]) -> Answered:
    """Do `work` and measure it; what it raises becomes the outcome."""
    meter.reset_peak()
    start = meter.snapshot()
    try:
        answer = work()
    except BaseException as error:
        reading = meter.since(start)
        return Answered(outcome=findings.outcome_of(error), reading=reading, result=_ours(error))
    return replace(answer, reading=meter.since(start))


def _with_unseen(order: object, answer: Answered) -> Answered:
    """An answer that says so where files came from behind URLs, and nobody saw how."""
    sizes = list(order.sizes.values()) if isinstance(order, MonolithStep) else []
    if isinstance(order, CallFunction | RunQuery):
        sizes = [source.sizes for source in order.sources]
    if not any(sizes) or not answer.outcome.ok:
        return answer
    return replace(answer, reading=replace(answer.reading, moved=moving.with_unseen(answer.reading.moved)))


def _ours(error: BaseException) -> BaseException | None:
    """An error that the harness knows too, and can raise again as it is."""
    return error if type(error).__module__ == PareDownError.__module__ else None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # The step closed or replaced it; what it printed is its own affair.
