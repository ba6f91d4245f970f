"""Before anything runs on a Dask cluster: it is there, is like the harness, sees the workspace, and has the job's code.

Asks, and changes nothing but a folder in the workspace that is gone afterwards.
"""

from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import EngineError, OutputError, UsageError
from profiler.model import Plan
from profiler.runner.engines import signing, there
from profiler.runner.engines.asking import (
    CONNECT_S,
    address_of,
    goes_on,
    on_each,
    on_workers,
    refuse_unlike,
    threads_of,
    versions_here,
    versions_told,
)
from profiler.runner.engines.job_code import Code
from profiler.runner.engines.places import place_at
from profiler.runner.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client

WORKERS_S = 30.0
"""How long an adaptive cluster may take for its first worker."""
_LOOK_S = 0.1
"""How often it is looked whether to stop."""
_ONE_PATH = "name a folder that all hosts mount at one path with --workspace"
_OWN_ACCESS = (
    "workers ask the store by themselves: with paredown[s3] or what its URL needs, and with credentials in "
    "their own environment"
)


def require_dask() -> None:
    """Refuse where Dask is not installed.

    Raises:
        UsageError: With how to install it.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"--engine dask needs Dask, which is not installed here ({error})", hint="pip install 'paredown[dask]'"
        ) from None


def connect(address: str, stopping: Callable[[], bool] = goes_on) -> Client:
    """Connect to a scheduler.

    Raises:
        EngineError: If there is none, within seconds.
        KeyboardInterrupt: If it is to stop.
    """
    from distributed import Client

    try:
        # A client that fails waits for itself when it goes, so what it would fail at is found without one.
        # Neither has Dask a limit of its own for what comes after a connection is taken.
        scheduler = asyncio.run(_unless(stopping, _asked_for_versions(address)))
        refuse_unlike(address, {"scheduler": scheduler})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Other versions are told as a table of ours.
            return Client(address, timeout=CONNECT_S, set_as_default=False)
    except EngineError:
        raise
    except (OSError, TimeoutError) as error:
        raise EngineError(
            f"no Dask scheduler answers at {address}, within {CONNECT_S} s{_why(error)}",
            hint="'dask scheduler' starts one and says its address",
        ) from None
    except Exception as error:
        why = str(error) if isinstance(error, ValueError) else f"something else answers there ({type(error).__name__})"
        raise EngineError(
            f"{address}: cannot be talked to as a Dask scheduler: {why}",
            hint="expected an address such as tcp://10.0.0.1:8786, of a scheduler of "
            f"Dask {versions_here()['distributed']}",
        ) from None


async def _unless(stopping: Callable[[], bool], asked: Coroutine[Any, Any, dict[str, str]]) -> dict[str, str]:
    """What is answered within seconds, unless somebody wants to stop meanwhile."""
    answer = asyncio.ensure_future(asyncio.wait_for(asked, CONNECT_S))
    while not answer.done():
        if stopping():
            answer.cancel()
            raise KeyboardInterrupt
        await asyncio.wait([answer], timeout=_LOOK_S)
    return await answer


async def _asked_for_versions(address: str) -> dict[str, str]:
    from distributed.comm import connect as connect_to
    from distributed.comm import resolve_address
    from distributed.core import send_recv
    from distributed.security import Security

    keys = Security().get_connection_args("client")
    comm = await connect_to(resolve_address(address), timeout=CONNECT_S, **keys)
    try:
        told = await send_recv(comm, op="versions")
    finally:
        comm.abort()
    return versions_told(told)


def _why(error: BaseException) -> str:
    """What the system says, where it says anything."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f" ({error})" if isinstance(error, OSError) and error.strerror else ""


def await_workers(client: Client, timeout_s: float = WORKERS_S, stopping: Callable[[], bool] = goes_on) -> None:
    """Wait until a cluster has a worker; one that grows with its work is given some.

    Raises:
        EngineError: If none comes.
    """
    if threads_of(client, stopping):
        return
    nothing = client.submit(int, pure=False)
    end_s = time.monotonic() + timeout_s
    while not threads_of(client, stopping):
        if time.monotonic() > end_s:
            raise EngineError(
                f"the Dask cluster at {address_of(client)} has no worker, and none came within {timeout_s:g} s",
                hint=f"dask worker {address_of(client)} starts one",
            )
        time.sleep(_LOOK_S)
    del nothing


