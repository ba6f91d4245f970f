"""A workspace in a store, on moto's server: what is put there, what it costs, and what is left by whom."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import pytest

from profiler.errors import OutputError
from profiler.model import Variant
from profiler.sandbox import leaving
from profiler.session.putting import Putting
from profiler.store import load_run
from profiler.stores import objects
from profiler.urls import is_url
from tests.integration.place import Ended, Place, wait_until
from tests.object_stores import (
    SECRET,
    Store,
    ask,
    busy,
    denying,
    environment,
    keeping,
    listening,
    refusing,
    running_store,
)

URL = "s3://team/paredown"
JOB = """
import os, time
from pathlib import Path
import pandas as pd
from profiler import Job, dataset, per_group, per_shard, query, step

def make(folder, *, rows: int = 600):
    table = pd.DataFrame({"customer": [i % 30 for i in range(rows)], "amount": [i * 7 % 100 for i in range(rows)]})
    table.to_csv(folder / "sales.csv", index=False)

def load(paths):
    return pd.read_csv(paths[0])

def customers(sales):
    return sales.groupby("customer", as_index=False).agg(total=("amount", "sum"), lines=("amount", "size"))

def means(customers):
    return customers.assign(mean=customers["total"] / customers["lines"])

def train(rows):
    return {"largest": float(rows["total"].max())}

def predict(rows, model):
    Path("at-predict").touch()
    while os.path.exists("hold"):
        time.sleep(0.02)
    return rows.assign(mean=rows["total"] / rows["lines"])[["customer", "total", "lines", "mean"]]

job = Job(
    name="shop",
    inputs={"sales": dataset("none.csv", make=make)},
    answer_key="customer",
    monolith=[step(load, reads="sales"), step(customers, reads="load"), step(means, reads="customers")],
    decomposed=[
        query("totals.sql", reads="sales", shard_by="customer"),
        per_group(train, reads="totals", by="customer"),
        per_shard(predict, reads=("totals", "train")),
    ],
)
"""
TOTALS = "SELECT customer, sum(amount)::BIGINT AS total, count(*) AS lines FROM sales GROUP BY ALL"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_store() as running:
        yield running


@pytest.fixture
def bucket(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty bucket; this process asks the store too."""
    ask(store.environment, monkeypatch)
    store.client.create_bucket(Bucket="team")
    yield store
    objects.remove("s3://team")
    store.client.delete_bucket(Bucket="team")


@pytest.fixture
def shop(bucket: Store, place: Place, tmp_path: Path) -> Place:
    place.write("job.py", JOB)
    place.write("totals.sql", TOTALS)
    place.environment |= bucket.environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return place


def run(shop: Place, *arguments: str) -> Ended:
    return shop.paredown("run", "job.py", "--shards", "2", "--workspace", URL, *arguments)


def report(shop: Place, name: str = "last") -> dict[str, object]:
    ended = shop.paredown("report", name, "--workspace", URL, "--format", "json")
    assert ended.code == 0, ended.said
    document: dict[str, object] = json.loads(ended.out)
    return document


# --- what is put there ----------------------------------------------------------------------------------------------


def test_a_run_and_all_that_it_leaves_lie_in_the_store(shop: Place, bucket: Store, tmp_path: Path) -> None:
    ended = run(shop)
    assert ended.code == 0, ended.said
    there = objects.listed(URL)
    (name,) = [name.removeprefix("runs/").removesuffix(".jsonl") for name in there if name.startswith("runs/")]
    kept = {name.rsplit("-", 1)[0] if name.startswith("data/") else name for name in there}
    assert kept == {
        f"runs/{name}.jsonl",
        f"work/{name}/answers/monolith.parquet",
        f"work/{name}/answers/decomposed.parquet",
        "data/sales",
    }
    assert {name.rsplit("/", 1)[1] for name in there if name.startswith("data/")} == {"sales.csv", "_SUCCESS"}
    assert not shop.workspace.exists()
    for content in [
        *(objects.read(f"{URL}/{name}") or b"" for name in there),
        *(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()),
    ]:
        assert SECRET.encode() not in content


