"""The model of time: what it must never do, and how near it comes to published invocations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.duration import MIB_PER_VCPU, predict_duration
from profiler.units import NS_PER_S
from tests.conftest import ROOT

TIMES = st.integers(0, 10**13)
SIZES = st.integers(128, 10_240)


@st.composite
def free_runs(draw: st.DrawFn) -> dict[str, float]:
    """A run on at least one core that nothing held back: no more CPU time than its cores can give."""
    cores = draw(st.floats(1, 64))
    wall_ns = draw(TIMES)
    return {"cores": cores, "wall_ns": wall_ns, "cpu_ns": draw(st.integers(0, int(wall_ns * cores)))}


@given(free_runs(), SIZES, SIZES)
def test_more_memory_never_takes_longer(run: dict[str, float], one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert predict_duration(**run, memory_mib=small) >= predict_duration(**run, memory_mib=large)


@given(free_runs(), SIZES)
def test_lambda_is_never_faster_than_the_free_run(run: dict[str, float], memory_mib: int) -> None:
    assert predict_duration(**run, memory_mib=memory_mib) >= run["wall_ns"]


@given(free_runs(), SIZES, st.integers(0, 10**12))
def test_more_cpu_time_in_the_same_wall_time_never_takes_less(
    run: dict[str, float], memory_mib: int, more: int
) -> None:
    longer = {**run, "cpu_ns": run["cpu_ns"] + more}
    assert predict_duration(**longer, memory_mib=memory_mib) >= predict_duration(**run, memory_mib=memory_mib)


@given(TIMES, st.floats(1.01, 64), SIZES)
def test_one_busy_core_is_the_same_in_both_models(wall_ns: int, cores: float, memory_mib: int) -> None:
    """At CPU time = wall time the two models meet, so that a measurement's noise does not jump."""
    below = predict_duration(wall_ns=wall_ns, cpu_ns=wall_ns, cores=cores, memory_mib=memory_mib)
    above = predict_duration(wall_ns=wall_ns, cpu_ns=wall_ns + 1, cores=cores, memory_mib=memory_mib)
    # One nanosecond more of parallel work is cores ÷ (cores - 1) taken from the phase on one core.
    assert abs(above - below) <= 2 + 15 * cores / (cores - 1)


@pytest.mark.parametrize(
    ("wall_s", "cpu_s", "cores", "memory_mib", "seconds"),
    [
        pytest.param(1, 1, 2, MIB_PER_VCPU * 2, 1.0, id="one thread, two vCPUs"),
        pytest.param(1, 1, 2, 885, 1 / (0.98 * 885 / 1769), id="one thread, half a vCPU"),
        pytest.param(1, 2, 2, 4000, 1.0, id="two threads, more than two vCPUs"),
        pytest.param(1, 2, 2, 1769, 2 / 0.98, id="two threads, one vCPU"),
        pytest.param(10, 0, 2, 128, 10.0, id="waiting needs no vCPU"),
        pytest.param(1, 1.5, 2, 1769, 0.5 / 0.98 + 1 / 0.98, id="half on one core, half on both"),
        pytest.param(1, 1.2, 1, 10_000, 1.2, id="more CPU time than one core can give"),
        pytest.param(2, 1, 0.5, 1769, 1 / 0.98, id="held back to half a core"),
        pytest.param(0, 0, 2, 128, 0.0, id="nothing to do"),
    ],
)
def test_a_free_run_is_stretched(wall_s: float, cpu_s: float, cores: float, memory_mib: int, seconds: float) -> None:
    predicted = predict_duration(
        wall_ns=int(wall_s * NS_PER_S), cpu_ns=int(cpu_s * NS_PER_S), cores=cores, memory_mib=memory_mib
    )
    assert predicted == pytest.approx(seconds * NS_PER_S, rel=1e-9)


def test_waiting_hides_some_of_the_stretched_work() -> None:
    """Between the larger of both (all hides) and their sum (nothing does)."""
    predicted = predict_duration(wall_ns=2 * NS_PER_S, cpu_ns=NS_PER_S, cores=1, memory_mib=885)
    stretched = NS_PER_S / (0.98 * 885 / 1769)
    assert max(2 * NS_PER_S, stretched) < predicted < NS_PER_S + stretched


@pytest.mark.parametrize(
    "wrong",
    [{"wall_ns": -1}, {"cpu_ns": -1}, {"cores": 0}, {"cores": float("nan")}, {"memory_mib": 0}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_means_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        predict_duration(**{"wall_ns": 1, "cpu_ns": 1, "cores": 1, "memory_mib": 128, **wrong})


def test_published_invocations_are_predicted(shared_data: Path, tmp_path: Path) -> None:
    """Median error at most 3 %, 90th percentile at most 8 %; no invocation that failed is said to fit."""
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "lambda_accuracy.py"),
            "--data",
            str(shared_data / "lambda_matmul_2024.parquet"),
            "--results",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kept = ROOT / "benchmarks" / "results" / "lambda_accuracy.json"
    assert (tmp_path / "lambda_accuracy.json").read_text() == kept.read_text(), "the kept results are old"
