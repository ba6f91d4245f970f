"""What a sandbox's environment says: how many threads numeric libraries may use."""

from __future__ import annotations

from collections.abc import Mapping

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)


def pinned(environment: Mapping[str, str], threads: int | None) -> tuple[tuple[str, str], ...]:
    """An environment in which numeric libraries use so many threads; None leaves it as it is."""
    values = dict(environment)
    if threads is not None:
        values |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    return tuple(sorted(values.items()))
