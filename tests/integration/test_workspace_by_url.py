"""A workspace in a store, on moto's server: what is put there, what it costs, and what is left by whom."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import duckdb
import pytest

import profiler
from profiler.errors import OutputError
from profiler.model import Run, Variant
from profiler.runner.control import Control
from profiler.sandbox import leaving
from profiler.session.putting import Putting
from profiler.store import load_run
from profiler.stores import objects
from profiler.urls import is_url
from profiler.work import MakePlan, Planned
from tests.integration.place import Ended, Place, wait_until
from tests.integration.within import paredown_within
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
    sign,
)

URL = "s3://team/paredown"
RUN = ("run", "job.py", "--jobs", "1", "--shards", "2", "--workspace")
JOB = """
import os, time
from pathlib import Path
from profiler import Job, dataset, per_group, per_shard, query, step

def make(folder, *, rows: int = 600):
    sales = [f"{i % 30},{i * 7 % 100}" for i in range(rows)]
    (folder / "sales.csv").write_text("\\n".join(["customer,amount", *sales]))

def train(rows):
    return {"largest": float(rows["total"].max())}

def predict(rows, model):
    hold()
    return rows

def hold():
    Path("at-hold").touch()
    while os.path.exists("hold"):
        time.sleep(0.02)

job = Job(
    name="shop",
    inputs={"sales": dataset("none.csv", make=make)},
    answer_key="customer",
    monolith=[query("totals.sql", reads="sales")],
    decomposed=[
        query("totals.sql", reads="sales", shard_by="customer"),
        per_group(train, reads="totals", by="customer"),
        per_shard(predict, reads=("totals", "train")),
    ],
)
"""
MONOLITH = 'monolith=[query("totals.sql", reads="sales")]'
TOTALS = "SELECT customer, sum(amount)::BIGINT AS total, count(*) AS lines FROM sales GROUP BY ALL"
EXPECTED = [(c, sum(i * 7 % 100 for i in range(c, 600, 30)), 20) for c in range(30)]
SHORT = f"""{JOB.partition("    decomposed=")[0]}    decomposed=[step(hold), query("totals.sql", reads="sales")],
)
"""
"""Without pandas, whose import is most of what such a run takes."""


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A store that this process asks too."""
    with running_store("kept") as running, pytest.MonkeyPatch.context() as there:
        ask(running.environment, there)
        yield running


@pytest.fixture
def bucket(store: Store) -> Iterator[Store]:
    """An empty bucket."""
    store.client.create_bucket(Bucket="team")
    yield store
    objects.remove("s3://team")
    store.client.delete_bucket(Bucket="team")


def shop_at(folder: Path, job: str = JOB) -> Place:
    """A shop in a folder, whose copies of workspaces are there too."""
    place = Place(folder, {"XDG_CACHE_HOME": str(folder / "cache")})
    place.write("job.py", job)
    place.write("totals.sql", TOTALS)
    return place


@pytest.fixture
def shop(bucket: Store, tmp_path: Path) -> Place:
    """One whose job takes less time, and an empty workspace."""
    return shop_at(tmp_path, SHORT)


def run(shop: Place, *arguments: str, **variables: str) -> Ended:
    return paredown_within(shop, *RUN, URL, *arguments, **variables)


def measured(url: str = URL) -> list[dict[str, Any]]:
    """Each time that a decomposed task was measured, as the only run of a workspace tells it in the store."""
    (name,) = objects.listed(f"{url}/runs") or {"none": None}
    events = [json.loads(line) for line in (objects.read(f"{url}/runs/{name}") or b"").splitlines()]
    return [event for event in events if event["event"] == "measurement" and event["variant"] == "decomposed"]


def answer_of(run: Run) -> list[tuple[object, ...]]:
    """The decomposed answer, sorted, as the store has it."""
    (answer,) = (answer for answer in run.answers if answer.variant is Variant.DECOMPOSED)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        objects.get(answer.path, file.name)
        return duckdb.sql(f"FROM '{file.name}' ORDER BY ALL").fetchall()


# --- what is put there ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run of both variants, killed while it predicted, and resumed on another machine."""

    place: Place
    url: str
    refused: Ended
    """What was said while it seemed to go on elsewhere."""
    ended: Ended

    @property
    def run(self) -> Run:
        """As the other machine knows it."""
        (file,) = self.place.folder.glob("other/**/*.jsonl")
        return load_run(str(file))


