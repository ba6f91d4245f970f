"""The frozen values that everything passes on: what would run, what was measured, and where.

Whole nanoseconds and bytes, because a bill rounds up. Nothing here reads a clock, a file or the environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Final

ENGINES = ("local", "dask")
"""What `--engine` takes; from Python there is any executor beside."""

Signed = Annotated[int, "may be below 0"]
AnyFloat = Annotated[float, "may be no finite number"]


class Variant(StrEnum):
    """One of the two ways of running a job."""

    MONOLITH = "monolith"
    DECOMPOSED = "decomposed"


class Kind(StrEnum):
    """What a step is."""

    STEP = "step"
    QUERY = "query"
    COMBINE = "combine"
    PER_GROUP = "per_group"
    PER_SHARD = "per_shard"
    SCRIPT = "script"


# --- what would run -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRef:
    """Where a fresh process finds a user's function."""

    file: str
    qualname: str
    module: str | None = None
    """Importable name with the job's folder on the path; None: load the file itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFiles:
    """An input of a job, as found on disk."""

    name: str
    paths: tuple[str, ...]
    total_bytes: int
    rows: int | None
    fingerprint: str
    """Changes when a path, a size or a modification time does."""
    made: bool = False
    """Made by the job's own `make`, rather than brought by the user."""
    sizes: tuple[int, ...] = ()
    """Bytes of each file, where they lie behind URLs; empty: they are on a disk, which can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step of a variant, ready to become tasks."""

    name: str
    kind: str
    """A `Kind`."""
    reads: tuple[str, ...]
    function: FunctionRef | None = None
    sql: str | None = None
    """Text of the query."""
    file: str | None = None
    """The SQL file or the script, absolute."""
    by: tuple[str, ...] = ()
    shard_by: tuple[str, ...] = ()
    """Keys by which this step splits its result, for a query; by which it arrives split, for the steps after it."""
    memory_mib: int | None = None
    """Declared memory size; only a query has one."""
    ordered: bool = False
    """The query orders its own rows, and so they stay."""
    fans_out: bool = False
    """More than one task: one per shard, or one per part of the input."""
    parts: tuple[tuple[str, ...], ...] = ()
    """Groups of input files, for a query that is split by file."""
    args: tuple[str, ...] = ()
    writes: str | None = None
    argv0: str | None = None
    """The script as it was named; its `sys.argv[0]`."""
    description: str = ""


AUTO: Final = "auto"
"""Asked for in place of a number of shards: it follows from the sizes of the groups."""
MOST_SHARDS = 100_000
"""That may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of a split, by size."""

    key: tuple[str | None, ...]
    """Its values of the split's keys, as text; None for NULL."""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """How unlike in size the groups are by which a query splits its result."""

    step: str
    """The query."""
    keys: tuple[str, ...]
    groups: int
    rows: int
    """Of all groups."""
    largest: tuple[Group, ...]
    """The largest groups, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job, checked and ready to run."""

    job: str
    file: str
    """The job file or the script, absolute."""
    inputs: tuple[InputFiles, ...]
    monolith: tuple[PlannedStep, ...]
    decomposed: tuple[PlannedStep, ...]
    params: dict[str, Any]
    shards: int
    shards_reason: str
    code: dict[str, str]
    """SHA-256 of each file of the job's own code: the job file, its SQL, the modules beside it."""
    request: str | None = None
    answer_key: tuple[str, ...] = ()
    tolerance: float = 1e-6
    score: FunctionRef | None = None
    dollars_per_day: str | None = None
    requests_per_day: int | None = None
    warnings: tuple[str, ...] = ()
    skew: Skew | None = None
    """None: nothing is split, or its groups were not counted."""

    def __post_init__(self) -> None:
        if self.requests_per_day == 0:
            raise ValueError("requests_per_day: expected a number from 1, found 0")
        if self.dollars_per_day is not None and not _is_amount(self.dollars_per_day):
            raise ValueError(f"dollars_per_day: expected a number above 0, found {self.dollars_per_day!r}")

    @property
    def is_script(self) -> bool:
        """Whether this is a plain script as it stands, rather than a job."""
        return len(self.monolith) == 1 and self.monolith[0].kind == "script" and self.monolith[0].file == self.file

    def steps(self, variant: Variant) -> tuple[PlannedStep, ...]:
        """The steps of a variant, in order."""
        return self.monolith if variant is Variant.MONOLITH else self.decomposed


