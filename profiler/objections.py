"""Every reason of a verdict, with its text; whether it holds is found out elsewhere. A check has more: `checking`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from profiler.model import Ending
from profiler.reasons import Effect, Reason, ReasonKind, Unit
from profiler.units import GIB, MIB, NS_PER_MIN, NS_PER_S, count, dollars, duration, memory, memory_range, significant

# --- memory ---------------------------------------------------------------------------------------------------------

_TOO_BIG_REMEDY = {
    "per_group": "use more shards, so that each task holds fewer groups",
    "per_shard": "use more shards, so that each task holds fewer groups",
    "query": "aggregate earlier, or split it by file with combine=",
    "combine": "aggregate more in each part",
}
_TIDY = "load fewer columns or push the grouping into SQL"


def too_big(subject: str, *, kind: str, needed_mib: int, limit_mib: int) -> Reason:
    """No memory size holds it."""
    return Reason(
        kind=ReasonKind.MEMORY,
        effect=Effect.NO,
        subject=subject,
        text=f"needs {_size(needed_mib)} with headroom; Lambda ends at {_size(limit_mib)}",
        remedy=_TOO_BIG_REMEDY.get(kind, _TIDY),
        figure=needed_mib * MIB,
        limit=limit_mib * MIB,
        unit=Unit.BYTES,
    )


def held_too_much(subject: str, *, needed_mib: int, limit_mib: int, added_bytes: int) -> Reason:
    """A step of a monolith that would be smaller if earlier steps had left less."""
    return Reason(
        kind=ReasonKind.MEMORY,
        effect=Effect.NO,
        subject=subject,
        text=(
            f"needs {_size(needed_mib)} with headroom, of which it added {memory(added_bytes)} itself; "
            f"Lambda ends at {_size(limit_mib)}"
        ),
        remedy="earlier steps hold the rest: let go of it, or push the grouping into SQL",
        figure=needed_mib * MIB,
        limit=limit_mib * MIB,
        unit=Unit.BYTES,
    )


def size_undecided(subject: str, *, low_mib: int, high_mib: int | None, limit_mib: int, whose: str) -> Reason:
    """The peak is only bounded, and the limit lies between its ends; `whose` says which limit that is."""
    if high_mib is None:
        needs = f"needs {_size(low_mib)} or more with headroom, since a process that it started was never seen"
    else:
        needs = f"needs {memory_range(low_mib * MIB, high_mib * MIB)} with headroom, since its processes may share"
    return Reason(
        kind=ReasonKind.MEMORY,
        effect=Effect.UNDECIDED,
        subject=subject,
        text=f"{needs}; {whose} {_size(limit_mib)}",
        remedy="run it without further processes (n_jobs=1), and its peak is exact",
        figure=(low_mib if high_mib is None else high_mib) * MIB,
        limit=limit_mib * MIB,
        unit=Unit.BYTES,
    )


def declared_too_small(subject: str, *, needed_mib: int, declared_mib: int, enough_mib: int | None) -> Reason:
    """A query needs more than the size that it declares."""
    return Reason(
        kind=ReasonKind.DECLARED_SIZE,
        effect=Effect.NO,
        subject=subject,
        text=f"needs {_size(needed_mib)} with headroom; it declares {_size(declared_mib)}",
        remedy=_TOO_BIG_REMEDY["query"] if enough_mib is None else f"declare memory_mib={enough_mib}",
        figure=needed_mib * MIB,
        limit=declared_mib * MIB,
        unit=Unit.BYTES,
    )


# --- time -----------------------------------------------------------------------------------------------------------

_TOO_LONG_REMEDY = {
    "per_group": "use more shards",
    "per_shard": "use more shards",
    "query": "split it by file with combine=",
    "combine": "aggregate more in each part",
}


def too_long(subject: str, *, kind: str, memory_mib: int, duration_ns: int, limit_ns: int, remedy: str = "") -> Reason:
    """No memory size makes it end in time."""
    return Reason(
        kind=ReasonKind.TIME,
        effect=Effect.NO,
        subject=subject,
        text=f"takes {duration(duration_ns)} there with {_size(memory_mib)}; Lambda ends at {_time(limit_ns)}",
        remedy=remedy or _TOO_LONG_REMEDY.get(kind, "split it by group, and run the groups in parallel"),
        figure=duration_ns,
        limit=limit_ns,
        unit=Unit.NANOSECONDS,
    )


def enlarged(subject: str, *, small_mib: int, memory_mib: int, duration_ns: int, limit_ns: int) -> Reason:
    """Memory alone would ask for less, but then it would not end in time."""
    return Reason(
        kind=ReasonKind.TIME,
        effect=Effect.NOTE,
        subject=subject,
        text=(
            f"gets {_size(memory_mib)}, because with the {_size(small_mib)} that its memory asks for "
            f"it takes {duration(duration_ns)}; Lambda ends at {_time(limit_ns)}"
        ),
        figure=duration_ns,
        limit=limit_ns,
        unit=Unit.NANOSECONDS,
    )


def close_to_limit(subject: str, *, duration_ns: int, slow_ns: int, limit_ns: int) -> Reason:
    """It ends in time as predicted, but with the spread that was seen on Lambda it may not."""
    return Reason(
        kind=ReasonKind.TIME,
        effect=Effect.NOTE,
        subject=subject,
        text=(
            f"takes {duration(duration_ns)} there, and {duration(slow_ns)} with the spread that Lambda shows; "
            f"Lambda ends at {_time(limit_ns)}"
        ),
        figure=slow_ns,
        limit=limit_ns,
        unit=Unit.NANOSECONDS,
    )


def init_too_long(subject: str, *, init_ns: int, limit_ns: int) -> Reason:
    """Start and imports take longer than Lambda lets them."""
    return Reason(
        kind=ReasonKind.INIT,
        effect=Effect.NO,
        subject=subject,
        text=f"takes {duration(init_ns)} to start and import; Lambda's init ends at {_time(limit_ns)}",
        remedy="import less",
        figure=init_ns,
        limit=limit_ns,
        unit=Unit.NANOSECONDS,
    )


def mostly_init(subject: str, *, kind: str, init_ns: int, task_ns: int, fewer_shards: bool) -> Reason:
    """At least half of what a task is billed for is its start and imports."""
    fewer = ", or use fewer shards" if fewer_shards else ""
    its_own = kind in ("query", "combine")  # Which imports DuckDB and nothing of the user's.
    return Reason(
        kind=ReasonKind.INIT,
        effect=Effect.NOTE,
        subject=subject,
        text=f"spends {duration(init_ns)} of {duration(task_ns)} on its start and imports",
        remedy="" if its_own else f"import less{fewer}",
        figure=init_ns,
        limit=task_ns,
        unit=Unit.NANOSECONDS,
    )


def init_unknown(subject: str) -> Reason:
    """Every sandbox was warm, so what a start takes was not measured."""
    return Reason(
        kind=ReasonKind.INIT,
        effect=Effect.NOTE,
        subject=subject,
        text="was measured in warm sandboxes only, so that no start is counted",
        remedy="run it with --cold",
    )


# --- the rest -------------------------------------------------------------------------------------------------------


def temp_too_big(subject: str, *, temp_bytes: int, limit_bytes: int) -> Reason:
    """More temporary files than the largest /tmp holds."""
    return Reason(
        kind=ReasonKind.TEMP,
        effect=Effect.NO,
        subject=subject,
        text=f"keeps {memory(temp_bytes)} of temporary files; Lambda's /tmp ends at {_size(limit_bytes // MIB)}",
        remedy="give a query more memory so that it spills less, or split the work",
        figure=temp_bytes,
        limit=limit_bytes,
        unit=Unit.BYTES,
    )


def temp_costs(subject: str, *, temp_bytes: int, included_bytes: int) -> Reason:
    """More temporary files than are included in the price."""
    return Reason(
        kind=ReasonKind.TEMP,
        effect=Effect.NOTE,
        subject=subject,
        text=(
            f"keeps {memory(temp_bytes)} of temporary files; "
            f"above {memory(included_bytes)} Lambda charges a little for /tmp, which is not counted here"
        ),
        figure=temp_bytes,
        limit=included_bytes,
        unit=Unit.BYTES,
    )


_SAID = {
    Ending.RAISED: "raised",
    Ending.EXITED: "exited",
    Ending.KILLED: "was killed",
    Ending.OUT_OF_MEMORY: "ran out of memory",
    Ending.TIMED_OUT: "did not end in time",
    Ending.STOPPED: "was stopped",
    Ending.LOST: "was lost",
}
_SAYS_NOTHING = {Ending.STOPPED, Ending.LOST}
"""Endings that the task is not to blame for."""


def ended_otherwise(
    subject: str, *, outcomes: Mapping[Ending, int], messages: Mapping[Ending, str]
) -> tuple[Reason, ...]:
    """Some tasks did not end well; one reason for each way in which they ended, with a message where there is one."""
    tasks = sum(outcomes.values())
    reasons = []
    for ending, number in outcomes.items():
        if ending is Ending.OK:
            continue
        nothing = ending in _SAYS_NOTHING
        of = "" if tasks == 1 else f" in {count(number)} of {count(tasks)} tasks"
        message = "" if ending is Ending.STOPPED else messages.get(ending, "").strip().rstrip(".")
        said = f" ({message})" if message else ""
        reasons.append(
            Reason(
                kind=ReasonKind.OUTCOME,
                effect=Effect.UNDECIDED if nothing else Effect.NO,
                subject=subject,
                text=f"{_SAID[ending]}{of}{said}",
                remedy="measure it again" if nothing else "",
                figure=number,
                limit=0,
                unit=Unit.TASKS,
            )
        )
    return tuple(reasons)


def not_measured(subject: str, *, tasks: int, planned: int) -> Reason:
    """The run ended before all of it was measured."""
    return Reason(
        kind=ReasonKind.INCOMPLETE,
        effect=Effect.UNDECIDED,
        subject=subject,
        text=(
            f"was measured in {count(tasks)} of {count(planned)} tasks only" if tasks else "was not reached by the run"
        ),
        remedy="measure it again",
        figure=tasks,
        limit=planned,
        unit=Unit.TASKS,
    )


def unfinished(subject: str, *, problem: str) -> Reason:
    """A variant did not come to its end, for a reason that no task of it shows."""
    return Reason(
        kind=ReasonKind.INCOMPLETE,
        effect=Effect.UNDECIDED,
        subject=subject,
        text=f"did not come to its end ({problem.rstrip('.')})" if problem else "did not come to its end",
        remedy="measure it again",
    )


def over_budget(subject: str, *, needed: Decimal, allowed: Decimal, usd: Decimal, requests: int) -> Reason:
    """One request takes more than the budget leaves for it."""
    return Reason(
        kind=ReasonKind.BUDGET,
        effect=Effect.NO,
        subject=subject,
        text=(
            f"takes {significant(needed)} GB-seconds per request; {dollars(usd)} a day for {count(requests)} "
            f"requests allows {significant(allowed)}"
        ),
        figure=needed,
        limit=allowed,
        unit=Unit.GB_SECONDS,
    )


def other_answer(subject: str, *, rows: int, equal_rows: int) -> Reason:
    """The decomposed variant does not do the same job."""
    return Reason(
        kind=ReasonKind.ANSWER,
        effect=Effect.NO,
        subject=subject,
        text=f"gives another answer than its monolith: {count(equal_rows)} of {count(rows)} rows agree",
        figure=equal_rows,
        limit=rows,
        unit=Unit.ROWS,
    )


def _size(mib: int) -> str:
    """A memory size; whole GB without decimals, as a limit is said.

    >>> _size(10_240), _size(512), _size(1536)
    ('10 GB', '512 MB', '1.50 GB')
    """
    return f"{count(mib * MIB // GIB)} GB" if mib and mib * MIB % GIB == 0 else memory(mib * MIB)


def _time(ns: int) -> str:
    """A time limit; whole minutes without seconds, as a limit is said."""
    return f"{ns // NS_PER_MIN} min" if ns >= NS_PER_MIN and ns % NS_PER_MIN == 0 else f"{ns // NS_PER_S} s"