def check_workspace(client: Client, workspace: Workspace, stopping: Callable[[], bool] = goes_on) -> None:
    """Let every worker leave a sign in the workspace, and read what all others left.

    Raises:
        OutputError: If the harness itself cannot write there.
        EngineError: If a worker does not see it, or cannot write there.
        KeyboardInterrupt: If it is to stop.
    """
    if workspace.url:
        with signing.below_url(workspace.url) as where:
            _leave_and_read(client, workspace.url, where, _OWN_ACCESS, stopping)
    else:
        with signing.in_folder(workspace.root) as where:
            _leave_and_read(client, str(workspace.root), where, _ONE_PATH, stopping)


def _leave_and_read(client: Client, shown: str, where: str, hint: str, stopping: Callable[[], bool]) -> None:
    workers = sorted(threads_of(client, stopping))
    names = {worker: f"worker-{number}" for number, worker in enumerate(workers)}
    left = on_each(client, there.leave_sign, {worker: (where, name) for worker, name in names.items()},
                   stopping=stopping)  # fmt: skip
    for worker, problem in left.items():
        if problem:
            raise EngineError(f"the workspace {shown}: worker {worker} {_said(problem)}", hint=hint)
    unread = there.missing_signs(where, list(names.values()))
    told = on_workers(client, there.missing_signs, where, [*names.values(), signing.OURS], stopping=stopping)
    found = {"the harness": unread} | {f"worker {worker}": missing for worker, missing in told.items()}
    for who, missing in found.items():
        if missing:
            raise EngineError(
                f"the workspace {shown}: {who} does not see what {_those(missing, names)} wrote there", hint=hint
            )


def _said(problem: object) -> str:
    return problem if isinstance(problem, str) else f"cannot be asked: {type(problem).__name__}: {problem}"


def _those(missing: Any, names: Mapping[str, str]) -> str:
    if not isinstance(missing, list):
        return f"others ({missing})"
    of = {name: f"worker {worker}" for worker, name in names.items()} | {signing.OURS: "the harness"}
    return ", ".join(of[name] for name in missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")


def check_inputs(client: Client, plan: Plan, stopping: Callable[[], bool] = goes_on) -> None:
    """Ask every worker for some of the inputs that lie on a disk: the first and the last file of each.

    Raises:
        EngineError: If a worker does not see one, or has another one there.
        KeyboardInterrupt: If it is to stop.
    """
    asked = {path: item.name for item in plan.inputs for path in (*item.paths[:1], *item.paths[-1:])
             if os.path.isfile(path)}  # fmt: skip
    sizes = {path: os.path.getsize(path) for path in asked}
    for worker, told in on_workers(client, there.unlike_files, sizes, stopping=stopping).items() if sizes else ():
        if not isinstance(told, dict):
            raise EngineError(f"worker {worker} {_said(told)}")
        for path, size in told.items():
            sees = "does not see" if size is None else f"has another file ({size:,} bytes, here {sizes[path]:,}) at"
            raise EngineError(
                f"worker {worker} {sees} {path}, of the input {asked[path]!r}",
                hint="inputs have to be files that all hosts mount at one path, or to lie in a store, named by URL",
            )


def have_code(client: Client, plan: Plan, stopping: Callable[[], bool] = goes_on) -> bool:
    """Whether every worker finds the job's code at the harness's path, with the same content.

    Raises:
        EngineError: If the scheduler or some workers do not answer.
        KeyboardInterrupt: If it is to stop.
    """
    return all(told is True for told in on_workers(client, there.has_code, plan.code, stopping=stopping).values())


def refuse_unsendable(plan: Plan) -> None:
    """Refuse to send code that would not be found again.

    Raises:
        EngineError: If some of it lies outside the job's own folder.
    """
    home = os.path.dirname(plan.file)
    outside = [file for file in plan.code if file.endswith(".py") and not file.startswith(home + os.sep)]
    if outside:
        raise EngineError(
            f"the workers have other code than this harness, and {outside[0]} cannot be sent: it is not below {home}",
            hint="put the job where every worker finds it at the same path",
        )


def copy_code(code: Code, where: str) -> Code:
    """Copy a job's code to where workers find it, a folder or below a URL.

    Raises:
        OutputError: If it cannot be written.
    """
    place = place_at(where)
    for name, (path, _) in code.sendable.items():
        try:
            place.write(name, Path(path).read_bytes())
        except OSError as error:
            raise OutputError(f"cannot write the job's code to {where}: {error.strerror}") from error
    return replace(code, sent=where)
