"""What this process asks of object stores: requests and bytes, as botocore has them answered.

So everything in it that goes to S3 through boto3, s3fs or pandas is seen. Requests to Google's and Azure's stores are
seen where they are sent (`requests_of_stores`); for other stores calls of their fsspec filesystems stand
(`calls_of_stores`). Nothing is imported here to be watched; a library is watched once somebody else imports it. What
goes past all of them, as pyarrow's own S3, is not seen, nor what another process asks for.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from profiler.model import Moved

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


_so_far: Counter[str] = Counter()
"""By the fields of `Moved`; its `estimates` are how many of the requests are calls of a filesystem, or of no length."""
_lock = threading.Lock()


def count(**more: int) -> None:
    """Add to what was moved so far; from any thread."""
    global _so_far
    with _lock:
        _so_far = _so_far + Counter(more)  # A new one: the one before is kept as a moment.


def so_far() -> Counter[str]:
    """What was moved since this process began; what a task moved is the difference of two."""
    return _so_far


def between(start: Counter[str], end: Counter[str]) -> Moved | None:
    """What was moved between two moments; None: nothing."""
    if start == end:
        return None
    moved = end - start
    estimated = moved.pop("estimates", 0) > 0
    return Moved(**moved, estimated=estimated)


def with_unseen(moved: Moved | None) -> Moved:
    """What a task moved that was given files by URL: not known where none of them was read in a way that is seen.

    What it is seen to have written stays known.
    """
    if moved is None:
        return Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)
    return moved if moved.get else replace(moved, get=None, list=moved.list or None, received_bytes=None)


def watch() -> None:
    """Count from now on what libraries do that are imported later, or were before; once per process."""
    if any(isinstance(finder, _Watch) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Watch())
    for name, install in _WATCHED.items():
        if sys.modules.get(name) is not None:
            install(sys.modules[name])


def _of_botocore(module: ModuleType) -> None:
    """Have every session that is made from now on tell of its requests to S3; boto3 and aiobotocore make such too."""
    module.register_initializer(_listen)


def _listen(session: Any) -> None:
    session.register("before-send.s3", _on_request)
    session.register("response-received.s3", _on_response)


def _on_request(request: Any, **_: object) -> None:
    length = request.headers.get("Content-Length")
    count(sent_bytes=int(length) if length else 0)


def _on_response(event_name: str, response_dict: Any = None, **_: object) -> None:
    """Count what was answered, each attempt by itself; of what failed on S3's own side nothing is billed."""
    if not response_dict or response_dict["status_code"] >= 500:
        return
    operation = event_name.rpartition(".")[2]
    body = response_dict.get("body")
    length = len(body) if isinstance(body, bytes) else int(response_dict["headers"].get("content-length") or 0)
    if operation.startswith("Head"):
        count(get=1)  # Its length is that of the object, which does not come with it.
    elif operation.startswith(("Get", "Select")):
        count(get=1, received_bytes=length)
    elif operation.startswith("List"):
        count(list=1, received_bytes=length)
    elif not operation.startswith(("Delete", "Abort")):  # These cost nothing.
        count(put=1, received_bytes=length)


def _of_fsspec(module: ModuleType) -> None:
    from profiler.sandbox import calls_of_stores

    calls_of_stores.watch(module)


def _of_aiohttp(module: ModuleType) -> None:
    from profiler.sandbox import requests_of_stores

    requests_of_stores.watch_aiohttp(module)


def _of_requests(module: ModuleType) -> None:
    from profiler.sandbox import requests_of_stores

    requests_of_stores.watch_requests(module)


_WATCHED: dict[str, Callable[[ModuleType], None]] = {
    "botocore": _of_botocore,
    "fsspec.spec": _of_fsspec,
    "aiohttp.client": _of_aiohttp,
    "requests.sessions": _of_requests,
}


class _Watch:
    """Finds nothing itself; whoever finds a module that is watched has it handed on when it is loaded."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _WATCHED:
            return None
        for finder in sys.meta_path:
            spec: ModuleSpec | None = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Told(spec.loader, _WATCHED[name])  # type: ignore[assignment]
                return spec
        return None


class _Told:
    """Another loader, and what is to be done with the module once it is loaded; then the other one has it alone."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self.loader, self.then = loader, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self.loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then(module)