def test_what_each_task_moves_is_counted(shop: Place) -> None:
    assert run(shop, "--variant", "decomposed").code == 0
    kept = load_run(str(next((shop.folder / "cache").rglob("*.jsonl"))))
    assert kept.settings.workspace == URL
    (totals,) = [task for task in kept.of(Variant.DECOMPOSED) if task.step == "totals"]
    train = [task for task in kept.of(Variant.DECOMPOSED) if task.step == "train"]
    assert all(is_url(file) for task in (totals, *train) for file in task.files)
    assert totals.moved is not None
    assert (totals.moved.put, totals.moved.list, totals.moved.sent_bytes) == (
        len(totals.files),
        0,
        sum(totals.file_bytes),
    )
    assert totals.output_bytes == sum(totals.file_bytes)
    for task in train:
        assert task.moved is not None
        assert (task.moved.put, task.moved.sent_bytes) == (1, task.output_bytes)
        assert task.moved.list == 0
    predict = [task for task in kept.of(Variant.DECOMPOSED) if task.step == "predict"]
    assert sum(task.input_bytes for task in predict) == totals.output_bytes + sum(task.output_bytes for task in train)
    budget = shop.paredown("budget", "--run", "last", "--workspace", URL, "--format", "json")
    assert budget.code == 0, budget.said
    asked = [task.moved for task in kept.of(Variant.DECOMPOSED) if task.moved]
    assert json.loads(budget.out)["s3_requests"]["counted"]["put"] == sum(moved.put or 0 for moved in asked)


def test_data_that_were_made_are_made_once_and_again_where_they_are_not_whole(shop: Place, bucket: Store) -> None:
    def made() -> dict[str, int]:
        return {name: found.written_ns for name, found in objects.listed(f"{URL}/data").items()}

    assert run(shop, "--variant", "monolith").code == 0
    first = made()
    time.sleep(1.1)  # A store gives whole seconds.
    assert run(shop, "--variant", "monolith").code == 0
    assert made() == first
    whole = next(name for name in first if name.endswith("_SUCCESS"))
    objects.remove(f"{URL}/data/{whole}")
    objects.write(f"{URL}/data/{whole.replace('_SUCCESS', 'of-one-that-was-killed.csv')}", b"no table")
    assert run(shop, "--variant", "monolith").code == 0
    again = made()
    assert set(again) == set(first)
    assert all(again[name] > first[name] for name in first)


def test_of_two_that_make_the_same_data_the_first_ones_stay(bucket: Store) -> None:
    target = f"{URL}/data/sales"
    with leaving.shared_folder(target) as later:
        Path(later, "b.csv").write_text("later")
        with leaving.shared_folder(target) as first:
            Path(first, "a.csv").write_text("first")
    assert list(objects.listed(target)) == ["_SUCCESS", "a.csv"]
    assert not Path(first).exists()
    assert not Path(later).exists()


def test_a_plan_puts_nothing_there(shop: Place, bucket: Store) -> None:
    ended = shop.paredown("plan", "job.py", "--workspace", URL)
    assert ended.code == 0, ended.said
    assert objects.listed("s3://team") == {}


def test_a_script_is_kept_there_too(shop: Place, bucket: Store) -> None:
    shop.write("script.py", "print('hello')\n")
    ended = shop.paredown("run", "script.py", "--workspace", URL)
    assert (ended.code, ended.out) == (0, "hello\n"), ended.said
    assert list(objects.listed(URL)) == [f"runs/{report(shop)['run']['id']}.jsonl"]  # type: ignore[index]


