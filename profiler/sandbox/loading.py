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


def use_folder(folder: str) -> None:
    """Put the user's folder first on the path, as Python does for a script.

    Raises:
        JobFileError: If it holds a `profiler.py` or a folder `profiler`, which would hide this package.
    """
    if not os.path.samefile(
        folder, os.path.dirname(os.path.dirname(os.path.abspath(sys.modules["profiler"].__file__ or "")))
    ):
        for name in ("profiler.py", "profiler"):
            path = os.path.join(folder, name)
            if os.path.isfile(path) or os.path.isfile(os.path.join(path, "__init__.py")):
                raise JobFileError(
                    f"{path}: has the name of paredown's own package, so 'import profiler' beside it is ambiguous",
                    hint="rename the file; paredown's names come from 'import profiler'",
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
