"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from tests.rules.sources import modules, name_of

EXAMPLES = [path for path in modules("profiler") if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_the_examples_of_a_module_are_true(path: Path) -> None:
    result = doctest.testmod(import_module(name_of(path)), raise_on_error=False)
    assert result.attempted > 0
    assert result.failed == 0
