"""Inputs behind URLs: found, read and counted as on this disk; and every way in which a store says no."""

from __future__ import annotations

import gzip
import shlex
import sys
from collections.abc import Iterator

import duckdb
import pytest
from s3fs import S3FileSystem

from profiler.errors import InputError
from profiler.model import InputFiles, Measurement, Moved, Variant
from profiler.sandbox import counting, frames, inputs, queries
from profiler.sandbox.inputs import expand, inspect_files
from profiler.sandbox.remote import Remote
from profiler.stores import explaining, opening
from profiler.urls import located
from profiler.work import CountGroups, Source
from tests.factories import a_planned_step
from tests.integration.conftest import SALES
from tests.integration.place import Ended, Place
from tests.integration.within import paredown_within
from tests.object_stores import SECRET, Store, ask, environment, listening, never, refusing, resets, running_store, slow

FILES = 240
TEN = "s3://focus/sales/part-00*.parquet"
TOTALS = "SELECT customer, service, sum(cost) AS total\nFROM sales\nGROUP BY ALL\n"
JOB = """
from profiler import Job, dataset, query
steps = [query("totals.sql", reads="sales", shard_by=("customer", "service"))]
job = Job(
    name="totals",
    inputs={{"sales": dataset({path!r})}},
    answer_key=("customer", "service"),
    monolith=steps,
    decomposed=steps,
)
"""
OWN_WAY = """
from profiler import Job, dataset, per_shard, query, step

def load(paths):
    import duckdb, fsspec, tempfile
    with tempfile.TemporaryDirectory() as folder:
        fsspec.filesystem("s3").get(paths, folder + "/")
        return duckdb.sql(f"SELECT customer, service, sum(cost) AS total FROM '{folder}/*.parquet' GROUP BY ALL").df()

def passed_on(rows):
    return rows

job = Job(
    name="totals",
    inputs={"sales": dataset("sales.parquet")},
    answer_key=("customer", "service"),
    monolith=[step(load, reads="sales")],
    decomposed=[query("totals.sql", reads="sales", shard_by="customer"), per_shard(passed_on, reads="totals")],
)
"""
MANY_WAYS = """
from profiler import Job, dataset, per_shard, query, step

def own(paths):
    import pandas
    return pandas.DataFrame({"customer": ["c"], "service": ["s"]})

def counted(rows):
    return rows[["customer", "service"]]

def goes():
    import boto3
    boto3.client("s3").delete_object(Bucket="focus", Key="gone/a.parquet")

job = Job(
    name="ways",
    inputs={
        "sales": dataset("s3://focus/sales/part-00*.parquet"),
        "text": dataset(["s3://focus/csv/sales.csv", "s3://focus/csv/sales.csv.gz"]),
        "gone": dataset("s3://focus/gone/a.parquet"),
    },
    answer_key=("customer", "service"),
    monolith=[step(own, reads="sales")],
    decomposed=[
        query("lines.sql", reads="text"),
        query("totals.sql", reads="sales", combine="all.sql", part_mib=1, shard_by=("customer", "service")),
        per_shard(counted, reads="totals"),
        step(goes),
        query("last.sql", reads="gone"),
    ],
)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """S3 with the shop's sales in many files, and some other files; this process asks it too."""
    folder = tmp_path_factory.mktemp("sales")
    with running_store("focus") as running, duckdb.connect() as connection, pytest.MonkeyPatch.context() as there:
        ask(running.environment, there)
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
    """A job of one query over ten of these files."""
    place.environment.update(store.environment)
    place.write("totals.sql", TOTALS)
    return reading(place, TEN)


def reading(place: Place, path: str) -> Place:
    """Let the job read this path."""
    place.write("job.py", JOB.format(path=path))
    return place


