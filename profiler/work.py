"""What a task does: the orders that the harness gives to a sandbox, and what the sandbox answers.

Frozen values that pickle. The harness makes them without importing what carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from profiler.model import Comparison, FunctionRef, InputFiles, Moved, Outcome, Plan, PlannedStep, Score, Skew, Variant

UNHEARD = 97
"""Exit code of a sandbox that cannot answer, since the user's code closed the descriptor for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing that a step reads: the paths of an input, or what an earlier step left in files."""

    name: str
    files: tuple[str, ...]
    is_input: bool
    any_order: bool = False
    """The rows have no order of their own (a query without ORDER BY); they are sorted when read."""
    empty: bool = False
    """There is nothing in this shard; `files` shows only what it would look like."""
    sizes: tuple[int, ...] = ()
    """Bytes of each file, where they lie behind URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """First order to every sandbox: import what its tasks need. Answered by `Ready`."""

    folder: str | None = None
    """The user's folder, put on `sys.path`."""
    functions: tuple[FunctionRef, ...] = ()
    imports: tuple[str, ...] = ()
    opens_tables: bool = False
    """Its tasks read tables that earlier steps have kept."""
    threads: int | None = None
    """Threads for DuckDB where no query says otherwise; numeric libraries are pinned by the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFunction:
    """A decomposed step's function on its sources; writes `target` plus an ending that says what it is."""

    kind: str
    function: FunctionRef
    sources: tuple[Source, ...]
    by: tuple[str, ...]
    target: str
    lines: bool = False
    """Run under the line profiler and answer with its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """One SELECT over its sources; writes Parquet into the folder `target`, split into shards if asked."""

    name: str
    sql: str
    file: str
    sources: tuple[Source, ...]
    target: str
    memory_limit_mib: int
    threads: int
    shard_by: tuple[str, ...] = ()
    shards: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MonolithStep:
    """The next step of a monolith, on what the process holds already."""

    name: str
    kind: str
    reads: tuple[str, ...]
    inputs: dict[str, tuple[str, ...]]
    function: FunctionRef | None = None
    by: tuple[str, ...] = ()
    sql: str | None = None
    file: str | None = None
    memory_limit_mib: int = 0
    threads: int = 1
    lines: bool = False
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Bytes of each file of those inputs that lie behind URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAnswer:
    """Write what a monolith's last step returned to `target`, outside any measured time."""

    name: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScript:
    """Run a Python file as `__main__`, in this process, to its end."""

    file: str
    """Absolute."""
    argv0: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTest:
    """One test of somebody's pytest session, in a session of its own.

    Answered with `result` None when the test's fixtures are made, and its call waits for a `GoOn`. That is answered
    with the reading of the call, and waits for a second one. Answered with a `Tested` when all is over, or it never
    comes to a call.
    """

    node: str
    """What pytest collects: the test's file, absolute, with its name behind `::`."""
    options: dict[str, Any]
    """Values of the outer session's options."""
    path: tuple[str, ...]
    """The outer session's `sys.path`."""
    worker: dict[str, Any] | None
    """What pytest-xdist has told the worker that it is in, if it is in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn:
    """Go on with the test of `RunTest`: do its call, or what comes after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """How a test went: the reports of its setup, its call and its teardown, as pytest serialises them."""

    reports: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePlan:
    """Load a job file, check everything that can be checked, and answer with `Planned`."""

    file: str
    inputs: dict[str, tuple[str, ...]]
    """`--input` as given: name to paths or globs, absolute."""
    params: dict[str, str]
    """`--param` as given."""
    shards: int | None
    data_folder: str
    """Where made data lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What `MakePlan` found."""

    plan: Plan
    to_make: tuple[MakeInput, ...] = ()
    """Data that are missing and have a `make`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountGroups:
    """Count the groups by which a query splits its result, and choose a number of shards; answered with `Counted`."""

    split: PlannedStep
    queries: dict[str, PlannedStep]
    """The queries before it that it reads, and those that they read, by name."""
    sources: tuple[Source, ...]
    """The inputs that any of them reads."""
    memory_limit_mib: int
    threads: int
    worth: int
    """How many shards are worth having, however even the groups are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What `CountGroups` found."""

    skew: Skew
    shards: int
    largest_shard: int
    """Rows of the largest shard."""
    filled: int
    """Shards that hold something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeInput:
    """Call a dataset's `make` on an empty folder, which is renamed to `target` when it is whole."""

    name: str
    function: FunctionRef
    params: dict[str, Any]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectAnswer:
    """Put a variant's last files together into one Parquet file, and count."""

    variant: Variant
    files: tuple[str, ...]
    target: str
    answer_key: tuple[str, ...]
    request: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAnswers:
    """Hold both answers against each other, row by row."""

    monolith: str
    decomposed: str
    key: tuple[str, ...]
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAnswer:
    """Call the job's `score` on an answer."""

    variant: Variant
    answer: str
    function: FunctionRef


Order = (
    Prepare
    | CallFunction
    | RunQuery
    | MonolithStep
    | KeepAnswer
    | RunScript
    | RunTest
    | GoOn
    | MakePlan
    | CountGroups
    | MakeInput
    | CollectAnswer
    | CompareAnswers
    | ScoreAnswer
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the sandbox itself measured of one task."""

    wall_ns: int = 0
    cpu_ns: int = 0
    wait_ns: int = 0
    peak_bytes: int = 0
    start_bytes: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    children_started: int = 0
    children_ended: bool = False
    """Some process below this one was started and ended while the task ran."""
    largest_child_bytes: int = 0
    moved: Moved | None = None
    """To and from object stores, as far as it was seen; None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A sandbox imported what it needs."""

    init_ns: int
    init_cpu_ns: int
    resets: bool
    """Whether this system lets a process reset its own peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How an order went, from the sandbox's point of view."""

    outcome: Outcome
    reading: Reading = field(default_factory=Reading)
    result: Any = None
    """What the order asks for: Planned, Comparison, Score, ...; None for a step."""
    files: tuple[str, ...] = ()
    file_bytes: tuple[int, ...] = ()
    """Bytes of each of them, where they lie in a store."""
    rows_in: int | None = None
    rows_out: int | None = None
    groups: int | None = None
    input_bytes: int = 0
    stored_bytes: int = 0
    """Part of it that lies in a store."""
    input_files: int = 0
    output_bytes: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A marked part of a script ended."""

    name: str
    outcome: Outcome
    reading: Reading
    begin_ns: int
    """On the system's monotonic clock."""
    depth: int


__all__ = [
    "UNHEARD",
    "Answered",
    "CallFunction",
    "CollectAnswer",
    "CompareAnswers",
    "Comparison",
    "CountGroups",
    "Counted",
    "GoOn",
    "InputFiles",
    "KeepAnswer",
    "MakeInput",
    "MakePlan",
    "Marked",
    "MonolithStep",
    "Order",
    "Planned",
    "Prepare",
    "Reading",
    "Ready",
    "RunQuery",
    "RunScript",
    "RunTest",
    "Score",
    "ScoreAnswer",
    "Source",
    "Tested",
]
