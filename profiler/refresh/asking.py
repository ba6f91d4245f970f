"""Asks AWS's Price List API; the only place that knows boto3, and that turns its errors into ours.

Needs an identity that may call `pricing:GetProducts` (and `pricing:GetAttributeValues`, to tell an unknown region), and
nothing else of the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from profiler.errors import PareDownError, PriceListError, UnsupportedError

ENDPOINT = "us-east-1"
"""The API answers in us-east-1, eu-central-1 and ap-south-1, for the prices of every region."""

_ATTEMPTS = 5
_PAGE = 100
"""The most products that one call returns."""

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_TOO_OFTEN = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded")

Client = Any
"""A client of boto3 for `pricing`, which has no type of its own."""


def new_client() -> Client:
    """Return a client with the user's own credentials, which retries what is worth retrying.

    Raises:
        UnsupportedError: If boto3 is not installed.
        PriceListError: If the user's AWS configuration cannot be used.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise UnsupportedError(
            "current prices are fetched with boto3, which is not installed", hint="pip install 'paredown[aws]'"
        ) from error
    config = Config(retries={"mode": "standard", "max_attempts": _ATTEMPTS}, connect_timeout=5, read_timeout=30)
    with _told():
        try:
            return boto3.session.Session().client("pricing", region_name=ENDPOINT, config=config)
        except ValueError as error:  # An endpoint in the user's configuration that is no address.
            raise _not_asked(error) from error


def items(client: Client, offer: str, asked: Mapping[str, str]) -> Iterator[Any]:
    """Return every item of an offer's price list that has the attributes asked for, page by page.

    Raises:
        PriceListError: If AWS cannot be asked, or refuses to answer.
    """
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in asked.items()]
    with _told():
        pages = client.get_paginator("get_products").paginate(
            ServiceCode=offer, Filters=filters, FormatVersion="aws_v1", PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            # botocore makes an empty answer of what is no JSON at all, such as a proxy's page.
            if "PriceList" not in page:
                raise PriceListError(
                    f"{offer}: the answer holds no PriceList",
                    hint="does something stand between here and AWS, a proxy?",
                )
            yield from page["PriceList"]


def check_region(client: Client, region: str) -> None:
    """Hold a region for which nothing was found against those that Lambda is sold in.

    Raises:
        PriceListError: If it is none of them.
    """
    with _told():
        pages = client.get_paginator("get_attribute_values").paginate(
            ServiceCode="AWSLambda", AttributeName="regionCode", PaginationConfig={"PageSize": _PAGE}
        )
        known = sorted({value.get("Value", "") for page in pages for value in page.get("AttributeValues", [])} - {""})
    if region not in known:
        near = get_close_matches(region, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
        raise PriceListError(f"AWS's price list knows no region {region!r}", hint=hint)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what boto3 raises into one line of ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise _not_asked(error) from error


def _refused(error: Any) -> PareDownError:
    """What AWS answered instead of prices."""
    answer = error.response.get("Error", {})
    code, said = answer.get("Code", "unknown"), _line(answer.get("Message", ""))
    if code in _EXPIRED:
        return PriceListError("the AWS credentials have expired", hint="log in again: aws sso login, for instance")
    if code in _UNKNOWN:
        return PriceListError(
            f"AWS does not accept the credentials: {said}", hint="aws sts get-caller-identity shows whose they are"
        )
    if code in _DENIED:
        return PriceListError(
            f"the credentials may not read the price list: {said}",
            hint="they need the permissions pricing:GetProducts and pricing:GetAttributeValues",
        )
    if code in _TOO_OFTEN:
        return PriceListError(
            f"AWS's Price List API is asked too often, and {_ATTEMPTS} attempts were not enough",
            hint="the same again in a minute",
        )
    return PriceListError(f"AWS's Price List API refuses with {code}: {said}")


def _not_asked(error: Exception) -> PareDownError:
    """Why there was no answer at all."""
    from botocore import exceptions

    match error:
        case exceptions.NoCredentialsError():
            return PriceListError(
                "no AWS credentials were found", hint="aws configure writes some, AWS_PROFILE chooses between them"
            )
        case exceptions.UnauthorizedSSOTokenError() | exceptions.TokenRetrievalError() | exceptions.SSOError():
            return PriceListError(f"the AWS login does not hold: {_line(error)}", hint="aws sso login")
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return PriceListError(
                f"AWS's Price List API cannot be reached: {_line(error)}",
                hint="is there a network? a proxy is named by HTTPS_PROXY",
            )
        case _:
            return PriceListError(f"AWS's Price List API cannot be asked: {_line(error)}")


def _line(text: object) -> str:
    return " ".join(str(text).split()) or "it does not say why"
