"""The bill of a pipeline: what a run uses, what that costs by service, and what stands beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.errors import UsageError
from profiler.facts import load, platform_of
from profiler.model import Answer, Comparison, Ending, Measurement, Moved, Run, Variant
from profiler.pipeline.elsewhere import Elsewhere
from profiler.pipeline.usage import Design, Store
from profiler.pipeline.whole import Pipeline, pipeline_of
from profiler.pricing.cost import tiered_usd
from profiler.pricing.tariffs import tariff_of
from profiler.report.pipeline_claim import headline
from profiler.report.pipeline_json import pipeline_json
from profiler.report.pipeline_text import pipeline_text
from profiler.units import DAYS_PER_MONTH, GIB, MIB, NS_PER_S, dollars
from profiler.verdict import judge
from tests.factories import a_measurement, a_run, ended, exactly, the_measurements
from tests.sample_runs import a_fitting_run, a_script_run, an_interrupted_run

FACTS = load()


def project(run: Run, **how: Any) -> Pipeline:
    region, arch = how.pop("region", "us-east-1"), how.pop("arch", "x86_64")
    platform = platform_of(FACTS, region=region, arch=arch)
    terms = {name: how.pop(name) for name in ("headroom", "warm") if name in how}
    return pipeline_of(run, judge(run, platform, **terms), FACTS, platform, **how)


def a_priced_run(**changes: Any) -> Run:
    """A run whose tasks printed, read files and left some, with an answer of 1,000 items of 1.5 KB."""
    tasks = tuple(
        replace(task, files=("a", "b"), input_files=3, printed_bytes=1000, output_bytes=MIB, input_bytes=20 * MIB)
        if task.variant is Variant.DECOMPOSED
        else task
        for task in the_measurements()
    )
    answer = Answer(
        variant=Variant.DECOMPOSED,
        path="/d.parquet",
        rows=1000,
        requests=40,
        groups=100,
        item_bytes=1_536_000,
        largest_item_bytes=1_536,
        write_units=2000,
    )
    return a_run(**{"measurements": tasks, "answers": (answer,)} | changes)


def shown(pipeline: Pipeline) -> str:
    """Its text as one line."""
    return " ".join(pipeline_text(pipeline, width=80).split())


def amounts(pipeline: Pipeline) -> dict[str, Decimal]:
    return {item.quantity: item.per_run for service in pipeline.services for item in service.quantities}


def test_everything_that_a_run_uses_is_counted() -> None:
    used = amounts(project(a_priced_run(), design=Design(kept_days=30)))
    assert used["lambda.requests"] == 3
    assert used["lambda.gb_seconds"] == judge(a_priced_run(), platform_of(FACTS)).decomposed.gb_s  # type: ignore[union-attr]
    assert used["eventbridge.events"] == 1
    assert used["dynamodb.write_units"] == 2000
    assert used["s3.put_requests"] == 2  # The query's; what train left is in DynamoDB.
    assert used["s3.get_requests"] == 9
    month = Fraction(30) / DAYS_PER_MONTH
    assert used["dynamodb.storage_gb_months"] == pytest.approx(Decimal(float((1_536_000 + 1000 * 100) * month / GIB)))
    assert "athena.scanned_tb" not in used
    assert "lambda.ephemeral_gb_seconds" not in used


def test_what_goes_to_s3_and_comes_from_there_is_said_in_bytes() -> None:
    pipeline = project(a_priced_run())
    assert (pipeline.s3_written_bytes, pipeline.s3_given_bytes) == (MIB, 3 * 20 * MIB)
    assert project(a_priced_run(), design=Design(store=Store.S3)).s3_written_bytes == 3 * MIB


def a_run_behind_urls(moved: Moved | None, **changes: Any) -> Run:
    """The priced run with its three input files on S3; each of its tasks is given three files."""
    run = a_priced_run()
    files = tuple(f"s3://focus/{number}.parquet" for number in range(3))
    item = replace(run.plan.inputs[0], paths=files, sizes=(1, 2, 3))
    tasks = tuple(
        replace(task, moved=moved) if task.step == "daily_cost" and task.variant is Variant.DECOMPOSED else task
        for task in run.measurements
    )
    return replace(run, plan=replace(run.plan, inputs=(item,), **changes), measurements=tasks)


def test_counted_requests_take_the_place_of_the_estimate() -> None:
    pipeline = project(a_run_behind_urls(Moved(get=50, put=3, list=2, received_bytes=20 * MIB)))
    used = amounts(pipeline)
    assert used["s3.get_requests"] == 50 + 2 * 3  # The two other tasks read files of this disk.
    assert used["s3.put_requests"] == 3 + 2 + 2
    assert "Of the requests to S3, 50 GETs, 3 PUTs, 2 LISTs are counted as the tasks made them." in shown(pipeline)
    assert "2 PUTs for those that go to S3 (1.00 MB in all), 6 GETs for those that a task is given." in shown(pipeline)
    jsonschema.validate(json.loads(pipeline_json(pipeline)), SCHEMA)


def test_of_a_query_split_by_file_only_the_files_of_a_part_were_asked_for() -> None:
    run = a_run_behind_urls(Moved(get=2))
    first, *others = run.plan.decomposed
    files = run.plan.inputs[0].paths
    steps = (replace(first, parts=(files[:1], files[1:])), *others)
    used = amounts(project(replace(run, plan=replace(run.plan, decomposed=steps))))
    assert used["s3.get_requests"] == 2 + (3 - 1) + 2 * 3


def test_where_requests_were_not_seen_the_estimate_holds_and_that_is_said() -> None:
    unseen = Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)
    pipeline = project(a_run_behind_urls(unseen))
    assert amounts(pipeline)["s3.get_requests"] == 9
    assert "one GET for each that a task is given" in shown(pipeline)
    assert "What daily_cost asked for its input was not seen; a GET of each file is taken." in shown(pipeline)
    jsonschema.validate(json.loads(pipeline_json(pipeline)), SCHEMA)


def a_run_in_a_store(*, on_disk: bool = False, **moved: Any) -> Run:
    """The priced run with what passes between its steps on S3, and its input there too, unless that is on this disk."""
    run = a_run_behind_urls(None)
    found = Moved(**({"get": 4, "put": 2, "received_bytes": 20 * MIB, "sent_bytes": MIB} | moved))
    tasks = tuple(
        replace(task, moved=found, files=tuple(f"s3://bucket/paredown/work/{task.step}/{file}" for file in task.files))
        if task.variant is Variant.DECOMPOSED
        else task
        for task in run.measurements
    )
    (item,) = run.plan.inputs
    found_on_disk = replace(item, paths=("/data/a", "/data/b", "/data/c"), sizes=())
    return replace(
        run,
        settings=replace(run.settings, workspace="s3://bucket/paredown"),
        plan=replace(run.plan, inputs=(found_on_disk if on_disk else item,)),
        measurements=tasks,
    )


def test_where_everything_lies_in_a_store_nothing_is_estimated() -> None:
    pipeline = project(a_run_in_a_store(list=1), design=Design(store=Store.S3))
    used = amounts(pipeline)
    assert (used["s3.get_requests"], used["s3.put_requests"]) == (3 * 4, 3 * (2 + 1))
    assert (
        "All requests to S3 are counted as the tasks made them: 12 GETs, 6 PUTs, 3 LISTs, for 3.00 MB that they left "
        "there and 60.0 MB that they were given. Files between steps are kept one day." in shown(pipeline)
    )
    jsonschema.validate(json.loads(pipeline_json(pipeline)), SCHEMA)


def test_of_inputs_on_this_disk_the_gets_alone_are_estimated() -> None:
    pipeline = project(a_run_in_a_store(on_disk=True), design=Design(store=Store.S3))
    assert amounts(pipeline)["s3.get_requests"] == 3 * 4 + 3  # The query's own three files.
    assert "on this disk it is an estimate: 3 GETs for those that a task is given." in shown(pipeline)


def test_a_put_of_an_answer_that_is_items_here_is_not_billed() -> None:
    pipeline = project(a_run_in_a_store())
    assert amounts(pipeline)["s3.put_requests"] == 2  # The query's; each task of train put two files as well.
    assert "4 PUTs of the answer's files, whose rows are items here, are not billed." in shown(pipeline)
    own = project(a_run_in_a_store(put=7))
    assert amounts(own)["s3.put_requests"] == 7 + 2 * (7 - 2)  # What a step's code puts there itself is billed.


def test_files_that_were_put_there_in_a_way_nobody_saw_are_estimated() -> None:
    unseen = project(a_run_in_a_store(put=None, list=None, sent_bytes=None), design=Design(store=Store.S3))
    used = amounts(unseen)
    assert (used["s3.get_requests"], used["s3.put_requests"]) == (3 * 4, 3 * 2)
    reading = project(a_run_in_a_store(get=None, received_bytes=None), design=Design(store=Store.S3))
    assert (amounts(reading)["s3.get_requests"], amounts(reading)["s3.put_requests"]) == (3 * 3, 3 * 2)
    assert "For other files it is an estimate: 9 GETs for those that a task is given." in shown(reading)


@given(
    st.sampled_from(Store),
    st.booleans(),
    *(st.one_of(st.none(), st.integers(0, 10**6)) for _ in range(3)),
)
def test_a_request_is_counted_or_estimated_and_never_both(
    store: Store, on_disk: bool, get: int | None, put: int | None, listed: int | None
) -> None:
    run = a_run_in_a_store(on_disk=on_disk, get=get, put=put, list=listed)
    requests = project(run, design=Design(store=store)).s3_requests
    files = 3 * (0 if get is not None else 3) + (3 if on_disk and get is not None else 0)
    assert requests.get == 3 * (get or 0) + files
    assert 3 * (listed or 0) <= requests.put
    on_s3 = project(run, design=Design(store=Store.S3)).s3_requests
    assert on_s3.put == 3 * (max(put or 0, 2) + (listed or 0))
    assert requests.put <= on_s3.put


def test_athena_bills_what_came_from_s3() -> None:
    run = a_run_behind_urls(Moved(get=50, received_bytes=19_000_001))
    assert amounts(project(run, design=Design(athena=True)))["athena.scanned_tb"] == Decimal("0.00002")


def test_on_s3_every_file_of_the_last_step_is_an_answer() -> None:
    used = amounts(project(a_priced_run(), design=Design(store=Store.S3)))
    assert used["s3.put_requests"] == 6
    assert not any(name.startswith("dynamodb") for name in used)


def test_athena_takes_the_queries_off_lambda() -> None:
    on_lambda, on_athena = (amounts(project(a_priced_run(), design=Design(athena=athena))) for athena in (False, True))
    assert on_athena["lambda.requests"] == on_lambda["lambda.requests"] - 1
    assert on_athena["lambda.gb_seconds"] < on_lambda["lambda.gb_seconds"]
    assert on_athena["athena.scanned_tb"] == Decimal("0.00001")  # Nothing was read, and ten megabytes are the least.


def test_athena_bills_what_was_read_in_whole_megabytes() -> None:
    tasks = [
        replace(task, read_bytes=19_000_001) if task.step == "daily_cost" else task
        for task in a_priced_run().measurements
    ]
    used = amounts(project(a_priced_run(measurements=tuple(tasks)), design=Design(athena=True)))
    assert used["athena.scanned_tb"] == Decimal("0.00002")


def test_temporary_files_above_what_is_included_are_billed_as_long_as_the_task_runs() -> None:
    tasks = [
        replace(task, temp_bytes=1536 * MIB) if task.step == "daily_cost" else task
        for task in a_priced_run().measurements
    ]
    run = a_priced_run(measurements=tuple(tasks))
    query = judge(run, platform_of(FACTS)).decomposed.steps[0]  # type: ignore[union-attr]
    assert query.billed_ns is not None
    assert amounts(project(run))["lambda.ephemeral_gb_seconds"] == Decimal(query.billed_ns) / NS_PER_S


@pytest.mark.parametrize(
    ("warm", "each"),
    [
        pytest.param(False, 460, id="INIT_START, START, END, and REPORT with its Init Duration"),
        pytest.param(True, 270, id="START, END and REPORT"),
    ],
)
def test_logs_are_what_lambda_writes_and_what_was_printed(warm: bool, each: int) -> None:
    used = amounts(project(a_priced_run(), warm=warm))
    assert used["logs.ingested_gb"] == Decimal(3 * each + 3 * 1000) / GIB


@given(
    st.integers(1, 10**7),
    st.sampled_from(Store),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["x86_64", "arm64"]),
)
def test_the_services_add_up_to_the_whole(requests: int, store: Store, athena: bool, free: bool, arch: str) -> None:
    pipeline = project(
        a_priced_run(),
        requests_per_day=requests,
        usd_per_day=Decimal(7),
        free_tier=free,
        arch=arch,
        design=Design(store=store, athena=athena),
    )
    assert pipeline.usd_per_day is not None
    assert sum(item.usd_per_day or 0 for item in pipeline.services) == pipeline.usd_per_day
    assert sum(item.share or 0 for item in pipeline.services) == pytest.approx(1)
    for service in pipeline.services:
        each = sum(Fraction(item.usd_per_run or 0) for item in service.quantities)
        assert float(each) == pytest.approx(float(service.usd_per_run), rel=1e-12)
    assert pipeline.left_usd_per_day == 7 - pipeline.usd_per_day


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.booleans())
def test_more_requests_never_cost_less(one: int, other: int, free: bool) -> None:
    few, many = (
        project(a_priced_run(), requests_per_day=requests, free_tier=free).usd_per_day
        for requests in sorted((one, other))
    )
    assert few is not None
    assert many is not None
    assert few <= many + Decimal("1e-18")


@given(st.decimals(1, 1000, places=2), st.booleans())
def test_the_requests_that_a_target_buys_cost_the_target(target: Decimal, free: bool) -> None:
    bought = project(a_priced_run(), requests_per_day=1, usd_per_day=target, free_tier=free).requests_bought
    assert bought is not None
    within = project(a_priced_run(), requests_per_day=bought, free_tier=free).usd_per_day
    beyond = project(a_priced_run(), requests_per_day=bought + 1, free_tier=free).usd_per_day
    assert within is not None
    assert beyond is not None
    assert within <= target + Decimal("1e-15")
    assert beyond > target - Decimal("1e-15")


def test_the_service_that_buys_least_is_used_up_first() -> None:
    pipeline = project(a_priced_run(), requests_per_day=3000, usd_per_day=Decimal(7))
    least = min(pipeline.services, key=lambda item: item.requests_bought or 0)
    assert pipeline.used_up_first == least.service == "dynamodb"


def test_the_cheaper_workflow_is_taken_and_both_are_priced() -> None:
    inline, distributed = project(a_priced_run(), requests_per_day=3000).workflows
    assert (inline.chosen, distributed.chosen) == (True, False)
    assert inline.usd_per_run == 4 * Decimal("0.000025")
    assert distributed.usd_per_run > inline.usd_per_run  # type: ignore[operator]


def test_a_region_without_a_price_says_so_and_leaves_it_out_of_the_sum() -> None:
    pipeline = project(a_priced_run(), region="eu-west-1", requests_per_day=3000)
    (unknown,) = (item for item in pipeline.services if item.service == "dynamodb")
    assert (unknown.usd_per_run, unknown.share) == (None, None)
    assert "dynamodb.write_units" in pipeline.missing
    assert "so every sum is too low" in " ".join(pipeline_text(pipeline, width=80).split())


def test_terms_that_are_not_the_usual_ones_are_said() -> None:
    usual, other = project(a_priced_run()), project(a_priced_run(), headroom=Decimal(2), warm=True)
    assert "GB-seconds as the report predicts them." in shown(usual)
    assert "as the report predicts them with 2 times the memory needed and no init billed." in shown(other)
    document = json.loads(pipeline_json(other))
    assert (document["headroom"], document["warm"]) == ("2", True)


def test_without_requests_a_day_only_a_run_is_priced() -> None:
    pipeline = project(a_priced_run())
    assert pipeline.usd_per_day is None
    assert pipeline.elsewhere == ()
    assert pipeline.usd_per_request == pipeline.usd_per_run / 40
    assert headline(pipeline).startswith("cost_anomalies: one run costs $")


def test_athena_needs_sql() -> None:
    run = a_priced_run()
    steps = tuple(replace(step, kind="per_shard") for step in run.plan.decomposed)
    with pytest.raises(UsageError, match="has no SQL that could run there"):
        project(replace(run, plan=replace(run.plan, decomposed=steps)), design=Design(athena=True))


def test_the_hint_for_a_script_is_a_command_that_finds_it() -> None:
    run = a_script_run()
    step = replace(run.plan.monolith[0], file="/home/me/my script.py")
    with pytest.raises(UsageError) as caught:
        project(replace(run, plan=replace(run.plan, file="/home/me/my script.py", monolith=(step,))))
    assert caught.value.hint == "paredown init '/home/me/my script.py' writes a job file around it"


def test_the_free_tier_needs_to_know_the_month() -> None:
    with pytest.raises(UsageError, match="a month's"):
        project(a_priced_run(), free_tier=True)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        pytest.param(a_script_run(), "is of a plain script", id="a script"),
        pytest.param(an_interrupted_run(), "did not end well", id="interrupted"),
        pytest.param(
            replace(
                a_run(),
                plan=replace(a_run().plan, decomposed=()),
                measurements=(a_measurement(variant=Variant.MONOLITH),),
                variants=a_run().variants[:1],
                settings=replace(a_run().settings, variants=(Variant.MONOLITH,)),
            ),
            "holds no decomposed variant",
            id="a monolith alone",
        ),
    ],
)
def test_only_a_decomposed_variant_that_ended_well_has_a_bill(run: Run, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        project(run, requests_per_day=3000)
    assert caught.value.hint


def test_a_run_of_an_older_version_does_not_say_how_large_its_items_are() -> None:
    pipeline = project(a_run(), requests_per_day=3000)
    assert "dynamodb" not in [item.service for item in pipeline.services]
    assert "run it again" in "".join(pipeline.objections)


def test_an_item_that_dynamodb_does_not_take_is_said() -> None:
    answer = replace(a_priced_run().answers[0], largest_item_bytes=409_601)
    assert "409,601 bytes" in "".join(project(a_priced_run(answers=(answer,))).objections)


def test_a_step_that_no_lambda_holds_is_said() -> None:
    tasks = [
        replace(task, peak=exactly(20_000)) if task.step == "train" and task.variant is Variant.DECOMPOSED else task
        for task in a_priced_run().measurements
    ]
    assert "No Lambda holds train" in "".join(project(a_priced_run(measurements=tuple(tasks))).objections)


def test_a_step_that_is_declared_too_small_is_said() -> None:
    run = a_priced_run()
    steps = tuple(replace(step, memory_mib=128) if step.kind == "query" else step for step in run.plan.decomposed)
    pipeline = project(replace(run, plan=replace(run.plan, decomposed=steps)))
    assert "As it is, Lambda does not run daily_cost" in "".join(pipeline.objections)


def test_a_pipeline_with_another_answer_does_not_pass_for_the_same_work() -> None:
    run = replace(a_priced_run(), comparison=Comparison(equal=False, rows=1000, equal_rows=990))
    assert "Its answer is not the monolith's: 990 of 1,000 rows are equal" in shown(project(run))


def test_a_run_that_serves_nobody_knows_how_many_counts_as_one_request() -> None:
    answer = replace(a_priced_run().answers[0], rows=0, requests=0, write_units=0, item_bytes=0)
    pipeline = project(a_priced_run(answers=(answer,)), requests_per_day=3000)
    assert pipeline.requests_per_run == 1
    assert "was not counted" in "".join(pipeline.objections)
    assert "dynamodb" not in [item.service for item in pipeline.services]


def test_names_in_a_bill_move_no_cursor_and_break_no_line() -> None:
    run = a_priced_run()
    tasks = [
        replace(task, step="tr\x1b[31main", peak=exactly(20_000)) if task.step == "train" else task
        for task in run.measurements
        if task.variant is Variant.DECOMPOSED
    ]
    steps = [replace(step, name="tr\x1b[31main") if step.name == "train" else step for step in run.plan.decomposed]
    plan = replace(run.plan, job='a "job"\n\x1b[2J', decomposed=tuple(steps))
    text = pipeline_text(project(replace(run, plan=plan, measurements=tuple(tasks))), width=80)
    assert "\x1b" not in text
    assert text.startswith('a "job"\\n\\x1b[2J: ')
    assert r"No Lambda holds tr\x1b[31main" in " ".join(text.split())


# --- the claim in words ---------------------------------------------------------------------------------------------


def claim(pipeline: Pipeline, **changes: Any) -> str:
    return headline(replace(pipeline, **changes))


A_DAY = project(a_priced_run(), requests_per_day=3000, usd_per_day=Decimal(7), design=Design(store=Store.S3))


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        pytest.param({"usd_per_day": Decimal(2)}, ": now 2.5 times less.", id="cheaper"),
        pytest.param({"usd_per_day": Decimal(10)}, ": now 2.0 times more.", id="dearer"),
        pytest.param({"usd_per_day": Decimal(5)}, ": now the same.", id="equal"),
        pytest.param({"usd_per_day": Decimal(0)}, "in one Lambda invocation.", id="free"),
        pytest.param(
            {"usd_per_day": Decimal(2), "missing": ("a",)}, ": now at most 2.5 times less.", id="cheaper so far"
        ),
        pytest.param(
            {"usd_per_day": Decimal(10), "missing": ("a",)}, ": now at least 2.0 times more.", id="dearer yet"
        ),
        pytest.param({"usd_per_day": Decimal(5), "missing": ("a",)}, "in one Lambda invocation.", id="equal so far"),
    ],
)
def test_the_claim_says_how_many_times_and_no_more_than_is_known(changes: dict[str, Any], end: str) -> None:
    assert claim(A_DAY, elsewhere=(), monolith_usd_per_day=Decimal(5), **changes).endswith(end)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        pytest.param({"requests_per_day": 1}, " a day for 1 request;", id="one request"),
        pytest.param({"requests_per_day": 0}, " a day for less than one request;", id="a few a month"),
        pytest.param({"missing": ("a",)}, " or more a day for ", id="without some price"),
        pytest.param({"hypothetical": True}, " requests, if Lambda held all of it;", id="held by no Lambda"),
        pytest.param(
            {"usd_per_day": None, "requests_per_run": 1}, "; it serves one request.", id="a run of one request"
        ),
    ],
)
def test_the_claim_says_of_what(changes: dict[str, Any], part: str) -> None:
    assert part in claim(A_DAY, **changes)


def test_the_process_pays_for_the_same_store() -> None:
    pipeline = project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40)
    (store,) = (item.usd_per_day for item in pipeline.services if item.service == "dynamodb")
    assert store is not None
    assert store > 0
    before = f"{dollars(Decimal('7.9872') + store)} on an always-on t3.2xlarge with the same store: now "
    assert before in headline(pipeline)
    files = project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40, design=Design(store=Store.S3))
    assert "$7.99 on an always-on t3.2xlarge: now " in headline(files)


def test_a_cheaper_lambda_invocation_is_in_the_claim_itself() -> None:
    text = claim(A_DAY, usd_per_day=Decimal(2), monolith_usd_per_day=Decimal("0.5"), elsewhere=an_hour_a_day())
    assert text.endswith(": now 4.0 times less. One Lambda invocation holds it too, for $0.50 a day.")


def test_a_dearer_lambda_invocation_is_not() -> None:
    text = claim(A_DAY, usd_per_day=Decimal(2), monolith_usd_per_day=Decimal(3), elsewhere=an_hour_a_day())
    assert text.endswith(": now 4.0 times less.")


def test_other_ways_to_pay_are_held_against_the_pipeline() -> None:
    text = shown(project(monolith(wall_s=3600, cpu_s=3600, mib=3000), requests_per_day=40))
    assert "Or, as one process, $2.00 on an always-on t3.large: the pipeline is " in text
    assert "on t3.2xlarge for its hours alone: " in text


def test_a_target_without_requests_says_what_it_buys() -> None:
    text = shown(project(a_priced_run(), usd_per_day=Decimal(7)))
    assert "The target of $7 a day buys " in text
    assert "DynamoDB would use it up first, by itself at " in text


def test_a_target_is_not_said_to_hold_while_prices_are_missing() -> None:
    text = shown(project(a_priced_run(), region="eu-west-1", requests_per_day=3000, usd_per_day=Decimal(7)))
    assert "holds as far as prices are known: at most $" in text


@pytest.mark.parametrize("store", Store)
def test_a_machine_is_said_to_need_a_store_too(store: Store) -> None:
    text = shown(project(monolith(wall_s=60, cpu_s=60), requests_per_day=40, design=Design(store=store)))
    assert "These are machines alone: " in text


# --- the same work elsewhere ----------------------------------------------------------------------------------------


def monolith(*, wall_s: float, cpu_s: float, mib: int = 24_000) -> Run:
    """A run whose monolith is one step of so long, and that is too big for Lambda."""
    task: dict[str, Any] = {"variant": Variant.MONOLITH, "step": "daily_cost", "peak": exactly(mib), "cores": 8.0}
    measured = a_measurement(wall_ns=int(wall_s * NS_PER_S), cpu_ns=int(cpu_s * NS_PER_S), **task)
    run = a_priced_run()
    others: tuple[Measurement, ...] = tuple(item for item in run.measurements if item.variant is Variant.DECOMPOSED)
    end = replace(run.variants[0], wall_ns=int(wall_s * NS_PER_S))
    return replace(run, measurements=(measured, *others), variants=(end, run.variants[1]))


def test_one_invocation_pays_for_what_the_monolith_asks_of_s3() -> None:
    def a_day(**changes: Any) -> Decimal:
        run = monolith(wall_s=60, cpu_s=60, mib=1000)
        whole, *others = run.measurements
        run = replace(run, measurements=(replace(whole, **changes), *others))
        usd = project(run, requests_per_day=40).monolith_usd_per_day
        assert usd is not None
        return usd

    alone = a_day(input_files=0)
    assert a_day(input_files=300) - alone == 300 * Decimal("0.0000004")
    asked = a_day(input_files=300, moved=Moved(get=2408, put=1, list=2))
    assert asked - alone == 2408 * Decimal("0.0000004") + 3 * Decimal("0.000005")


def an_hour_a_day() -> tuple[Elsewhere, ...]:
    """Machines for an hour a day."""
    return project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40).elsewhere


def test_an_hour_a_day_on_the_machine_that_is_asked_of() -> None:
    pipeline = project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40)
    machine = pipeline.elsewhere[0]
    assert (machine.name, machine.machines) == ("t3.2xlarge", 1)
    assert machine.usd_for_hours == Decimal("0.3328")
    assert machine.usd_always_on == Decimal("7.9872")
    assert (machine.surplus_for_hours, machine.surplus_always_on) == (0, 0)
    assert "as one process it was $7.99 on an always-on t3.2xlarge" in headline(pipeline)


def test_a_t3_above_its_baseline_pays_the_surplus() -> None:
    # An hour with all 8 vCPUs busy: the baseline of 40 % brings 3.2 of its 8 vCPU-hours, the rest costs 5 cents each.
    machine = project(monolith(wall_s=3600, cpu_s=8 * 3600), requests_per_day=40).elsewhere[0]
    assert machine.surplus_for_hours == Decimal("0.24")
    assert machine.usd_for_hours == Decimal("0.5728")
    assert machine.surplus_always_on == 0  # Over a day it is below its baseline.


def test_a_type_that_only_begins_with_a_t_has_no_baseline() -> None:
    run = monolith(wall_s=3600, cpu_s=8 * 3600)
    like = next(price for price in FACTS.prices if price.name == "r6i.xlarge")
    own = replace(like, name="trn1.2xlarge", tiers=(replace(like.tiers[0], usd=Decimal("0.1")),))
    attributes = {"vcpus": 8, "memory_mib": 32_768}
    facts = replace(FACTS, prices=(*FACTS.prices, replace(own, attributes=attributes)))
    platform = platform_of(facts)
    pipeline = pipeline_of(run, judge(run, platform), facts, platform, requests_per_day=40)
    (found,) = (item for item in pipeline.elsewhere if item.name == "trn1.2xlarge")
    assert found.surplus_for_hours == 0


def test_prices_of_machines_that_are_yours_are_named() -> None:
    run = monolith(wall_s=3600, cpu_s=3600)
    yours = {"t3.2xlarge", "gb_hours"}
    own = [
        replace(price, origin=replace(price.origin, yours=True)) if price.name in yours else price
        for price in FACTS.prices
    ]
    facts = replace(FACTS, prices=tuple(own))
    platform = platform_of(facts)
    pipeline = pipeline_of(run, judge(run, platform), facts, platform, requests_per_day=40)
    assert set(pipeline.yours) == {"ec2.t3.2xlarge", "fargate.gb_hours"}


def test_a_run_of_seconds_is_paid_for_a_minute() -> None:
    machine = project(monolith(wall_s=6, cpu_s=6), requests_per_day=40 * 60).elsewhere[0]
    assert machine.usd_for_hours == Decimal("0.3328")


def test_runs_of_seconds_one_after_another_take_no_second_machine() -> None:
    # 3,000 runs of 6 s are 5 hours; as 3,000 starts of a machine they would be paid for 50.
    machine = project(monolith(wall_s=6, cpu_s=6), requests_per_day=40 * 3000).elsewhere[0]
    assert machine.machines == 1
    assert machine.usd_always_on == machine.usd_for_hours == Decimal("7.9872")


def test_a_day_that_one_machine_does_not_hold_takes_more() -> None:
    machine = project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40 * 25).elsewhere[0]
    assert machine.machines == 2
    assert machine.usd_always_on == 2 * Decimal("7.9872")


def test_fargate_takes_the_smallest_task_that_holds_the_peak() -> None:
    # 24,000 MiB with headroom are 28.1 GB; one busy vCPU would do, but only 4 vCPUs come with more than 16 GB.
    fargate = project(monolith(wall_s=3600, cpu_s=3600), requests_per_day=40).elsewhere[-1]
    assert (fargate.name, fargate.vcpus, fargate.memory_gb) == ("Fargate", 4, 29)
    assert fargate.usd_for_hours == 4 * Decimal("0.04048") + 29 * Decimal("0.004445")
    assert fargate.usd_always_on is None


def test_a_monolith_that_failed_says_nothing_of_what_it_was() -> None:
    run = monolith(wall_s=3600, cpu_s=3600)
    failed = replace(run.measurements[0], outcome=ended(Ending.KILLED, "killed"))
    run = replace(
        run,
        measurements=(failed, *run.measurements[1:]),
        variants=(replace(run.variants[0], complete=False, reason="killed"), run.variants[1]),
    )
    pipeline = project(run, requests_per_day=40)
    assert pipeline.elsewhere == ()
    assert "what it was as one process is not known" in headline(pipeline)


def test_a_day_costs_its_part_of_the_month() -> None:
    pipeline = project(a_priced_run(), requests_per_day=40)
    (writes,) = (
        item for service in pipeline.services for item in service.quantities if item.quantity == "dynamodb.write_units"
    )
    month = tiered_usd(2000 * DAYS_PER_MONTH, tariff_of(FACTS, "dynamodb.write_units").tiers)
    assert writes.usd_per_day == Decimal(float(month / DAYS_PER_MONTH)).quantize(Decimal("1e-12"))


def a_priced_reference_run() -> Run:
    """The reference run, with what its pipeline's bill needs to know."""
    run = a_fitting_run()
    answer = replace(a_priced_run().answers[0], rows=353_664, write_units=353_664, item_bytes=353_664 * 120)
    tasks = tuple(
        replace(task, files=(f"{task.step}-{task.index}",), input_files=18 if task.step == "daily_cost" else 2)
        for task in run.measurements
    )
    return replace(run, measurements=tasks, answers=(run.answers[0], answer))


