"""Commands of paredown whose harness is the test's own process; what they start are processes of their own as ever."""

from __future__ import annotations

import io
import uuid
from contextlib import redirect_stderr, redirect_stdout

import pytest
from s3fs import S3FileSystem

from profiler.cli.main import main
from tests.integration.place import MARK, Ended, Place, alive


def paredown_within(place: Place, *arguments: str, **variables: str) -> Ended:
    """Run `paredown ARGUMENTS` in a place to its end, as it would run there by itself.

    It asks stores by the clients that this process has, and by new ones where variables of its own are given.
    """
    out, err, mark = io.StringIO(), io.StringIO(), uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as there, redirect_stdout(out), redirect_stderr(err):
        there.chdir(place.folder)
        for name in ("COLUMNS", "NO_COLOR"):
            there.delenv(name, raising=False)
        for name, value in {"PYTHONWARNINGS": "", **place.environment, **variables, MARK: mark}.items():
            there.setenv(name, value)
        if variables:
            S3FileSystem.clear_instance_cache()
        code = main(arguments)
    if variables:
        S3FileSystem.clear_instance_cache()
    left = alive(mark)
    assert not left, f"still there when paredown had ended: {left}"
    return Ended(code=code, out=out.getvalue(), err=err.getvalue(), workspace=place.workspace, newest=None)
