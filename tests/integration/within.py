"""Commands of paredown within the test's own process: for those that start no other one, and ask a store if any."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest
from s3fs import S3FileSystem

from profiler.cli.main import main
from tests.integration.place import Ended, Place


def paredown_within(place: Place, *arguments: str, **variables: str) -> Ended:
    """Run `paredown ARGUMENTS` in a place, as it would run there by itself.

    It asks stores by the clients that this process has, and by new ones where variables of its own are given.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as there, redirect_stdout(out), redirect_stderr(err):
        there.chdir(place.folder)
        for name in ("COLUMNS", "NO_COLOR"):
            there.delenv(name, raising=False)
        for name, value in {**place.environment, **variables}.items():
            there.setenv(name, value)
        if variables:
            S3FileSystem.clear_instance_cache()
        code = main(arguments)
    if variables:
        S3FileSystem.clear_instance_cache()
    return Ended(code=code, out=out.getvalue(), err=err.getvalue(), workspace=place.workspace, newest=None)
