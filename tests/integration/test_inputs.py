"""Inputs that are missing, broken or other than they seem: told by name and place before anything runs."""

from __future__ import annotations

import pytest

from tests.integration.place import Ended, Place

JOB = """
from profiler import Job, dataset, query
totals = query("totals.sql", reads="sales", shard_by="shop")
job = Job(name="totals", inputs={"sales": dataset(PATHS)}, answer_key="shop", monolith=[totals], decomposed=[totals])
"""
MADE = """
job = Job(name="made", inputs={"sales": dataset("x/*.parquet", make=make)}, monolith=[step(use, reads="sales")])
"""
GOOD = "SELECT 'a' AS shop, 1 AS amount"


@pytest.fixture
def totals(place: Place) -> Place:
    """A job of one query over `sales.parquet`, which is not there yet."""
    place.write("totals.sql", "SELECT shop, sum(amount) AS total\nFROM sales\nGROUP BY shop\n")
    reading(place, "sales.parquet")
    return place


def reading(place: Place, paths: object) -> None:
    """Let the job read these paths."""
    place.write("job.py", JOB.replace("PATHS", repr(paths)))


def refused(place: Place, *words: str, arguments: tuple[str, ...] = ()) -> Ended:
    """The job is refused with these words; nothing was run and no run is kept."""
    ended = place.paredown("run", "job.py", *arguments)
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert ended.err.startswith("error: "), ended.said
    for word in words:
        assert word in ended.err, ended.said
    assert not place.workspace.exists(), "something is kept of it"
    return ended


def test_a_missing_file_is_named_with_its_whole_path(totals: Place) -> None:
    refused(totals, f"error: totals: input 'sales': there is no file {totals.folder}/sales.parquet")


def test_a_glob_that_matches_nothing_is_named(totals: Place) -> None:
    reading(totals, "data/*.parquet")
    refused(totals, f"input 'sales': {totals.folder}/data/*.parquet matches no file")


def test_an_empty_folder_is_named(totals: Place) -> None:
    (totals.folder / "data").mkdir()
    reading(totals, "data")
    refused(totals, f"input 'sales': the folder {totals.folder}/data holds no file")


def test_an_empty_file_is_told(totals: Place) -> None:
    totals.write("sales.parquet", "")
    refused(totals, "sales.parquet: is empty (0 bytes)")


def test_a_file_without_rows_is_told(totals: Place) -> None:
    totals.table("sales.parquet", f"{GOOD} WHERE false")
    refused(totals, "sales.parquet: holds no row")


def test_a_csv_file_with_a_header_alone_is_told(totals: Place) -> None:
    reading(totals, "sales.csv")
    totals.write("sales.csv", "shop,amount\n")
    refused(totals, "sales.csv: holds no row")


def test_a_truncated_parquet_file_is_told_from_a_whole_one(totals: Place) -> None:
    path = totals.table("sales.parquet", "SELECT 'a' || i AS shop, i AS amount FROM range(1000) AS t(i)")
    path.write_bytes(path.read_bytes()[:-100])
    refused(totals, "sales.parquet: is Parquet, but cut off (", "no footer at its end")


def test_a_parquet_file_with_a_damaged_footer_is_told(totals: Place) -> None:
    path = totals.table("sales.parquet", "SELECT 'a' || i AS shop, i AS amount FROM range(1000) AS t(i)")
    data = bytearray(path.read_bytes())
    data[-200:-8] = bytes(192)
    path.write_bytes(data)
    refused(totals, "sales.parquet: cannot be read: ")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sales.parquet", b"shop,amount\na,1\n", "begins with 'shop,amount', which looks like CSV: rename it to .csv"),
        (
            "sales.parquet",
            b"PK\x03\x04 some zip file, with a comma",
            "is no Parquet file (it does not begin with PAR1)",
        ),
        ("sales.parquet", b"PAR1", "is Parquet, but cut off"),
        ("sales.csv", b"\x00\x01\x02\x03" * 100, "sales.csv"),
    ],
)
def test_a_file_in_disguise_is_told(totals: Place, name: str, content: bytes, words: str) -> None:
    reading(totals, name)
    (totals.folder / name).write_bytes(content)
    refused(totals, words)


