"""Imports point down only, and every library has its place: the tables of CONTRIBUTING.md hold."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rules.imports import imported_modules, names_of_the_package
from tests.rules.sources import modules, name_of

FACE = ROOT / "profiler" / "__init__.py"
"""The public face; what it imports, and when, is the matter of `test_public_names`."""


def table(first_heading: str) -> list[tuple[list[str], list[str]]]:
    """The first two columns of a table in CONTRIBUTING.md, each as the names in it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.split(f"| {first_heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [(names(row.split(" |")[0]), names(row.split(" |")[1])) for row in rows]


def names(cell: str) -> list[str]:
    """The names in a cell: in backticks, or the word for all of them."""
    return re.findall(r"\w+(?=/?`)|everything", cell)


LAYERS = {layer: set(below) for layers, below in table("module") for layer in layers}
LIBRARIES = {library: set(places) for libraries, places in table("library") for library in libraries}


def layer_of(path: Path) -> str:
    """The row that a module of ours belongs to."""
    return name_of(path).split(".")[1]


ours = pytest.mark.parametrize("path", [path for path in modules("profiler") if path != FACE], ids=name_of)


@ours
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    layer = layer_of(path)
    assert layer in LAYERS, f"{layer} has no row in the table of CONTRIBUTING.md"
    if "everything" not in LAYERS[layer]:
        assert names_of_the_package(path) - LAYERS[layer] - {layer} == set()


def test_the_table_names_no_module_that_is_gone() -> None:
    assert set(LAYERS) - {layer_of(path) for path in modules("profiler") if path != FACE} == set()


def test_no_import_comes_back_to_where_it_started() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules("profiler"):
        if path != FACE:
            layer = layer_of(path)
            graph.setdefault(layer, set()).update(names_of_the_package(path) - {layer})
    TopologicalSorter(graph).prepare()


@ours
def test_a_library_is_imported_only_in_its_place(path: Path) -> None:
    used = {module.split(".")[0] for module in imported_modules(path)} & set(LIBRARIES)
    assert {library for library in used if layer_of(path) not in LIBRARIES[library]} == set()


@pytest.mark.parametrize("path", modules("workloads"), ids=name_of)
def test_a_reference_job_uses_what_a_user_may(path: Path) -> None:
    import profiler

    assert {module for module in imported_modules(path) if module.startswith("profiler.")} == set()
    assert names_of_the_package(path) - set(profiler.__all__) == set()
