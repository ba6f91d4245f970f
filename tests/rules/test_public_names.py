"""What `import profiler` gives, and that it costs next to nothing: every sandbox and every command pays for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import profiler

PUBLIC = {
    "Job",
    "bill",
    "budget",
    "budget_of_run",
    "check",
    "dataset",
    "judge",
    "load",
    "mark",
    "per_group",
    "per_shard",
    "predict_duration",
    "query",
    "render",
    "run",
    "script",
    "step",
}

HEAVY = {"boto3", "duckdb", "joblib", "jsonschema", "memory_profiler", "numpy", "pandas", "psutil", "rich", "sklearn"}


def test_the_public_names_are_these() -> None:
    assert set(profiler.__all__) == PUBLIC
    assert profiler.__all__ == sorted(profiler.__all__)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_there_and_explains_itself(name: str) -> None:
    assert getattr(profiler, name).__doc__


@pytest.mark.parametrize(
    "statement",
    [
        "import profiler",
        "from profiler import Job, dataset, mark, per_group, per_shard, query, script, step",
        "import profiler.cli.main",
        "from profiler.cli.main import main; main(['--help'])",
        "from profiler.cli.main import main; assert main(['budget', '--dollars-per-day', '7']) == 0",
        "from profiler.cli.main import main; assert main(['bill', 'lambda.requests=1']) == 0",
        "from profiler.cli.main import main; assert main(['bill', 'lambda.requests=1', '--format', 'json']) == 0",
    ],
)
def test_no_library_is_imported_before_it_is_needed(statement: str) -> None:
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert HEAVY & {module.split(".")[0] for module in json.loads(ended.stderr)} == set()
