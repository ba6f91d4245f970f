"""Which product of AWS's price list each quantity is.

Source:
    What public clients of the price list name for each product: infracost's resources, and products as the list had
    them in 2026-09 and 2026-10. What none of them names has no rule here, and is reported as not found.
"""

from __future__ import annotations

from collections.abc import Iterator

from profiler.facts import Price
from profiler.refresh.rules import Rule

_GB_SECOND = ("Lambda-GB-Second", "GB-Second", "Second")
"""us-east-1 says "seconds" of what are GB-seconds: the product's group tells."""
_GB_MONTH = ("GB-Mo", "GB-Month")


def rules_for(price: Price) -> tuple[Rule, ...]:
    """Return the products that a price may be read from; none where paredown does not know any.

    A price that is the same for both architectures has a product for each; they must then agree.
    """
    if price.is_of_a_machine:
        return (_machine(price.name),)
    return tuple(
        rule
        for rule in _RULES
        if (rule.service, rule.name, rule.unit) == (price.service, price.name, price.unit)
        and (price.arch is None or rule.arch in (None, price.arch))
    )


def _rule(quantity: str, unit: str, offer: str, usage: str, units: tuple[str, ...], **attributes: str) -> Rule:
    service, name = quantity.split(".")
    return Rule(service=service, name=name, unit=unit, offer=offer, usage=usage, units=units, attributes=attributes)


def _lambda(name: str, unit: str, group: str, usage: str, units: tuple[str, ...]) -> Iterator[Rule]:
    for arch, ending in (("x86_64", ""), ("arm64", "-ARM")):
        yield Rule(
            service="lambda",
            name=name,
            arch=arch,
            unit=unit,
            offer="AWSLambda",
            usage=usage + ending,
            attributes={"group": group + ending},
            units=units,
        )


def _fargate(name: str, unit: str, usage: str) -> Iterator[Rule]:
    for arch, kind in (("x86_64", "Fargate"), ("arm64", "Fargate-ARM")):
        yield Rule(
            service="fargate",
            name=name,
            arch=arch,
            unit=unit,
            offer="AmazonECS",
            usage=f"{kind}-{usage}",
            units=("Hour", unit),
        )


def _machine(name: str) -> Rule:
    """Linux on demand, on shared hardware, with no software installed beforehand."""
    what = {
        "instanceType": name,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    return Rule(
        service="ec2",
        name=name,
        unit="hour",
        offer="AmazonEC2",
        usage=f"BoxUsage:{name}",
        attributes=what,
        asked=what,
        units=("Hr", "Hour"),
    )


_EXPRESS_TIME = Rule(
    service="step_functions",
    name="express_gb_hours",
    unit="GB-hour",
    offer="AmazonStates",
    usage="StepFunctions-GB-Second",
    units=("GB-Second",),
    per_unit=3600,
)

_UNLIMITED = Rule(
    service="ec2",
    name="unlimited_vcpu_hours",
    unit="vCPU-hour",
    offer="AmazonEC2",
    usage="CPUCredits:t3",
    attributes={"operatingSystem": "Linux"},
    asked={"productFamily": "CPU Credits"},
    units=("vCPU-Hour",),
)

_RULES = (
    *_lambda("gb_seconds", "GB-second", "AWS-Lambda-Duration", "Lambda-GB-Second", _GB_SECOND),
    *_lambda("requests", "invocation", "AWS-Lambda-Requests", "Request", ("Request",)),
    *_lambda(
        "ephemeral_gb_seconds", "GB-second", "AWS-Lambda-Storage-Duration", "Lambda-Storage-GB-Second", _GB_SECOND
    ),
    _rule("step_functions.transitions", "transition", "AmazonStates", "StateTransition", ("StateTransition",)),
    _rule("step_functions.express_requests", "request", "AmazonStates", "StepFunctions-Request", ("Request",)),
    _EXPRESS_TIME,
    # Partners' events have the same usage type.
    _rule("eventbridge.events", "event", "AWSEvents", "Event-64K-Chunks", ("64K-Chunk",), eventType="Custom Event"),
    _rule("eventbridge.scheduler_invocations", "invocation", "AWSEvents", "ScheduledInvocation", ("Invocation",)),
    # Capacity that is paid by the hour has the same group.
    _rule(
        "dynamodb.write_units",
        "write unit",
        "AmazonDynamoDB",
        "WriteRequestUnits",
        ("WriteRequestUnit",),
        group="DDB-WriteUnits",
    ),
    _rule(
        "dynamodb.read_units",
        "read unit",
        "AmazonDynamoDB",
        "ReadRequestUnits",
        ("ReadRequestUnit",),
        group="DDB-ReadUnits",
    ),
    _rule("dynamodb.storage_gb_months", "GB-month", "AmazonDynamoDB", "TimedStorage-ByteHrs", _GB_MONTH),
    _rule("s3.put_requests", "request", "AmazonS3", "Requests-Tier1", ("Request",), group="S3-API-Tier1"),
    _rule("s3.get_requests", "request", "AmazonS3", "Requests-Tier2", ("Request",), group="S3-API-Tier2"),
    # The overhead of Intelligent-Tiering has the same usage type.
    _rule("s3.storage_gb_months", "GB-month", "AmazonS3", "TimedStorage-ByteHrs", _GB_MONTH, volumeType="Standard"),
    # Lambda's logs count as vended logs, which have tiers, since 2025-05; DataProcessing-Bytes are other logs.
    _rule("logs.ingested_gb", "GB", "AmazonCloudWatch", "VendedLog-Bytes", ("GB",)),
    _rule("logs.stored_gb_months", "GB-month", "AmazonCloudWatch", "TimedStorage-ByteHrs", _GB_MONTH),
    _rule("athena.scanned_tb", "TB", "AmazonAthena", "DataScannedInTB", ("Terabyte", "TB")),
    _rule("ecr.storage_gb_months", "GB-month", "AmazonECR", "TimedStorage-ByteHrs", _GB_MONTH),
    *_fargate("vcpu_hours", "vCPU-hour", "vCPU-Hours:perCPU"),
    *_fargate("gb_hours", "GB-hour", "GB-Hours"),
    _UNLIMITED,
)
