"""Inputs behind URLs: found, read and counted as on this disk; and every way in which a store says no."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from profiler.errors import InputError
from profiler.model import Measurement, Moved, Variant
from profiler.sandbox.inputs import expand, inspect_files
from profiler.sandbox.remote import Remote
from profiler.urls import located
from tests.integration.conftest import SALES, shop_in
from tests.integration.place import Ended, Place
from tests.object_stores import SECRET, Store, environment, listening, never, refusing, resets, running_store, slow

FILES = 240
TOTALS = "SELECT customer, service, sum(cost) AS total\nFROM sales\nGROUP BY ALL\n"
JOB = """
from profiler import Job, dataset, query, step
KEYS = ("customer", "service")
{functions}
job = Job(
    name="totals",
    inputs={{"sales": dataset({paths!r})}},
    answer_key=KEYS,
    monolith={monolith},
    decomposed={decomposed},
)
"""
QUERY = "[query('totals.sql', reads='sales', shard_by=KEYS)]"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """S3 with the shop's sales in several hundred files, and some other files."""
    folder = tmp_path_factory.mktemp("sales")
    with running_store() as running, duckdb.connect() as connection:
        running.client.create_bucket(Bucket="focus")
        connection.execute(f"CREATE TABLE sales AS {SALES}")
        for part in range(FILES):
            rows = f"SELECT * FROM sales WHERE rowid % {FILES} = {part} ORDER BY rowid"
            connection.execute(f"COPY ({rows}) TO '{folder}/part.parquet' (FORMAT parquet)")
            running.client.put_object(
                Bucket="focus", Key=f"sales/part-{part:03d}.parquet", Body=(folder / "part.parquet").read_bytes()
            )
        connection.execute(f"COPY sales TO '{folder}/sales.csv'")
        text = (folder / "sales.csv").read_bytes()
        head, body = text.partition(b"\n")[0] + b"\n", text.partition(b"\n")[2]
        others = {
            "csv/sales.csv": text,
            "csv/sales.csv.gz": gzip.compress(head + body * 100),
            "odd/empty.parquet": b"",
            "odd/cut.parquet": (folder / "part.parquet").read_bytes()[:-20],
            "odd/text.parquet": text,
        }
        for key, content in others.items():
            running.client.put_object(Bucket="focus", Key=key, Body=content)
        yield running


@pytest.fixture
def totals(place: Place, store: Store) -> Place:
    """A job of one query over the several hundred files."""
    place.environment.update(store.environment)
    place.write("totals.sql", TOTALS)
    return reading(place, "s3://focus/sales/*.parquet")


def reading(place: Place, paths: object, functions: str = "", monolith: str = QUERY, decomposed: str = QUERY) -> Place:
    """Let the job read these paths."""
    place.write("job.py", JOB.format(paths=paths, functions=functions, monolith=monolith, decomposed=decomposed))
    return place


def refused(place: Place, *words: str, arguments: tuple[str, ...] = ()) -> Ended:
    """The job is refused with these words, in one error; nothing was run and no run is kept."""
    ended = place.paredown("run", "job.py", *arguments)
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert ended.err.startswith("error: "), ended.said
    assert "Traceback" not in ended.err, ended.said
    assert SECRET not in ended.err
    for word in words:
        assert word in ended.err, ended.said
    assert not list((place.workspace / "runs").glob("*")), "a run was begun"
    return ended


def task_of(ended: Ended, variant: Variant, step: str) -> Measurement:
    """The one task of a step."""
    (task,) = [item for item in ended.run.of(variant) if item.step == step]
    return task


# --- what works -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def measured(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The job `shop` on several hundred files of S3; its monolith reads them by itself, through fsspec."""
    place = shop_in(tmp_path_factory.mktemp("shop on S3"))
    place.environment.update(store.environment)
    text = (place.folder / "job.py").read_text(encoding="utf-8")
    own = "    import duckdb\n"
    assert own in text
    fetch = (
        "    import fsspec, tempfile\n    folder = tempfile.mkdtemp()\n"
        "    fsspec.filesystem('s3').get(paths, folder + '/')\n    paths = [folder + '/*.parquet']\n"
    )
    place.write("job.py", text.replace(own, own + fetch))
    return place.paredown("run", "job.py", "--shards", "3", "--input", "sales=s3://focus/sales/*.parquet")


