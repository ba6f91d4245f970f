"""A figure is worse where it grew beyond threshold and noise; a creep is named where runs tend upwards."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiler.regression.creep import LEAST_RUNS, creep
from profiler.regression.difference import LEAST_REPEATS, SIGNIFICANCE, difference
from profiler.regression.thresholds import DEFAULT_THRESHOLD, LEAST_PEAK_BYTES, least_growth

BEFORE = (1.00, 1.02, 0.99, 1.01, 1.03)
MIB = 2**20

values = st.floats(min_value=1, max_value=1e12)
repeats = st.lists(values, min_size=1, max_size=8)
enough = st.lists(values, min_size=LEAST_REPEATS, max_size=8)
thresholds = st.sampled_from([0.0, 0.05, 0.1, 0.5])


def scaled(numbers: Sequence[float], by: float) -> list[float]:
    return [number * by for number in numbers]


# --- two runs -------------------------------------------------------------------------------------------------------


def test_a_fifth_more_is_worse() -> None:
    found = difference(BEFORE, scaled(BEFORE, 1.2), threshold=0.1)
    assert (found.beyond_threshold, found.beyond_noise, found.worse) == (True, True, True)
    assert found.ratio == pytest.approx(1.2)


def test_growth_below_the_threshold_is_not_worse_however_sure_it_is() -> None:
    found = difference(BEFORE, scaled(BEFORE, 1.08), threshold=0.1)
    assert (found.beyond_threshold, found.beyond_noise, found.worse) == (False, True, False)


def test_growth_that_noise_explains_is_not_worse_however_large_it_is() -> None:
    found = difference((1, 3, 1, 4, 2), (2, 3, 4, 1, 5), threshold=0.1)
    assert (found.beyond_threshold, found.beyond_noise, found.worse) == (True, False, False)


def test_growth_below_the_least_amount_is_not_worse() -> None:
    before, after = scaled(BEFORE, 10 * MIB), scaled(BEFORE, 13 * MIB)
    assert difference(before, after, threshold=0.05).worse is True
    assert difference(before, after, threshold=0.05, least=4 * MIB).worse is False


@pytest.mark.parametrize(("before", "after"), [(4, 5), (5, 4), (1, 1)])
def test_with_fewer_than_five_repeats_the_noise_is_unknown(before: int, after: int) -> None:
    found = difference([1.0] * before, [1.2] * after, threshold=0.1)
    assert (found.beyond_threshold, found.beyond_noise, found.worse) == (True, None, None)
    assert (found.interval, found.p_value) == (None, None)


def test_what_is_below_the_threshold_is_not_worse_even_where_noise_is_unknown() -> None:
    assert difference([1.0], [1.02], threshold=0.1).worse is False


def test_repeats_that_are_the_same_to_the_bit_are_compared_like_any() -> None:
    same = difference([207 * MIB] * 5, [207 * MIB] * 5, threshold=0.05)
    more = difference([207 * MIB] * 5, [230 * MIB] * 5, threshold=0.05)
    assert (same.ratio, same.interval, same.worse) == (1.0, (1.0, 1.0), False)
    assert more.worse is True
    assert more.interval == pytest.approx((more.ratio, more.ratio))


def test_two_disturbed_repeats_of_five_hide_no_growth() -> None:
    """What the machine's other work adds to the baseline says nothing of the code."""
    found = difference((1.00, 1.02, 2.5, 1.01, 1.9), scaled(BEFORE, 1.2), threshold=0.1)
    assert found.beyond_threshold
    assert found.ratio == pytest.approx(1.2, rel=0.01)


def test_one_disturbed_repeat_hides_no_call() -> None:
    assert difference((1.00, 1.02, 0.99, 1.01, 1.4), scaled(BEFORE, 1.2), threshold=0.1).worse is True


def test_disturbed_repeats_alone_are_not_called() -> None:
    assert difference(BEFORE, (1.01, 1.6, 1.0, 1.7, 1.02), threshold=0.1).worse is False


def test_a_p_value_is_what_the_interval_says() -> None:
    sure = difference(BEFORE, scaled(BEFORE, 1.2), threshold=0.1)
    unsure = difference((1, 3, 1, 4, 2), (2, 3, 4, 1, 5), threshold=0.1)
    for found in (sure, unsure):
        assert found.interval is not None
        assert found.p_value is not None
        assert (found.interval[0] > 1) == (found.p_value <= SIGNIFICANCE) == found.beyond_noise


def test_the_interval_holds_the_ratio() -> None:
    found = difference(BEFORE, scaled(BEFORE, 1.2), threshold=0.1)
    assert found.interval is not None
    assert found.interval[0] < found.ratio < found.interval[1]


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_where_nothing_was_before_anything_is_more(after: float) -> None:
    found = difference([0.0] * 5, [after] * 5, threshold=0.1)
    assert found.ratio == (math.inf if after else 1.0)
    assert found.worse is bool(after)
    assert found.interval is None


@pytest.mark.parametrize("wrong", [[], [1.0, -1.0], [math.nan], [math.inf]])
def test_what_is_no_figure_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="repeats: expected at least one, each finite and at least 0"):
        difference(wrong, [1.0], threshold=0.1)
    with pytest.raises(ValueError, match="repeats: expected"):
        difference([1.0], wrong, threshold=0.1)
    with pytest.raises(ValueError, match="repeats: expected"):
        creep([[1.0], wrong], threshold=0.1)