@pytest.mark.parametrize("athena", [False, True])
@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("store", Store)
def test_the_reference_run_fits_one_screen(store: Store, free: bool, athena: bool) -> None:
    design = Design(store=store, athena=athena)
    how: dict[str, Any] = {"requests_per_day": 3000, "usd_per_day": Decimal(7), "free_tier": free, "design": design}
    text = pipeline_text(project(a_priced_reference_run(), **how), width=80, options=" --requests-per-day 3000" * 2)
    assert len(text.splitlines()) <= (48 if free or athena else 45)


SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "pipeline.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "pipeline",
    [
        pytest.param(project(a_priced_run()), id="a run alone"),
        pytest.param(project(a_fitting_run(), requests_per_day=3000, usd_per_day=Decimal(7)), id="a target"),
        pytest.param(project(a_priced_run(), region="eu-west-1", requests_per_day=1), id="a region without prices"),
    ],
)
def test_the_json_is_what_its_schema_says(pipeline: Pipeline) -> None:
    document = json.loads(pipeline_json(pipeline))
    jsonschema.validate(document, SCHEMA)
    assert Decimal(document["usd_per_run"]) == pipeline.usd_per_run
    assert "E" not in document["usd_per_run"]


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("name", ["target", "run", "region"])
def test_a_whole_bill_is_as_it_was(name: str, width: int, golden: Callable[[str, str], None]) -> None:
    how: dict[str, dict[str, Any]] = {
        "target": {"requests_per_day": 3000, "usd_per_day": Decimal(7)},
        "run": {"design": Design(store=Store.S3, athena=True)},
        "region": {"region": "eu-west-1", "requests_per_day": 3000, "usd_per_day": Decimal("0.01")},
    }
    text = pipeline_text(project(a_priced_reference_run(), **how[name]), width=width)
    assert all(len(line) <= width for line in text.splitlines() if "paredown budget" not in line)
    golden(f"pipeline-{name}-{width}.txt", text)
