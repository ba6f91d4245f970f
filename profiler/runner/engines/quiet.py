"""What a worker of a cluster of our own does at its start; imported where Dask is."""

from __future__ import annotations

import os
import signal

from distributed import Worker, WorkerPlugin


class QuietWorker(WorkerPlugin):  # type: ignore[misc]  # Dask is looked at without types.
    """A worker that writes nothing to the terminal, and whose sandboxes hear signals as they do anywhere."""

    def setup(self, worker: Worker) -> None:
        """Begin, in a worker that was started with SIGINT blocked."""
        with open(os.devnull, "w") as nowhere:
            for fd in (1, 2):
                os.dup2(nowhere.fileno(), fd)
        signal.signal(signal.SIGINT, lambda number, frame: None)  # Unlike SIG_IGN not inherited by what it starts.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