@pytest.fixture(scope="module")
def resumed(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    shop, url = shop_at(tmp_path_factory.mktemp("resumed")), "s3://kept/paredown"
    command = (*RUN, url)
    shop.write("hold", "")
    started = shop.start(*command)
    started.wait_for(shop.folder / "at-hold")
    wait_until(
        lambda: "train" in {event["step"] for event in measured(url)},
        "the run's file did not grow in the store",
        process=started.process,
        every_s=0.3,
    )
    started.process.kill()
    started.process.communicate()
    (shop.folder / "hold").unlink()
    shop.environment["XDG_CACHE_HOME"] = str(shop.folder / "other")
    (going,) = (f"{url}/{name}" for name in objects.listed(url) if name.endswith("/goes-on"))
    killed = objects.read(going) or b""
    sign(going)
    refused = paredown_within(shop, *command, "--resume")
    objects.write(going, killed)  # Of a process of this host that does not live: nobody waits for another one.
    return Resumed(shop, url, refused, shop.paredown(*command, "--resume"))


def test_a_run_that_goes_on_on_another_machine_is_not_resumed(resumed: Resumed) -> None:
    assert resumed.refused.code == 2, resumed.refused.said
    said = " ".join(resumed.refused.err.split())
    assert re.search(r"still goes on, on another machine \(build-7, last sign \d+ s ago\)", said)
    assert "if it was killed elsewhere, resume it 60 s after its last sign" in said


def test_a_run_that_was_killed_is_resumed_on_another_machine(resumed: Resumed) -> None:
    assert resumed.ended.code == 0, resumed.ended.said
    assert "30 of 30 rows agree" in resumed.ended.out
    steps = [event["step"] for event in measured(resumed.url)]
    assert (steps.count("totals"), steps.count("train")) == (1, 2)


def test_a_run_and_all_that_it_leaves_lie_in_the_store(resumed: Resumed) -> None:
    there = objects.listed(resumed.url)
    name = resumed.run.id
    kept = {name.rsplit("-", 1)[0] if name.startswith("data/") else name for name in there}
    assert kept == {
        f"runs/{name}.jsonl",
        f"work/{name}/answers/monolith.parquet",
        f"work/{name}/answers/decomposed.parquet",
        "data/sales",
    }
    assert {name.rsplit("/", 1)[1] for name in there if name.startswith("data/")} == {"sales.csv", "_SUCCESS"}
    assert answer_of(resumed.run) == EXPECTED
    assert not resumed.place.workspace.exists()
    for content in [
        *(objects.read(f"{resumed.url}/{name}") or b"" for name in there),
        *(path.read_bytes() for path in resumed.place.folder.rglob("*") if path.is_file()),
    ]:
        assert SECRET.encode() not in content


def test_what_each_task_moves_is_counted(resumed: Resumed) -> None:
    kept = resumed.run
    assert kept.settings.workspace == resumed.url
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
    budget = paredown_within(resumed.place, "budget", "--run", "last", "--workspace", resumed.url, "--format", "json")
    assert budget.code == 0, budget.said
    asked = [task.moved for task in kept.of(Variant.DECOMPOSED) if task.moved]
    assert json.loads(budget.out)["s3_requests"]["counted"]["put"] == sum(moved.put or 0 for moved in asked)


def test_data_that_were_made_are_made_once_and_again_where_they_are_not_whole(shop: Place) -> None:
    file = str(shop.folder / "job.py")
    order = MakePlan(file=file, inputs={}, params={}, shards=1, data_folder=f"{URL}/data")
    (shop.folder / "temp").mkdir()

    def made() -> dict[str, bytes | None]:
        return {name: objects.read(f"{URL}/data/{name}") for name in objects.listed(f"{URL}/data")}

    with Control(shop.folder, os.environ, job_folder=str(shop.folder)) as control:

        def planned() -> Planned:
            found: Planned = control.carry_out(order, "plan")
            return found

        (missing,) = planned().to_make
        control.carry_out(missing, "make")
        first = made()
        assert planned().to_make == ()
        sales, whole = planned().plan.inputs[0].paths[0], next(name for name in first if name.endswith("_SUCCESS"))
        objects.remove(f"{URL}/data/{whole}")
        objects.write(f"{URL}/data/{whole.replace('_SUCCESS', 'of-one-that-was-killed.csv')}", b"no table")
        objects.write(sales, b"half a table")
        assert planned().to_make == (missing,)
        control.carry_out(missing, "make")
    assert made() == first


def test_of_two_that_make_the_same_data_the_first_ones_stay(bucket: Store) -> None:
    target = f"{URL}/data/sales"
    with leaving.shared_folder(target) as later:
        Path(later, "b.csv").write_text("later")
        with leaving.shared_folder(target) as first:
            Path(first, "a.csv").write_text("first")
    assert list(objects.listed(target)) == ["_SUCCESS", "a.csv"]
    assert not Path(first).exists()
    assert not Path(later).exists()


def test_a_plan_puts_nothing_there(shop: Place) -> None:
    ended = paredown_within(shop, "plan", "job.py", "--workspace", URL)
    assert ended.code == 0, ended.said
    assert objects.listed("s3://team") == {}


def test_a_script_is_kept_there_too(shop: Place) -> None:
    shop.write("script.py", "print('hello')\n")
    ended = shop.paredown("run", "script.py", "--workspace", URL)
    assert (ended.code, ended.out) == (0, "hello\n"), ended.said
    (kept,) = objects.listed(URL)
    report = paredown_within(shop, "report", "last", "--workspace", URL, "--format", "json")
    assert kept == f"runs/{json.loads(report.out)['run']['id']}.jsonl", report.said


def test_a_scripts_answer_is_put_there_under_another_name_of_the_scheme_too(shop: Place) -> None:
    """The script writes to this disk; what lies at s3a:// the store calls s3://."""
    totals = TOTALS.replace("FROM sales", "FROM 'sales.csv'")
    shop.write(
        "script.py",
        f"import duckdb, job, pathlib\njob.make(pathlib.Path())\nduckdb.sql(\"COPY ({totals}) TO 'a.csv'\")\n",
    )
    job = SHORT.replace("query, step", "query, script, step")
    shop.write("job.py", job.replace(MONOLITH, 'monolith=[script("script.py", writes="a.csv")]'))
    ended = paredown_within(shop, *RUN, URL.replace("s3:", "S3A:"))
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    answers = {name.rsplit("/", 1)[1] for name in objects.listed(f"{URL}/work")}
    assert answers == {"monolith.parquet", "decomposed.parquet"}


def test_variants_may_be_measured_apart_and_repeated_whatever_a_step_makes_of_its_environment(shop: Place) -> None:
    elsewhere = 'os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"'
    alone = f"def alone(paths):\n    {elsewhere}\n\n"
    whole = f"""def whole(paths):
    import pandas as pd
    sales = pd.read_csv(paths[0])
    {elsewhere}
    return sales.groupby("customer", as_index=False).agg(total=("amount", "sum"), lines=("amount", "size"))

"""
    job = SHORT.replace("job =", f"{alone}{whole}job =").replace("step(hold)", 'step(alone, reads="sales")')
    shop.write("job.py", job.replace(MONOLITH, 'monolith=[step(whole, reads="sales")]'))
    assert run(shop, "--variant", "monolith").code == 0
    ended = run(shop, "--variant", "decomposed", "--against", "last", "--repeat", "2")
    assert ended.code == 0, ended.said
    assert "30 of 30 rows agree" in ended.out
    assert not [name for name in objects.listed(f"{URL}/work") if "/answers/" not in name]


# --- what ends too early --------------------------------------------------------------------------------------------


def test_a_store_that_goes_away_meanwhile_leaves_the_run_whole_here(shop: Place, bucket: Store, tmp_path: Path) -> None:
    shop.write("hold", "")
    started = shop.start(*RUN, URL, "--variant", "decomposed")
    started.wait_for(shop.folder / "at-hold")
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
    shown = paredown_within(shop, "report", str(copy))
    assert "there is no bucket 'team'" in " ".join(shown.out.split()), shown.said


def test_where_an_answer_cannot_be_put_the_run_goes_on_later(shop: Place, bucket: Store) -> None:
    with denying(bucket, "/answers/decomposed") as address:
        ended = run(shop, "--variant", "decomposed", **environment(address))
    assert ended.code == 2, ended.said
    assert "answers/decomposed.parquet: cannot be written: access is denied" in ended.err
    assert "what was measured before is kept; go on with --resume" in ended.err


def test_a_task_whose_store_says_no_is_lost_and_one_whose_store_is_busy_waits(bucket: Store, tmp_path: Path) -> None:
    shop = shop_at(tmp_path)
    with denying(bucket, "/decomposed/train/") as address:
        ended = run(shop, "--variant", "decomposed", **environment(address))
    assert ended.code == 1, ended.said
    assert "UNDECIDED" in ended.out
    assert "train: was lost in 2 of 2 tasks" in " ".join(ended.out.split()), ended.said
    assert "access is denied" in ended.out
    with busy(bucket, "/decomposed/train/", times=3) as address:
        ended = run(shop, "--variant", "decomposed", "--resume", **environment(address))
    assert ended.code == 0, ended.said
    assert answer_of(profiler.load(workspace=URL)) == EXPECTED
    attempts = [(event["step"], event.get("attempt", 1)) for event in measured()]
    assert attempts.count(("totals", 1)) == 1
    assert sorted(attempt for step, attempt in attempts if step == "train") == [1, 1, 2, 2]


def test_the_runs_file_is_put_as_it_grows(bucket: Store, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"1")
    with Putting(path, URL, every_s=0.05) as putting:
        putting.put()
        wait_until(lambda: objects.read(f"{URL}/work/run/goes-on") is not None, "no sign says that it goes on")
        path.write_bytes(b"12")
        wait_until(lambda: objects.read(putting.url) == b"12", "it did not grow there")
        path.write_bytes(b"123")
    assert set(objects.listed(URL)) == {"runs/run.jsonl"}
    assert objects.read(putting.url) == b"123"
    with pytest.raises(ZeroDivisionError), Putting(path, "s3://nowhere"):
        raise ZeroDivisionError
    with (
        pytest.raises(OutputError, match=r"not whole in the store: .* there is no bucket 'nowhere'"),
        Putting(path, "s3://nowhere"),
    ):
        pass


def test_who_was_asleep_while_another_machine_went_on_changes_nothing_there(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profiler.session.putting.SIGN_S", 1e9)  # No sign but the first, as of one that is asleep.
    path, taken = tmp_path / "run.jsonl", threading.Event()
    path.write_bytes(b"1")
    with ExitStack() as opened:
        putting = opened.enter_context(Putting(path, URL, on_taken=taken.set, every_s=0.05))
        wait_until(lambda: objects.read(putting.url) == b"1", "it was not put")
        sign(f"{URL}/work/run/goes-on")
        objects.write(putting.url, b"2")
        path.write_bytes(b"123")
        assert taken.wait(60)
        with pytest.raises(OutputError, match=r"run\.jsonl was gone on with elsewhere"):
            opened.close()
    assert objects.read(putting.url) == b"2"
    assert set(objects.listed(URL)) == {"runs/run.jsonl", "work/run/goes-on"}


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
    _refused(paredown_within(shop, "run", "job.py", "--workspace", url), says, tmp_path)


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
        _refused(run(shop, **environment(address)), says, tmp_path)


def test_where_nothing_may_be_removed_nothing_is_run_and_no_more_left_each_time(shop: Place, bucket: Store) -> None:
    with keeping(bucket) as address:
        for _ in range(2):
            assert "cannot be removed: access is denied" in run(shop, **environment(address)).err
    assert list(objects.listed(URL)) == ["probe"]


def test_a_run_that_cannot_be_begun_leaves_nothing(shop: Place, bucket: Store, tmp_path: Path) -> None:
    shop.write("script.py", "print('hello')\n")
    with denying(bucket, "/runs/") as address:
        ended = paredown_within(shop, "run", "script.py", "--workspace", URL, **environment(address))
        _refused(ended, "these credentials may not write", tmp_path)
    assert not list((tmp_path / "cache").rglob("script-*"))
    assert objects.listed(URL) == {}


def _refused(ended: Ended, says: str, tmp_path: Path) -> None:
    assert ended.code == 2, ended.said
    assert ended.err.startswith("error: "), ended.said
    assert says in ended.err
    assert SECRET not in ended.said
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix in (".jsonl", ".csv")]