def test_a_job_gives_the_same_answer_on_s3_as_on_disk(measured: Ended, measured_shop: tuple[Place, Ended]) -> None:
    assert measured.code == 0, measured.said
    answers = [
        next(answer.path for answer in ended.run.answers if answer.variant is Variant.DECOMPOSED)
        for ended in (measured, measured_shop[1])
    ]
    key = "customer, service, day"
    here, there = (duckdb.sql(f"SELECT * FROM '{path}' ORDER BY {key}").fetchall() for path in answers)
    assert [row[:3] for row in here] == [row[:3] for row in there]
    assert [row[3:] for row in here] == [pytest.approx(row[3:]) for row in there]


def test_a_plan_knows_the_files_their_sizes_and_rows(measured: Ended, store: Store) -> None:
    (sales,) = measured.run.plan.inputs
    listed = store.client.list_objects_v2(Bucket="focus", Prefix="sales/")["Contents"]
    assert sales.paths == tuple(f"s3://focus/{item['Key']}" for item in listed)
    assert sales.sizes == tuple(item["Size"] for item in listed)
    assert (sales.total_bytes, sales.rows) == (sum(sales.sizes), 2400)


def test_a_query_asks_for_each_file_once_and_counts_what_it_asks(measured: Ended) -> None:
    task = task_of(measured, Variant.DECOMPOSED, "daily")
    (sales,) = measured.run.plan.inputs
    assert task.moved == Moved(get=2 * FILES, received_bytes=sales.total_bytes)
    assert (task.input_bytes, task.input_files) == (sales.total_bytes, FILES)


def test_what_a_function_reads_by_itself_is_counted(measured: Ended) -> None:
    moved = task_of(measured, Variant.MONOLITH, "load").moved
    assert moved is not None
    assert moved.get is not None
    assert moved.get >= FILES
    assert (moved.put, moved.list, moved.estimated) == (0, 0, False)


def test_steps_that_read_nothing_from_s3_have_moved_nothing(measured: Ended) -> None:
    others = [task for task in measured.run.measurements if task.step not in ("load", "daily")]
    assert {task.moved for task in others} == {None}


def test_a_run_says_what_reads_its_input(measured: Ended) -> None:
    (warning,) = measured.run.plan.warnings
    assert warning.startswith("input 'sales': queries read s3:// through fsspec, not through DuckDB's httpfs")
    assert "warning: input 'sales': queries read s3:// through fsspec" in measured.out


def test_no_credential_is_kept_anywhere(measured: Ended) -> None:
    assert SECRET not in measured.out + measured.err
    for path in measured.workspace.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


def test_a_plan_shows_where_the_files_are(totals: Place) -> None:
    ended = totals.paredown("plan", "job.py")
    assert ended.code == 0, ended.said
    assert "240 files" in ended.out
    assert "2,400 rows   s3://focus/sales/\n" in ended.out


@pytest.mark.parametrize("name", ["sales.csv", "sales.csv.gz"])
def test_csv_is_read_too(totals: Place, name: str) -> None:
    reading(totals, f"s3://focus/csv/{name}")
    ended = totals.paredown("run", "job.py", "--variant", "decomposed")
    assert ended.code == 0, ended.said
    assert ended.run.answers[0].rows == 24


def test_a_query_is_split_by_file_as_on_disk(totals: Place) -> None:
    totals.write("all.sql", "SELECT customer, service, sum(total) AS total FROM totals GROUP BY ALL\n")
    parts = "[query('totals.sql', reads='sales', combine='all.sql', part_mib=1, shard_by=KEYS)]"
    reading(totals, "s3://focus/sales/part-00*.parquet", decomposed=parts)
    ended = totals.paredown("run", "job.py", "--variant", "decomposed")
    assert ended.code == 0, ended.said
    moved = task_of(ended, Variant.DECOMPOSED, "totals.parts").moved
    assert moved is not None
    assert moved.get == 20