def refused(place: Place, *words: str, arguments: tuple[str, ...] = ()) -> Ended:
    """The job is refused with these words, in one error; nothing was run and no run is kept."""
    ended = paredown_within(place, "run", "job.py", *arguments)
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert ended.err.startswith("error: "), ended.said
    assert "Traceback" not in ended.err, ended.said
    assert SECRET not in ended.err
    for word in words:
        assert word in ended.err, ended.said
    assert not place.workspace.exists(), "something is kept of it"
    return ended


def task_of(ended: Ended, variant: Variant, step: str) -> Measurement:
    """The one task of a step."""
    (task,) = [item for item in ended.run.of(variant) if item.step == step]
    return task


# --- what works -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A job on many files of S3; its monolith reads them by itself, through fsspec."""
    place = Place(tmp_path_factory.mktemp("on S3"), environment=store.environment)
    place.write("totals.sql", TOTALS)
    place.write("job.py", OWN_WAY)
    return place.paredown("run", "job.py", "--input", "sales=s3://focus/sales/*.parquet")


def test_a_job_gives_the_same_answer_on_s3_as_on_disk(measured: Ended) -> None:
    assert measured.code == 0, measured.said
    there = [duckdb.sql(f"FROM '{answer.path}' ORDER BY ALL").fetchall() for answer in measured.run.answers]
    here = duckdb.sql(TOTALS.replace("sales", f"({SALES})") + "ORDER BY ALL").fetchall()
    assert len(there) == 2
    for rows in there:
        assert [row[:2] for row in rows] == [row[:2] for row in here]
        assert [float(row[2]) for row in rows] == pytest.approx([float(row[2]) for row in here])


def test_a_plan_knows_the_files_their_sizes_and_rows(measured: Ended, store: Store) -> None:
    (sales,) = measured.run.plan.inputs
    listed = store.client.list_objects_v2(Bucket="focus", Prefix="sales/")["Contents"]
    assert sales.paths == tuple(f"s3://focus/{item['Key']}" for item in listed)
    assert sales.sizes == tuple(item["Size"] for item in listed)
    assert (sales.total_bytes, sales.rows) == (sum(sales.sizes), 2400)


def test_a_query_asks_for_each_file_once_and_counts_what_it_asks(measured: Ended) -> None:
    task = task_of(measured, Variant.DECOMPOSED, "totals")
    (sales,) = measured.run.plan.inputs
    assert task.moved == Moved(get=2 * FILES, received_bytes=sales.total_bytes)
    assert (task.input_bytes, task.stored_bytes, task.input_files) == (sales.total_bytes, sales.total_bytes, FILES)


def test_what_a_function_reads_by_itself_is_counted(measured: Ended) -> None:
    task = task_of(measured, Variant.MONOLITH, "load")
    moved = task.moved
    assert moved is not None
    assert task.stored_bytes == task.input_bytes > 0
    assert moved.get is not None
    assert moved.get >= FILES
    assert (moved.put, moved.list, moved.estimated) == (0, 0, False)


def test_steps_that_read_nothing_from_s3_have_moved_nothing(measured: Ended) -> None:
    others = [task for task in measured.run.measurements if task.step not in ("load", "totals")]
    assert {(task.moved, task.stored_bytes) for task in others} == {(None, 0)}


def test_a_run_says_what_reads_its_input(measured: Ended) -> None:
    (warning,) = measured.run.plan.warnings
    assert warning.startswith("input 'sales': queries read s3:// through fsspec, not through DuckDB's httpfs")
    assert "warning: input 'sales': queries read s3:// through fsspec" in measured.out


def test_no_credential_is_kept_anywhere(measured: Ended) -> None:
    assert SECRET not in measured.out + measured.err
    for path in measured.workspace.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


def test_a_plan_shows_where_the_files_are(totals: Place) -> None:
    ended = paredown_within(totals, "plan", "job.py")
    assert ended.code == 0, ended.said
    assert "10 files" in ended.out
    assert "100 rows · s3://focus/sales/\n" in ended.out


