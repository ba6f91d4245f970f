"""A server on this machine that speaks as AWS's Price List API does, for the command with boto3 as it is.

It filters and pages as the API is documented to; what it is told to refuse, it refuses first.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = 3
"""Fewer than AWS's 100, so that there is always a next page."""


@dataclass
class PriceServer:
    """What the server says, and what it was asked."""

    products: Sequence[dict[str, Any]]
    refusals: list[tuple[int, str]] = field(default_factory=list)
    """Status and error code of the first answers."""
    garbage: bool = False
    """Answer as a proxy's login page would."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to ask it instead of AWS, with credentials that nobody has."""
        return {
            "AWS_ENDPOINT_URL_PRICING": self.address,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def answer(self, target: str, asked: dict[str, Any]) -> tuple[int, str]:
        """Answer one call."""
        self.asked.append(asked)
        if self.garbage:
            return 200, "<html>please log in</html>"
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, json.dumps({"__type": code, "message": "as the test wants it"})
        if target.endswith(".GetAttributeValues"):
            regions = {item["product"]["attributes"]["regionCode"] for item in self.products}
            return 200, json.dumps({"AttributeValues": [{"Value": region} for region in sorted(regions)]})
        found = [json.dumps(item) for item in self.products if _has(item, asked)]
        start = int(asked.get("NextToken", 0))
        answer = {"FormatVersion": "aws_v1", "PriceList": found[start : start + PAGE]}
        return 200, json.dumps(answer | ({"NextToken": str(start + PAGE)} if found[start + PAGE :] else {}))


def _has(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    said = {**item["product"]["attributes"], "productFamily": item["product"]["productFamily"]}
    return item["serviceCode"] == asked["ServiceCode"] and all(
        said.get(condition["Field"]) == condition["Value"] for condition in asked["Filters"]
    )


@contextmanager
def served(products: Sequence[dict[str, Any]]) -> Iterator[PriceServer]:
    """Run a server with these products, and end it."""
    server = PriceServer(products)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, text = server.answer(self.headers["X-Amz-Target"], asked)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.address = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
