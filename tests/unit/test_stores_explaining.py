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


class HttpResponseError(Exception):
    """Like azure.core's: what Azure's store has answered."""

    def __init__(self, error_code: str) -> None:
        super().__init__("first line\nsecond line")
        self.error_code = error_code


class HttpError(Exception):
    """Like gcsfs's: what Google's store has answered."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Anonymous caller, {code}")
        self.code = code


class ClientConnectorError(OSError):
    """Like aiohttp's."""

    host, port = "127.0.0.1", 4443


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ClientError("NoSuchBucket"), "there is no bucket 'focus'"),
        (ClientError("PermanentRedirect"), "bucket 'focus' is in a region that the store does not name, and was"),
        (ClientError("301", **{"x-amz-bucket-region": "eu-west-1"}), "bucket 'focus' is in the region eu-west-1, and"),
        (ClientError("Strange"), "the store answered Strange: m"),
        (ConnectTimeoutError(), "s3.example.org:444 does not answer: no byte came within 5 s, 2 times"),
        (HttpResponseError("ContainerNotFound"), "there is no container 'focus'"),
        (HttpResponseError("AuthenticationFailed"), "the store does not take these credentials (AuthenticationFailed)"),
        (HttpResponseError("Strange"), "the store answered Strange: first line"),
        (HttpError(401), "the store does not take these credentials, or it was given none (401)"),
        (OSError("Forbidden: https://host/b/focus\ndenied"), "access is denied (403): these credentials may not read"),
        (RuntimeError("see https://me:hidden@host/\nmore"), "RuntimeError: see https://***@host/"),
        (RuntimeError(), "RuntimeError"),
    ],
    ids=[
        "bucket",
        "region",
        "which region",
        "other code",
        "timeout",
        "Azure: container",
        "Azure: key",
        "Azure: other code",
        "Google: key",
        "Google: denied",
        "other error",
        "no words",
    ],
)
def test_a_stores_error_is_told_in_our_words(error: Exception, words: str) -> None:
    told = explained(error, "s3://focus/*.parquet")
    assert told.startswith(words)
    assert "hidden" not in told


def test_the_innermost_error_says_most() -> None:
    outer = PermissionError("Access Denied")
    outer.__cause__ = ClientError("ExpiredToken")
    assert explained(outer, "s3://focus/a") == "the credentials have expired (ExpiredToken); get new ones"


@pytest.mark.parametrize("error", [FileNotFoundError("b/focus/o"), ClientError("NoSuchBucket")])
def test_where_nothing_can_be_written_the_bucket_is_missing(error: Exception) -> None:
    assert explained(error, "gs://focus/a", writing=True) == "there is no bucket 'focus'"


def test_a_container_is_named_without_its_account() -> None:
    error = HttpResponseError("ContainerNotFound")
    assert explained(error, "abfs://focus@account.dfs.core.windows.net/a") == "there is no container 'focus'"


def test_the_host_is_told_by_whichever_error_knows_it() -> None:
    outer = ClientConnectorError()
    outer.__cause__ = ConnectionRefusedError()
    assert explained(outer, "gs://focus/a") == "127.0.0.1:4443 cannot be reached"