def test_what_nobody_saw_is_not_known_rather_than_nothing(totals: Place) -> None:
    """As when pyarrow reads with its own S3."""
    own = "def own(paths):\n    import pandas\n    return pandas.DataFrame({'customer': ['c'], 'service': ['s']})\n"
    reading(totals, "s3://focus/sales/*.parquet", own, "[step(own, reads='sales')]", "[]")
    task = task_of(totals.paredown("run", "job.py"), Variant.MONOLITH, "own")
    assert task.moved == Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)


def test_a_scripts_own_requests_are_counted(place: Place, store: Store) -> None:
    place.environment.update(store.environment)
    place.write(
        "job.py",
        "import boto3, profiler\ns3 = boto3.client('s3')\ns3.create_bucket(Bucket='mine')\n"
        "with profiler.mark('write'):\n    s3.put_object(Bucket='mine', Key='a', Body=b'x' * 1000)\n"
        "print(len(s3.get_object(Bucket='mine', Key='a')['Body'].read()))\ns3.list_objects_v2(Bucket='mine')\n",
    )
    run = place.paredown("run", "job.py").run
    moved = {task.step: task.moved for task in run.measurements}
    assert moved["write"] == Moved(put=1, sent_bytes=1000)
    rest = moved["job.py"]
    assert rest is not None
    assert (rest.get, rest.put, rest.list) == (1, 1, 1)


def test_a_store_that_is_slow_is_waited_for(totals: Place, store: Store) -> None:
    reading(totals, "s3://focus/sales/part-00*.parquet")
    with listening(slow(store, 0.05)) as address:
        ended = totals.paredown("run", "job.py", "--variant", "decomposed", environment={"AWS_ENDPOINT_URL": address})
    assert ended.code == 0, ended.said


def test_a_file_that_goes_while_the_job_runs_is_a_finding_of_its_task(totals: Place, store: Store) -> None:
    body = store.client.get_object(Bucket="focus", Key="sales/part-000.parquet")["Body"].read()
    store.client.put_object(Bucket="focus", Key="gone/a.parquet", Body=body)
    gone = "def gone():\n    import boto3\n    boto3.client('s3').delete_object(Bucket='focus', Key='gone/a.parquet')\n"
    steps = "[step(gone), query('totals.sql', reads=('sales', 'gone'), shard_by=KEYS)]"
    reading(totals, "s3://focus/gone/a.parquet", gone + "    import pandas\n    return pandas.DataFrame({'a': [1]})\n",
            steps, steps)  # fmt: skip
    ended = totals.paredown("run", "job.py", "--variant", "decomposed")
    assert ended.code == 1, ended.said
    outcome = task_of(ended, Variant.DECOMPOSED, "totals").outcome
    assert outcome.message == "s3://focus/gone/a.parquet: there is no such file"