def _is_amount(text: str) -> bool:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount > 0


# --- what was measured ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Highest resident memory: exact when `low` is `high`, bounded otherwise; `high` None: no upper bound is known."""

    low: int
    high: int | None

    @property
    def exact(self) -> bool:
        """Whether both ends are the same."""
        return self.low == self.high


class Ending(StrEnum):
    """How a task ended."""

    OK = "ok"
    RAISED = "raised"
    EXITED = "exited"
    KILLED = "killed"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a task ended, and what a reader needs to see of it."""

    ending: Ending
    message: str = ""
    """One sentence: the exception's last line, the signal's name, the limit that was passed."""
    traceback: str = ""
    """The user's own frames."""
    output_tail: str = ""
    """The last of what was printed, where the task did not end well."""
    exit_code: Signed | None = None
    signal: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the task did its work."""
        return self.ending is Ending.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What passed between a task and an object store, as the store bills it.

    Only what the task's own process asked for and was answered. None: it was not seen, as where another library than
    fsspec or boto3 read the files.
    """

    get: int | None = 0
    """Requests that read: GET, and HEAD at the same price."""
    put: int | None = 0
    """Requests that write, each part of a large file by itself: PUT, POST, COPY."""
    list: int | None = 0
    """Requests that list, at the price of writing ones."""
    received_bytes: int | None = 0
    sent_bytes: int | None = 0
    estimated: bool = False
    """Some of it is counted by calls of fsspec, or was answered without a length, or to nobody who waited for it."""


def moved_by(all_moved: Iterable[Moved | None]) -> Moved | None:
    """Add up what several tasks moved: None where none moved anything; what one does not know, the sum does not.

    >>> moved_by([None, Moved(get=2, received_bytes=10), Moved(get=1, sent_bytes=None)])
    Moved(get=3, put=0, list=0, received_bytes=10, sent_bytes=None, estimated=False)
    """
    found = [moved for moved in all_moved if moved is not None]
    if not found:
        return None
    return Moved(
        get=_sum_known(moved.get for moved in found),
        put=_sum_known(moved.put for moved in found),
        list=_sum_known(moved.list for moved in found),
        received_bytes=_sum_known(moved.received_bytes for moved in found),
        sent_bytes=_sum_known(moved.sent_bytes for moved in found),
        estimated=any(moved.estimated for moved in found),
    )


