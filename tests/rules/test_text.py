"""What every file of the project keeps to, whatever it is about."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rules.sources import modules, name_of, project_files

REGISTRY = re.compile(rb"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|deb\.[d]ebian\.org")
"""Written so that this file does not match."""


def test_no_file_names_a_package_registry() -> None:
    """What is installed from where is a matter of each machine: a mirror, an offline folder."""
    assert [path for path in project_files() if REGISTRY.search(path.read_bytes())] == []


@pytest.mark.parametrize("path", modules("profiler"), ids=name_of)
def test_a_module_says_first_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, "a module begins with a sentence that a stranger understands"
    assert docstring.split("\n\n")[0].rstrip().endswith(".")


@pytest.mark.parametrize("folder", ["profiler", "workloads"])
def test_no_module_is_called_like_a_standard_one(folder: str) -> None:
    """A script that is started by its path has its own folder first on `sys.path`."""
    names = {path.stem for path in modules(folder)} | {path.parent.name for path in modules(folder)}
    assert names & set(sys.stdlib_module_names) == set()


def test_queries_are_no_package() -> None:
    """As a package, `sql` would be importable, and something else of that name hidden."""
    assert [path for path in project_files() if path.is_relative_to(ROOT / "sql") and path.suffix == ".py"] == []
