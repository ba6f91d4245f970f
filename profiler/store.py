"""A run to and from its file: JSON lines, a header and then one event for each thing that ended.

Events are appended and flushed one by one, so a run that was killed can be shown; a torn last line is dropped.

Schema 1: header, host, step, begin, measurement, variant, answer, comparison, score, exit, restart, resume, end.
    Later fields that an older run lacks are at their default: of a measurement `input_files`, `printed_bytes`,
    `repeat`, `curve`, `pace_ns`, `paces`, `moved`, `file_bytes` and `stored_bytes`, of an answer `item_bytes`,
    `largest_item_bytes` and `write_units`, of a step and a variant `repeat`, of the settings `repeats`, `pace` and
    `workspace`, of the header `commit`, of a machine `clock_mhz`, of the plan `skew`, of an input `sizes`. Nor has it
    any host or begin.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from profiler import mirror
from profiler.encoding import decode, encode
from profiler.errors import OutputError, RunFileError
from profiler.maker import maker_of
from profiler.model import (
    INTERRUPTED,
    Answer,
    Commit,
    Comparison,
    Machine,
    Measurement,
    Plan,
    PlannedStep,
    Repetition,
    Run,
    Score,
    Settings,
    Signed,
    StepBegin,
    TaskBegin,
    Variant,
    VariantEnd,
)
from profiler.urls import cleaned, is_url

SCHEMA = 1
FOLDER = Path(".paredown")
_NAME = re.compile(r".+-\d{8}-\d{6}-[0-9a-f]{4}", re.DOTALL)
"""Of a run's file, as a workspace gives it."""
_BEGIN = b'{"event":"header"'

_EVENTS: dict[str, type[Any]] = {
    "step": StepBegin,
    "begin": TaskBegin,
    "measurement": Measurement,
    "variant": VariantEnd,
    "answer": Answer,
    "comparison": Comparison,
    "score": Score,
    "host": Machine,
}
Event = StepBegin | TaskBegin | Measurement | VariantEnd | Answer | Comparison | Score | Machine


