"""`run_task`: what an engine runs. One task in, one measurement out, whatever happens to the sandbox."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from profiler.model import Ending, Measurement, Outcome, Peak
from profiler.runner.curves import later, up_to
from profiler.runner.host import seen_from
from profiler.runner.keeping import Gone, Keeper, Replied, Reply, Start
from profiler.runner.machine import usable_cores
from profiler.task import Task
from profiler.work import UNHEARD, Answered, Prepare, Reading, Ready

_idle: list[_Sandbox] = []
"""Warm sandboxes of this process, waiting for their next task."""
_lock = threading.Lock()


@dataclass(slots=True)
class _Sandbox:
    """A keeper with the key that says which tasks it may serve, and the init that nobody has been told of yet."""

    key: tuple[object, ...]
    keeper: Keeper
    temp: str
    ready: Ready | None = None
    figures: dict[str, int] = field(default_factory=dict)
    """What the keeper saw of that init."""
    resets: bool = True
    """Whether the system lets it reset its own peak; if not, a second task would be told the first one's."""


def run_task(task: Task) -> Measurement:
    """Run one task in a warm sandbox, or in a fresh one, and say what it used and how it ended.

    Always returns a value: a sandbox that dies, a task that is stopped or takes too long, a worker that does not see
    the workspace are outcomes. On another host than the harness's, the value says on which.
    """
    host, workspace = seen_from(task.host), os.path.dirname(task.stop_file)
    if not os.path.isdir(workspace):  # Or it would make a folder that nobody else sees, and work into that.
        unseen = f"its worker{f' on {host}' if host else ''} does not see the workspace {workspace}"
        return lost(task, unseen, host)
    if not host:
        return _run(task)
    return replace(_run(replace(task, cores=float(usable_cores()))), host=host)


