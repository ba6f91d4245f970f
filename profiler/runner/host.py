"""Which host this is, so that a task can tell whether another one than the harness's ran it.

A host is known by its name and by the id of its boot. The name alone does not do: clones of a virtual machine may share
it. The boot alone does not either: containers of one machine share it, and each has cores and memory of its own. A
container that shares name and boot with the harness is taken for the same host, and so is a clone that was resumed from
a snapshot rather than started.
"""

from __future__ import annotations

from profiler.owner import this_host

_DIGITS = 8
"""Of a boot's id, where the name of its host does not tell it from the harness's."""


def seen_from(harness: str) -> str:
    """Return what this host is called in a run of the harness that is `this_host` there; empty on the same host."""
    return called(this_host(), harness) if harness else ""


def called(own: str, harness: str) -> str:
    """Return what one host is called in a run of another: its name, and where that says nothing, also its boot.

    >>> called("node-2#a1b2c3d4-e5f6", "node-1#11111111-2222"), called("node-1#11111111-2222", "node-1#11111111-2222")
    ('node-2', '')
    >>> called("clone#a1b2c3d4-e5f6", "clone#11111111-2222"), called("clone#", "clone#11111111-2222")
    ('clone#a1b2c3d4', '')
    """
    name, _, boot = own.rpartition("#")
    other_name, _, other_boot = harness.rpartition("#")
    if name != other_name:
        return name
    return f"{name}#{boot[:_DIGITS]}" if boot and other_boot and boot != other_boot else ""
