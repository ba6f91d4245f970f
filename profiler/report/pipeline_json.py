"""The bill of a pipeline for a program: amounts and money as decimal strings, unrounded. docs/pipeline.schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from enum import Enum
from typing import Any

from profiler.pipeline.whole import Pipeline
from profiler.report.pipeline_claim import headline

SCHEMA = "paredown.pipeline/1"


def pipeline_json(pipeline: Pipeline) -> str:
    """Return the bill of a pipeline as JSON that ends in a newline."""
    document = {"schema": SCHEMA, "sentence": headline(pipeline), **_plain(asdict(pipeline))}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """A value as JSON has it; a decimal as its digits, never with an exponent."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return f"{value:f}"
        case Enum():
            return value.value
        case _:
            return value
