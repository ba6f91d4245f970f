"""Workers that live on another host, as far as the kernel lets one machine have several: in namespaces of their own.

Each function is the initializer of a process pool: it needs a process of one thread, so pools start theirs by spawn.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import socket
import subprocess

_NEW_MOUNTS, _NEW_NAME, _NEW_USER = 0x0002_0000, 0x0400_0000, 0x1000_0000
"""Of unshare(2)."""


def move_to(name: str) -> None:
    """Give this process and its children another host's name."""
    _unshare(_NEW_NAME)
    socket.sethostname(name)


def hide(folder: str) -> None:
    """Let this process and its children see an empty folder in place of this one."""
    _unshare(_NEW_MOUNTS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)


def forget(*names: str) -> None:
    """Take variables out of this process's environment."""
    for name in names:
        del os.environ[name]


def may_move() -> bool:
    """Whether the kernel lets processes of ours have namespaces of their own."""
    child = multiprocessing.get_context("spawn").Process(target=_try)
    child.start()
    child.join()
    return child.exitcode == 0


def _try() -> None:
    try:
        move_to("elsewhere")
        hide("/tmp")
    except (OSError, subprocess.SubprocessError):
        os._exit(1)


def _unshare(what: int) -> None:
    own = 0 if os.geteuid() == 0 else _NEW_USER
    if ctypes.CDLL(None, use_errno=True).unshare(what | own):
        raise OSError(ctypes.get_errno(), "unshare")
