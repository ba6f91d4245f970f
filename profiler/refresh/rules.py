"""How a quantity's product is known in AWS's price list: by its usage type and its attributes, to the letter.

Never by a part of a name: `AWS-Lambda-Duration` is also the beginning of `AWS-Lambda-Duration-Provisioned`, and
`GB-Hours` the end of `Fargate-EphemeralStorage-GB-Hours`. Which rule a quantity has is in `catalogue`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PREFIX = re.compile(r"\A(?:EU|[A-Z]{3}\d{1,2})-")
"""What stands before a usage type for its region: `EU-`, `USW2-`, `APN1-`; in us-east-1 nothing, or `USE1-`.

Not any capitals: `IA-TimedStorage-ByteHrs` is another thing than `TimedStorage-ByteHrs`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How to know a quantity's product in the price list."""

    service: str
    name: str
    arch: str | None = None
    offer: str
    """The service code to ask for."""
    usage: str
    """The usage type, without a region's prefix."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What else the product must say of itself."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """What to ask for beside the region, where an offer is too large to be looked through."""
    unit: str
    """Ours."""
    units: tuple[str, ...]
    """How the price list spells what it sells; case, hyphens and a plural do not matter."""
    per_unit: int = 1
    """How many of the price list's units one of ours is."""

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether a product is the one that is meant."""
        usage = attributes.get("usagetype", "")
        return self.usage in (usage, _PREFIX.sub("", usage)) and all(
            attributes.get(name) == value for name, value in self.attributes.items()
        )

    def knows(self, unit: str) -> bool:
        """Whether the price list's unit is one that is expected."""
        return _plain(unit) in map(_plain, self.units)


def _plain(unit: str) -> str:
    """Return a unit without what is spelt now one way and now another.

    >>> {_plain(unit) for unit in ("Lambda-GB-Second", "Lambda-GB-Seconds", "lambda gb second")}
    {'lambdagbsecond'}
    """
    return re.sub(r"[^a-z0-9]", "", unit.lower()).removesuffix("s")
