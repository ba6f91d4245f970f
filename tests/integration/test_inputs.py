"""Inputs that are missing, broken or other than they seem: told by name and place before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from profiler.errors import InputError
from profiler.model import FunctionRef
from profiler.sandbox import making
from profiler.work import MakeInput
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


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """A job whose every input is wrong in a way of its own, and how it is refused."""
    place = Place(tmp_path_factory.mktemp("broken"))
    folder = place.folder
    for name in ("cut off", "damaged"):
        place.table(f"{name}.parquet", "SELECT 'a' || i AS shop, i AS amount FROM range(1000) AS t(i)")
    data = (folder / "damaged.parquet").read_bytes()
    (folder / "cut off.parquet").write_bytes(data[:-100])
    (folder / "damaged.parquet").write_bytes(data[:-200] + bytes(192) + data[-8:])
    (folder / "empty folder").mkdir()
    place.write("empty.parquet", "")
    place.table("no rows.parquet", f"{GOOD} WHERE false")
    place.write("header.csv", "shop,amount\n")
    place.write("text.parquet", "shop,amount\na,1\n")
    place.write("zip.parquet", "PK\x03\x04 some zip file, with a comma")
    place.write("magic.parquet", "PAR1")
    (folder / "zeros.csv").write_bytes(b"\x00\x01\x02\x03" * 100)
    place.table("whole.parquet", GOOD).rename(folder / "parquet.csv")
    place.table("both/a.parquet", GOOD)
    place.table("both/b.csv", GOOD)
    (folder / "links").mkdir()
    (folder / "links" / "a.parquet").symlink_to("gone.parquet")
    place.write(
        "job.py",
        f"from profiler import Job, dataset, step\nINPUTS = {[name for name, _ in BROKEN]}\n"
        "def use(*inputs):\n    return 1\n"
        "job = Job(name='totals', inputs={name: dataset(name) for name in INPUTS},\n"
        "    monolith=[step(use, reads=INPUTS)])\n",
    )
    return place, refused(place)


BROKEN = [
    ("gone.parquet", ("there is no file HERE/gone.parquet",)),
    ("none/*.parquet", ("HERE/none/*.parquet matches no file",)),
    ("empty folder", ("the folder HERE/empty folder holds no file",)),
    ("empty.parquet", ("empty.parquet: is empty (0 bytes)",)),
    ("no rows.parquet", ("no rows.parquet: holds no row",)),
    ("header.csv", ("header.csv: holds no row",)),
    ("cut off.parquet", ("cut off.parquet: is Parquet, but cut off (", "no footer at its end")),
    ("damaged.parquet", ("damaged.parquet: cannot be read: ",)),
    ("text.parquet", ("begins with 'shop,amount', which looks like CSV: rename it to .csv",)),
    ("zip.parquet", ("is no Parquet file (it does not begin with PAR1)",)),
    ("magic.parquet", ("is Parquet, but cut off",)),
    ("zeros.csv", ("zeros.csv: ",)),
    ("parquet.csv", ("parquet.csv: is Parquet under the name of a CSV file; rename it to .parquet",)),
    ("both/*", ("holds CSV and Parquet files together; expected one kind",)),
    ("links/*.parquet", ("links/a.parquet",)),
]
"""Inputs, named as their path is, and what is said of each; HERE is the job's folder."""


@pytest.mark.parametrize(("name", "words"), BROKEN)
def test_an_input_that_is_missing_broken_or_in_disguise_is_told(
    broken: tuple[Place, Ended], name: str, words: tuple[str, ...]
) -> None:
    place, ended = broken
    (line,) = [line for line in ended.err.splitlines() if line.startswith(f"error: totals: input {name!r}: ")]
    for word in words:
        assert word.replace("HERE", str(place.folder)) in line


def test_nothing_else_is_told_of_inputs(broken: tuple[Place, Ended]) -> None:
    _, ended = broken
    assert len(ended.err.splitlines()) == len(BROKEN), ended.said


