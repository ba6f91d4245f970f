"""Runs side by side for a program: every figure of every repeat, unrounded. docs/compare.schema.json."""

from __future__ import annotations

from typing import Any

from profiler.comparing.values import Line, Side, SideBySide, Value
from profiler.report.json_report import commit_document

SCHEMA = "paredown.compare/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.


def document(compared: SideBySide) -> dict[str, Any]:
    """Return a comparison as plain values."""
    letters = [side.letter for side in compared.sides]
    return {
        "schema": SCHEMA,
        "job": compared.job,
        "runs": [_side(side, compared) for side in compared.sides],
        "differs": [
            {"name": trait.name, "values": dict(zip(letters, trait.values, strict=True))} for trait in compared.traits
        ],
        "figures": [_line(line, letters) for line in compared.lines],
        "steps_not_in_all": [
            {"variant": variant.value, "step": step, "in": list(held)} for variant, step, held in compared.only_in
        ],
        "renamed_steps": [
            {"run": letter, "variant": variant.value, "step": before, "there": now}
            for letter, variant, before, now in compared.renamed
        ],
    }


def _side(side: Side, compared: SideBySide) -> dict[str, Any]:
    run = side.run
    answers = {answer.variant.value: answer.rows for answer in run.answers}
    return {
        "letter": side.letter,
        "id": run.id,
        "path": run.path,
        "created": run.created,
        "commit": commit_document(run.commit),
        "repeats": {variant.value: number for variant, number in side.repeats},
        "same_machine": side.same_machine,
        "slower": {variant.value: ratio for variant, ratio in side.slower},
        "busy": [variant.value for variant in side.busy],
        "other_work": side.other_data,
        "workspace": run.settings.workspace or None,
        "answer_rows": answers,
        "hypothetical": [variant.value for variant, letter in compared.hypothetical if letter == side.letter],
    }


def _line(line: Line, letters: list[str]) -> dict[str, Any]:
    return {
        "variant": line.variant.value,
        "step": line.step,
        "figure": line.figure.value,
        "values": {
            letter: None if value is None else _value(value) for letter, value in zip(letters, line.values, strict=True)
        },
    }


def _value(value: Value) -> dict[str, Any]:
    found = value.difference
    return {
        "typical": value.typical,
        "repeats": list(value.repeats),
        "bounded": value.bounded,
        "at_pace": value.at_pace,
        "difference": None
        if found is None
        else {
            "finding": found.finding.value,
            "doubt": None if found.doubt is None else found.doubt.value,
            "ratio": found.ratio,
            "interval": None if found.interval is None else list(found.interval),
        },
    }
