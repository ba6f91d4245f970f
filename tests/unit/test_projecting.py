"""`profiler.budget_of_run`: what it takes beside the command's own checks, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from profiler import budget_of_run
from profiler.errors import UsageError
from tests.unit.test_pipeline import a_priced_reference_run

RUN = a_priced_reference_run()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"headroom": "abc"}, "headroom is 'abc'; expected a number", id="a headroom that is no number"),
        pytest.param({"headroom": float("nan")}, "headroom is nan; expected a number", id="NaN"),
        pytest.param({"headroom": 0.5}, "headroom is 0.5; expected a number from 1", id="less than what is needed"),
        pytest.param({"kept_days": 0}, "kept_days is 0; expected a whole number", id="no day"),
        pytest.param({"kept_days": 1.5}, "kept_days is 1.5; expected a whole number", id="half a day"),
        pytest.param({"kept_days": True}, "kept_days is True; expected a whole number", id="a yes"),
        pytest.param({"kept_days": 10**30}, "at most", id="absurd"),
        pytest.param({"store": "redis"}, "store is 'redis'; expected dynamodb or s3", id="another store"),
        pytest.param({"dollars_per_day": 7, "dollars_per_month": 7}, "per day and per month", id="twice"),
        pytest.param({"arch": "arm"}, "arm", id="an architecture"),
    ],
)
def test_what_means_nothing_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        budget_of_run(RUN, **asked)
    assert message in caught.value.message


def test_dollars_and_requests_are_the_job_s_own_or_what_is_given() -> None:
    own, given = budget_of_run(RUN), budget_of_run(RUN, dollars_per_month="36.5", requests_per_month=365)
    assert (own.target_usd_per_day, own.requests_per_day) == (7, 3000)
    assert (given.target_usd_per_day, given.requests_per_day) == (Decimal("1.2"), 12)


def test_a_headroom_is_taken_as_it_is_written() -> None:
    assert budget_of_run(RUN, headroom=1.1).usd_per_run == budget_of_run(RUN, headroom="1.1").usd_per_run


def test_a_target_alone_buys_requests() -> None:
    run = replace(RUN, plan=replace(RUN.plan, dollars_per_day=None, requests_per_day=None))
    alone = budget_of_run(run, dollars_per_day=7)
    assert alone.usd_per_day is None
    assert alone.requests_bought == budget_of_run(RUN, dollars_per_day=7).requests_bought
