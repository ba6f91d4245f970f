"""Orders that are not measured: planning, making data, comparing answers; each in a sandbox like anything else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from profiler.errors import PareDownError
from profiler.model import Outcome
from profiler.runner.keeping import Gone, Keeper, Replied, Reply, Start
from profiler.runner.tasks import gone_outcome
from profiler.work import Answered, Order, Prepare, Ready


class ControlError(PareDownError):
    """The user's code or data ended the process that should have planned, made or compared."""


class Stopped(Exception):
    """Somebody asked to stop while an order was carried out."""


class Control:
    """One sandbox for such orders, as a context."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, job_folder: str | None) -> None:
        log = folder / f"control-{os.getpid()}.log"
        self.keeper = Keeper(
            Start(env=tuple({**environment, "TMPDIR": str(folder / "temp")}.items()), cwd=os.getcwd(), log=str(log))
        )
        self.prepared = False
        self.job_folder = job_folder
        self.log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.keeper.close()
        self.log.unlink(missing_ok=True)

    def attempt(
        self,
        order: Order,
        *,
        timeout_ns: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
        on_memory: Callable[[int], None] = lambda size: None,
    ) -> tuple[Outcome, Any]:
        """Carry out an order; returns how it went, and its result.

        Raises:
            PareDownError: An error of ours that came up in the sandbox.
            Stopped: If `stopping` said so.
        """
        reply: Reply
        if not self.prepared:
            reply = self.keeper.ask(Prepare(folder=self.job_folder), stopping=stopping)
            self.prepared = isinstance(reply, Replied) and isinstance(reply.answer, Ready)
        if self.prepared:
            reply = self.keeper.ask(order, timeout_ns=timeout_ns, stopping=stopping, on_memory=on_memory)
        if isinstance(reply, Gone):
            if reply.stopped:
                raise Stopped
            return gone_outcome(reply, timeout_ns), None
        assert isinstance(reply, Replied)
        assert isinstance(reply.answer, Answered)
        if isinstance(reply.answer.result, PareDownError):
            raise reply.answer.result
        return reply.answer.outcome, reply.answer.result

    def carry_out(self, order: Order, what: str, **options: Any) -> Any:
        """Carry out an order that has to go well, and return its result.

        Raises:
            ControlError: If it does not, with the user's own traceback.
        """
        outcome, result = self.attempt(order, **options)
        if not outcome.ok:
            shown = outcome.traceback.rstrip() or outcome.message
            printed = self.keeper.printed().rstrip()
            raise ControlError(f"{what}: {shown}" + (f"\nit printed:\n{printed}" if printed else ""))
        return result
