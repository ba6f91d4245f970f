"""What a store's errors mean, told in our words and without a secret."""

from __future__ import annotations

import pytest

from profiler.stores.explaining import explained


class ClientError(Exception):
    """Like botocore's: what the store has answered."""

    def __init__(self, code: str, **headers: str) -> None:
        super().__init__("An error occurred")
        self.response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPHeaders": headers}}


class ConnectTimeoutError(Exception):
    """Like botocore's."""

    kwargs = {"endpoint_url": "https://me:hidden@s3.example.org:444/bucket?list-type=2"}  # noqa: RUF012


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ClientError("NoSuchBucket"), "there is no bucket 'focus'"),
        (ClientError("PermanentRedirect"), "bucket 'focus' is in another region, and was"),
        (ClientError("301", **{"x-amz-bucket-region": "eu-west-1"}), "bucket 'focus' is in the region eu-west-1, and"),
        (ClientError("Strange"), "the store answered Strange: m"),
        (ConnectTimeoutError(), "s3.example.org:444 does not answer: no byte came within 5 s, 2 times"),
        (RuntimeError("see https://me:hidden@host/\nmore"), "RuntimeError: see https://***@host/"),
        (RuntimeError(), "RuntimeError"),
    ],
    ids=["bucket", "region", "which region", "other code", "timeout", "other error", "no words"],
)
def test_a_stores_error_is_told_in_our_words(error: Exception, words: str) -> None:
    told = explained(error, "s3://focus/*.parquet")
    assert told.startswith(words)
    assert "hidden" not in told


def test_the_innermost_error_says_most() -> None:
    outer = PermissionError("Access Denied")
    outer.__cause__ = ClientError("ExpiredToken")
    assert explained(outer, "s3://focus/a") == "the credentials have expired (ExpiredToken); get new ones"