def test_local_data_need_neither_fsspec_nor_boto3(shop: Place) -> None:
    shop.write("sitecustomize.py", "import sys\nfor name in ('fsspec', 's3fs', 'botocore'): sys.modules[name] = None\n")
    ended = shop.paredown("run", "job.py", "--variant", "decomposed", environment={"PYTHONPATH": str(shop.folder)})
    assert ended.code == 0, ended.said


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://focus/none/*.parquet", "s3://focus/none/*.parquet matches no file"),
        ("s3://focus/sales/part.parquet", "there is no file s3://focus/sales/part.parquet"),
        ("s3://nobody/sales/*.parquet", "there is no bucket 'nobody'"),
        ("s3://nobody/sales.parquet", "there is no bucket 'nobody'"),
        ("s3://focus/odd/empty.parquet", "s3://focus/odd/empty.parquet: is empty (0 bytes)"),
        ("s3://focus/odd/cut.parquet", "s3://focus/odd/cut.parquet: is Parquet, but cut off"),
        ("s3://focus/odd/text.parquet", "s3://focus/odd/text.parquet: is no Parquet file; it begins with 'customer,"),
        ("s5://focus/sales/*.parquet", "no filesystem is known for s5://; known are s3, gs, abfs, https"),
        ("gs://focus/sales/*.parquet", "its filesystem is not installed; pip install gcsfs"),
        ("s3://me:hidden@focus/*.parquet", "s3://***@focus/*.parquet: holds a user and a password"),
        ("https://127.0.0.1/a.csv?X-Amz-Signature=hidden", "X-Amz-Signature=***: holds a key or a signature"),
        ("simplecache::s3://focus/sales/*.parquet", "is a chain of filesystems; expected one URL"),
    ],
)
def test_a_url_that_names_nothing_is_told(store: Store, monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    complaints = "; ".join(complaints_of(url))
    assert words in complaints
    assert "hidden" not in complaints


def complaints_of(url: str) -> list[str]:
    """What planning has to say of an input, in this process."""
    try:
        with Remote() as remote:
            paths, missing = expand([located(url) or url], remote)
            return missing + (inspect_files(paths, remote)[2] if paths else [])
    except InputError as error:
        return [error.message]


@pytest.mark.parametrize("url", ["s3://focus/none/*.parquet", "s3://me:hidden@focus/*.parquet"])
def test_a_url_in_a_job_file_is_told_in_the_same_way(totals: Place, url: str) -> None:
    reading(totals, url)
    ended = refused(totals, f"error: totals: input 'sales': {url.replace('me:hidden', '***')}")
    assert "hidden" not in ended.err


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        (refusing(403, "AccessDenied"), "access is denied (AccessDenied)"),
        (refusing(400, "ExpiredToken"), "the credentials have expired (ExpiredToken)"),
        (refusing(403, "InvalidAccessKeyId"), "the store does not take these credentials (InvalidAccessKeyId)"),
        (
            refusing(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-1\r\n"),
            "bucket 'focus' is in the region eu-west-1, and was asked for in another one",
        ),
        (resets, "the connection to 127.0.0.1:"),
    ],
    ids=["denied", "expired", "unknown key", "another region", "broken off"],
)
def test_a_store_that_says_no_is_told(totals: Place, handle: object, words: str) -> None:
    with listening(handle) as address:  # type: ignore[arg-type]
        totals.environment["AWS_ENDPOINT_URL"] = address
        refused(totals, f"input 'sales': s3://focus/sales/*.parquet: {words}")


def test_a_store_that_is_not_there_is_told(totals: Place) -> None:
    totals.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    refused(totals, "s3://focus/sales/*.parquet: 127.0.0.1:1 cannot be reached")


def test_missing_credentials_are_told(totals: Place) -> None:
    totals.environment |= {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    refused(totals, "no credentials were found; expected them where boto3 looks")


def test_a_store_that_never_answers_is_given_up(tmp_path: Path) -> None:
    code = (
        "from profiler.errors import InputError\nfrom profiler.sandbox import remote, store_errors, stores\n"
        "store_errors.READ_S = stores.READ_S = 1\n"
        "try:\n    remote.Remote().expand('s3://focus/sales/*.parquet')\n"
        "except InputError as error:\n    print(error)\n"
    )
    with listening(never) as address:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(address) | {"PATH": ""}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert "does not answer: no byte came within 1 s, 2 times\n" in done.stdout, done.stderr


@pytest.mark.parametrize(("missing", "words"), [("s3fs", "pip install 'paredown[s3]'"), ("fsspec", "paredown[s3]")])
def test_what_has_to_be_installed_is_told(totals: Place, missing: str, words: str) -> None:
    totals.write("hidden/sitecustomize.py", f"import sys\nsys.modules[{missing!r}] = None\n")
    totals.environment["PYTHONPATH"] = str(totals.folder / "hidden")
    refused(totals, "s3://focus/sales/*.parquet: ", words)
