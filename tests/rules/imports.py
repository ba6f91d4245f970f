"""What a file imports, read from its syntax tree: at its top, inside functions, and for type checking only."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = "profiler"


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports, as it names them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def names_of_the_package(path: Path) -> set[str]:
    """What a file takes from `profiler` itself: modules and public names, however it imports them.

    Dunder names (`profiler.__version__`, `profiler.__file__`) belong to every module and are left out.
    """
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith(f"{PACKAGE}."))
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{PACKAGE}."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == PACKAGE:
            found.add(node.attr)
    return {name for name in found if not name.startswith("__")}
