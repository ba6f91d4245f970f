"""Asking a Dask cluster: where it is, what a function finds on every worker, and which versions are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor, wait
from typing import TYPE_CHECKING, Any

from profiler.errors import EngineError
from profiler.runner.engines.once import ALIKE

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5
"""How long a scheduler may take to say anything."""
_ANSWER_S = 30.0
"""How long a scheduler may take to answer, or a worker to say which versions it has; one that is frozen never does."""
_LOOK_S = 120.0
"""How long it may take to look at a disk or a store, which may be slow itself."""
_STOP_S = 0.1
"""How often it is looked whether to stop, while somebody is asked."""
_PACKAGES = (*ALIKE, "distributed")
_LOOK = (
    "{'python': '.'.join(__import__('platform').python_version_tuple()[:2]), **{name: next((found.version for found in "
    "__import__('importlib.metadata').metadata.distributions(name=name)), '') for name in %r}}"
)
"""An expression, so that a worker that has no paredown can say so."""


def client_of(executor: Executor) -> Client | None:
    """The client of an executor that Dask made, where it can be asked; imports no Dask to find out."""
    return getattr(executor, "_client", None) if type(executor).__module__.startswith("distributed.") else None


def address_of(client: Client) -> str:
    """Where its scheduler is."""
    return str(client.scheduler.address) if client.scheduler else "an address that it does not say"


def goes_on() -> bool:
    """Nobody asks to stop."""
    return False


def threads_of(client: Client, stopping: Callable[[], bool] = goes_on) -> dict[str, int]:
    """How many threads each worker has, by its address.

    Raises:
        EngineError: If the scheduler does not answer.
        KeyboardInterrupt: If it is to stop.
    """
    threads: dict[str, int] = _answer(client, _of_scheduler(client, "ncores", _ANSWER_S), stopping)
    return threads


def on_workers(
    client: Client, function: Callable[..., Any], *arguments: Any, stopping: Callable[[], bool] = goes_on
) -> dict[str, Any]:
    """What every worker returns, or the exception that it raised.

    Raises:
        EngineError: If the scheduler or some workers do not answer.
        KeyboardInterrupt: If it is to stop.
    """
    return on_each(client, function, dict.fromkeys(threads_of(client, stopping), arguments), stopping=stopping)


def on_each(
    client: Client,
    function: Callable[..., Any],
    arguments: Mapping[str, tuple[Any, ...]],
    *,
    limit_s: float = _LOOK_S,
    stopping: Callable[[], bool] = goes_on,
) -> dict[str, Any]:
    """What each worker returns for arguments of its own, or the exception that it raised.

    Raises:
        EngineError: If the scheduler or some workers do not answer.
        KeyboardInterrupt: If it is to stop.
    """

    async def ask() -> dict[str, Any]:
        asked = {
            worker: asyncio.ensure_future(client.run(function, *own, workers=[worker], on_error="return"))
            for worker, own in arguments.items()
        }
        try:
            if asked:
                await asyncio.wait(asked.values(), timeout=limit_s)
            silent = [worker for worker, answer in asked.items() if not answer.done()]
            if silent:
                await _of_scheduler(client, "versions", CONNECT_S)  # If that is silent, no worker was ever asked.
                raise _silent(address_of(client), silent, len(asked), limit_s)
            return {worker: answer.result()[worker] for worker, answer in asked.items()}
        finally:
            for answer in asked.values():
                answer.cancel()
            # Or what the others end with is printed, when the client is closed.
            await asyncio.gather(*asked.values(), return_exceptions=True)

    answers: dict[str, Any] = _answer(client, ask(), stopping)
    return answers


async def _of_scheduler(client: Client, question: str, limit_s: float) -> Any:
    """What the scheduler itself answers, without asking any worker."""
    try:
        return await asyncio.wait_for(getattr(client.scheduler, question)(), limit_s)
    except (OSError, TimeoutError) as error:
        gone = client.status != "running"
        raise EngineError(
            f"the Dask scheduler at {address_of(client)} "
            + ("went away" if gone else f"did not answer within {limit_s:g} s"),
            hint="was it ended? 'dask scheduler' starts one" if gone else "is its process frozen, or its host gone?",
        ) from error


def _answer(client: Client, asked: Coroutine[Any, Any, Any], stopping: Callable[[], bool]) -> Any:
    """What is answered on the client's loop, unless somebody wants to stop meanwhile."""
    if client.scheduler is None:
        asked.close()
        raise EngineError("the Dask client is closed", hint="open one, and take its get_executor()")
    answer = asyncio.run_coroutine_threadsafe(asked, client.loop.asyncio_loop)
    try:
        while not answer.done():
            if stopping():
                raise KeyboardInterrupt
            wait([answer], timeout=_STOP_S)
    finally:
        answer.cancel()
    return answer.result()


def _silent(address: str, silent: list[str], of: int, limit_s: float) -> EngineError:
    """That workers do not answer, and which."""
    shown = ", ".join(sorted(silent)[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    return EngineError(
        f"the Dask cluster at {address}: {len(silent)} of {of} worker{'s' * (of != 1)} did not answer within "
        f"{limit_s:g} s: {shown}",
        hint="is a process frozen, or a host gone? End such workers, or wait until the scheduler has dropped them",
    )


def versions_here() -> dict[str, str]:
    """This harness's own versions."""
    found: dict[str, str] = eval(_LOOK % (_PACKAGES,))
    return found


def versions_told(told: Mapping[str, Any]) -> dict[str, str]:
    """What a scheduler says of itself, as far as it has to be as the harness: it runs none of our code."""
    packages = told["packages"]
    return {"python": ".".join(str(packages["python"]).split(".")[:2]), "distributed": str(packages["distributed"])}


def check_alike(client: Client, stopping: Callable[[], bool] = goes_on) -> None:
    """Hold the versions of scheduler and workers against this harness's.

    Raises:
        EngineError: With a table of what differs, or with the workers that do not answer.
        KeyboardInterrupt: If it is to stop.
    """
    look = dict.fromkeys(threads_of(client, stopping), (_LOOK % (_PACKAGES,),))
    found = on_each(client, eval, look, limit_s=_ANSWER_S, stopping=stopping)
    for worker, told in found.items():
        if not isinstance(told, dict):
            raise EngineError(f"worker {worker} does not answer: {type(told).__name__}: {told}")
    workers = {f"worker {worker}": told for worker, told in found.items()}
    scheduler = versions_told(_answer(client, _of_scheduler(client, "versions", _ANSWER_S), stopping))
    refuse_unlike(address_of(client), {"scheduler": scheduler} | workers)


def refuse_unlike(address: str, places: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a cluster, some places of which have other versions than this harness.

    Raises:
        EngineError: With a table of what differs.
    """
    here = versions_here()
    columns = {"here": here, **places}
    differing = [name for name in here if any(name in told and told[name] != here[name] for told in columns.values())]
    if differing:
        raise EngineError(
            f"the Dask cluster at {address} has other versions than this harness:\n{_table(columns, differing)}",
            hint="install the same versions everywhere, for example from one lock file",
        )


def _table(columns: Mapping[str, Mapping[str, str]], names: list[str]) -> str:
    """One line per place, those that are alike together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for place, told in columns.items():
        shown = tuple("" if name not in told else told[name] or "none" for name in names)
        alike.setdefault(shown if place != "here" else ("", *shown), []).append(place)
    rows = [("", *names)]
    for shown, places in alike.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        rows.append((places[0] + more, *(shown if len(shown) == len(names) else shown[1:])))
    widths = [max(len(row[place]) for row in rows) for place in range(len(names) + 1)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
