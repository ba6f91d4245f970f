"""What a store's error means, and what to do about it, in a sentence that holds no secret.

By the code that the store answers with, or by the name of the exception, so that no library needs to be imported to
know.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from urllib.parse import urlsplit

from profiler.urls import cleaned

CONNECT_S, READ_S = 5, 10
"""Seconds until a store that does not answer counts as stalled."""
_FEW, _MANY = 2, 6
_attempts = _FEW
NO_FILE = "there is no such file"
_NO_BUCKET = "there is no bucket {bucket!r}"
_NO_BUCKET_NAME = "{bucket!r} is no name that a bucket can have"
_DENIED = "access is denied ({code}): these credentials may not read it, or it is not there and they may not list"
_DENIED_TO_WRITE = "access is denied ({code}): these credentials may not write here"
_EXPIRED = "the credentials have expired ({code}); get new ones"
_UNKNOWN_KEY = "the store does not take these credentials ({code})"
_NO_CREDENTIALS_ELSEWHERE = "no credentials were found; expected them where the store's own library looks"
_REGION = "bucket {bucket!r} is in {region}, and was asked for in another one; set AWS_DEFAULT_REGION to it"
_SOMEWHERE = "a region that the store does not name"
_CODES = {
    "NoSuchBucket": _NO_BUCKET,
    "ContainerNotFound": "there is no container {bucket!r}",
    "InvalidBucketName": _NO_BUCKET_NAME,
    "400": "the store does not take the request; credentials may have expired, or the bucket be in another region",
    "NoSuchKey": NO_FILE,
    "404": NO_FILE,
    "NotFound": NO_FILE,
    "BlobNotFound": NO_FILE,
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "Forbidden": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AuthorizationFailure": _DENIED,
    "AuthorizationPermissionMismatch": _DENIED,
    "PublicAccessNotPermitted": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "InvalidToken": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": _UNKNOWN_KEY,
    "AuthenticationFailed": _UNKNOWN_KEY,
    "InvalidAuthenticationInfo": _UNKNOWN_KEY,
    "NoAuthenticationInformation": _NO_CREDENTIALS_ELSEWHERE,
    "401": "the store does not take these credentials, or it was given none ({code})",
    "PermanentRedirect": _REGION,
    "TemporaryRedirect": _REGION,
    "301": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "RequestTimeTooSkewed": "this machine's clock is too far from the store's",
    "InvalidObjectState": "it is in an archive, and has to be restored first",
    "SlowDown": "the store asks to slow down, again and again",
    "503": "the store asks to slow down, again and again",
    "429": "the store asks to slow down, again and again",
    "ServerBusy": "the store asks to slow down, again and again",
    "412": "it has changed while it was read",
    "PreconditionFailed": "it has changed while it was read",
}
_NO_CREDENTIALS = "no credentials were found; expected them where boto3 looks, like AWS_ACCESS_KEY_ID or AWS_PROFILE"
_STALLED = "{host} does not answer: no byte came within {seconds} s, {attempts} times"
_BROKEN = "the connection to {host} broke off"
_EXCEPTIONS = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": "the credentials are not complete; expected a key and its secret",
    "CredentialRetrievalError": "credentials could not be had from where boto3 looks for them",
    "TokenRetrievalError": _EXPIRED,
    "SSOTokenLoadError": _EXPIRED,
    "UnauthorizedSSOTokenError": _EXPIRED,
    "RefreshError": _EXPIRED,
    "DefaultCredentialsError": _NO_CREDENTIALS_ELSEWHERE,
    "ClientAuthenticationError": _NO_CREDENTIALS_ELSEWHERE,
    "CredentialUnavailableError": _NO_CREDENTIALS_ELSEWHERE,
    "ProfileNotFound": "there is no profile of the name in AWS_PROFILE",
    "ParamValidationError": _NO_BUCKET_NAME,
    "NoRegionError": "no region is known; set AWS_DEFAULT_REGION",
    "InvalidRegionError": "the region in AWS_DEFAULT_REGION is none",
    "EndpointConnectionError": "{host} cannot be reached",
    "ProxyConnectionError": "the proxy in HTTPS_PROXY or HTTP_PROXY cannot be reached",
    "SSLError": "{host} does not prove who it is (TLS)",
    "ConnectTimeoutError": _STALLED,
    "ReadTimeoutError": _STALLED,
    "ServerTimeoutError": _STALLED,
    "SocketTimeoutError": _STALLED,
    "ConnectionTimeoutError": _STALLED,
    "FSTimeoutError": _STALLED,
    "TimeoutError": _STALLED,
    "ConnectionClosedError": _BROKEN,
    "ServerDisconnectedError": _BROKEN,
    "ClientPayloadError": _BROKEN,
    "ClientOSError": _BROKEN,
    "ResponseStreamingError": _BROKEN,
    "IncompleteReadError": _BROKEN,
    "IncompleteRead": _BROKEN,
    "ConnectionResetError": _BROKEN,
    "BrokenPipeError": _BROKEN,
    "ClientConnectorDNSError": "{host} cannot be reached",
    "ClientConnectorError": "{host} cannot be reached",
    "ConnectionRefusedError": "{host} cannot be reached",
    "FileExpired": "it has changed while it was read",
    "FileNotFoundError": NO_FILE,
    "PermissionError": "access is denied",
}


def attempts() -> int:
    """How often this process asks a store: few times, where somebody waits to be told that it says no."""
    return _attempts


def be_patient() -> None:
    """Ask more often from here on: a step of hours does not end because a store is busy for a moment."""
    global _attempts
    _attempts = _MANY


def explained(error: BaseException, url: str, *, writing: bool = False) -> str:
    """Say what went wrong with a URL.

    Args:
        error: What fsspec, or the library below it, has raised.
        url: Of the file or the glob.
        writing: It was to be written, or removed.
    """
    bucket = url.split("://", 1)[-1].split("/", 1)[0].split("@", 1)[0]
    chain = list(_chain(error))
    for one in chain:
        code = _code(one)
        if code in _CODES:
            return _meant(_CODES[code], writing).format(code=code, bucket=bucket, region=_region(one))
        if code is not None:
            return cleaned(f"the store answered {code}: {_message(one)}")
    for one in chain:
        name = next((kind.__name__ for kind in type(one).__mro__ if kind.__name__ in _EXCEPTIONS), None)
        if name is not None:
            seconds = CONNECT_S if "Connect" in name else READ_S
            host = next((host for host in map(_host, chain) if host), None) or _shown(_endpoint(url))
            sentence = _meant(_EXCEPTIONS[name], writing)
            return sentence.format(code=name, bucket=bucket, host=host, seconds=seconds, attempts=_attempts)
    return cleaned(f"{type(error).__name__}: {_message(error)}" if str(error).strip() else type(error).__name__)


def _code(error: BaseException) -> str | None:
    """What the store has answered with, as botocore, azure.core and gcsfs keep it; None: this is no such error.

    A store that says of a bucket that it is elsewhere, and not where, botocore asks for the region without an end.
    """
    if isinstance(error, RecursionError) and "get_bucket_region" in _functions(error):
        return "301"
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return str(response["Error"].get("Code") or response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    if azures := getattr(error, "error_code", None):
        return str(getattr(azures, "value", azures))
    if type(error).__name__ == "HttpError" and getattr(error, "code", None):
        return str(error.code)  # type: ignore[attr-defined]
    return "403" if type(error) is OSError and str(error).startswith("Forbidden: ") else None


def _functions(error: BaseException) -> set[str]:
    """The functions that an error came through."""
    return {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}


def _message(error: BaseException) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return response["Error"].get("Message") or "nothing more"
    return (str(error).strip().splitlines() or ["nothing more"])[0]


def _meant(sentence: str, writing: bool) -> str:
    """A sentence as it is meant where something was to be written: then it is the bucket that is not there."""
    if not writing:
        return sentence
    return {_DENIED: _DENIED_TO_WRITE, NO_FILE: _NO_BUCKET}.get(sentence, sentence)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what caused it, the innermost first: that says most."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return reversed(seen)


def _region(error: BaseException) -> str:
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return _SOMEWHERE
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region") or response["Error"].get("Region")
    return f"the region {region}" if region else _SOMEWHERE


def _host(error: BaseException) -> str | None:
    """The host that was asked, as far as an error tells it: one of botocore or of aiohttp."""
    if asked := getattr(error, "kwargs", {}).get("endpoint_url"):
        return _shown(asked)
    host, port = getattr(error, "host", None), getattr(error, "port", None)
    return (f"{host}:{port}" if port else host) if isinstance(host, str) else None


def _shown(url: str) -> str:
    """The host of a URL."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname or url)
    except ValueError:
        return "the store"


def _endpoint(url: str) -> str:
    if not url.startswith(("s3://", "s3a://")):
        return url
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "https://s3.amazonaws.com"
