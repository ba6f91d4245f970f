"""Answers of AWS's Price List API in their documented shape, and facts to hold them against.

The products are those that the list had in 2026-09 and 2026-10 in us-east-1, each beside the ones that a careless
search would take for it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from profiler.facts import FactSet, Price, read

TODAY = date(2026, 11, 24)
PUBLISHED = "2026-09-19T17:01:02Z"

Tiers = Sequence[tuple[str, str, str]]
"""Where each begins, where it ends, and its price."""

_skus = (f"SKU{number:04}" for number in itertools.count(1))


def product(
    offer: str,
    usage: str,
    price: str | Tiers,
    unit: str,
    *,
    region: str = "us-east-1",
    sku: str | None = None,
    currency: str = "USD",
    family: str = "Some Family",
    **attributes: str,
) -> dict[str, Any]:
    """One product as an item of `PriceList` holds it."""
    sku = sku or next(_skus)
    tiers = [("0", "Inf", price)] if isinstance(price, str) else price
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "unit": unit,
            "beginRange": begin,
            "endRange": end,
            "description": f"{usd} per {unit}",
            "rateCode": f"{sku}.JRTCKXETXF.{number}",
            "appliesTo": [],
            "pricePerUnit": {currency: usd},
        }
        for number, (begin, end, usd) in enumerate(tiers)
    }
    term = {"sku": sku, "offerTermCode": "JRTCKXETXF", "priceDimensions": dimensions, "termAttributes": {}}
    return {
        "product": {
            "sku": sku,
            "productFamily": family,
            "attributes": {
                "servicecode": offer,
                "regionCode": region,
                "location": f"somewhere ({region})",
                "usagetype": usage,
                **attributes,
            },
        },
        "serviceCode": offer,
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": term}},
        "version": "20260919170102",
        "publicationDate": PUBLISHED,
    }


def page(*products: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """An answer of GetProducts."""
    answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(item) for item in products]}
    return answer if token is None else answer | {"NextToken": token}


X86 = (
    ("6000000000", "15000000000", "0.0000150000"),
    ("0", "6000000000", "0.0000166667"),
    ("15000000000", "Inf", "0.0000133334"),
)  # Not in their order: they are values of a table.
ARM = (
    ("0", "7500000000", "0.0000133334"),
    ("7500000000", "18750000000", "0.0000120001"),
    ("18750000000", "Inf", "0.0000106667"),
)
EXPRESS = (
    ("0", "3600000", "0.0000166700"),
    ("3600000", "18000000", "0.0000083300"),
    ("18000000", "Inf", "0.0000045600"),
)
VENDED = (("0", "10240", "0.5"), ("10240", "30720", "0.25"), ("30720", "51200", "0.1"), ("51200", "Inf", "0.05"))
MACHINE = {
    "instanceType": "t3.2xlarge",
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}


def us_east_1() -> list[dict[str, Any]]:
    """The products of all services, and their neighbours."""
    return [
        product("AWSLambda", "Lambda-GB-Second", X86, "seconds", group="AWS-Lambda-Duration"),
        product("AWSLambda", "Lambda-GB-Second-ARM", ARM, "Lambda-GB-Second", group="AWS-Lambda-Duration-ARM"),
        product("AWSLambda", "Request", "0.0000002000", "Requests", group="AWS-Lambda-Requests"),
        product("AWSLambda", "Request-ARM", "0.0000002000", "Request", group="AWS-Lambda-Requests-ARM"),
        product(
            "AWSLambda", "Lambda-Storage-GB-Second", "0.0000000309", "GB-Seconds", group="AWS-Lambda-Storage-Duration"
        ),
        product(
            "AWSLambda",
            "Lambda-Storage-GB-Second-ARM",
            "0.0000000309",
            "GB-Seconds",
            group="AWS-Lambda-Storage-Duration-ARM",
        ),
        product("AWSLambda", "Lambda-Edge-Request", "0.0000006000", "Requests", group="AWS-Lambda-Edge-Requests"),
        product(
            "AWSLambda",
            "Lambda-Provisioned-GB-Second",
            "0.0000097222",
            "Lambda-GB-Second",
            group="AWS-Lambda-Duration-Provisioned",
        ),
        product("AmazonStates", "USE1-StateTransition", "0.0000250000", "StateTransitions"),
        product("AmazonStates", "USE1-StepFunctions-Request", "0.0000010000", "Requests"),
        product("AmazonStates", "USE1-StepFunctions-GB-Second", EXPRESS, "GB-Seconds"),
        product("AWSEvents", "USE1-Event-64K-Chunks", "0.0000010000", "64K-Chunks", eventType="Custom Event"),
        product("AWSEvents", "USE1-Event-64K-Chunks", "0.0000020000", "64K-Chunks", eventType="Partner Event"),
        product(
            "AWSEvents",
            "USE1-ScheduledInvocation",
            [("0", "14000000", "0.0000000000"), ("14000000", "Inf", "0.0000010000")],
            "Invocations",
        ),
        product("AmazonDynamoDB", "WriteRequestUnits", "0.0000006250", "WriteRequestUnits", group="DDB-WriteUnits"),
        product("AmazonDynamoDB", "WriteCapacityUnit-Hrs", "0.00065", "WriteCapacityUnit-Hrs", group="DDB-WriteUnits"),
        product("AmazonDynamoDB", "IA-WriteRequestUnits", "0.00000078", "WriteRequestUnits", group="DDB-WriteUnitsIA"),
        product("AmazonDynamoDB", "ReadRequestUnits", "0.0000001250", "ReadRequestUnits", group="DDB-ReadUnits"),
        product("AmazonDynamoDB", "TimedStorage-ByteHrs", [("0", "25", "0"), ("25", "Inf", "0.2500000000")], "GB-Mo"),
        product("AmazonDynamoDB", "USE1-TimedStorage-ByteHrs", "0.2500000000", "GB-Mo"),
        product("AmazonDynamoDB", "IA-TimedStorage-ByteHrs", "0.1000000000", "GB-Mo"),
        product("AmazonS3", "Requests-Tier1", "0.0000050000", "Requests", group="S3-API-Tier1"),
        product("AmazonS3", "Requests-Annotation-Tier1", "0.0000053000", "Requests", group="S3-API-Tier1"),
        product("AmazonS3", "Requests-Tier2", "0.0000004000", "Requests", group="S3-API-Tier2"),
        product(
            "AmazonS3",
            "TimedStorage-ByteHrs",
            [("0", "51200", "0.0230"), ("51200", "512000", "0.0220"), ("512000", "Inf", "0.0210")],
            "GB-Mo",
            volumeType="Standard",
        ),
        product("AmazonS3", "TimedStorage-ByteHrs", "0.0210", "GB-Mo", volumeType="INTAAS3ObjectOverhead"),
        product("AmazonCloudWatch", "USE1-VendedLog-Bytes", VENDED, "GB", group="Ingested Logs"),
        product("AmazonCloudWatch", "USE1-VendedLog-Bytes-WAFLogs", "0.4", "GB", group="Ingested Logs"),
        product("AmazonCloudWatch", "USE1-DataProcessing-Bytes", "0.5000000000", "GB", group="Ingested Logs"),
        product("AmazonCloudWatch", "TimedStorage-ByteHrs", "0.0300000000", "GB-Mo"),
        product("AmazonCloudWatch", "USE1-TimedStorage-ByteHrs", "0.0300000000", "GB-Mo"),
        product("AmazonAthena", "USE1-DataScannedInTB", "5.0000000000", "Terabytes"),
        product("AmazonECR", "TimedStorage-ByteHrs", "0.1000000000", "GB-Mo"),
        product("AmazonECS", "USE1-Fargate-vCPU-Hours:perCPU", "0.0404800000", "hours"),
        product("AmazonECS", "USE1-Fargate-GB-Hours", "0.0044450000", "hours"),
        product("AmazonECS", "USE1-Fargate-ARM-vCPU-Hours:perCPU", "0.0323800000", "hours"),
        product("AmazonECS", "USE1-Fargate-ARM-GB-Hours", "0.0035600000", "hours"),
        product("AmazonECS", "USE1-Fargate-Windows-vCPU-Hours:perCPU", "0.09148", "hours"),
        product("AmazonECS", "USE1-Fargate-EphemeralStorage-GB-Hours", "0.000111", "GB-Hours"),
        product("AmazonEC2", "BoxUsage:t3.2xlarge", "0.3328000000", "Hrs", **MACHINE),
        product("AmazonEC2", "UnusedBox:t3.2xlarge", "0.3328", "Hrs", **MACHINE | {"capacitystatus": "AllocatedHost"}),
        product("AmazonEC2", "BoxUsage:t3.2xlarge", "0.4", "Hrs", **MACHINE | {"operatingSystem": "Windows"}),
        product(
            "AmazonEC2", "CPUCredits:t3", "0.0500000000", "vCPU-Hours", operatingSystem="Linux", family="CPU Credits"
        ),
        product(
            "AmazonEC2", "CPUCredits:t3", "0.0960000000", "vCPU-Hours", operatingSystem="Windows", family="CPU Credits"
        ),
        product(
            "AmazonEC2", "CPUCredits:t3a", "0.0510000000", "vCPU-Hours", operatingSystem="Linux", family="CPU Credits"
        ),
    ]


EXPECTED = {
    "lambda.gb_seconds x86_64": "0:0.0000166667 6000000000:0.000015 15000000000:0.0000133334",
    "lambda.gb_seconds arm64": "0:0.0000133334 7500000000:0.0000120001 18750000000:0.0000106667",
    "lambda.requests": "0:0.0000002",
    "lambda.ephemeral_gb_seconds": "0:0.0000000309",
    "step_functions.transitions": "0:0.000025",
    "step_functions.express_requests": "0:0.000001",
    "step_functions.express_gb_hours": "0:0.060012 1000:0.029988 5000:0.016416",
    "eventbridge.events": "0:0.000001",
    "eventbridge.scheduler_invocations": "0:0.000001",
    "dynamodb.write_units": "0:0.000000625",
    "dynamodb.read_units": "0:0.000000125",
    "dynamodb.storage_gb_months": "0:0.25",
    "s3.put_requests": "0:0.000005",
    "s3.get_requests": "0:0.0000004",
    "s3.storage_gb_months": "0:0.023 51200:0.022 512000:0.021",
    "logs.ingested_gb": "0:0.5 10240:0.25 30720:0.1 51200:0.05",
    "logs.stored_gb_months": "0:0.03",
    "athena.scanned_tb": "0:5",
    "ecr.storage_gb_months": "0:0.1",
    "fargate.vcpu_hours x86_64": "0:0.04048",
    "fargate.vcpu_hours arm64": "0:0.03238",
    "fargate.gb_hours x86_64": "0:0.004445",
    "fargate.gb_hours arm64": "0:0.00356",
    "ec2.t3.2xlarge x86_64": "0:0.3328",
    "ec2.unlimited_vcpu_hours": "0:0.05",
}
"""What is to be read from these products: free tiers gone, in our units."""

_UNITS = {
    "gb_seconds": "GB-second",
    "requests": "invocation",
    "ephemeral_gb_seconds": "GB-second",
    "transitions": "transition",
    "express_requests": "request",
    "express_gb_hours": "GB-hour",
    "events": "event",
    "scheduler_invocations": "invocation",
    "write_units": "write unit",
    "read_units": "read unit",
    "put_requests": "request",
    "get_requests": "request",
    "storage_gb_months": "GB-month",
    "stored_gb_months": "GB-month",
    "ingested_gb": "GB",
    "scanned_tb": "TB",
    "vcpu_hours": "vCPU-hour",
    "gb_hours": "GB-hour",
    "unlimited_vcpu_hours": "vCPU-hour",
    "t3.2xlarge": "hour",
}


def some_facts(*quantities: str) -> FactSet:
    """Facts that know the given quantities of `EXPECTED` in us-east-1, by default all, at the prices that it says."""
    files: dict[str, str] = {}
    for quantity in quantities or EXPECTED:
        name, _, arch = quantity.partition(" ")
        service, _, name = name.partition(".")
        tiers = ", ".join("{{ from = {}, usd = {} }}".format(*tier.split(":")) for tier in EXPECTED[quantity].split())
        files.setdefault(service, f'service = "{service}"\nabout = "AWS {service}"\n')
        files[service] += (
            f'[[prices]]\nname = "{name}"\nabout = "One of them; of the facts"\nunit = "{_UNITS[name]}"\n'
            'regions = ["us-east-1"]\n'
            f'tiers = [{tiers}]\nsource = "a test"\nretrieved = 2026-11-23\nconfidence = "high"\n'
            + (f'arch = "{arch}"\n' if arch else "")
            + ("attributes = { vcpus = 8, memory_mib = 32_768 }\n" if service == "ec2" and "." in name else "")
        )
    return read((f"{service}.toml", text) for service, text in files.items())


def as_told(price: Price) -> tuple[str, str]:
    """A price as `EXPECTED` writes it."""
    quantity = f"{price.service}.{price.name}" + (f" {price.arch}" if price.arch else "")
    tiers = (f"{tier.from_quantity:f}:{tier.usd.normalize():f}" for tier in price.tiers)
    return quantity, " ".join(tiers)
