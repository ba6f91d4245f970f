"""Whole runs for tests of reports: one per kind of ending that a reader can meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from profiler.model import (
    Answer,
    Comparison,
    Ending,
    Group,
    InputFiles,
    Measurement,
    Moved,
    Outcome,
    Run,
    Score,
    Skew,
    Variant,
    VariantEnd,
)
from profiler.units import MIB, NS_PER_MS, NS_PER_S
from tests.factories import (
    OK,
    a_machine,
    a_measurement,
    a_plan,
    a_planned_step,
    a_run,
    between,
    ended,
    exactly,
    the_settings,
)

SHARDS = 20
_STORE = "s3://bucket/paredown"

TRACEBACK = """Traceback (most recent call last):
  File "/home/ada/anomalies/job.py", line 41, in train
    model.fit(features, costs)
  File "/home/ada/anomalies/.venv/lib/python3.11/site-packages/sklearn/linear_model/_ridge.py", line 1248, in fit
    return super().fit(X, y, sample_weight=sample_weight)
ValueError: Input y contains NaN.
"""


def a_fitting_run(**changes: Any) -> Run:
    """The reference job as it should end: the monolith is too big for Lambda, the decomposed variant fits."""
    return replace(_reference_run(_monolith(9_420, 11_132) + _decomposed()), **changes)


def a_run_that_does_not_fit() -> Run:
    """One query asks for more than it declares, and training a shard takes too long."""
    measurements = [
        replace(item, wall_ns=1_900 * NS_PER_S, cpu_ns=1_880 * NS_PER_S)
        if item.step == "train" and item.variant is Variant.DECOMPOSED and item.index == 7
        else item
        for item in _monolith(9_420, 11_132) + _decomposed()
    ]
    return _reference_run(measurements)


def an_undecided_run() -> Run:
    """Training starts processes of its own, so its peak lies between two ends, and Lambda's limit between those.

    Its shards follow from its groups, whose keys hold what a page and a terminal must not take at its word.
    """
    measurements = [
        replace(item, peak=between(4_200, 9_800) if item.index else between(5_100, None), processes=4)
        if item.step == "train" and item.variant is Variant.DECOMPOSED
        else item
        for item in _monolith(2_010, 2_400) + _decomposed()
    ]
    run = _reference_run(measurements)
    return replace(run, plan=replace(run.plan, skew=a_skew()))


def a_skew() -> Skew:
    """Groups of which one is large, by keys as data can hold them."""
    sizes: dict[tuple[str | None, ...], int] = {
        ("Contoso & Sons <script>alert(1)</script>", "eu-west-1"): 35_366,
        ("*Zoë*\n\x1b[31m|", None): 20_104,
        ("", "eu-west-1"): 9_950,
        ("a name that goes on and on, longer than any line has room for", "us-east-1"): 712,
        ("c5", "us-east-1"): 711,
    }
    return Skew(
        step="daily_cost",
        keys=("customer", "region"),
        groups=4_912,
        rows=353_664,
        largest=tuple(Group(key=key, rows=rows) for key, rows in sizes.items()),
    )


def a_script_run() -> Run:
    """A plain script with two marks, which ended with exit code 3."""
    monolith: dict[str, Any] = {"variant": Variant.MONOLITH, "cores": 2.0}
    script = a_planned_step(name="train.py", kind="script", reads=(), by=(), function=None, file="/home/ada/train.py")
    return a_run(
        plan=a_plan(
            job="train.py",
            file="/home/ada/train.py",
            inputs=(),
            monolith=(script,),
            decomposed=(),
            shards=1,
            shards_reason="",
            request=None,
            answer_key=(),
        ),
        settings=the_settings(variants=(Variant.MONOLITH,)),
        measurements=(
            _measured(step="load", wall=12.4, cpu=11.8, mib=1_830, start=96, **monolith),
            _measured(step="fit", wall=31.0, cpu=55.2, mib=1_912, start=1_640, **monolith),
            _measured(
                step="train.py",
                wall=1.5,
                cpu=1.1,
                mib=1_700,
                start=11,
                init=0.02,
                outcome=ended(
                    Ending.EXITED, "left with exit code 3", exit_code=3, output_tail="no model is good enough\n"
                ),
                **monolith,
            ),
        ),
        variants=(
            VariantEnd(
                variant=Variant.MONOLITH, wall_ns=44_900 * NS_PER_MS, complete=False, reason="train.py left with 3"
            ),
        ),
        answers=(),
        comparison=None,
        exit_code=3,
    )


def an_interrupted_run() -> Run:
    """Ctrl-C while the shards trained: seven are done, two were stopped, and the last line of the file is torn."""
    query, *tasks = _decomposed()
    done = [task for task in tasks if task.step == "train" and task.index < 7]
    stopped = [
        replace(task, outcome=ended(Ending.STOPPED, "interrupted"))
        for task in tasks
        if task.step == "train" and task.index in (7, 8)
    ]
    return _reference_run(
        [*_monolith(9_420, 11_132), query, *done, *stopped],
        variants=(_end(Variant.MONOLITH, 184),),
        comparison=None,
        scores=(),
        answers=(_answer(Variant.MONOLITH),),
        ended=False,
        dropped_bytes=212,
    )


def a_run_with_another_answer() -> Run:
    """Both variants ran, and their answers differ: some values, and rows that only one side has."""
    key = ("customer", "service", "region", "day")
    rows = (
        ("acme", "Amazon EC2", "us-east-1", "2026-06-03", "expected_usd", "1204.1186", "1204.2231"),
        ("acme", "Amazon EC2", "us-east-1", "2026-06-04", "expected_usd", "1198.0043", "1198.1080"),
        ("Überlandwerk GmbH & Co. KG", "Amazon S3", "eu-central-1", "2026-06-03", "is_anomaly", "True", "False"),
    )
    return a_fitting_run(
        comparison=Comparison(
            equal=False,
            rows=353_664,
            equal_rows=353_501,
            largest_difference=8.7e-5,
            only_monolith=2,
            only_decomposed=1,
            columns=(*key, "column", "monolith", "decomposed"),
            first_differing=rows,
            first_only_monolith=(
                ("globex", "AWS Lambda", "us-west-2", "2026-06-07"),
                ("globex", "AWS Lambda", "us-west-2", "2026-06-08"),
            ),
            first_only_decomposed=(("initech", "Amazon RDS", "", "2026-05-30"),),
        ),
        scores=(
            Score(variant=Variant.MONOLITH, values={"precision": 0.912, "recall": 0.871}),
            Score(variant=Variant.DECOMPOSED, values={"precision": 0.911, "recall": 0.871}),
        ),
    )


def a_run_with_failed_tasks() -> Run:
    """Three shards raise alike, one is killed, and predict never ran."""
    raised = ended(Ending.RAISED, "ValueError: Input y contains NaN.", traceback=TRACEBACK, output_tail=_PROGRESS)
    killed = ended(Ending.KILLED, "killed by SIGKILL, possibly for memory", signal=9)
    query, *tasks = _decomposed()
    measurements = [
        replace(task, outcome=raised if task.index in (2, 3, 11) else killed if task.index == 5 else OK)
        for task in tasks
        if task.step == "train"
    ]
    return _reference_run(
        [*_monolith(9_420, 11_132), query, *measurements],
        variants=(
            _end(Variant.MONOLITH, 184),
            replace(_end(Variant.DECOMPOSED, 39), complete=False, reason="4 of 20 tasks of train did not end well"),
        ),
        comparison=Comparison(equal=None, reason="the decomposed variant gave no answer"),
        scores=(),
        answers=(_answer(Variant.MONOLITH),),
    )


def a_run_on_two_hosts() -> Run:
    """On a cluster of two unlike hosts; the harness's own host ran the monolith."""
    query, *tasks = _decomposed()
    there = [replace(task, host="node-2" if task.index % 3 else "node-1") for task in (query, *tasks)]
    run = _reference_run([*_monolith(9_420, 11_132), *there], settings=the_settings(engine="dask", jobs=6))
    own = replace(run.machine, host="harness", clock_mhz=2_600)
    epyc = a_machine(
        host="node-2", cpu_model="AMD EPYC 7R13 Processor", cores=4, clock_mhz=3_650, memory_bytes=16_384 * MIB
    )
    return replace(run, machine=own, hosts=(replace(own, host="node-1"), epyc))