def _sum_known(figures: Iterable[int | None]) -> int | None:
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one task used, alone in its sandbox, and how it ended."""

    variant: Variant
    step: str
    index: int
    """Shard or part, from 0; 0 where the step does not fan out; a mark's turn, for a mark that is entered again."""
    outcome: Outcome
    started_ns: Signed
    """Since the run's start, by the clock of the host that ran it."""
    wall_ns: int
    """From reading the inputs until the output is written."""
    cpu_ns: int
    """User and system time of the sandbox and of the processes that it started."""
    wait_ns: int
    """Part of `wall_ns` in which the main thread was ready to run, but the machine's cores were busy."""
    init_ns: int
    """From process start until the user's code is imported, less waiting for a core; 0 for a warm sandbox."""
    init_cpu_ns: int
    peak: Peak
    """Highest resident memory while the task ran, imports included."""
    start_bytes: int
    """Resident memory when the task began."""
    cores: float
    """How many cores the task could use."""
    read_bytes: int = 0
    """Bytes asked of the system, cached or not."""
    written_bytes: int = 0
    input_bytes: int = 0
    """Size of the files that the task was given."""
    stored_bytes: int = 0
    """Part of it that lay in an object store."""
    input_files: int = 0
    """How many files it was given; each is at least one GET from S3."""
    output_bytes: int = 0
    """Size of the files that it left."""
    rows_in: int | None = None
    rows_out: int | None = None
    groups: int | None = None
    temp_bytes: int = 0
    """Highest use of its temporary folder, as sampled."""
    processes: int = 1
    """Most processes seen at once, its own included."""
    attempt: int = 1
    nested: bool = False
    """Inside another mark of the same script, whose figures hold these already."""
    files: tuple[str, ...] = ()
    """What it left for the next step: paths, or URLs where the workspace is in a store."""
    file_bytes: tuple[int, ...] = ()
    """Bytes of each of these, where they are URLs."""
    printed_bytes: int = 0
    """What it wrote to standard output and error, what was cut away of a flood included; of a decomposed task only."""
    warnings: tuple[str, ...] = ()
    host: str = ""
    """Host that ran the task, where it is not the harness's own; `Run.hosts` says what it is."""
    repeat: int = 0
    """Which repetition of its variant this belongs to, from 0."""
    curve: tuple[int, ...] = ()
    """Memory over time as the keeper sampled it, of all processes: milliseconds since `started_ns` and KiB, by turns.

    A picture, not a measure: a spike between two samples is in `peak` alone. Empty where too many tasks share the room.
    A decomposed task's begins with its work: later than 0 where a fresh sandbox had to import first.
    """

    pace_ns: int = 0
    """CPU time of a fixed piece of work that was done on its core meanwhile, all times added up; see `paces`."""
    paces: int = 0
    """How often: the mean says how fast the core was. 0: not looked at, as where nothing is repeated."""
    moved: Moved | None = None
    """What it moved to and from an object store; None: it had nothing there."""

    @property
    def added_bytes(self) -> int | None:
        """What the task added to what the process held already; None where the peak has no upper end."""
        return None if self.peak.high is None else max(0, self.peak.high - self.start_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBegin:
    """A decomposed step began; with how many tasks is known only then, since a shard without rows is no task."""

    variant: Variant
    step: str
    tasks: int
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBegin:
    """An attempt of a task began; of a monolith, all of it by its first step. How it ended is in its measurement.

    Where a harness was killed there is no measurement, and the next attempt is known to be another one.
    """

    variant: Variant
    step: str
    index: int
    attempt: int = 1
    repeat: int = 0


PACE_VERSION = 1
"""Of the fixed work that shows how fast a core is: figures of another version are worth nothing beside these."""
INTERRUPTED = "interrupted"
"""The reason of a variant that was stopped on the way, rather than failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEnd:
    """A variant ran to its end, or stopped on the way."""

    variant: Variant
    wall_ns: int
    """Elapsed, from the first task's start to the last one's end."""
    complete: bool
    """Every step ended well."""
    reason: str = ""
    """Why it did not complete."""
    from_run: str | None = None
    """Id of the run that this variant was taken from (`--against`)."""
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The table that a variant ends in."""

    variant: Variant
    path: str
    """Parquet, absolute."""
    rows: int
    requests: int | None
    """Distinct values of the job's request column; None where the job names none."""
    groups: int | None = None
    """Most groups that one step of the variant handled; None where no step goes by group."""
    columns: tuple[str, ...] = ()
    item_bytes: int | None = None
    """All rows as DynamoDB items, added up; see `profiler.sandbox.items`."""
    largest_item_bytes: int | None = None
    """The largest of them; DynamoDB takes at most 400 KiB."""
    write_units: int | None = None
    """What writing each row as one item takes: 1 for each KiB that an item begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Whether both answers are the same, row by row."""

    equal: bool | None
    """None: not compared; `reason` says why."""
    rows: int = 0
    """Distinct keys over both answers."""
    equal_rows: int = 0
    largest_difference: AnyFloat | None = None
    """Relative, over all floats of rows that both have."""
    only_monolith: int = 0
    only_decomposed: int = 0
    columns: tuple[str, ...] = ()
    """Columns of the tables below: the key, then `column`, `monolith`, `decomposed`."""
    first_differing: tuple[tuple[str, ...], ...] = ()
    first_only_monolith: tuple[tuple[str, ...], ...] = ()
    first_only_decomposed: tuple[tuple[str, ...], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the job's own `score` says of an answer, where labels are known."""

    variant: Variant
    values: dict[str, AnyFloat | Signed | str]
    problem: str = ""
    """Why there is no score, when the user's function failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a run was measured."""

    system: str
    cpu_model: str
    cores: int
    """Cores that this process may use."""
    memory_bytes: int
    """Physical memory, or the container's limit where that is lower."""
    python: str
    packages: dict[str, str]
    host: str = ""
    clock_mhz: int | None = None
    """Highest clock of its cores, or the nominal one; None: the system does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit of the job's own repository that was checked out when it was measured."""

    id: str
    """All digits of its hash."""
    branch: str = ""
    """Empty where the checkout is at no branch."""
    dirty: bool = False
    """Tracked files differ from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a run was made."""

    variants: tuple[Variant, ...]
    jobs: int
    """Tasks at a time."""
    task_threads: int
    """Threads that numeric libraries may use in one decomposed task."""
    monolith_threads: int | None
    """Threads of numeric libraries in the monolith; None: as many as the machine gives."""
    cold: bool
    timeout_ns: int | None
    """Per decomposed task."""
    engine: str = "local"
    repeats: int = 1
    """How often each variant is measured."""
    pace: int = 0
    """`PACE_VERSION` where the pace of the cores was looked at meanwhile; 0: it was not."""
    workspace: str = ""
    """URL of the workspace, where what passed between decomposed steps lay in a store; empty: in a folder."""
    scheduler: str = ""
    """Address of the Dask scheduler; empty: there was none, or one of paredown's own."""
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was said of inputs in place of the job file: absolute paths, globs or URLs by name."""
    params: dict[str, str] = field(default_factory=dict)
    """What was said of parameters, as typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One variant, measured once of the times that it was."""

    variant: Variant
    repeat: int
    """From 0."""
    begun: tuple[StepBegin, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    end: VariantEnd | None = None
    """None: it was interrupted."""
    attempts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """How often each task has begun, by step and index; also those that are not measured, or no longer."""

    @property
    def complete(self) -> bool:
        """Whether every step ended well."""
        return self.end is not None and self.end.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All measurements of one execution of a job.

    Where variants were repeated, `begun`, `measurements` and `variants` are those of one repetition each, the typical
    one: of those that failed the first, else the complete one whose CPU time is the median. `repetitions` has all.
    """

    id: str
    path: str
    created: str
    """ISO 8601, UTC."""
    version: str
    """Of paredown."""
    plan: Plan
    machine: Machine
    settings: Settings
    begun: tuple[StepBegin, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    variants: tuple[VariantEnd, ...] = ()
    answers: tuple[Answer, ...] = ()
    comparison: Comparison | None = None
    scores: tuple[Score, ...] = ()
    exit_code: int | None = None
    """Of a plain script."""
    ended: bool = False
    """False: it was interrupted or killed, or still goes on."""
    maker: str = ""
    """Who still makes it, as when it was loaded: `in process 123`; empty: nobody."""
    dropped_bytes: int = 0
    """Length of a torn last line."""
    commit: Commit | None = None
    """None: the job is in no repository, or git is not there to ask."""
    repetitions: tuple[Repetition, ...] = ()
    """In the order in which they began."""
    hosts: tuple[Machine, ...] = ()
    """Other machines that ran tasks, as an engine on a cluster has them."""

    def repeated(self, variant: Variant) -> tuple[Repetition, ...]:
        """All repetitions of a variant, in the order in which they began."""
        if self.repetitions or not self.of(variant):
            return tuple(repetition for repetition in self.repetitions if repetition.variant is variant)
        begun = tuple(begin for begin in self.begun if begin.variant is variant)
        end = next((end for end in self.variants if end.variant is variant), None)
        return (Repetition(variant=variant, repeat=0, begun=begun, measurements=self.of(variant), end=end),)

    def with_repetition(self, repetition: Repetition) -> Run:
        """Show this repetition of its variant in place of the typical one."""
        variant = repetition.variant
        return replace(
            self,
            begun=(*(begin for begin in self.begun if begin.variant is not variant), *repetition.begun),
            measurements=(
                *(item for item in self.measurements if item.variant is not variant),
                *repetition.measurements,
            ),
            variants=(
                *(end for end in self.variants if end.variant is not variant),
                *([repetition.end] if repetition.end else []),
            ),
        )

    @property
    def has_lost_tasks(self) -> bool:
        """Whether an engine has lost some of its tasks, or had them stopped because it went away: they may run yet."""
        return any(
            item.outcome.ending in (Ending.LOST, Ending.STOPPED)
            for repetition in self.repetitions
            if not repetition.complete
            for item in repetition.measurements
        )

    @property
    def resumed_by(self) -> str:
        """What resumes it: an option, or an argument in Python where its executor came from there."""
        return "--resume" if self.settings.engine in ENGINES else "resume=True"

    @property
    def is_script(self) -> bool:
        """Whether it is of a plain script as it stands, rather than of a job."""
        return self.plan.is_script

    def of(self, variant: Variant) -> tuple[Measurement, ...]:
        """The measurements of one variant, in the order in which they ended."""
        return tuple(measurement for measurement in self.measurements if measurement.variant is variant)