@pytest.fixture(scope="module")
def misread(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """A job whose queries are none for the columns that they get, and how it is refused."""
    place = Place(tmp_path_factory.mktemp("misread"))
    place.table("prices.parquet", "SELECT 'a' AS shop, 1 AS price, 'much' AS text")
    place.write("column.sql", "-- Sales per shop.\nSELECT shop,\n    sum(amount) AS total\nFROM sales GROUP BY shop")
    place.write("word.sql", "SELECT shop, summ(price) AS total FROM sales GROUP BY shop")
    place.write("type.sql", "SELECT shop, sum(text) AS total\nFROM sales GROUP BY shop")
    place.write(
        "job.py",
        "from profiler import Job, dataset, query\n"
        "job = Job(name='totals', inputs={'sales': dataset('prices.parquet')},\n"
        "    monolith=[query(f'{name}.sql', reads='sales') for name in ('column', 'word', 'type')])\n",
    )
    return place, refused(place)


def told(ended: Ended, step: str) -> list[str]:
    """What is told of one step, line by line."""
    (told,) = [part for part in ended.err.split("error: ") if f"step {step!r}" in part]
    return told.splitlines()


def under_caret(lines: list[str], number: int) -> str:
    """What the caret below a line of a query points at."""
    place = next(place for place, line in enumerate(lines) if f"LINE {number}:" in line)
    return lines[place][lines[place + 1].index("^") :]


def test_a_missing_column_is_told_with_line_and_caret(misread: tuple[Place, Ended]) -> None:
    place, ended = misread
    lines = told(ended, "column")
    assert f"{place.folder}/column.sql: " in lines[0]
    assert 'Referenced column "amount" not found' in lines[0]
    assert under_caret(lines, 3).startswith("amount")
    assert "(sales has shop, price, text)" in "\n".join(lines)


def test_a_mistake_on_the_first_line_of_a_query_is_shown_as_it_was_written(misread: tuple[Place, Ended]) -> None:
    _, ended = misread
    lines = told(ended, "word")
    assert "LINE 1: SELECT shop, summ(price) AS total" in "\n".join(lines)
    assert under_caret(lines, 1).startswith("summ(price)")


def test_a_column_of_another_type_is_told(misread: tuple[Place, Ended]) -> None:
    _, ended = misread
    said = "\n".join(told(ended, "type"))
    assert "sum(VARCHAR)" in said
    assert "LINE 1:" in said


def test_an_input_brought_on_the_command_line_is_checked_the_same_way(totals: Place) -> None:
    refused(totals, f"there is no file {totals.folder}/other.parquet", arguments=("--input", "sales=other.parquet"))


def test_a_file_name_may_hold_anything(place: Place) -> None:
    names = ["it's.parquet", 'a "b".parquet', "grüße.parquet", "a [1].parquet", "a,b.parquet"]
    for name in names:
        place.table(name, GOOD)
    place.write(
        "job.py",
        f"from profiler import Job, dataset, step\nINPUTS = {names}\n"
        "def use(*inputs):\n    return 1\n"
        "job = Job(name='named', inputs={f'i{n}': dataset(name) for n, name in enumerate(INPUTS)},\n"
        "    monolith=[step(use, reads=[f'i{n}' for n in range(len(INPUTS))])])\n",
    )
    ended = place.paredown("plan", "job.py")
    assert ended.code == 0, ended.said
    for name in names:
        (line,) = [line for line in ended.out.splitlines() if line.endswith(name)]
        assert "1 row" in line


def test_csv_is_read_as_well_and_a_folder_of_such_a_name_is_no_crash(totals: Place) -> None:
    totals.table("data/sales.csv", "SELECT 'a' || i % 3 AS shop, i AS amount FROM range(30) AS t(i)")
    (totals.folder / "data" / "folder.csv").mkdir()
    reading(totals, "data/*.csv")
    ended = totals.paredown("run", "job.py", "--variant", "decomposed")
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


def below(folder: Path) -> None:
    """Make data where no input looks for them."""
    (folder / "part").mkdir()


def hidden(folder: Path) -> None:
    """Make data that no glob finds."""
    (folder / ".a.csv").write_text("x")


def removed(folder: Path) -> None:
    """Make less than nothing."""
    folder.rmdir()


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (below, "input 'sales': below wrote into a folder of its own, part; expected every file"),
        (hidden, "input 'sales': hidden wrote no file"),
        (removed, "input 'sales': removed wrote no file"),
    ],
)
def test_a_make_function_whose_files_no_run_would_find_is_told(
    tmp_path: Path, function: Callable[..., object], says: str
) -> None:
    reference = FunctionRef(file=__file__, qualname=function.__name__, module=__name__)
    order = MakeInput(name="sales", function=reference, params={}, target=str(tmp_path / "sales"))
    with pytest.raises(InputError, match=f"^{says}"):
        making.carry_out(order)
    assert not (tmp_path / "sales").exists()


def test_a_make_function_that_writes_nothing_is_told_and_so_are_its_parameters(place: Place) -> None:
    place.write(
        "job.py",
        "from profiler import Job, dataset, step\n"
        "def make(folder, *, rows=3):\n    pass\n"
        "def use(paths):\n    return 1\n" + MADE,
    )
    refused(place, "input 'sales': make wrote no file")
    refused(
        place,
        "parameter 'rows' is 'many'; expected a value of type int",
        "there is no parameter 'row'; did you mean rows?",
        "there is no input 'sale' to bring; did you mean sales?",
        arguments=("--param", "rows=many", "--param", "row=3", "--input", "sale=x.parquet"),
    )
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


def test_a_column_that_only_some_files_have_is_told(totals: Place) -> None:
    for part in range(4):
        totals.table(f"data/{part}.parquet", GOOD)
    totals.table("data/4.parquet", f"{GOOD}, 'card' AS paid_by")
    reading(totals, "data/*.parquet")
    ended = totals.paredown("run", "job.py", "--variant", "decomposed")
    assert "1 of its 5 files have a column 'paid_by', else it is NULL" in " ".join(ended.out.split()), ended.said