def test_parquet_under_the_name_of_a_csv_file_is_told(totals: Place) -> None:
    totals.table("sales.parquet", GOOD).rename(totals.folder / "sales.csv")
    reading(totals, "sales.csv")
    refused(totals, "sales.csv: is Parquet under the name of a CSV file; rename it to .parquet")


def test_csv_and_parquet_together_are_refused(totals: Place) -> None:
    totals.table("data/a.parquet", GOOD)
    totals.table("data/b.csv", GOOD)
    reading(totals, "data/*")
    refused(totals, "holds CSV and Parquet files together; expected one kind")


def test_a_missing_column_is_told_with_line_and_caret(totals: Place) -> None:
    totals.table("sales.parquet", "SELECT 'a' AS shop, 1 AS price")
    totals.write("totals.sql", "-- Sales per shop.\nSELECT shop,\n    sum(amount) AS total\nFROM sales GROUP BY shop")
    ended = refused(totals, "step 'totals'", f"{totals.folder}/totals.sql: ", 'Referenced column "amount" not found')
    lines = ended.err.splitlines()
    place = next(number for number, line in enumerate(lines) if "LINE 3:" in line)
    assert lines[place].index("amount") == lines[place + 1].index("^"), ended.said
    assert "(sales has shop, price)" in ended.err


def test_a_mistake_on_the_first_line_of_a_query_is_shown_as_it_was_written(totals: Place) -> None:
    totals.table("sales.parquet", GOOD)
    totals.write("totals.sql", "SELECT shop, summ(amount) AS total FROM sales GROUP BY shop")
    ended = refused(totals, "LINE 1: SELECT shop, summ(amount) AS total")
    lines = ended.err.splitlines()
    place = next(number for number, line in enumerate(lines) if "LINE 1:" in line)
    assert lines[place].index("summ") == lines[place + 1].index("^"), ended.said


def test_a_column_of_another_type_is_told(totals: Place) -> None:
    totals.table("sales.parquet", "SELECT 'a' AS shop, 'much' AS amount")
    refused(totals, "step 'totals'", "sum(VARCHAR)", "LINE 1:")


def test_an_input_brought_on_the_command_line_is_checked_the_same_way(totals: Place) -> None:
    refused(totals, f"there is no file {totals.folder}/other.parquet", arguments=("--input", "sales=other.parquet"))


def test_an_unknown_input_names_the_known_ones(totals: Place) -> None:
    totals.table("sales.parquet", GOOD)
    refused(totals, "there is no input 'sale' to bring; did you mean sales?", arguments=("--input", "sale=x.parquet"))


def test_a_folder_that_is_no_parquet_file_among_others_is_no_crash(totals: Place) -> None:
    totals.table("data/a.parquet", GOOD)
    (totals.folder / "data" / "b.parquet").mkdir()
    reading(totals, "data/*.parquet")
    ended = totals.paredown("run", "job.py")
    assert ended.code in (0, 2), ended.said
    assert "Traceback" not in ended.err


def test_a_broken_link_is_told(totals: Place) -> None:
    (totals.folder / "data").mkdir()
    (totals.folder / "data" / "a.parquet").symlink_to("gone.parquet")
    reading(totals, "data/*.parquet")
    refused(totals, "data/a.parquet")


@pytest.mark.parametrize("name", ["it's.parquet", 'a "b".parquet', "grüße.parquet", "a [1].parquet", "a,b.parquet"])
def test_a_file_name_may_hold_anything(totals: Place, name: str) -> None:
    totals.table(name, GOOD)
    reading(totals, name)
    ended = totals.paredown("plan", "job.py")
    assert ended.code == 0, ended.said
    assert "1 rows" in ended.out or "1 row" in ended.out


