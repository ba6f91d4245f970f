"""The monolith: one sandbox, step after step, each measured by itself; and the plain script, which is one more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from profiler.model import Ending, Measurement, Moved, Outcome, Peak, PlannedStep, Variant, moved_by
from profiler.runner.decomposed import Setting
from profiler.runner.environment import pinned
from profiler.runner.keeping import Gone, Keeper, Replied, Reply, Start
from profiler.runner.progress import Progress
from profiler.runner.tasks import gone_outcome, measure, peak_of, with_pace_of
from profiler.work import Answered, KeepAnswer, Marked, MonolithStep, Prepare, Ready, RunScript

Record = Callable[[Measurement], None]


def run_monolith(
    setting: Setting, record: Record, progress: Progress, stopping: Callable[[], bool], answer: str
) -> tuple[str, tuple[str, ...]]:
    """Run all steps in one process.

    Returns:
        Why it did not come to its end (empty: it did), and the file of its answer.
    """
    keeper = Keeper(_start(setting))
    try:
        steps = setting.plan.monolith
        prepare = Prepare(
            folder=os.path.dirname(setting.plan.file),
            functions=tuple(step.function for step in steps if step.function is not None),
        )
        progress.step(Variant.MONOLITH, "imports", 1)
        ready = keeper.ask(prepare, stopping=stopping)
        for number, step in enumerate(steps):
            if number == 0 and not _is_ready(ready):
                measurement = measure(_blank(step, setting), ready, printed=keeper.printed(), timeout_ns=None)
            else:
                measurement = _run_step(keeper, step, setting, progress, stopping)
            if number == 0 and isinstance(ready, Replied) and isinstance(ready.answer, Ready):
                measurement = replace(measurement, init_ns=ready.answer.init_ns, init_cpu_ns=ready.answer.init_cpu_ns)
                measurement = with_pace_of(measurement, ready.figures)
            record(measurement)
            if not measurement.outcome.ok:
                return f"step {step.name!r}: {measurement.outcome.message}", ()
        return _keep_answer(keeper, steps[-1], setting, answer, stopping)
    finally:
        keeper.close()


def _is_ready(reply: Reply) -> bool:
    return isinstance(reply, Replied) and isinstance(reply.answer, Ready)


def _start(setting: Setting, *, log: bool = True) -> Start:
    temp = setting.folder / "temp" / Variant.MONOLITH.value
    temp.mkdir(parents=True, exist_ok=True)
    environment = dict(setting.environment) | ({"TMPDIR": str(temp)} if log else {})
    return Start(
        env=pinned(environment, setting.pin_monolith),
        cwd=os.getcwd(),
        log=str(setting.folder / "monolith.log") if log else None,
        pace=setting.settings.pace > 0,
    )


def _run_step(
    keeper: Keeper, step: PlannedStep, setting: Setting, progress: Progress, stopping: Callable[[], bool]
) -> Measurement:
    progress.step(Variant.MONOLITH, step.name, 1)
    blank = _blank(step, setting)
    keeper.forget_printed()
    reply = keeper.ask(
        order_of(step, setting),
        temp=str(setting.folder / "temp" / Variant.MONOLITH.value),
        points=setting.points,
        stopping=stopping,
        on_memory=progress.memory,
    )
    return measure(blank, reply, printed=keeper.printed(), timeout_ns=None)


def order_of(step: PlannedStep, setting: Setting, *, lines: bool = False) -> MonolithStep:
    """What a step of the monolith is told to do."""
    limits = setting.limits.get(step.memory_mib or 0)
    return MonolithStep(
        name=step.name,
        kind=step.kind,
        reads=step.reads,
        inputs={item.name: item.paths for item in setting.plan.inputs if item.name in step.reads},
        function=step.function,
        by=step.by,
        sql=step.sql,
        file=step.file,
        memory_limit_mib=limits.memory_limit_mib if limits else 0,
        threads=limits.threads if limits else 1,
        lines=lines,
        sizes={item.name: item.sizes for item in setting.plan.inputs if item.name in step.reads and item.sizes},
    )


def _blank(step: PlannedStep, setting: Setting) -> Measurement:
    return Measurement(
        variant=Variant.MONOLITH, step=step.name, index=0, outcome=Outcome(ending=Ending.OK),
        started_ns=time.time_ns() - setting.started_ns, wall_ns=0, cpu_ns=0, wait_ns=0, init_ns=0, init_cpu_ns=0,
        peak=Peak(low=0, high=None), start_bytes=0, cores=float(setting.cores),
    )  # fmt: skip


def _keep_answer(
    keeper: Keeper, last: PlannedStep, setting: Setting, answer: str, stopping: Callable[[], bool]
) -> tuple[str, tuple[str, ...]]:
    """Have the answer written, where a table is wanted: when there is something to compare or to count."""
    if not setting.wants_answer:
        return "", ()
    order = KeepAnswer(name=last.name, target=os.path.splitext(answer)[0])
    reply = keeper.ask(order, stopping=stopping)
    if isinstance(reply, Gone):
        return f"writing the answer: {gone_outcome(reply, None).message}", ()
    if not reply.answer.outcome.ok:
        return str(reply.answer.outcome.message), ()
    return "", reply.answer.files


def run_script(
    setting: Setting,
    step: PlannedStep,
    record: Record,
    progress: Progress,
    stopping: Callable[[], bool],
    *,
    owns_terminal: bool,
) -> tuple[str, int | None]:
    """Run a plain script to its end; its marks become steps, and what is outside of them is one more.

    Args:
        owns_terminal: It has our standard input, output and error, as it would without us.

    Returns:
        Why it did not come to its end (empty: it did), and its exit code.
    """
    assert step.file is not None
    keeper = Keeper(_start(setting, log=not owns_terminal))
    news: list[Marked | Answered | Ready] = []
    turns: dict[str, int] = {}

    def hear(message: Marked | Answered | Ready) -> None:
        news.append(message)
        if isinstance(message, Marked):
            turns[message.name] = turns.get(message.name, -1) + 1
            ready = next((item for item in news if isinstance(item, Ready)), None) if len(turns) == 1 else None
            record(_marked(message, turns[message.name], setting, ready if turns[message.name] == 0 else None))

    progress.step(Variant.MONOLITH, step.name, 1)
    blank = _blank(step, setting)
    try:
        reply = keeper.ask(
            RunScript(file=step.file, argv0=step.argv0 or step.file, args=step.args),
            points=setting.points,
            stopping=stopping,
            gently=True,
            on_news=hear,
            on_memory=progress.memory,
        )
    finally:
        keeper.close()
    assert isinstance(reply, Gone)  # A script's process ends; it never answers.
    whole = _whole_script(blank, reply, news, keeper.printed())
    outer = [item.reading for item in news if isinstance(item, Marked) and item.depth == 0]
    record(
        replace(
            whole,
            wall_ns=max(0, whole.wall_ns - sum(reading.wall_ns for reading in outer)),
            cpu_ns=max(0, whole.cpu_ns - sum(reading.cpu_ns for reading in outer)),
            wait_ns=max(0, whole.wait_ns - sum(reading.wait_ns for reading in outer)),
            moved=_beside(whole.moved, [reading.moved for reading in outer]),
            init_ns=whole.init_ns if not outer else 0,
            init_cpu_ns=whole.init_cpu_ns if not outer else 0,
        )
    )
    return ("" if whole.outcome.ok else f"{step.name}: {whole.outcome.message}"), whole.outcome.exit_code


def _beside(whole: Moved | None, parts: Sequence[Moved | None]) -> Moved | None:
    """What a script moved outside of its marks; None: nothing."""
    inner = moved_by(parts)
    if whole is None or inner is None or whole == inner:
        return None if whole == inner else whole
    return Moved(
        get=(whole.get or 0) - (inner.get or 0),
        put=(whole.put or 0) - (inner.put or 0),
        list=(whole.list or 0) - (inner.list or 0),
        received_bytes=(whole.received_bytes or 0) - (inner.received_bytes or 0),
        sent_bytes=(whole.sent_bytes or 0) - (inner.sent_bytes or 0),
        estimated=whole.estimated,
    )


def _marked(message: Marked, turn: int, setting: Setting, ready: Ready | None) -> Measurement:
    """What a mark measured; the first one of all is told the script's init, `ready`."""
    reading = message.reading
    return Measurement(
        variant=Variant.MONOLITH,
        step=message.name,
        index=turn,
        outcome=message.outcome,
        started_ns=time.time_ns() - setting.started_ns - (time.monotonic_ns() - message.begin_ns),
        wall_ns=reading.wall_ns,
        cpu_ns=reading.cpu_ns,
        wait_ns=reading.wait_ns,
        init_ns=ready.init_ns if ready else 0,
        init_cpu_ns=ready.init_cpu_ns if ready else 0,
        peak=peak_of(reading, {"seen": 0, "together": 0, "others": 0}),
        start_bytes=reading.start_bytes,
        cores=float(setting.cores),
        read_bytes=reading.read_bytes,
        written_bytes=reading.written_bytes,
        nested=message.depth > 0,
        moved=reading.moved,
    )