def test_a_scripts_answer_is_put_there_under_another_name_of_the_scheme_too(shop: Place, bucket: Store) -> None:
    """The script writes to this disk; what lies at s3a:// the store calls s3://."""
    answer = "job.means(job.customers(job.load(['sales.csv'])))"
    shop.write("script.py", f"import job, pathlib\njob.make(pathlib.Path())\n{answer}.to_csv('a.csv', index=False)\n")
    monolith = JOB[JOB.index("    monolith=") : JOB.index("    decomposed=")]
    scripted = '    monolith=[script("script.py", writes="a.csv")],\n'
    shop.write("job.py", JOB.replace(monolith, scripted).replace("query, step", "query, script, step"))
    ended = shop.paredown("run", "job.py", "--shards", "2", "--workspace", URL.replace("s3:", "S3A:"))
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    answers = {name.rsplit("/", 1)[1] for name in objects.listed(f"{URL}/work")}
    assert answers == {"monolith.parquet", "decomposed.parquet"}


def test_variants_may_be_measured_apart_and_repeated_whatever_a_step_makes_of_its_environment(shop: Place) -> None:
    elsewhere = '    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"\n'
    job = JOB.replace("def means(customers):\n", f"def alone(paths):\n{elsewhere}\ndef means(customers):\n{elsewhere}")
    shop.write("job.py", job.replace("    decomposed=[\n", '    decomposed=[\n        step(alone, reads="sales"),\n'))
    assert run(shop, "--variant", "monolith").code == 0
    ended = run(shop, "--variant", "decomposed", "--against", "last", "--repeat", "2")
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    assert not [name for name in objects.listed(f"{URL}/work") if "/answers/" not in name]


# --- what ends too early --------------------------------------------------------------------------------------------


def test_a_run_that_was_killed_is_resumed_on_another_machine(shop: Place, tmp_path: Path) -> None:
    shop.write("hold", "")
    started = shop.start("run", "job.py", "--shards", "2", "--workspace", URL)
    started.wait_for(shop.folder / "at-predict")
    wait_until(lambda: b'"train"' in _run_there(), "the run's file did not grow in the store", process=started.process)
    started.process.kill()
    started.process.communicate()
    (shop.folder / "hold").unlink()
    shop.environment["XDG_CACHE_HOME"] = str(tmp_path / "other")
    ended = run(shop, "--resume")
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    events = [json.loads(line) for line in _run_there().splitlines()]
    tasks = [(event["step"], event["index"]) for event in events if event["event"] == "measurement"]
    assert len([task for task in tasks if task[0] == "totals"]) == 1
    assert len([task for task in tasks if task[0] == "train"]) == 2


def _run_there() -> bytes:
    (name,) = objects.listed(f"{URL}/runs") or {"none": None}
    return objects.read(f"{URL}/runs/{name}") or b""


def test_a_store_that_goes_away_meanwhile_leaves_the_run_whole_here(shop: Place, bucket: Store, tmp_path: Path) -> None:
    shop.write("hold", "")
    started = shop.start("run", "job.py", "--shards", "1", "--workspace", URL, "--variant", "decomposed")
    started.wait_for(shop.folder / "at-predict")
    objects.remove("s3://team")
    bucket.client.delete_bucket(Bucket="team")
    (shop.folder / "hold").unlink()
    ended = started.end()
    bucket.client.create_bucket(Bucket="team")
    assert ended.code == 2, ended.said
    assert "the run is not whole in the store" in ended.err
    assert "there is no bucket 'team'" in ended.err
    (copy,) = (tmp_path / "cache").rglob("*.jsonl")
    assert str(copy) in ended.err
    shown = shop.paredown("report", str(copy))
    assert "there is no bucket 'team'" in " ".join(shown.out.split()), shown.said


def test_where_an_answer_cannot_be_put_the_run_goes_on_later(shop: Place, bucket: Store) -> None:
    with denying(bucket, "/answers/decomposed") as address:
        decomposed = ("run", "job.py", "--shards", "1", "--workspace", URL, "--variant", "decomposed")
        ended = shop.start(*decomposed, environment=environment(address)).end()
    assert ended.code == 2, ended.said
    assert "answers/decomposed.parquet: cannot be written: access is denied" in ended.err
    assert "what was measured before is kept; go on with --resume" in ended.err