def a_run_on_s3() -> Run:
    """Its input lies on S3; the monolith reads it in a way that nobody sees."""
    run = a_fitting_run()
    (line_items,) = run.plan.inputs
    paths = tuple(f"s3://focus/{month:02}.parquet" for month in range(18))
    asked = Moved(get=18 * 4, received_bytes=610 * MIB)
    unseen = Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)
    tasks = tuple(
        replace(item, moved=asked if item.variant is Variant.DECOMPOSED else unseen, input_files=18)
        if item.step in ("daily_cost", "load") and (item.step == "load" or item.variant is Variant.DECOMPOSED)
        else item
        for item in run.measurements
    )
    found = replace(line_items, paths=paths, sizes=(line_items.total_bytes // 18,) * 18)
    return replace(run, plan=replace(run.plan, inputs=(found,)), measurements=tasks)


def a_run_in_a_store() -> Run:
    """What passes between its steps lies on S3, where its input does too."""
    run = a_run_on_s3()
    tasks = tuple(
        replace(
            item,
            files=(f"{_STORE}/work/{run.id}/decomposed/{item.step}/task-{item.index:05d}.parquet",),
            file_bytes=(3 * MIB,),
            input_bytes=610 * MIB if item.step == "daily_cost" else 3 * MIB,
            stored_bytes=610 * MIB if item.step == "daily_cost" else 3 * MIB,
            output_bytes=3 * MIB,
            read_bytes=3 * MIB,
            written_bytes=3 * MIB,
            temp_bytes=3 * MIB,
            moved=replace(
                item.moved or Moved(get=4 if item.step == "predict" else 2, received_bytes=3 * MIB),
                put=1,
                list=1 if item.step == "daily_cost" else 0,
                sent_bytes=3 * MIB,
            ),
        )
        if item.variant is Variant.DECOMPOSED
        else item
        for item in run.measurements
    )
    answers = tuple(replace(answer, path=f"{_STORE}/work/{run.id}{answer.path}") for answer in run.answers)
    settings = replace(run.settings, workspace=_STORE)
    path = f"{_STORE}/runs/{run.id}.jsonl"
    return replace(run, path=path, measurements=tasks, answers=answers, settings=settings)


SAMPLES = {
    "fits": a_fitting_run,
    "does_not_fit": a_run_that_does_not_fit,
    "undecided": an_undecided_run,
    "script": a_script_run,
    "interrupted": an_interrupted_run,
    "other_answer": a_run_with_another_answer,
    "failed_tasks": a_run_with_failed_tasks,
    "two_hosts": a_run_on_two_hosts,
    "on_s3": a_run_on_s3,
    "in_a_store": a_run_in_a_store,
}

_PROGRESS = (
    "reading 41,212 rows\n\x1b[32mtraining\x1b[0m  10 %\rtraining  57 %\n/home/ada: RuntimeWarning: divide by zero\n"
)


def _reference_run(measurements: list[Measurement], **changes: Any) -> Run:
    keys = ("customer", "service", "region")
    plan = a_plan(
        inputs=(
            InputFiles(
                name="line_items",
                paths=tuple(f"/data/{month:02}.parquet" for month in range(18)),
                total_bytes=512 * MIB,
                rows=10_003_680,
                fingerprint="f",
            ),
        ),
        monolith=(
            a_planned_step(name="load", kind="step", reads=("line_items",), by=()),
            a_planned_step(name="daily_cost", kind="step", reads=("load",), by=()),
            a_planned_step(by=keys),
            a_planned_step(name="predict", reads=("daily_cost", "train"), by=keys),
        ),
        decomposed=(
            a_planned_step(
                name="daily_cost", kind="query", reads=("line_items",), by=(), shard_by=keys, memory_mib=512
            ),
            a_planned_step(by=keys, shard_by=keys, fans_out=True),
            a_planned_step(name="predict", reads=("daily_cost", "train"), by=keys, shard_by=keys, fans_out=True),
        ),
        shards=SHARDS,
        shards_reason="512 MB of input, some 26 MB each",
        dollars_per_day="7",
        requests_per_day=3_000,
    )
    run = a_run(
        plan=plan,
        machine=a_machine(
            cpu_model="Intel Xeon Processor @ 2.60GHz",
            packages={"duckdb": "2.0.0", "pandas": "3.1.0", "scikit-learn": "1.9.0"},
        ),
        measurements=tuple(measurements),
        variants=(_end(Variant.MONOLITH, 184), _end(Variant.DECOMPOSED, 41)),
        answers=(_answer(Variant.MONOLITH), _answer(Variant.DECOMPOSED)),
        comparison=Comparison(equal=True, rows=353_664, equal_rows=353_664, largest_difference=2.1e-12),
        scores=(
            Score(variant=Variant.MONOLITH, values={"precision": 0.912, "recall": 0.871}),
            Score(variant=Variant.DECOMPOSED, values={"precision": 0.912, "recall": 0.871}),
        ),
    )
    return replace(run, **changes)


def _monolith(loaded: int, highest: int) -> list[Measurement]:
    """Four steps in one process, which holds what it loaded to the end."""
    common: dict[str, Any] = {"variant": Variant.MONOLITH, "cores": 2.0}
    return [
        _measured(step="load", wall=66.2, cpu=58.1, mib=loaded, start=178, init=1.92, **common),
        _measured(step="daily_cost", wall=15.0, cpu=13.2, mib=highest, start=loaded - 210, **common),
        _measured(step="train", wall=81.1, cpu=31.0, mib=highest + 2, start=highest, groups=4_912, **common),
        _measured(step="predict", wall=21.8, cpu=9.31, mib=highest + 10, start=highest, groups=4_912, **common),
    ]


def _decomposed() -> list[Measurement]:
    """A query, then two steps over twenty shards, of which some are larger than others."""
    query = _measured(step="daily_cost", wall=4.4, cpu=4.2, mib=271, start=48, init=0.098)
    tasks = [
        _measured(
            step=step,
            index=shard,
            wall=wall * (1 + shard % 5 / 10),
            cpu=cpu * (1 + shard % 5 / 10),
            mib=mib + 3 * (shard % 5),
            start=150,
            init=1.52 if shard < 2 else 0,
            groups=4_912 // SHARDS,
        )
        for step, wall, cpu, mib in (("train", 1.4, 1.3, 225), ("predict", 0.36, 0.31, 184))
        for shard in range(SHARDS)
    ]
    return [query, *tasks]


def _measured(
    *,
    step: str,
    wall: float,
    cpu: float,
    mib: float,
    start: int,
    init: float = 0,
    outcome: Outcome = OK,
    **changes: Any,
) -> Measurement:
    return a_measurement(
        step=step,
        wall_ns=int(wall * NS_PER_S),
        cpu_ns=int(cpu * NS_PER_S),
        init_ns=int(init * NS_PER_S),
        init_cpu_ns=int(init * NS_PER_S),
        peak=exactly(mib),
        start_bytes=start * MIB,
        outcome=outcome,
        **changes,
    )


def _end(variant: Variant, seconds: int) -> VariantEnd:
    return VariantEnd(variant=variant, wall_ns=seconds * NS_PER_S, complete=True)


def _answer(variant: Variant) -> Answer:
    return Answer(variant=variant, path=f"/{variant}.parquet", rows=353_664, requests=40, groups=4_912)
