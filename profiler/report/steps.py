"""One section per variant: what each of its steps used here, and what it comes to on Lambda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from profiler.fit import StepFit
from profiler.model import Peak, Run, Variant
from profiler.reasons import Effect, Reason
from profiler.report.clean import one_line
from profiler.report.figures import end_of, numbers, peaks, seen, sizes, times
from profiler.report.hosts import at_once
from profiler.report.moved import between_note, moved_note
from profiler.report.shape import Bar, Cell, Column, Row, Section, Table, Tone
from profiler.report.skew import measured_note, skew_notes
from profiler.units import count, percent, ratio, significant
from profiler.variants import VariantVerdict

HERE = "measured here"
_ELSEWHERE = "as measured"
THERE = "on Lambda"
WORDS = {True: ("fits", Tone.YES), False: ("no", Tone.NO), None: ("undecided", Tone.DOUBT)}

_EFFECTS = (Effect.NO, Effect.UNDECIDED, Effect.NOTE)

_STEP = Column(key="step", title="step")
_TASKS = Column(key="tasks", title="tasks", right=True)
_ENTERED = "entered: how often a mark was, each time as a task of its own"
_BAR = Column(key="bar", group=HERE)
_PEAK = Column(key="peak", title="peak", group=HERE, right=True, meaning="peak: the highest memory of any task")
_ADDED = Column(key="added", title="added", group=HERE, right=True, meaning="added: what the step put on top")
_WALL = Column(key="wall", title="wall", group=HERE, right=True, meaning="wall and CPU: sums over the tasks")
_CPU = Column(key="cpu", title="CPU", group=HERE, right=True, meaning=_WALL.meaning)
_LONGEST = Column(key="longest", title="longest", group=HERE, right=True, meaning="longest: the slowest task")
_INIT = Column(key="init", title="init", group=HERE, right=True, meaning="init: start and imports of a sandbox")
_SIZE = Column(key="size", title="size", group=THERE, right=True)
_THERE = Column(key="there", title="longest", group=THERE, right=True, meaning=_LONGEST.meaning)
_GB_S = Column(key="gb_s", title="GB-s", group=THERE, right=True, meaning="GB-s: billed for all tasks")
_USED = Column(
    key="used", title="used", group=THERE, right=True, meaning="used: the part of it that peak and time took"
)
_VERDICT = Column(key="verdict", group=THERE)


def section_of(variant: VariantVerdict, run: Run) -> Section:
    """Lay out one variant."""
    steps = steps_table(variant)
    if any(item.host for item in run.of(variant.variant)):
        columns = (replace(item, group=_ELSEWHERE) if item.group == HERE else item for item in steps.columns)
        steps = replace(steps, columns=tuple(columns))
    return Section(title=_title(variant, run), steps=steps, notes=_notes(variant, run))


def steps_table(variant: VariantVerdict) -> Table:
    """One row per step; a column that holds nothing for any of them is left empty."""
    steps = variant.steps
    sold = [None if step.hypothetical or step.memory_mib is None else step for step in steps]
    highest = [seen(step.peak) for step in steps]
    monolith = variant.variant is Variant.MONOLITH
    fans_out = any(step.tasks > 1 for step in steps)
    texts: dict[Column, list[str]] = {}

    def put(column: Column, figures: tuple[str, list[str]]) -> None:
        unit, cells = figures
        texts[replace(column, title=f"{column.title} {unit}".strip())] = cells

    put(_STEP, ("", [step_name(step, steps) for step in steps]))
    if fans_out or not monolith:
        tasks = replace(_TASKS, title="entered", meaning=_ENTERED) if monolith else _TASKS
        put(tasks, ("", [count(step.tasks) for step in steps]))
    put(_BAR, ("", [""] * len(steps)))
    put(_PEAK, peaks(highest))
    if monolith:
        unit, added = sizes([step.added_bytes for step in steps])
        put(_ADDED, (unit, [_signed(figure) for figure in added]))
        put(_WALL, times([step.wall_ns if step.peak is not None else None for step in steps]))
    put(_CPU, times([step.cpu_ns if step.peak is not None else None for step in steps]))
    if fans_out:
        put(_LONGEST, times([step.task_wall_ns_max for step in steps]))
    put(_INIT, times([step.init_ns_median for step in steps]))
    put(_SIZE, ("MB", numbers([None if step is None else step.memory_mib for step in sold])))
    put(_THERE, times([None if step is None else step.duration_ns for step in sold]))
    put(_GB_S, ("", numbers([None if step is None else step.gb_s for step in sold])))
    put(_USED, ("", ["" if step.utilisation is None else percent(step.utilisation) for step in steps]))
    put(_VERDICT, ("", [WORDS[step.fits][0] for step in steps]))
    lengths = bars(highest)
    return Table(
        columns=tuple(texts),
        rows=tuple(
            Row(
                cells=tuple(_cell(column, cells[place], step, lengths[place]) for column, cells in texts.items()),
                remarks=remarks(step.reasons),
                remedies=tuple(dict.fromkeys(one_line(reason.remedy) for reason in step.reasons if reason.remedy)),
                subject=step_name(step, steps),
            )
            for place, step in enumerate(steps)
        ),
    )


def step_name(step: StepFit, steps: Sequence[StepFit]) -> str:
    """A step's name; of a script that marks its parts, what is outside them is called so."""
    rest = step.kind == "script" and any(other.kind == "mark" for other in steps)
    return f"{one_line(step.name)}, the rest" if rest else one_line(step.name)