class Recorder:
    """Appends events to a run's file, from any thread. Each is on disk before the next thing happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        run_id: str,
        created: str,
        version: str,
        plan: Plan,
        machine: Machine,
        settings: Settings,
        commit: Commit | None = None,
    ) -> Recorder:
        """Begin a run's file with its header.

        Raises:
            OutputError: If the file cannot be written.
        """
        header = {
            "schema": SCHEMA,
            "id": run_id,
            "created": created,
            "paredown": version,
            "plan": encode(replace(plan, monolith=tuple(map(_as_kept, plan.monolith)))),
            "machine": encode(machine),
            "settings": encode(settings),
            "commit": encode(commit),
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        except OSError as error:
            raise OutputError(f"cannot write the run's file {path}: {error.strerror}") from error
        recorder = cls(path)
        try:
            recorder._append("header", header)
        except OutputError:
            path.unlink()  # A file without its header is no run, and would be taken for the last one.
            raise
        return recorder

    @classmethod
    def reopen(cls, run: Run) -> Recorder:
        """Go on with a run; a torn last line goes first."""
        path = mirror.on_disk(run.path)
        if run.dropped_bytes:
            os.truncate(path, path.stat().st_size - run.dropped_bytes)
        recorder = cls(path)
        recorder._append("resume", {})
        return recorder

    def record(self, event: Event) -> None:
        """Append a measurement, or whatever else ended."""
        name = next(name for name, kind in _EVENTS.items() if isinstance(event, kind))
        self._append(name, encode(event))

    def restart(self, variant: Variant, repeat: int = 0) -> None:
        """What was measured in a repetition of a variant so far no longer counts: it begins again."""
        self._append("restart", {"variant": variant.value, "repeat": repeat})

    def exit_code(self, code: int) -> None:
        """How a plain script ended."""
        self._append("exit", {"code": code})

    def end(self) -> None:
        """Everything that the run was to do is done."""
        self._append("end", {})

    def _append(self, name: str, values: dict[str, Any]) -> None:
        # All of it ASCII: a name or a message may hold half a surrogate pair, which no encoding takes as it is.
        line = json.dumps({"event": name, **values}, separators=(",", ":")) + "\n"
        try:
            with self._lock, self.path.open("ab") as file:
                file.write(line.encode("ascii"))
        except OSError as error:
            raise OutputError(
                f"cannot write to the run's file {self.path}: {error.strerror}",
                hint="what was measured before is kept; make room and use --resume",
            ) from error


def _as_kept(step: PlannedStep) -> PlannedStep:
    """A step without the secrets in URLs among its script's arguments, which are the user's own."""
    return replace(step, args=tuple(map(cleaned, step.args)))


def find_run(reference: str, *, folder: Path) -> Path:
    """The file of a run: a path or a URL as it is, an id, or `last` for the newest one in `folder`/runs.

    Raises:
        RunFileError: If there is none.
        InputError: If it has a URL, and the store cannot be asked.
    """
    if is_url(reference):
        path = mirror.run_by_url(reference)
        if not path.is_file():
            raise RunFileError(f"there is no run {reference}")
        return path
    runs = folder / "runs"
    if reference == "last":
        newest = newest_runs(folder)
        if not newest:
            raise RunFileError(f"there is no run in {mirror.shown(runs)}", hint=measure_one(folder))
        return newest[0]
    for path in (Path(reference), runs / f"{reference}.jsonl"):
        if path.is_file():
            return path
    known = [path.stem for path in newest_runs(folder)[:3]]
    raise RunFileError(
        f"there is no run {reference!r}: neither a file nor an id in {mirror.shown(runs)}",
        hint=f"newest: {', '.join(known)}" if known else measure_one(folder),
    )


def measure_one(folder: Path) -> str:
    """What to do where a workspace has no run."""
    return f"measure one: paredown run JOB{mirror.option(folder)}"


def newest_runs(folder: Path) -> list[Path]:
    """Files of all kept runs, damaged ones too, the one written to last first; what never was a run is none."""
    found = [(path.stat().st_mtime_ns, path) for path in (folder / "runs").glob("*.jsonl") if _was_a_run(path)]
    return [path for _, path in sorted(found, reverse=True)]  # Stores give whole seconds; names hold when a run began.


def _was_a_run(path: Path) -> bool:
    """Whether a file is one of ours by its name or by how it begins, whatever else is wrong with it."""
    if _NAME.fullmatch(path.stem):
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGIN)) == _BEGIN
    except OSError:
        return True  # Nobody can tell: whoever reads it says why it cannot be read.


def load_run(reference: str, *, folder: Path = FOLDER) -> Run:
    """Load a run from its file, by path, by id, or `last`.

    Raises:
        RunFileError: If there is none, or it is no run, or it was written by a newer version.
    """
    path = find_run(reference, folder=folder)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RunFileError(f"cannot read the run {mirror.shown(path)}: {error.strerror}") from error
    lines = data.split(b"\n")
    torn = len(lines.pop())
    header = _header(path, lines[0] if lines else None)
    return _build(path, header, lines[1:], torn)


def read_header(path: Path) -> dict[str, Any]:
    """Read the header of a run, the first line of its file.

    Raises:
        RunFileError: If there is none, or it was written with another schema.
    """
    try:
        with path.open("rb") as file:
            line = file.readline()
    except OSError as error:
        raise RunFileError(f"cannot read the run {mirror.shown(path)}: {error.strerror}") from error
    return _header(path, line if line.endswith(b"\n") else None)


def _header(path: Path, line: bytes | None) -> dict[str, Any]:
    """A header from its line; None: the file ends before that does."""
    try:
        header = _line(line) if line is not None else {}
    except ValueError:
        header = {}
    if header.get("event") != "header" or "schema" not in header:
        raise RunFileError(
            f"{mirror.shown(path)}: is no run of paredown; expected a first line with a header"
            + (", but the file is cut off in it" if line is None else "")
        )
    if header["schema"] != SCHEMA:
        raise RunFileError(
            f"{mirror.shown(path)}: was written with schema {header['schema']!r} by paredown {header.get('paredown')}; "
            f"this version reads schema {SCHEMA}",
            hint="use a newer paredown to read it" if _newer(header["schema"]) else "measure again: paredown run JOB",
        )
    return header


def _newer(schema: object) -> bool:
    return isinstance(schema, int) and schema > SCHEMA


def _line(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return value


class _Gathered:
    """What the lines of a run's file add up to; where something was measured again, its last attempt."""

    def __init__(self) -> None:
        self.order: dict[tuple[Variant, int], None] = {}
        self.begun: dict[tuple[Variant, int], dict[str, StepBegin]] = {}
        self.measured: dict[tuple[Variant, int], dict[tuple[str, int], Measurement]] = {}
        self.attempts: dict[tuple[Variant, int], dict[tuple[str, int], int]] = {}
        self.ends: dict[tuple[Variant, int], VariantEnd] = {}
        self.answers: dict[Variant, Answer] = {}
        self.scores: dict[Variant, Score] = {}
        self.comparison: Comparison | None = None
        self.hosts: dict[str, Machine] = {}
        self.exit_code: int | None = None
        self.ended = False

    def take(self, name: str, values: dict[str, Any]) -> None:
        self.ended = name == "end"
        if name == "exit":
            self.exit_code = decode(Signed, values["code"])
        elif name == "restart":
            again = Variant(values["variant"]), values.get("repeat", 0)
            for gathered in (self.begun, self.measured, self.ends):
                gathered.pop(again, None)
        elif name in _EVENTS:
            match decode(_EVENTS[name], values):
                case StepBegin() as begin:
                    self.order.setdefault((begin.variant, begin.repeat))
                    self.begun.setdefault((begin.variant, begin.repeat), {})[begin.step] = begin
                case TaskBegin() as task:
                    self._attempted(task)
                case Measurement() as item:
                    self._attempted(item)
                    of_repeat = self.measured.setdefault((item.variant, item.repeat), {})
                    of_repeat[item.step, item.index] = item
                case VariantEnd() as end:
                    self.order.setdefault((end.variant, end.repeat))
                    self.ends[end.variant, end.repeat] = end
                case Answer() as answer:
                    self.answers[answer.variant] = answer
                case Score() as score:
                    self.scores[score.variant] = score
                case Comparison() as comparison:
                    self.comparison = comparison
                case Machine() as host:
                    self.hosts[host.host] = host

    def _attempted(self, task: TaskBegin | Measurement) -> None:
        self.order.setdefault((task.variant, task.repeat))
        attempts = self.attempts.setdefault((task.variant, task.repeat), {})
        attempts[task.step, task.index] = max(task.attempt, attempts.get((task.step, task.index), 0))

    def repetitions(self) -> tuple[Repetition, ...]:
        return tuple(
            Repetition(
                variant=variant,
                repeat=repeat,
                begun=tuple(self.begun.get((variant, repeat), {}).values()),
                measurements=tuple(self.measured.get((variant, repeat), {}).values()),
                end=self.ends.get((variant, repeat)),
                attempts=self.attempts.get((variant, repeat), {}),
            )
            for variant, repeat in self.order
            if any((variant, repeat) in gathered for gathered in (self.begun, self.attempts, self.ends))
        )


