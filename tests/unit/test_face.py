"""`profiler.judge` and `profiler.check`: what they refuse of a notebook, in a user's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from profiler import check, judge, run
from profiler.errors import UsageError
from tests.checks import a_baseline, changed, larger, repeated
from tests.factories import a_run
from tests.reports import keep
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


@pytest.mark.parametrize("shards", ["many", 0, -1, 1.5, True, 100_001])
def test_a_number_of_shards_that_means_nothing_is_refused(shards: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='expected a whole number from 1 to 100,000, or "auto"'):
        run("cost_anomalies", shards=shards, workspace=tmp_path)


def test_a_float_is_what_it_is_written_as() -> None:
    assert str(judge(a_fitting_run(), headroom=1.3).assumptions.headroom) == "1.3"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"max_peak": "512"}, "max_peak is '512', without a unit; did you mean 512 MiB?", id="no unit"),
        pytest.param({"max_peak": {"train": 512}}, "max_peak['train'] is 512, without a unit", id="no unit of a step"),
        pytest.param(
            {"max_peak": {"trian": "1 GB"}}, "'trian' is no step of cost_anomalies; did you mean train?", id="step"
        ),
        pytest.param({"max_regression": 0.05}, "max_regression is 0.05, without a unit; did you mean 5%?", id="share"),
        pytest.param({"max_gb_s": -1}, "max_gb_s is -1; expected a number above 0", id="below nothing"),
        pytest.param(
            {"max_usd_per_request": {"train": 1}}, "is for the whole and not for a step", id="dollars of a step"
        ),
        pytest.param({"variant": "both"}, "variant is 'both'; expected monolith or decomposed", id="variant"),
        pytest.param({"headroom": 0.9}, "headroom is 0.9; expected a number from 1", id="as a judge asks it"),
    ],
)
def test_a_check_that_asks_for_what_means_nothing_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(a_fitting_run(), **asked)
    assert message in caught.value.message


def test_a_check_takes_runs_and_references_as_baselines(tmp_path: Path) -> None:
    before = a_baseline()
    path = keep(before, str(tmp_path / "before.jsonl"))
    now = changed(repeated(a_run()), larger("train", 1.2))
    assert not check(now, [before]).passed
    assert not check(now, [path]).passed
    assert check(now, [before], max_regression={"train": "30%"}).changes
    assert check(now, [before], max_regression="30%").passed
    assert check(now, ["nowhere"]).passed
    assert not check(now, require_baseline=True).passed


def test_a_check_reads_settings_only_where_it_is_told_to(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.paredown]\nmax-peak = '1 MiB'\n")
    assert check(a_run()).passed
    assert not check(a_run(), settings=file).passed
    assert check(a_run(), settings=file, max_peak="1 GB").passed