def nested_note(steps: Sequence[StepFit]) -> str:
    """Say which parts of a script are inside others, so that nobody adds them up; empty where none is."""
    names = [one_line(step.name) for step in steps if step.nested]
    if not names:
        return ""
    return f"Inside another part, which counts it already: {', '.join(names)}."


def _cell(column: Column, text: str, step: StepFit, length: Bar | None) -> Cell:
    tone = WORDS[step.fits][1] if column.key == _VERDICT.key else Tone.PLAIN
    return Cell(text=text, tone=tone, bar=length if column.key == _BAR.key else None)


def _signed(figure: str) -> str:
    """Put a plus directly before a figure, inside or outside of its padding."""
    padding = len(figure) - len(figure.lstrip())
    return f"{' ' * padding}+{figure.strip()}{' ' * (len(figure) - len(figure.rstrip()))}" if figure.strip() else ""


def remarks(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """What is to be said of a subject, the worst first."""
    ordered = sorted(reasons, key=lambda reason: _EFFECTS.index(reason.effect))
    return tuple(dict.fromkeys(one_line(reason.text) for reason in ordered))


def bars(values: Sequence[Peak | None]) -> tuple[Bar | None, ...]:
    """Return each peak as a part of the largest."""
    largest = max((end_of(peak) for peak in values if peak is not None), default=0)
    if not largest:
        return tuple(None for _ in values)
    return tuple(None if peak is None else Bar(low=peak.low / largest, high=end_of(peak) / largest) for peak in values)


def _title(variant: VariantVerdict, run: Run) -> str:
    if run.is_script:
        return f"The script as it stands: {one_line(PurePath(run.plan.file).name)}"
    if variant.variant is Variant.MONOLITH:
        return "Monolith: all steps in one process"
    if not any(step.fans_out for step in run.plan.decomposed):
        where = "here" if run.settings.engine == "local" else f"on {one_line(run.settings.engine)}"
        return f"Decomposed: each step in a sandbox of its own, {where}"
    shards = "1 shard" if run.plan.shards == 1 else f"{count(run.plan.shards)} shards of whole groups"
    return f"Decomposed: {shards}, {at_once(run.settings)}"


def _notes(variant: VariantVerdict, run: Run) -> tuple[str, ...]:
    notes = []
    if not variant.complete:
        why = f": {one_line(variant.problem)}" if variant.problem else ""
        notes.append(f"Not complete{why}.")
    notes.append(nested_note(variant.steps))
    if variant.floor_gb_s is not None and variant.times_floor is not None and not variant.hypothetical:
        notes.append(
            f"The floor: CPU and one init per task come to {significant(variant.floor_gb_s)} GB-seconds at any size; "
            f"this takes {ratio(variant.times_floor)} times that."
        )
    decomposed = variant.variant is Variant.DECOMPOSED
    notes += [between_note(run) if decomposed else "", moved_note(variant.steps)]
    if decomposed:
        notes += [*skew_notes(run.plan), *measured_note(run)]
    return tuple(filter(None, notes))
