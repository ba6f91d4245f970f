"""Who still makes a run that has no end: a process here, or one on another machine that shares only the store.

Nobody sees another machine's processes. So a harness whose workspace lies in a store leaves a sign there every so many
seconds, and takes it away when it ends; one that was killed leaves a sign that grows old.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from profiler import mirror
from profiler.errors import PareDownError
from profiler.owner import claimed, living, owner_of, this_host
from profiler.stores import objects

SIGN_S = 15.0
"""How often the sign is left anew."""
GONE_S = 60.0
"""How old the last sign is of a harness that was killed, by the store's clock: those of two machines differ."""
_NAME = "goes-on"
_CLAIM = re.compile(r"\d+ \d* ([\w.-]+)#[\w-]*", re.ASCII)
"""What stands in a sign, with the host's name; anybody who may write to the store could have written it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who makes a run."""

    process: int | None = None
    """On this machine."""
    host: str = ""
    """Another one."""
    sign_age_s: int = 0
    """How long ago that one has left its last sign."""

    @property
    def short(self) -> str:
        """Who, in a table."""
        return f"process {self.process}" if self.process is not None else f"on {self.host}"

    def __str__(self) -> str:
        if self.process is not None:
            return f"in process {self.process}"
        return f"on another machine ({self.host}, last sign {self.sign_age_s} s ago)"


def leave_sign(workspace_url: str, run_id: str) -> None:
    """Say in the store that this process makes a run.

    Raises:
        OutputError: If the store cannot be asked, or says no.
    """
    objects.write(_sign(workspace_url, run_id), claimed().encode())


def has_my_sign(workspace_url: str, run_id: str) -> bool:
    """Whether the sign there is this process's: nobody else has gone on with the run.

    Raises:
        InputError: If the store cannot be asked, or says no.
    """
    return objects.read(_sign(workspace_url, run_id)) == claimed().encode()


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
    """Who has left a sign that is not old; of this machine, by another copy of the workspace, whoever lives."""
    sign = _sign(url, run_id)
    try:
        claim = (objects.read(sign) or b"").decode("utf-8", "replace")
        found = _CLAIM.fullmatch(claim)
        if found is None:
            return None
        if claim.endswith(f" {this_host()}"):  # A dead process does not come back.
            process = living(claim)
            return None if process is None else Maker(process=process)
        age_s = objects.age_s(sign)
    except PareDownError:
        return None
    if age_s is None or age_s > GONE_S:
        return None
    return Maker(host=found[1], sign_age_s=max(0, round(age_s)))


def _sign(url: str, run_id: str) -> str:
    return objects.join(url, "work", run_id, _NAME)
