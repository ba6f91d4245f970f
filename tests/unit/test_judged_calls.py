"""A measured call held against limits of its own, as a marked test and a cell of a notebook are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from profiler.model import Ending, Outcome
from profiler.testing.judged import a_call, judge_call
from profiler.testing.limits import Limits
from profiler.units import MIB
from tests.factories import a_measurement, between, exactly

HEADROOM = Decimal("1.2")


def test_a_peak_just_beyond_its_limit_is_said_in_digits_that_differ() -> None:
    judged = judge_call(a_measurement(peak=exactly(300.2)), Limits(max_peak_bytes=300 * MIB, headroom=HEADROOM))
    assert judged.fits is False
    assert judged.reasons == ("train holds 314,782,515 bytes at its peak; max_peak is 314,572,800 bytes.",)


def test_a_limit_between_the_bounds_of_a_peak_is_a_doubt_and_what_is_certain_comes_first() -> None:
    limits = Limits(max_peak_bytes=300 * MIB, max_gb_s=Decimal("0.01"), headroom=HEADROOM)
    judged = judge_call(a_measurement(peak=between(200, 400)), limits)
    assert judged.fits is False
    over, unsure = judged.reasons
    assert over.startswith("train takes ")
    assert over.endswith("; max_gb_s is 0.01.")
    assert unsure.startswith("train holds 200–400 MB at its peak; max_peak is 300 MB")
    assert (
        judge_call(a_measurement(peak=between(200, 400)), Limits(max_peak_bytes=300 * MIB, headroom=HEADROOM)).fits
        is None
    )


def test_a_call_that_was_lost_is_held_against_no_limit_of_its_own() -> None:
    nothing = replace(a_call("train"), outcome=Outcome(ending=Ending.LOST, message="the sandbox could not be started"))
    judged = judge_call(nothing, Limits(max_peak_bytes=300 * MIB, headroom=HEADROOM))
    assert not [reason for reason in judged.reasons if "peak" in reason]
    assert "the sandbox could not be started" in judged.reasons[0]
