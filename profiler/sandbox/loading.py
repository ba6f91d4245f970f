"""Finding the user's code again in a fresh process: `FunctionRef` to function, and back."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import FunctionType, ModuleType
from typing import Any

from profiler.errors import JobFileError
from profiler.model import FunctionRef

_NEEDED = ("profiler", "duckdb", "numpy", "pandas", "joblib")
"""What paredown itself imports in a sandbox after the user's folder is on the path."""


def use_folder(folder: str) -> None:
    """Put the user's folder first on the path, as Python does for a script.

    Raises:
        JobFileError: If something in it would hide paredown's own package, or a library that paredown needs.
    """
    home = os.path.dirname(os.path.dirname(os.path.abspath(sys.modules["profiler"].__file__ or "")))
    if not os.path.samefile(folder, home):
        for name in _NEEDED:
            for path in (os.path.join(folder, f"{name}.py"), os.path.join(folder, name, "__init__.py")):
                if os.path.isfile(path):
                    whose = "paredown's own package" if name == "profiler" else "a library that paredown needs"
                    raise JobFileError(
                        f"{path}: has the name of {whose}, so 'import {name}' beside it is ambiguous",
                        hint="give the file another name",
                    )
    if folder not in sys.path:
        sys.path.insert(0, folder)


def load_file(path: str) -> ModuleType:
    """Import a Python file as a module of its own name, once per process."""
    name = os.path.splitext(os.path.basename(path))[0]
    present = sys.modules.get(name)
    if present is not None and getattr(present, "__file__", None) and os.path.samefile(str(present.__file__), path):
        return present
    if present is not None or name in sys.stdlib_module_names:
        name = f"paredown_job_{name}"
        if name in sys.modules:
            return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise JobFileError(f"{path}: is no Python file that can be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def find(reference: FunctionRef) -> FunctionType:
    """Import a function by its reference."""
    module = importlib.import_module(reference.module) if reference.module else load_file(reference.file)
    value: Any = module
    for part in reference.qualname.split("."):
        value = getattr(value, part)
    if not isinstance(value, FunctionType):
        raise JobFileError(
            f"{reference.file}: {reference.qualname!r} is a {type(value).__name__} when a fresh process imports it; "
            "expected the plain function"
        )
    return value


def reference_to(function: FunctionType, job_file: str) -> FunctionRef:
    """How a fresh process finds `function` again."""
    file = os.path.abspath(function.__code__.co_filename)
    own = os.path.exists(job_file) and os.path.exists(file) and os.path.samefile(file, job_file)
    return FunctionRef(file=file, qualname=function.__qualname__, module=None if own else function.__module__)