def _whole_script(blank: Measurement, gone: Gone, news: list[Marked | Answered | Ready], printed: str) -> Measurement:
    """The script from its first line to the end of its process, by its own last word and by its keeper's."""
    measurement = measure(blank, gone, printed=printed, timeout_ns=None)
    last = next((item for item in reversed(news) if isinstance(item, Answered)), None)
    ready = next((item for item in news if isinstance(item, Ready)), None)
    if ready is not None:
        measurement = replace(measurement, init_ns=ready.init_ns, init_cpu_ns=ready.init_cpu_ns)
    status = gone.figures.get("status", 1)
    code = os.waitstatus_to_exitcode(status) if gone.figures else None
    if last is None:
        return measurement  # It ended itself without Python's own end: os._exit, a signal, a crash.
    reading = last.reading
    outcome = last.outcome
    if code is not None and code < 0 and outcome.ok:
        outcome = measurement.outcome
    elif code:
        outcome = replace(outcome, ending=Ending.EXITED if outcome.ok else outcome.ending, exit_code=code,
                          message=outcome.message or f"exit code {code}", output_tail=printed)  # fmt: skip
    else:
        outcome = replace(outcome, exit_code=code)
    if gone.stopped:
        outcome = replace(outcome, ending=Ending.STOPPED, message="stopped before its end")
    return replace(
        measurement,
        outcome=outcome,
        wall_ns=reading.wall_ns,
        cpu_ns=max(0, reading.cpu_ns + gone.figures.get("left_cpu_ns", 0)),
        wait_ns=reading.wait_ns,
        peak=peak_of(reading, gone.figures),
        start_bytes=reading.start_bytes,
        read_bytes=reading.read_bytes,
        written_bytes=reading.written_bytes,
        moved=reading.moved,
    )
