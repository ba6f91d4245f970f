"""Who still makes a run that has no end: a process here, or one on another machine that shares only the store.

Nobody sees another machine's processes. So a harness whose workspace lies in a store leaves a sign there every so many
seconds, and takes it away when it ends; one that was killed leaves a sign that grows old.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from profiler import mirror
from profiler.errors import PareDownError
from profiler.owner import claimed, living, owner_of, this_host
from profiler.stores import objects

SIGN_S = 20.0
"""How often the sign is left anew."""
GONE_S = 90.0
"""How old the last sign is of a harness that was killed; clocks of two machines may differ by some of it."""
_NAME = "goes-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who makes a run."""

    process: int | None = None
    """On this machine."""
    host: str = ""
    """Another one."""

    @property
    def short(self) -> str:
        """Who, in a table."""
        return f"process {self.process}" if self.process is not None else f"on {self.host}"

    def __str__(self) -> str:
        return f"in process {self.process}" if self.process is not None else f"on another machine ({self.host})"


def leave_sign(workspace_url: str, run_id: str) -> None:
    """Say in the store that this process makes a run.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    objects.write(_sign(workspace_url, run_id), f"{time.time():.0f} {claimed()}".encode())


def take_sign(workspace_url: str, run_id: str) -> None:
    """Say there that nobody makes it any more.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    objects.remove(_sign(workspace_url, run_id))


def maker_of(path: Path) -> Maker | None:
    """Who makes the run of a file; None: nobody, as far as the store can be asked."""
    root = path.parent.parent
    process = owner_of(root / "work" / path.stem)
    if process is not None:
        return Maker(process=process)
    url = mirror.url_of(root)
    return _elsewhere(url, path.stem) if url else None


def _elsewhere(url: str, run_id: str) -> Maker | None:
    """Who has left a sign that is not old."""
    try:
        sign = objects.read(_sign(url, run_id))
    except PareDownError:
        return None
    when, _, claim = (sign or b"").decode("utf-8", "replace").partition(" ")
    host = claim.rpartition(" ")[2].rpartition("#")[0]
    if not when.isdigit() or not host or time.time() - int(when) > GONE_S:
        return None
    process = living(claim)
    if process is not None:  # By another copy of the workspace.
        return Maker(process=process)
    return None if claim.endswith(f" {this_host()}") else Maker(host=host)  # A dead process does not come back.


def _sign(url: str, run_id: str) -> str:
    return objects.join(url, "work", run_id, _NAME)
