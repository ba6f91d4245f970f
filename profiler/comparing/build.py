"""From runs to a comparison: every figure of each run against that of the first, with the noise of the repeats.

Pure: the same runs and the same facts give the same comparison on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase

from profiler.checking.likeness import other_data, renamed, same_between, same_place
from profiler.comparing.figures import Figures, Key, Terms, figures_of
from profiler.comparing.pace import references
from profiler.comparing.traits import traits
from profiler.comparing.values import Difference, Doubt, Figure, Finding, Line, Side, SideBySide, Value
from profiler.errors import UsageError
from profiler.model import Run, Variant
from profiler.regression.difference import difference
from profiler.regression.pace import DRIFT
from profiler.regression.repeats import typical
from profiler.series import complete_repetitions, series_of

MOST_RUNS = len(ascii_uppercase)
_OF_ITS_MACHINE = (Figure.CPU, Figure.GB_SECONDS, Figure.USD_PER_REQUEST)
_BILLED = (Figure.GB_SECONDS, Figure.USD_PER_REQUEST)


def side_by_side(runs: Sequence[Run], terms: Terms) -> SideBySide:
    """Hold runs against the first of them.

    Raises:
        UsageError: If there are fewer than two or too many, if two are the same, or they are of different jobs.
    """
    _check(runs)
    first = runs[0]
    names = [_names_there(first, run) for run in runs]
    measured = [series_of(run) for run in runs]
    figures = [
        _renamed(figures_of(run, of_run, terms, reference), there)
        for run, of_run, reference, there in zip(runs, measured, references(runs, measured, names), names, strict=True)
    ]
    sides = tuple(
        _side(letter, run, of_run, first) for letter, run, of_run in zip(ascii_uppercase, runs, figures, strict=False)
    )
    return SideBySide(
        job=first.plan.job,
        sides=sides,
        traits=traits(runs),
        lines=tuple(_line(key, figures, sides) for key in _keys(figures)),
        only_in=tuple(_only_in(figures, sides)),
        renamed=tuple(
            (side.letter, variant, before, now)
            for side, there in zip(sides, names, strict=True)
            for (variant, now), before in there.items()
        ),
        rows=tuple(_rows(runs)),
        hypothetical=tuple(
            (variant, side.letter)
            for variant in Variant
            for side, of_side in zip(sides, figures, strict=True)
            if variant in of_side.hypothetical
        ),
    )


def check_number(runs: int) -> None:
    """Refuse too few or too many runs, before any of them is read.

    Raises:
        UsageError: Saying how many are expected.
    """
    if runs < 2:
        what = "one run is given, and nothing to hold it to" if runs else "no run is given"
        raise UsageError(f"{what}; expected two runs or more", hint="paredown runs lists them")
    if runs > MOST_RUNS:
        raise UsageError(
            f"{runs} runs are too many to stand side by side; expected at most {MOST_RUNS}",
            hint="paredown history shows all runs of a job",
        )


def _check(runs: Sequence[Run]) -> None:
    check_number(len(runs))
    seen: dict[str, Run] = {}
    for run in runs:
        if run.id in seen:
            raise UsageError(f"{run.id} is given twice; expected different runs", hint="paredown runs lists them")
        seen[run.id] = run
    first = runs[0]
    others = [run for run in runs if run.plan.job != first.plan.job]
    if others:
        raise UsageError(
            f"{first.id} is a run of {first.plan.job}, and {others[0].id} one of {others[0].plan.job}; "
            "expected runs of one job",
            hint="paredown runs lists them",
        )


def _side(letter: str, run: Run, figures: Figures, first: Run) -> Side:
    return Side(
        letter=letter,
        run=run,
        same_machine=same_place(first, run),
        other_data=other_data(first, run),
        repeats=tuple(
            (variant, len(complete_repetitions(run, variant)))
            for variant in Variant
            if run.of(variant) or variant in run.settings.variants
        ),
        same_between=all(
            same_between(first, run, variant) for variant in Variant if first.of(variant) and run.of(variant)
        ),
        slower=tuple(figures.slower.items()),
        busy=tuple(variant for variant in Variant if variant in figures.busy),
    )


def _names_there(first: Run, run: Run) -> dict[tuple[Variant, str], str]:
    """Steps of a run that the first one has under another name: that name, by variant and name here."""
    if run is first:
        return {}
    return {(variant, now): before for variant in Variant for now, before in renamed(first, run, variant).items()}


def _renamed(figures: Figures, names: Mapping[tuple[Variant, str], str]) -> Figures:
    if not names:
        return figures

    def named(variant: Variant, step: str | None) -> str | None:
        return None if step is None else names.get((variant, step), step)

    return replace(
        figures,
        repeats={
            (variant, named(variant, step), figure): values
            for (variant, step, figure), values in figures.repeats.items()
        },
        bounded=frozenset((variant, named(variant, step)) for variant, step in figures.bounded),
    )


def _keys(figures: Sequence[Figures]) -> list[Key]:
    """Every figure that some run has: by variant, the whole first, then steps as the first run has them."""
    steps = list(dict.fromkeys((variant, step) for item in figures for variant, step, _ in item.repeats))
    order = list(Variant)
    steps.sort(key=lambda key: (order.index(key[0]), key[1] is not None))
    return [
        (variant, step, figure)
        for variant, step in steps
        for figure in Figure
        if any((variant, step, figure) in item.repeats for item in figures)
    ]


def _line(key: Key, figures: Sequence[Figures], sides: Sequence[Side]) -> Line:
    variant, step, figure = key
    reference = figures[0].repeats.get(key, ())
    values: list[Value | None] = []
    for item, side in zip(figures, sides, strict=True):
        repeats = item.repeats.get(key, ())
        if not repeats:
            values.append(None)
            continue
        against = None
        if reference and side is not sides[0]:
            both = figures[0], item
            against = Difference(finding=Finding.NOT_COMPARED, ratio=_ratio(reference, repeats))
            if _comparable(variant, figure, side, both):
                against = _against(reference, repeats, figure, _doubt(variant, figure, both))
        values.append(
            Value(
                repeats=repeats,
                typical=typical(repeats),
                bounded=figure is Figure.PEAK and (variant, step) in item.bounded,
                at_pace=figure in _OF_ITS_MACHINE and variant in item.slower,
                difference=against,
            )
        )
    return Line(variant=variant, step=step, figure=figure, values=tuple(values))


def _comparable(variant: Variant, figure: Figure, side: Side, figures: tuple[Figures, Figures]) -> bool:
    """Whether a difference says anything: not of elapsed time, nor of CPU time of another machine."""
    if figure is Figure.WALL or (figure in _OF_ITS_MACHINE and not side.same_machine):
        return False
    return not (figure in _BILLED and any(variant in item.hypothetical for item in figures))


def _doubt(variant: Variant, figure: Figure, figures: tuple[Figures, Figures]) -> Doubt | None:
    """Why CPU time, and what follows from it, says nothing, though noise within either run is known."""
    if figure not in _OF_ITS_MACHINE:
        return None
    if any(variant in item.busy for item in figures):
        return Doubt.BUSY
    return None if variant in figures[1].slower else Doubt.PACE


def _against(before: Sequence[float], after: Sequence[float], figure: Figure, doubt: Doubt | None) -> Difference:
    old, new, ratio = typical(before), typical(after), _ratio(before, after)
    if figure is Figure.TASKS:
        finding = Finding.MORE if new > old else Finding.LESS if new < old else Finding.SAME
        return Difference(finding=finding, ratio=ratio)
    threshold = DRIFT if figure in _OF_ITS_MACHINE else 0
    rise = difference(before, after, threshold=threshold)
    if rise.interval is None or doubt is not None:
        doubt = Doubt.REPEATS if rise.interval is None else doubt
        return Difference(finding=Finding.UNKNOWN, doubt=doubt, ratio=ratio)
    finding = Finding.SAME
    if rise.worse:
        finding = Finding.MORE
    elif new < old and difference(after, before, threshold=threshold).worse:
        finding = Finding.LESS
    return Difference(finding=finding, ratio=ratio, interval=rise.interval)


def _ratio(before: Sequence[float], after: Sequence[float]) -> float | None:
    old = typical(before)
    return typical(after) / old if old else None


def _only_in(figures: Sequence[Figures], sides: Sequence[Side]) -> Iterator[tuple[Variant, str, tuple[str, ...]]]:
    """Steps that not all runs have which measured the variant."""
    for variant in Variant:
        of_sides = [{step for found, step, _ in item.repeats if found is variant} for item in figures]
        measured = [(side, steps) for side, steps in zip(sides, of_sides, strict=True) if steps]
        names = dict.fromkeys(step for item in figures for found, step, _ in item.repeats if found is variant and step)
        for name in names:
            letters = tuple(side.letter for side, steps in measured if name in steps)
            if len(letters) < len(measured):
                yield variant, name, letters


def _rows(runs: Sequence[Run]) -> Iterator[tuple[Variant, tuple[int | None, ...]]]:
    for variant in Variant:
        rows = tuple(next((answer.rows for answer in run.answers if answer.variant is variant), None) for run in runs)
        if len({number for number in rows if number is not None}) > 1:
            yield variant, rows