@given(sample=repeats, threshold=thresholds)
@settings(max_examples=40)
def test_a_run_is_never_worse_than_itself(sample: list[float], threshold: float) -> None:
    assert difference(sample, sample, threshold=threshold).worse is False


@given(before=enough, after=enough, threshold=thresholds, power=st.integers(min_value=-10, max_value=10))
@settings(max_examples=40)
def test_the_unit_of_a_figure_decides_nothing(
    before: list[float], after: list[float], threshold: float, power: int
) -> None:
    other = difference(scaled(before, 2.0**power), scaled(after, 2.0**power), threshold=threshold)
    found = difference(before, after, threshold=threshold)
    assert (other.worse, other.ratio, other.p_value, other.interval) == (
        found.worse,
        found.ratio,
        found.p_value,
        found.interval,
    )


@given(before=repeats, after=repeats, threshold=thresholds, growth=st.floats(min_value=1, max_value=10))
@settings(max_examples=40)
def test_more_growth_never_takes_a_call_back(
    before: list[float], after: list[float], threshold: float, growth: float
) -> None:
    found = difference(before, after, threshold=threshold)
    if found.worse is not False:
        assert difference(before, scaled(after, growth), threshold=threshold).worse is found.worse


@given(before=enough, after=enough, data=st.data())
@settings(max_examples=40)
def test_the_order_of_repeats_decides_nothing(before: list[float], after: list[float], data: st.DataObject) -> None:
    other = difference(data.draw(st.permutations(before)), data.draw(st.permutations(after)), threshold=0.05)
    assert other == difference(before, after, threshold=0.05)


# --- several runs ---------------------------------------------------------------------------------------------------


def a_history(*medians: float) -> list[list[float]]:
    """Runs of three repeats each."""
    return [[median * 0.99, median, median * 1.01] for median in medians]


def test_a_steady_rise_is_named_though_no_step_of_it_is_beyond_the_threshold() -> None:
    history = a_history(1, 1.02, 1.04, 1.06, 1.08)
    found = creep(history, threshold=0.05)
    assert found is not None
    assert found.rise == pytest.approx(0.08)
    assert found.p_value == pytest.approx(1 / 120)
    assert found.values == pytest.approx((0.995, 1.0149, 1.0348, 1.0547, 1.0746))
    assert all(not difference(*pair, threshold=0.05).worse for pair in pairwise(history))


@pytest.mark.parametrize(
    "medians",
    [
        pytest.param((1, 1.02, 1.04, 1.06), id="four runs are too few"),
        pytest.param((1, 1.01, 1.02, 1.03, 1.04), id="below the threshold"),
        pytest.param((1, 1.04, 1.08, 1.12, 1.16, 1.0), id="it went away again"),
        pytest.param((1, 1.03, 1.06, 1.09, 1.12, 1.15, 1.18, 1.21, 1.24, 1.04), id="most of it went away again"),
        pytest.param((1.16, 1.12, 1.08, 1.04, 1), id="it fell"),
        pytest.param((1, 1.2, 0.9, 1.3, 1.1), id="up and down"),
        pytest.param((1, 1, 1, 1, 1.5), id="one run, as noise may be"),
        pytest.param((0, 0, 0, 0, 0, 0), id="nothing at all"),
        pytest.param((1, 1, 1, 1, 1, 1), id="the same to the bit"),
    ],
)
def test_what_is_no_creep_is_not_named(medians: tuple[float, ...]) -> None:
    assert creep(a_history(*medians), threshold=0.05) is None


def test_one_odd_run_does_not_hide_a_long_rise() -> None:
    assert creep(a_history(1, 1.02, 1.04, 1.3, 1.08, 1.1, 1.12, 1.14), threshold=0.05) is not None


def test_a_rise_in_a_few_large_steps_is_named() -> None:
    assert creep(a_history(*[1] * 4, *[1.06] * 4, *[1.12] * 4), threshold=0.05) is not None


def test_a_rise_below_the_least_amount_is_not_named() -> None:
    history = a_history(1, 1.02, 1.04, 1.06, 1.08)
    assert creep(history, threshold=0.05, least=0.07) is not None
    assert creep(history, threshold=0.05, least=0.09) is None


def test_of_all_orders_of_five_runs_one_is_named() -> None:
    named = [order for order in permutations((1.0, 1.1, 1.2, 1.3, 1.4)) if creep(a_history(*order), threshold=0.05)]
    assert named == [(1.0, 1.1, 1.2, 1.3, 1.4)]


@given(medians=st.lists(values, min_size=LEAST_RUNS, max_size=8), power=st.integers(min_value=-10, max_value=10))
@settings(max_examples=40)
def test_the_unit_of_a_history_decides_nothing(medians: list[float], power: int) -> None:
    found = creep([[median] for median in medians], threshold=0.05)
    other = creep([[median * 2.0**power] for median in medians], threshold=0.05)
    assert (found and (found.rise, found.p_value)) == (other and (other.rise, other.p_value))


# --- defaults -------------------------------------------------------------------------------------------------------


def test_every_measure_has_a_threshold_and_a_least_growth() -> None:
    assert set(DEFAULT_THRESHOLD) == {"peak", "cpu"}
    assert least_growth("peak", whole_before=1e12) == LEAST_PEAK_BYTES
    assert 0 < least_growth("cpu", whole_before=1e9) < 1e8


def test_scipy_is_not_imported_before_it_is_needed() -> None:
    modules = "profiler.regression.difference, profiler.regression.creep, profiler.regression.thresholds"
    code = f"import sys, {modules}; sys.exit('scipy' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