def test_a_task_whose_store_says_no_is_lost_and_one_whose_store_is_busy_waits(shop: Place, bucket: Store) -> None:
    with denying(bucket, "/decomposed/train/") as address:
        ended = shop.start("run", "job.py", "--shards", "2", "--workspace", URL, environment=environment(address)).end()
    assert ended.code == 1, ended.said
    assert "UNDECIDED" in ended.out
    assert "train: was lost in 2 of 2 tasks" in " ".join(ended.out.split()), ended.said
    assert "access is denied" in ended.out
    with busy(bucket, "/decomposed/train/", times=3) as address:
        resumed = ("run", "job.py", "--shards", "2", "--workspace", URL, "--resume")
        ended = shop.start(*resumed, environment=environment(address)).end()
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    events = [json.loads(line) for line in _run_there().splitlines()]
    attempts = [(event["step"], event.get("attempt", 1)) for event in events if event["event"] == "measurement"]
    assert attempts.count(("totals", 1)) == 1
    assert sorted(attempt for step, attempt in attempts if step == "train") == [1, 1, 2, 2]


def test_the_runs_file_is_put_as_it_grows(bucket: Store, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"1")
    with Putting(path, f"{URL}/runs/run.jsonl", every_s=0.05) as putting:
        putting.put()
        path.write_bytes(b"12")
        wait_until(lambda: objects.read(putting.url) == b"12", "it did not grow there")
        path.write_bytes(b"123")
    assert objects.read(putting.url) == b"123"
    with pytest.raises(ZeroDivisionError), Putting(path, "s3://nowhere/run.jsonl"):
        raise ZeroDivisionError
    with (
        pytest.raises(OutputError, match=r"not whole in the store: .* there is no bucket 'nowhere'"),
        Putting(path, "s3://nowhere/run.jsonl"),
    ):
        pass


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://nowhere/paredown", "there is no bucket 'nowhere'"),
        ("s3://no where/paredown", "'no where' is no name that a bucket can have"),
        ("nowhere://team/paredown", "no filesystem is known for nowhere://"),
        ("gs://team/paredown", "pip install gcsfs"),
        ("https://team/paredown", "where nothing can be written"),
    ],
)
def test_where_nothing_can_be_put_nothing_is_run(url: str, says: str, shop: Place, tmp_path: Path) -> None:
    ended = shop.paredown("run", "job.py", "--workspace", url)
    _refused(ended, says, tmp_path)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (refusing(403, "AccessDenied"), "these credentials may not write here"),
        (refusing(400, "ExpiredToken"), "the credentials have expired"),
        (refusing(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-1\r\n"), "is in the region eu-west-1"),
    ],
    ids=["denied", "expired", "elsewhere"],
)
def test_a_store_that_says_no_is_told(
    refusal: Callable[[socket], None], says: str, shop: Place, tmp_path: Path
) -> None:
    with listening(refusal) as address:
        shop.environment |= environment(address)
        _refused(shop.paredown("run", "job.py", "--workspace", URL), says, tmp_path)


def test_where_nothing_may_be_removed_nothing_is_run_and_no_more_left_each_time(shop: Place, bucket: Store) -> None:
    with keeping(bucket) as address:
        shop.environment |= environment(address)
        for _ in range(2):
            assert "cannot be removed: access is denied" in run(shop).err
    assert list(objects.listed(URL)) == ["probe"]


def test_a_run_that_cannot_be_begun_leaves_nothing(shop: Place, bucket: Store, tmp_path: Path) -> None:
    shop.write("script.py", "print('hello')\n")
    with denying(bucket, "/runs/") as address:
        shop.environment |= environment(address)
        _refused(shop.paredown("run", "script.py", "--workspace", URL), "these credentials may not write", tmp_path)
    assert not list((tmp_path / "cache").rglob("script-*"))
    assert objects.listed(URL) == {}


def _refused(ended: Ended, says: str, tmp_path: Path) -> None:
    assert ended.code == 2, ended.said
    assert ended.err.startswith("error: "), ended.said
    assert says in ended.err
    assert SECRET not in ended.said
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix in (".jsonl", ".csv")]
