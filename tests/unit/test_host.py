"""Which host ran a task: told by its name and its boot, and named as short as it can be."""

from __future__ import annotations

import socket

import pytest

from profiler.owner import this_host
from profiler.runner.host import called, seen_from

HARNESS = "node-1#a361a292-29eb-486c-aa49-3600839f5e6e"


@pytest.mark.parametrize(
    ("own", "name"),
    [
        pytest.param(HARNESS, "", id="the same host"),
        pytest.param("node-2#11111111-29eb-486c-aa49-3600839f5e6e", "node-2", id="another host"),
        pytest.param("3f9c2e#a361a292-29eb-486c-aa49-3600839f5e6e", "3f9c2e", id="a container of the same machine"),
        pytest.param("node-1#11111111-29eb-486c-aa49-3600839f5e6e", "node-1#11111111", id="a clone of the machine"),
        pytest.param("node-1#", "", id="the same name, and no boot to go by"),
        pytest.param("node-2#", "node-2", id="another name, and no boot to go by"),
        pytest.param("node#1#11111111", "node#1", id="a name that looks like more"),
    ],
)
def test_what_a_host_is_called(own: str, name: str) -> None:
    assert called(own, HARNESS) == name


def test_this_host_seen_from_itself_has_no_name() -> None:
    assert this_host().startswith(f"{socket.gethostname()}#")
    assert seen_from(this_host()) == ""


def test_a_task_that_names_no_harness_is_at_home() -> None:
    assert seen_from("") == ""
    assert seen_from("node-1#of another time") != ""
