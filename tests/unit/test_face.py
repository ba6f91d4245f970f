"""`profiler.judge`: what it refuses of a notebook, in a user's words."""

from __future__ import annotations

from typing import Any

import pytest

from profiler import judge
from profiler.errors import UsageError
from tests.sample_runs import a_fitting_run


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"headroom": "abc"}, "headroom is 'abc'; expected a number", id="a headroom that is no number"),
        pytest.param({"headroom": 0.9}, "headroom is 0.9; expected a number from 1", id="less than what is needed"),
        pytest.param({"dollars_per_day": -7}, "dollars_per_day is -7; expected a number above 0", id="a debt"),
        pytest.param({"dollars_per_day": float("inf")}, "dollars_per_day is inf", id="endless money"),
        pytest.param(
            {"requests_per_day": 1.5}, "requests_per_day is 1.5; expected a whole number", id="half a request"
        ),
    ],
)
def test_what_means_nothing_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        judge(a_fitting_run(), **asked)
    assert message in caught.value.message


def test_a_float_is_what_it_is_written_as() -> None:
    assert str(judge(a_fitting_run(), headroom=1.3).assumptions.headroom) == "1.3"