def _typical(repetitions: Sequence[Repetition]) -> Repetition:
    """The one to show of a variant's repetitions: one that failed, else the complete one with the median CPU time.

    One that was interrupted is shown only where there is no other: it says nothing against those before it.
    """
    failed = [one for one in repetitions if one.end and not one.end.complete and one.end.reason != INTERRUPTED]
    if failed:
        return failed[0]
    complete = [repetition for repetition in repetitions if repetition.complete] or list(repetitions)
    return sorted(complete, key=lambda one: sum(item.cpu_ns for item in one.measurements))[(len(complete) - 1) // 2]


def _build(path: Path, header: dict[str, Any], lines: list[bytes], torn: int) -> Run:
    gathered = _Gathered()
    for number, line in enumerate(lines, start=2):
        try:
            values = _line(line)
            gathered.take(values.pop("event"), values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunFileError(f"{mirror.shown(path)}: line {number} is damaged: {error}") from error
    repetitions = gathered.repetitions()
    by_variant: dict[Variant, list[Repetition]] = {}
    for repetition in repetitions:
        by_variant.setdefault(repetition.variant, []).append(repetition)
    shown = [_typical(of_variant) for of_variant in by_variant.values()]
    maker = maker_of(path) if not gathered.ended else None
    try:
        return Run(
            id=decode(str, header["id"]),
            path=mirror.shown(path),
            created=decode(str, header["created"]),
            version=decode(str, header["paredown"]),
            plan=decode(Plan, header["plan"]),
            machine=decode(Machine, header["machine"]),
            settings=decode(Settings, header["settings"]),
            begun=tuple(begin for repetition in shown for begin in repetition.begun),
            measurements=tuple(item for repetition in shown for item in repetition.measurements),
            variants=tuple(repetition.end for repetition in shown if repetition.end),
            answers=tuple(gathered.answers.values()),
            comparison=gathered.comparison,
            scores=tuple(gathered.scores.values()),
            exit_code=gathered.exit_code,
            ended=gathered.ended,
            maker=str(maker or ""),
            dropped_bytes=torn,
            commit=decode(Commit | None, header.get("commit")),
            repetitions=repetitions,
            hosts=tuple(gathered.hosts.values()),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunFileError(f"{mirror.shown(path)}: its header is damaged: {error}") from error
