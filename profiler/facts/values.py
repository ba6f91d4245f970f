"""What a provider sells and allows in one region, for one architecture: plain values, as the judgement needs them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A price that holds from a monthly quantity on."""

    from_gb_s: int
    usd_per_gb_s: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaPrices:
    """What Lambda charges, in one region, for one architecture."""

    tiers: tuple[Tier, ...]
    """By monthly GB-seconds, ascending; the first begins at 0."""
    usd_per_invocation: Decimal
    date: str
    """Of the price list, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaLimits:
    """What one Lambda invocation may have, and how it behaves."""

    min_memory_mib: int
    max_memory_mib: int
    memory_step_mib: int
    """Sizes are rounded up to a multiple of this; our own choice, since Lambda sells any whole MiB."""
    max_duration_ns: int
    max_init_ns: int
    max_temp_bytes: int
    mib_per_vcpu: int
    """Memory size that brings the CPU time of one vCPU."""
    runtime_mib: int
    """What Lambda's Python runtime takes beyond a bare interpreter."""
    network_bytes_per_s: int
    accurate_from_mib: int
    """Below this memory size the time model is less certain."""
    fleet_cost_factor: Decimal
    """Observed: what a fleet costs ÷ what the model says."""
    slowest_of: tuple[tuple[int, Decimal], ...]
    """Observed: time of the slowest of so many tasks ÷ what the model says, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Type:
    """A machine type and its price on demand."""

    name: str
    vcpus: int
    memory_mib: int
    usd_per_hour: Decimal
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Limits and prices of one region and architecture."""

    region: str
    arch: str
    limits: LambdaLimits
    prices: LambdaPrices
    machines: tuple[Ec2Type, ...]
    """Ascending by memory, then by price; empty where the facts hold no prices for the region."""
    default_machine: str
    """Named first where it holds the job, since it is what the question is usually asked of."""
