"""How many shards groups of known sizes should be split into, so that none is far above the largest group.

Only arithmetic: the groups' sizes and hashes are counted elsewhere, and `queries` splits by the same hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SLACK = 1.25
"""The largest shard may have so many times the rows that it has to have."""
MOST_SHARDS = 1000
"""More are not tried: every task pays an init, and every shard is a file for each step that leaves one."""
_MOST_WORK = 50_000_000
"""Groups put into shards, over all numbers that are tried; about half a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A number of shards, and what it comes to."""

    shards: int
    largest: int
    """Rows of the largest shard."""
    filled: int
    """Shards that hold something; the others are no tasks."""


def choose(sizes: Any, hashes: Any, *, beyond: int, worth: int) -> Chosen:
    """Choose the smallest number of shards whose largest is within `SLACK` of what it has to be.

    That is the largest group, which no number of shards makes smaller; or an even share of the rows where that is
    more, since more shards than are worth their init help nobody. Where no number does, the one whose largest shard is
    smallest is chosen.

    Args:
        sizes: Rows of each group, as an array of whole numbers; the largest groups, where there are very many.
        hashes: The hash of each, as `queries.hashed` has it: unsigned 64-bit numbers.
        beyond: Rows of all smaller groups, so many that they spread evenly.
        worth: How many shards are worth having, from 1.
    """
    import numpy as np

    total = int(sizes.sum()) + beyond
    if len(sizes) < 2:
        return Chosen(shards=1, largest=total, filled=min(1, len(sizes)))
    limit = SLACK * max(int(sizes.max()), total / worth)
    least = min(MOST_SHARDS, max(1, int(-(-total // limit))))
    stride = -(-(MOST_SHARDS - least + 1) * len(sizes) // _MOST_WORK)
    best: Chosen | None = None
    for shards in range(least, MOST_SHARDS + 1, stride):
        rows = np.bincount((hashes % np.uint64(shards)).astype(np.int64), weights=sizes, minlength=shards)
        largest = int(rows.max()) + -(-beyond // shards)
        if best is None or largest < best.largest:
            filled = shards if beyond else int(np.count_nonzero(rows))
            best = Chosen(shards=shards, largest=largest, filled=filled)
        if largest <= limit:
            break
    assert best is not None
    return best