def _run(task: Task) -> Measurement:
    started_ns = max(0, time.time_ns() - task.run_started_ns)  # The clock of another host may be behind.
    sandbox: _Sandbox | None = None
    if os.path.exists(task.stop_file):
        return unbegun(task, started_ns)
    try:
        sandbox, failed = _take(task)
        if failed is not None:
            return _measurement(task, started_ns, failed, Ready(init_ns=0, init_cpu_ns=0, resets=True), "", sandbox)
        ready, sandbox.ready = sandbox.ready, None
        init, sandbox.figures = sandbox.figures, {}
        keeper = sandbox.keeper
        keeper.forget_printed()
        prepared_ns = time.time_ns() - task.run_started_ns
        reply = keeper.ask(
            task.order,
            timeout_ns=task.timeout_ns,
            temp=sandbox.temp,
            points=task.points,
            stopping=lambda: os.path.exists(task.stop_file),
        )
        measurement = _measurement(task, started_ns, reply, ready, keeper.printed(), sandbox)
        curve = later(measurement.curve, max(0, prepared_ns - started_ns) // 1_000_000)
        measurement = replace(with_pace_of(measurement, init), curve=curve)
        if sandbox.resets and _reusable(task, reply):
            with _lock:
                _idle.append(sandbox)
                sandbox = None
        return measurement
    except OSError as error:
        unstarted = Outcome(ending=Ending.LOST, message=f"the sandbox could not be started: {error}")
        return _failed(task, started_ns, unstarted)
    finally:
        if sandbox is not None:
            _retire(sandbox)


def lost(task: Task, message: str, host: str = "") -> Measurement:
    """The measurement of a task that nobody knows more of than that it was lost."""
    return replace(_failed(task, 0, Outcome(ending=Ending.LOST, message=message)), host=host)


def unbegun(task: Task, started_ns: int = 0) -> Measurement:
    """The measurement of a task that was to stop before it had begun."""
    return _failed(task, started_ns, Outcome(ending=Ending.STOPPED, message="stopped before it began"))


def lost_by_engine(error: Exception) -> str:
    """Why a task was lost that an engine answered with an exception, whose first paragraph says what it is."""
    what = " ".join(str(error).partition("\n\n")[0].split()).removesuffix(".")
    return f"the engine lost the task: {type(error).__name__}: {what}".removesuffix(": ")


def close_idle() -> None:
    """End every warm sandbox of this process."""
    with _lock:
        sandboxes, _idle[:] = list(_idle), []
    for sandbox in sandboxes:
        _retire(sandbox)


def _retire(sandbox: _Sandbox) -> None:
    sandbox.keeper.close()
    shutil.rmtree(sandbox.temp, ignore_errors=True)
    if sandbox.keeper.log:
        _unlink(sandbox.keeper.log)


def _unlink(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _key(task: Task) -> tuple[object, ...]:
    """A sandbox serves the tasks of one step, so that another step's imports are no part of its memory."""
    return (task.folder, task.variant, task.step, task.prepare, task.env)


def _take(task: Task) -> tuple[_Sandbox, Reply | None]:
    """A warm sandbox of the same step, or a fresh one; the second value is set if it could not be prepared."""
    key = _key(task)
    with _lock:
        found = next((sandbox for sandbox in _idle if sandbox.key == key), None) if not task.cold else None
        others = [sandbox for sandbox in _idle if sandbox.key != key]
        if found is not None:
            _idle.remove(found)
        for other in others:
            _idle.remove(other)
    for other in others:
        _retire(other)
    if found is not None:
        return found, None
    name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    temp = os.path.join(task.folder, "temp", name)
    os.makedirs(temp)
    start = Start(
        env=(*(pair for pair in task.env if pair[0] != "TMPDIR"), ("TMPDIR", temp)),
        cwd=os.getcwd() if os.path.isdir(os.getcwd()) else task.folder,
        log=os.path.join(task.folder, f"{name}.log"),
        pace=task.pace,
    )
    sandbox = _Sandbox(key=key, keeper=Keeper(start), temp=temp)
    return sandbox, prepare(sandbox, task.prepare, task)


def prepare(sandbox: _Sandbox, order: Prepare, task: Task) -> Reply | None:
    """Let a fresh sandbox import what it needs; None when it is ready, else how it failed."""
    reply = sandbox.keeper.ask(
        order, timeout_ns=task.timeout_ns, temp=None, stopping=lambda: os.path.exists(task.stop_file)
    )
    if isinstance(reply, Replied) and isinstance(reply.answer, Ready):
        sandbox.ready, sandbox.resets, sandbox.figures = reply.answer, reply.answer.resets, reply.figures
        return None
    return reply


def _reusable(task: Task, reply: Reply) -> bool:
    """Whether a sandbox is as good as new: alive, warm ones wanted, and it never had a child."""
    if task.cold or not isinstance(reply, Replied) or not reply.answer.outcome.ok:
        return False
    reading = reply.answer.reading
    return not (reading.children_started or reading.children_ended or reply.figures["seen"] or reply.figures["left"])


def _failed(task: Task, started_ns: int, outcome: Outcome) -> Measurement:
    return Measurement(
        variant=task.variant, step=task.step, index=task.index, outcome=outcome, started_ns=started_ns,
        wall_ns=0, cpu_ns=0, wait_ns=0, init_ns=0, init_cpu_ns=0, peak=Peak(low=0, high=None), start_bytes=0,
        cores=task.cores, attempt=task.attempt,
    )  # fmt: skip


def _measurement(
    task: Task, started_ns: int, reply: Reply, ready: Ready | None, printed: str, sandbox: _Sandbox | None
) -> Measurement:
    if sandbox is not None and not printed:
        printed = sandbox.keeper.printed()
    measurement = measure(
        _failed(task, started_ns, Outcome(ending=Ending.OK)), reply, printed=printed, timeout_ns=task.timeout_ns
    )
    if sandbox is not None:
        measurement = replace(measurement, printed_bytes=sandbox.keeper.printed_bytes(reply))
    if ready is not None:
        measurement = replace(measurement, init_ns=ready.init_ns, init_cpu_ns=ready.init_cpu_ns)
    return measurement


def measure(blank: Measurement, reply: Reply, *, printed: str, timeout_ns: int | None) -> Measurement:
    """Join what the sandbox measured of itself with what its keeper saw.

    Args:
        blank: A measurement with all that is known beforehand.
        reply: How the order went.
        printed: The last of what the task printed; kept where it did not end well.
        timeout_ns: The limit that a task that took too long has passed.
    """
    if isinstance(reply, Gone):
        return _measure_gone(blank, reply, printed, timeout_ns)
    answer = reply.answer
    assert isinstance(answer, Answered)
    outcome = answer.outcome
    if reply.figures["oom_kills"] and not outcome.ok:
        outcome = replace(
            outcome,
            ending=Ending.OUT_OF_MEMORY,
            message=f"the kernel ended a process of this step for memory; then: {outcome.message}",
        )
    reading = answer.reading
    peak = peak_of(reading, reply.figures)
    return replace(
        blank,
        outcome=outcome if outcome.ok else replace(outcome, output_tail=printed),
        wall_ns=reading.wall_ns,
        cpu_ns=max(0, reading.cpu_ns + reply.figures["left_cpu_ns"]),
        wait_ns=reading.wait_ns,
        peak=peak,
        start_bytes=reading.start_bytes,
        read_bytes=reading.read_bytes,
        written_bytes=reading.written_bytes,
        moved=reading.moved,
        input_bytes=answer.input_bytes,
        stored_bytes=answer.stored_bytes,
        input_files=answer.input_files,
        output_bytes=answer.output_bytes,
        rows_in=answer.rows_in,
        rows_out=answer.rows_out,
        groups=answer.groups,
        temp_bytes=reply.figures["temp_bytes"],
        processes=reply.figures["most"],
        files=answer.files,
        file_bytes=answer.file_bytes,
        warnings=answer.warnings,
        curve=up_to(reply.curve, peak),
        pace_ns=reply.figures["pace_ns"],
        paces=reply.figures["paces"],
    )


def with_pace_of(measurement: Measurement, init: Mapping[str, int]) -> Measurement:
    """Add the pace of a sandbox's core during its init, as its keeper saw it, to that of its first task."""
    return replace(
        measurement,
        pace_ns=measurement.pace_ns + init.get("pace_ns", 0),
        paces=measurement.paces + init.get("paces", 0),
    )


def peak_of(reading: Reading, figures: dict[str, int]) -> Peak:
    """Exact for a task without other processes, bounded otherwise; see `docs/how-it-measures.md`."""
    own = reading.peak_bytes
    if not own:
        return Peak(low=0, high=None)  # It never came so far as to read its peak.
    seen = figures.get("seen", 0)
    if not (reading.children_started or reading.children_ended or seen):
        return Peak(low=own, high=own)
    low = max(own, figures.get("together", 0))
    if reading.children_started > seen - figures.get("before", 0) or not seen or figures.get("dead"):
        return Peak(low=low, high=None)
    return Peak(low=low, high=max(low, own + max(figures["others"], reading.largest_child_bytes)))


def _measure_gone(blank: Measurement, gone: Gone, printed: str, timeout_ns: int | None) -> Measurement:
    figures = gone.figures
    outcome = replace(gone_outcome(gone, timeout_ns), output_tail=printed)
    if not figures:
        return replace(blank, outcome=outcome)
    own = max(figures["maxrss"], figures["own_hwm"])
    alone = figures["most"] == 1 and not figures["had_children"]  # The largest of whom is in maxrss too.
    return replace(
        blank,
        outcome=outcome,
        wall_ns=figures["wall_ns"],
        cpu_ns=max(0, figures["cpu_ns"] + figures["left_cpu_ns"]),
        peak=Peak(low=own, high=own) if alone else Peak(low=max(figures["own_hwm"], figures["together"]), high=None),
        temp_bytes=figures["temp_bytes"],
        processes=figures["most"],
        curve=gone.curve,
        pace_ns=figures["pace_ns"],
        paces=figures["paces"],
    )


def gone_outcome(gone: Gone, timeout_ns: int | None) -> Outcome:
    """How a sandbox ended that no longer answers."""
    figures = gone.figures
    if gone.stopped:
        return Outcome(ending=Ending.STOPPED, message="stopped before its end")
    if not figures:
        return Outcome(ending=Ending.LOST, message="its keeper ended without a word")
    status = figures["status"]
    if figures["timed_out"]:
        limit = (timeout_ns or 0) / 1e9
        return Outcome(ending=Ending.TIMED_OUT, message=f"not done after {limit:g} s, the timeout")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = next((known.name for known in signal.Signals if known.value == number), f"signal {number}")
        if figures["oom_kills"]:
            return Outcome(
                ending=Ending.OUT_OF_MEMORY, message="the kernel ended it: no memory was left", signal=number
            )
        possibly = ", possibly for memory" if number == signal.SIGKILL else ""
        crashed = "; it crashed outside Python" if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT) else ""
        return Outcome(ending=Ending.KILLED, message=f"killed by {name}{possibly}{crashed}", signal=number)
    code = os.waitstatus_to_exitcode(status)
    if code == UNHEARD:
        closed = "it closed file descriptors that are not its own (os.closerange), so its result could not be told"
        return Outcome(ending=Ending.EXITED, message=closed, exit_code=code)
    return Outcome(
        ending=Ending.EXITED, message=f"the process ended itself with exit code {code} (os._exit)", exit_code=code
    )