def test_csv_is_read_as_well(totals: Place) -> None:
    totals.table("sales.csv", "SELECT 'a' || i % 3 AS shop, i AS amount FROM range(30) AS t(i)")
    reading(totals, "sales.csv")
    ended = totals.paredown("run", "job.py")
    assert ended.code == 0, ended.said
    assert ended.run.answers[0].rows == 3


def test_an_input_that_goes_after_planning_is_a_finding(totals: Place) -> None:
    totals.table("sales.parquet", GOOD)
    totals.write("gone.py", "import os\n\ndef gone(paths):\n    os.unlink(paths[0])\n    return 1\n")
    totals.write(
        "job.py",
        "from gone import gone\nfrom profiler import Job, dataset, query, step\n"
        "job = Job(name='totals', inputs={'sales': dataset('sales.parquet')}, answer_key='shop',\n"
        "    monolith=[step(gone, reads='sales'), query('totals.sql', reads='sales')], decomposed=[])\n",
    )
    ended = totals.paredown("run", "job.py")
    assert ended.code == 1, ended.said
    assert "sales.parquet" in ended.run.measurements[-1].outcome.message


def test_what_a_make_function_raises_is_shown_with_its_own_traceback(place: Place) -> None:
    place.write(
        "job.py",
        "from profiler import Job, dataset, step\n"
        "def make(folder, *, rows=3):\n    (folder / 'a.parquet').write_bytes(b'half')\n    raise OSError('no room')\n"
        "def use(paths):\n    return 1\n" + MADE,
    )
    refused(place, "making input 'sales'", 'job.py", line 4, in make', "OSError: no room")


@pytest.mark.parametrize(
    ("writes", "says"),
    [
        ("(folder / 'part').mkdir()", "input 'sales': make wrote into a folder of its own, part; expected every file"),
        ("(folder / '.a.csv').write_text('x')", "input 'sales': make wrote no file"),
        ("folder.rmdir()", "input 'sales': make wrote no file"),
    ],
)
def test_a_make_function_whose_files_no_run_would_find_is_told(place: Place, writes: str, says: str) -> None:
    place.write(
        "job.py",
        "from profiler import Job, dataset, step\n"
        f"def make(folder, *, rows=3):\n    {writes}\n"
        "def use(paths):\n    return 1\n" + MADE,
    )
    refused(place, says)


def test_a_make_function_that_writes_nothing_is_told(place: Place) -> None:
    place.write(
        "job.py",
        "from profiler import Job, dataset, step\n"
        "def make(folder, *, rows=3):\n    pass\n"
        "def use(paths):\n    return 1\n" + MADE,
    )
    refused(place, "input 'sales': make wrote no file")
    refused(place, "parameter 'rows' is 'many'; expected a value of type int", arguments=("--param", "rows=many"))
    refused(place, "there is no parameter 'row'; did you mean rows?", arguments=("--param", "row=3"))
    refused(place, "--param 'rows': expected NAME=VALUE, like rows=1000000", arguments=("--param", "rows"))


def test_made_data_are_made_once(place: Place) -> None:
    place.write(
        "job.py",
        "from profiler import Job, dataset, step\n"
        "def make(folder, *, rows=3):\n    import duckdb\n    print('made')\n"
        "    duckdb.sql(f\"COPY (SELECT * FROM range({rows}) AS t(i)) TO '{folder}/a.parquet' (FORMAT parquet)\")\n"
        "def use(paths):\n    return len(paths)\n" + MADE,
    )
    first, second = (place.paredown("run", "job.py", "rows=5") for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.said
    assert first.run.plan.inputs[0].rows == 5
    assert len(list((place.workspace / "data").iterdir())) == 1
    assert second.run.plan.inputs == first.run.plan.inputs


def test_a_column_that_only_some_files_have_is_told(shop: Place) -> None:
    shop.table("data/sales-4.parquet", f"SELECT *, 'card' AS paid_by FROM '{shop.folder}/data/sales-0.parquet'")
    ended = shop.paredown("run", "job.py", "--variant", "decomposed")
    assert "1 of its 5 files have a column 'paid_by', else it is NULL" in " ".join(ended.out.split()), ended.said
