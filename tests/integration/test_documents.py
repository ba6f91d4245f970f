"""What the documents show works as it stands: the tutorial from its first line to its last, and the Python examples."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rules.documents import Block, blocks

PAREDOWN = [sys.executable, "-c", "import sys; from profiler.cli.main import main; sys.exit(main())"]
TUTORIAL = ROOT / "docs" / "tutorial.md"


def call(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell block in a folder."""
    program, *arguments = shlex.split(line)
    command = {"paredown": PAREDOWN, "python": [sys.executable]}[program]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command of the tutorial said, run one after another on the tutorial's own files."""
    folder = tmp_path_factory.mktemp("tutorial")
    outputs: dict[str, str] = {}
    for block in blocks(TUTORIAL):
        kind, _, name = block.label.partition(": ")
        if kind == "file":
            (folder / name).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for line in block.text.splitlines():
                ended = call(line, folder)
                assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
                outputs[line] = ended.stdout + ended.stderr
    return outputs


def test_the_tutorial_says_the_same_thing_of_both_variants(said: dict[str, str]) -> None:
    for line in ("paredown run job.py", "paredown run job.py --variant decomposed --against last --shards 1"):
        assert re.search(r"SAME +40 of 40 rows agree", said[line])
        assert re.search(r"FITS +forecasts fits AWS Lambda when decomposed", said[line])


@pytest.mark.parametrize(
    "block", [block for block in blocks(TUTORIAL) if block.label.startswith("output: ")], ids=lambda block: block.label
)
def test_an_output_in_the_tutorial_has_the_rows_of_a_real_one(block: Block, said: dict[str, str]) -> None:
    """Figures differ from machine to machine, what they are called does not."""
    text = said[block.label.removeprefix("output: ")]
    for label in re.findall(r"^  (\S.*?)  ", block.text, re.MULTILINE):
        assert re.search(rf"^  {re.escape(label)}  ", text, re.MULTILINE), label


def test_the_python_examples_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("paredown init", tmp_path).returncode == 0
    page = ROOT / "docs" / "python.md"
    text = "\n".join(block.text for block in blocks(page) if block.language == "pycon")
    example = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert len(example.examples) > 10
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert "".join(said) == ""