def test_a_plan_names_the_command_that_runs_what_was_planned(totals: Place) -> None:
    asked = ("job.py", "--input", f"sales={TEN}", "--shards", "3", "--workspace", "its own")
    ended = paredown_within(totals, "plan", *asked)
    assert ended.code == 0, ended.said
    (following,) = (line for line in ended.out.splitlines() if line.startswith("Next:"))
    assert shlex.split(following.removeprefix("Next:")) == ["paredown", "run", *asked]


@pytest.fixture(scope="module")
def ways(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A job that reads a slow store in many ways, and last a file that has gone by then."""
    place = Place(tmp_path_factory.mktemp("ways"))
    body = store.client.get_object(Bucket="focus", Key="sales/part-000.parquet")["Body"].read()
    store.client.put_object(Bucket="focus", Key="gone/a.parquet", Body=body)
    place.write("job.py", MANY_WAYS)
    place.write("all.sql", "SELECT customer, service, sum(total) AS total FROM totals GROUP BY ALL\n")
    for query, table in {"totals": "sales", "lines": "text", "last": "gone"}.items():
        place.write(f"{query}.sql", TOTALS.replace("sales", table))
    with listening(slow(store, 0.02)) as address:
        place.environment.update(environment(address))
        return place.paredown("run", "job.py", "--jobs", "1", "--shards", "auto")


def test_a_store_that_is_slow_is_waited_for(ways: Ended) -> None:
    assert ways.code == 1, ways.said
    assert [task.step for task in ways.run.measurements if not task.outcome.ok] == ["last"]


def test_csv_is_read_too_plain_and_packed(ways: Ended, store: Store) -> None:
    task = task_of(ways, Variant.DECOMPOSED, "lines")
    listed = store.client.list_objects_v2(Bucket="focus", Prefix="csv/")["Contents"]
    assert (task.rows_out, task.input_files, task.input_bytes) == (24, 2, sum(item["Size"] for item in listed))


def test_a_query_is_split_by_file_as_on_disk(ways: Ended) -> None:
    moved = task_of(ways, Variant.DECOMPOSED, "totals.parts").moved
    assert moved is not None
    assert moved.get == 20


def test_groups_behind_urls_are_counted_for_shards_auto(ways: Ended) -> None:
    skew = ways.run.plan.skew
    assert skew is not None
    assert (skew.step, skew.groups, skew.rows) == ("totals", 10, 10)


def test_what_nobody_saw_is_not_known_rather_than_nothing(ways: Ended) -> None:
    """As when pyarrow reads with its own S3."""
    task = task_of(ways, Variant.MONOLITH, "own")
    assert task.moved == Moved(get=None, put=None, list=None, received_bytes=None, sent_bytes=None)


def test_a_file_that_goes_while_the_job_runs_is_a_finding_of_its_task(ways: Ended) -> None:
    outcome = task_of(ways, Variant.DECOMPOSED, "last").outcome
    assert outcome.message == "s3://focus/gone/a.parquet: there is no such file"


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


def test_local_data_need_neither_fsspec_nor_boto3(place: Place) -> None:
    place.write(
        "sitecustomize.py", "import sys\nfor name in ('fsspec', 's3fs', 'botocore'): sys.modules[name] = None\n"
    )
    place.write("totals.sql", TOTALS)
    place.table("sales.csv", SALES)
    reading(place, "sales.csv").environment["PYTHONPATH"] = str(place.folder)
    ended = place.paredown("run", "job.py", "--variant", "decomposed")
    assert ended.code == 0, ended.said


def test_a_file_of_the_same_size_is_another_input(store: Store) -> None:
    def found(content: bytes) -> InputFiles:
        store.client.put_object(Bucket="focus", Key="changing/a.csv", Body=b"customer\n" + content)
        with Remote() as remote:
            paths, _ = expand(["s3://focus/changing/*"], remote)
            return inputs.described("sales", paths, None, remote, made=False)

    one, same, other = map(found, (b"a\n", b"a\n", b"b\n"))
    assert one == same
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("name", ["a b%20+#", "[1]", "x?y*", 'Zoë\'s "a"', "\x1b[31m"])
def test_a_file_is_read_by_any_name(store: Store, name: str) -> None:
    body = store.client.get_object(Bucket="focus", Key="sales/part-000.parquet")["Body"].read()
    store.client.put_object(Bucket="focus", Key=f"names/{name}.parquet", Body=body)
    url = f"s3://focus/names/{name}.parquet"
    with Remote() as remote, frames.connect(threads=1) as connection:
        paths, missing = expand([url], remote)
        assert (paths, missing) == ((url,), [])
        assert inspect_files(paths, remote) == (paths, 10, [])
        queries.add_view(connection, Source(name="sales", files=paths, is_input=True))
        assert connection.execute("SELECT count(*) FROM sales").fetchall() == [(10,)]


@pytest.mark.parametrize("url", ["s3://focus/folder", "s3://focus/folder/", "s3://focus/folder/*", "s3://focus/**/b.*"])
def test_a_folder_and_its_marker_are_no_files(store: Store, url: str) -> None:
    for key in ("folder/", "folder/b.csv"):
        store.client.put_object(Bucket="focus", Key=key, Body=b"" if key.endswith("/") else b"a\n1\n")
    assert expand([url], Remote()) == (("s3://focus/folder/b.csv",), [])


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """This process asks what the test says, by a client of its own."""
    S3FileSystem.clear_instance_cache()
    yield monkeypatch
    S3FileSystem.clear_instance_cache()


@pytest.mark.usefixtures("store")
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
        ("s3://focus/odd/[1].parquet", "s3://focus/odd/[1].parquet matches no file"),
        ("s3://foc*/sales/*.parquet", "s3://foc*/sales/*.parquet: names no bucket; expected one, without a glob"),
        ("s3:///sales/*.parquet", "s3:///sales/*.parquet: names no bucket"),
        ("http://127.0.0.1:1/a.csv", "http://127.0.0.1:1/a.csv: 127.0.0.1:1 cannot be reached"),
        ("ftp://127.0.0.1:1/a.csv", "ftp:// asks a host that one logs in to, and is no store; expected one, as s3"),
        ("sftp://127.0.0.1:1/a.csv", "sftp:// asks a host that one logs in to, and is no store; expected one, as s3"),
        ("s5://focus/sales/*.parquet", "no filesystem is known for s5://; known are s3, gs, abfs, https"),
        ("gs://focus/sales/*.parquet", "its filesystem is not installed; pip install gcsfs"),
        ("s3://me:hidden@focus/*.parquet", "s3://***@focus/*.parquet: holds a user and a password"),
        ("https://127.0.0.1/a.csv?X-Amz-Signature=hidden", "X-Amz-Signature=***: holds a key or a signature"),
        ("simplecache::s3://focus/sales/*.parquet", "is a chain of filesystems; expected one URL"),
    ],
)
def test_a_url_that_names_nothing_is_told(url: str, words: str) -> None:
    complaints = "; ".join(complaints_of(url))
    assert words in complaints
    assert "hidden" not in complaints


def complaints_of(*urls: str) -> list[str]:
    """What planning has to say of an input, in this process."""
    try:
        with Remote() as remote:
            paths, missing = expand([located(url) or url for url in urls], remote)
            return missing + (inspect_files(paths, remote)[2] if paths else [])
    except InputError as error:
        return [error.message]


@pytest.mark.usefixtures("store")
def test_files_of_a_disk_and_of_a_store_are_no_one_input(place: Place) -> None:
    path = place.table("sales.parquet", SALES)
    assert complaints_of(str(path), TEN) == [
        "holds files of this disk and files of s3:// together; expected one place, or an input for each"
    ]


@pytest.mark.usefixtures("store")
def test_a_count_of_groups_says_what_is_wrong_with_a_store() -> None:
    order = CountGroups(
        split=a_planned_step(name="totals", kind="query", reads=("sales",), sql=TOTALS, shard_by=("customer",)),
        queries={},
        sources=(Source(name="sales", files=("s3://focus/sales/gone.parquet",), is_input=True, sizes=(9,)),),
        memory_limit_mib=256,
        threads=1,
        worth=2,
    )
    with pytest.raises(InputError) as refused:
        counting.carry_out(order)
    assert refused.value.message == (
        "shards auto: the groups of 'totals' cannot be counted: s3://focus/sales/gone.parquet: there is no such file"
    )


@pytest.mark.parametrize("url", ["s3://focus/none/*.parquet", "s3://me:hidden@focus/*.parquet"])
def test_a_url_in_a_job_file_is_told_in_the_same_way(totals: Place, url: str) -> None:
    reading(totals, url)
    ended = refused(totals, f"error: totals: input 'sales': {url.replace('me:hidden', '***')}")
    assert "hidden" not in ended.err


REFUSALS = [
    (refusing(403, "AccessDenied"), "access is denied (AccessDenied)"),
    (refusing(400, "ExpiredToken"), "the credentials have expired (ExpiredToken)"),
    (refusing(403, "InvalidAccessKeyId"), "the store does not take these credentials (InvalidAccessKeyId)"),
    (
        refusing(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-1\r\n"),
        "bucket 'focus' is in the region eu-west-1, and was asked for in another one",
    ),
    (refusing(301, "PermanentRedirect"), "bucket 'focus' is in a region that the store does not name, and was asked"),
    (resets, "the connection to 127.0.0.1:"),
]


@pytest.mark.parametrize(
    ("handle", "words"),
    REFUSALS,
    ids=["denied", "expired", "unknown key", "another region", "nobody says which", "broken off"],
)
def test_a_store_that_says_no_is_told(elsewhere: pytest.MonkeyPatch, handle: object, words: str) -> None:
    with listening(handle) as address:  # type: ignore[arg-type]
        elsewhere.setenv("AWS_ENDPOINT_URL", address)
        (complaint,) = complaints_of("s3://focus/sales/*.parquet")
    assert complaint.startswith(f"s3://focus/sales/*.parquet: {words}")


def test_a_store_that_says_no_ends_the_command(totals: Place) -> None:
    with listening(refusing(403, "AccessDenied")) as address:
        totals.environment["AWS_ENDPOINT_URL"] = address
        refused(totals, f"input 'sales': {TEN}: access is denied (AccessDenied)")


def test_a_store_that_is_not_there_is_told(elsewhere: pytest.MonkeyPatch) -> None:
    elsewhere.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert complaints_of(TEN) == [f"{TEN}: 127.0.0.1:1 cannot be reached"]


def test_missing_credentials_are_told(elsewhere: pytest.MonkeyPatch) -> None:
    elsewhere.setenv("AWS_ACCESS_KEY_ID", "")
    elsewhere.setenv("AWS_SECRET_ACCESS_KEY", "")
    (complaint,) = complaints_of(TEN)
    assert "no credentials were found; expected them where boto3 looks" in complaint


def test_a_store_that_never_answers_is_given_up(elsewhere: pytest.MonkeyPatch) -> None:
    for module in (explaining, opening):
        elsewhere.setattr(module, "READ_S", 1)
    with listening(never) as address:
        elsewhere.setenv("AWS_ENDPOINT_URL", address)
        (complaint,) = complaints_of(TEN)
    assert complaint.endswith("does not answer: no byte came within 1 s, 2 times")


def test_a_store_without_its_library_is_told(totals: Place) -> None:
    totals.write("hidden/sitecustomize.py", "import sys\nsys.modules['s3fs'] = None\n")
    totals.environment["PYTHONPATH"] = str(totals.folder / "hidden")
    refused(totals, f"{TEN}: its filesystem is not installed; pip install 'paredown[s3]'")


@pytest.mark.usefixtures("store")
def test_a_store_without_fsspec_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert complaints_of(TEN) == [f"{TEN}: fsspec is not installed; pip install 'paredown[s3]'"]
