"""Asking a Dask cluster: where it is, what a function finds on every worker, and which versions are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, wait
from typing import TYPE_CHECKING, Any

from profiler.errors import EngineError
from profiler.runner.engines.once import ALIKE

if TYPE_CHECKING:
    from distributed import Client

_ANSWER_S = 30.0
"""How long a worker may take to say which versions it has; one that is frozen never does."""
_LOOK_S = 120.0
"""How long it may take to look at a disk or a store, which may be slow itself."""
_STOP_S = 0.1
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


def _goes_on() -> bool:
    return False


def on_workers(client: Client, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """What every worker returns, or the exception that it raised.

    Raises:
        EngineError: If some do not answer.
    """
    return on_each(client, function, dict.fromkeys(client.nthreads(), arguments))


def on_each(
    client: Client,
    function: Callable[..., Any],
    arguments: Mapping[str, tuple[Any, ...]],
    *,
    limit_s: float = _LOOK_S,
    stopping: Callable[[], bool] = _goes_on,
) -> dict[str, Any]:
    """What each worker returns for arguments of its own, or the exception that it raised.

    Raises:
        EngineError: If some do not answer.
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
                raise _silent(address_of(client), silent, len(asked), limit_s)
            return {worker: answer.result()[worker] for worker, answer in asked.items()}
        finally:
            for answer in asked.values():
                answer.cancel()
            # Or what the others end with is printed, when the client is closed.
            await asyncio.gather(*asked.values(), return_exceptions=True)

    answers = asyncio.run_coroutine_threadsafe(ask(), client.loop.asyncio_loop)
    try:
        while not answers.done():
            if stopping():
                raise KeyboardInterrupt
            wait([answers], timeout=_STOP_S)
    finally:
        answers.cancel()
    return answers.result()


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


def check_alike(client: Client, stopping: Callable[[], bool] = _goes_on) -> None:
    """Hold the versions of scheduler and workers against this harness's.

    Raises:
        EngineError: With a table of what differs, or with the workers that do not answer.
        KeyboardInterrupt: If it is to stop.
    """
    look = dict.fromkeys(client.nthreads(), (_LOOK % (_PACKAGES,),))
    found = on_each(client, eval, look, limit_s=_ANSWER_S, stopping=stopping)
    for worker, told in found.items():
        if not isinstance(told, dict):
            raise EngineError(f"worker {worker} does not answer: {type(told).__name__}: {told}")
    workers = {f"worker {worker}": told for worker, told in found.items()}
    scheduler = versions_told(client.get_versions()["scheduler"])
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
