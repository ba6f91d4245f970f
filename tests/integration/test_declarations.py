"""A job that cannot be run as declared: everything that is wrong, in one go, before anything runs."""

from __future__ import annotations

import pytest

from profiler import Job, step
from profiler.cli.main import main
from profiler.errors import DeclarationError
from tests.integration.place import Ended, Place

HEAD = (
    "from profiler import Job, dataset, per_group, per_shard, query, script, step\n\ndef use(paths):\n    return 1\n\n"
)
JOB = "job = Job(name='small', monolith=[step(use, reads='sales')], inputs={'sales': dataset('sales.parquet')})\n"


@pytest.fixture
def sales(place: Place) -> Place:
    """A folder with an input, and no job yet."""
    place.table("sales.parquet", "SELECT 'a' AS shop, 1 AS day, 2.5 AS amount")
    return place


def refused(place: Place, *words: str, name: str = "job.py", command: str = "plan") -> Ended:
    """The job is refused with these words, and no other output."""
    ended = place.paredown(command, name)
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert ended.err.startswith("error: "), ended.said
    assert "bug of paredown" not in ended.err
    for word in words:
        assert word in ended.err, ended.said
    return ended


def test_all_mistakes_come_together_structure_files_and_sql(sales: Place) -> None:
    sales.write("one.sql", "SELECT shop,\n    summ(amount) AS amount\nFROM sales GROUP BY shop\n")
    sales.write("two.sql", "SELECT shop amount day FROM sales\n")
    sales.write("three.sql", "DROP TABLE sales; SELECT 1\n")
    sales.write(
        "job.py",
        HEAD
        + """
def train(rows):
    return rows

job = Job(
    name="wrong",
    inputs={"sales": dataset("sales.parquet"), "prices": dataset("prices.parquet")},
    answer_key=("shop", "month"),
    tolerance=-1,
    dollars_per_day=7,
    monolith=[step(use, reads="sale"), step(lambda: 1, name="inline"), step(train, reads=("sales", "prices"))],
    decomposed=[
        query("one.sql", reads="sales", shard_by="shop"),
        query("two.sql", reads="sales"),
        query("three.sql", reads="sales"),
        query("four.sql", reads="sales", memory_mib=64),
        per_group(train, reads="one", by="day"),
    ],
)
""",
    )
    ended = refused(
        sales,
        "tolerance is -1; expected a number from 0",
        "dollars_per_day and requests_per_day go together; only one is given",
        "monolith step 'use' reads 'sale', which no input or earlier step provides "
        "(known at that point: sales, prices)",
        "monolith step 'inline': a lambda cannot be imported by its name in a fresh process; write it as a def",
        "train(rows) is called with one argument per name in reads (sales, prices): too many positional arguments",
        "decomposed step 'four': memory_mib is 64; expected a whole number from 128 to 10240",
        "decomposed step 'train': by lacks 'shop', by which its input is split",
        f"input 'prices': there is no file {sales.folder}/prices.parquet",
        "decomposed step 'one'",
        "summ",
        "LINE 2:",
        "decomposed step 'two'",
        "syntax error",
        "decomposed step 'three'",
        "expected one SELECT, found DROP, SELECT",
        f"cannot read the query {sales.folder}/four.sql: No such file or directory",
    )
    assert ended.err.count("error: ") >= 11, ended.said


def test_a_syntax_error_is_shown_as_python_shows_it(sales: Place) -> None:
    sales.write("job.py", "from profiler import Job\n\njob = Job(name='x'\n    monolith=[)\n")
    ended = refused(sales, f"{sales.folder}/job.py: cannot be imported", 'job.py", line 4', "SyntaxError: ", "^")
    assert "importlib" not in ended.err
    assert "profiler/sandbox" not in ended.err


def test_what_a_job_file_raises_is_shown_with_its_own_lines(sales: Place) -> None:
    sales.write("tools.py", "def prices():\n    return {}['disk']\n")
    sales.write("job.py", f"from tools import prices\nprices()\n{HEAD}{JOB}")
    ended = refused(sales, "job.py: cannot be imported", 'job.py", line 2', 'tools.py", line 2', "KeyError: 'disk'")
    assert "profiler/sandbox" not in ended.err


def test_a_module_that_is_missing_is_named(sales: Place) -> None:
    sales.write("job.py", f"import no_such_library\n{HEAD}{JOB}")
    refused(sales, "ModuleNotFoundError: No module named 'no_such_library'")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("raise KeyboardInterrupt", "job.py"),
        ("print('words'); raise ValueError('no')", "ValueError: no"),
    ],
)
def test_a_job_file_that_ends_the_process_is_trouble_and_no_bug(sales: Place, line: str, words: str) -> None:
    sales.write("job.py", f"{HEAD}{JOB}{line}\n")
    refused(sales, words)


def test_two_jobs_in_a_file_are_refused_by_name(sales: Place) -> None:
    sales.write("job.py", HEAD + JOB + JOB.replace("job = ", "other = "))
    refused(sales, "holds 2 jobs: job, other", "hint: expected one per file")


def test_the_same_job_under_two_names_is_one(sales: Place) -> None:
    sales.write("job.py", HEAD + JOB + "main = job\n")
    assert sales.paredown("plan", "job.py").code == 0


def test_a_file_that_makes_a_job_and_keeps_none_is_told(sales: Place) -> None:
    sales.write("job.py", HEAD + "def build():\n    return Job(name='x', monolith=[step(use)])\n")
    refused(sales, "job.py: holds no job", "expected one module-level 'job = Job(...)'")


@pytest.mark.parametrize("folder", [False, True])
def test_a_users_own_profiler_is_refused_by_name(sales: Place, folder: bool) -> None:
    name = "profiler/__init__.py" if folder else "profiler.py"
    sales.write(name, "def profile():\n    pass\n")
    sales.write("job.py", HEAD + JOB)
    refused(
        sales, f"{sales.folder}/profiler", "has the name of paredown's own package", "hint: give the file another name"
    )


def test_a_file_that_hides_a_library_is_refused_by_name(sales: Place) -> None:
    sales.write("duckdb.py", HEAD + JOB)
    refused(sales, f"{sales.folder}/duckdb.py: has the name of a library that paredown needs", name="duckdb.py")


def test_a_job_file_may_be_called_like_a_module_of_pythons(sales: Place) -> None:
    for name in ("statistics.py", "types.py", "click.py"):
        sales.write(name, HEAD + JOB)
        ended = sales.paredown("run", name)
        (sales.folder / name).unlink()
        assert ended.code == 0, ended.said


def test_a_job_may_use_modules_beside_it_and_dataclasses_of_its_own(sales: Place) -> None:
    sales.write("tools/__init__.py", "")
    sales.write("tools/load.py", "def load(paths):\n    return len(paths)\n")
    sales.write(
        "job.py",
        HEAD + "from dataclasses import dataclass\nfrom tools.load import load\n"
        "@dataclass\nclass Model:\n    mean: float\n"
        "def train(load):\n    return Model(1.0)\n"
        "def mean(train):\n    assert isinstance(train, Model)\n    return train.mean\n"
        "job = Job(name='small', inputs={'sales': dataset('sales.parquet')},\n"
        "    monolith=[step(load, reads='sales'), step(train, reads='load'), step(mean, reads='train')],\n"
        "    decomposed=[step(load, reads='sales'), step(train, reads='load'), step(mean, reads='train')],\n"
        "    answer_key='x')\n",
    )
    ended = sales.paredown("run", "job.py", "--variant", "decomposed")
    assert [item.outcome.ok for item in ended.run.measurements] == [True, True, True], ended.said
    assert "expected a DataFrame" in ended.run.variants[0].reason
    assert ended.code == 1


ODD = ["two words", 'it\'s "so" größe 漢字 ;DROP TABLE x %s{}', "../../../../up/b", "-rf", "x" * 180]


@pytest.mark.parametrize("name", ODD)
def test_a_job_may_have_any_name(sales: Place, name: str) -> None:
    sales.write("job.py", HEAD + JOB.replace("'small'", repr(name)))
    before = set(sales.folder.parent.iterdir())
    ended = sales.paredown("run", "job.py")
    assert ended.code == 0, ended.said
    assert ended.run.plan.job == name
    assert set(sales.folder.parent.iterdir()) == before
    names = {path.name for path in sales.folder.iterdir()} - {"__pycache__"}
    assert names == {"sales.parquet", "job.py", ".paredown"}
    assert sales.paredown("report").code == 0


def test_steps_inputs_and_columns_may_have_any_name(place: Place) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in ODD]
    place.table("data.parquet", f"SELECT {', '.join(f'i % 3 AS {name}' for name in quoted)}, i FROM range(9) AS t(i)")
    for number, name in enumerate(quoted):
        place.write(f"{number}.sql", f"SELECT {', '.join(quoted)}, sum(i) AS amount FROM {name} GROUP BY ALL")
    place.write(
        "job.py",
        HEAD + f"ODD = {ODD!r}\n"
        "def same(rows, *others):\n    assert all(len(rows) == len(other) == 1 for other in others)\n"
        "    return rows.drop(columns=ODD)\n"
        "steps = [*(query(f'{n}.sql', reads=name, name=name + '!', shard_by=ODD) for n, name in enumerate(ODD)),\n"
        "    per_group(same, reads=[name + '!' for name in ODD], by=ODD, name='q' + ODD[2])]\n"
        "job = Job(name='odd', answer_key=ODD, request=ODD[1], monolith=steps, decomposed=steps,\n"
        "    inputs={name: dataset('data.parquet') for name in ODD})\n",
    )
    before = set(place.folder.parent.iterdir())
    there = {path.name for path in place.folder.iterdir()}
    ended = place.paredown("run", "job.py", "--shards", "2")
    assert ended.code == 0, ended.said
    assert ended.run.comparison is not None
    assert ended.run.comparison.equal_rows == 3
    assert set(place.folder.parent.iterdir()) == before
    assert {path.name for path in place.folder.iterdir()} - {"__pycache__"} == there | {".paredown"}
    assert place.paredown("report").code == 0


def test_two_steps_whose_names_differ_in_odd_letters_do_not_share_a_folder(place: Place) -> None:
    place.write(
        "job.py",
        HEAD + "def one():\n    return 1\ndef two():\n    return 2\n"
        "def both(a, b):\n    assert (a, b) == (1, 2)\n"
        "steps = [step(one, name='x/y'), step(two, name='x y'), step(both, reads=('x/y', 'x y'))]\n"
        "job = Job(name='odd', answer_key='a', monolith=steps, decomposed=steps)\n",
    )
    ended = place.paredown("run", "job.py", "--variant", "decomposed")
    assert [item.outcome.ok for item in ended.run.measurements] == [True, True, True], ended.said


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "", "  "])
def test_names_that_cannot_be_printed_are_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"^job.*name"):
        Job(name=name, monolith=[step(len_of)])


def len_of() -> int:
    """What a step may call."""
    return 1


def test_a_name_that_cannot_be_printed_is_not_printed(sales: Place) -> None:
    sales.write("job.py", HEAD + JOB.replace("'small'", repr("\x1b[31mred")))
    assert "\x1b" not in refused(sales, "job").err


def test_a_function_that_is_no_plain_function_is_refused_with_the_reason(sales: Place) -> None:
    sales.write(
        "job.py",
        HEAD + "import functools\n"
        "def outer():\n    def inner():\n        return 1\n    return inner\n"
        "class Model:\n    def fit(self):\n        return 1\n"
        "job = Job(name='x', monolith=[step(outer(), name='a'), step(functools.partial(use, 1), name='b'),\n"
        "    step(Model().fit, name='c'), step(len, reads='a', name='d'), step('use', name='e'), use])\n",
    )
    refused(
        sales,
        "monolith step 'a': 'outer.<locals>.inner' is defined inside a function",
        "is a partial; expected a plain function",
        "is a method; expected a plain function",
        "is a builtin_function_or_method; expected a plain function",
        "monolith step 'e': 'use' is no function",
        "monolith: entry 6 is a function; expected step(...)",
    )


def test_a_decorated_function_is_found_again(sales: Place) -> None:
    sales.write(
        "job.py",
        HEAD + "import functools\n"
        "def logged(f):\n    @functools.wraps(f)\n    def inner(*a):\n        return f(*a)\n    return inner\n"
        "@logged\ndef count(paths):\n    return len(paths)\n"
        "job = Job(name='x', inputs={'sales': dataset('sales.parquet')}, monolith=[step(count, reads='sales')])\n",
    )
    ended = sales.paredown("run", "job.py")
    assert ended.code == 0, ended.said


def test_a_step_and_an_input_of_the_same_name_are_refused(sales: Place) -> None:
    sales.write(
        "job.py",
        HEAD + "def sales(paths):\n    return 1\n"
        "job = Job(name='x', inputs={'sales': dataset('sales.parquet')},\n"
        "    monolith=[step(sales, reads='sales'), step(use, reads='sales'), step(use, reads='sales')])\n",
    )
    refused(sales, "step 'sales' has the name of an input", "step 'use' has the name of an earlier step", "name=...")


MISTAKES = [
    ("town", "query('k.sql', reads='sales', shard_by='town', name='town')",
     "shard_by names 'town', which the query does not return"),
    ("k", "query('k.sql', reads='sales')", ""),
    ("goes", "per_group(use, reads='k', by='town', name='goes')", "goes by town, which nothing that it"),
    ("first", "per_group(use, reads='sales', by='shop', name='first')",
     "an input has no groups: read it in a step or a query before"),
    ("by", "per_group(use, reads='k', by=(), name='by')", "by is empty; expected the columns"),
    ("reads", "step(use, reads=('sales', 'sales'), name='reads')", "reads names something twice: sales, sales"),
    ("none", "step(use, name='none')",
     "use(paths) is called with one argument per name in reads (none): missing a required argument"),
    ("gone", "script('gone.py', writes='a.csv')", "is a script; it can only be the one step of a monolith"),
    ("part", "query('k.sql', reads='sales', combine='k.sql', part_mib=0, name='part')",
     "part_mib is 0; expected a whole number from 1"),
    ("seven", "query(7, reads='sales', name='seven')", "the file is 7; expected a path"),
    ("whole", "query('whole.sql', reads='sales', shard_by='day')", ""),
    ("double", "query('double.sql', reads='sales', shard_by='day')",
     "the key 'day' is DOUBLE here and INTEGER in step 'whole'; equal keys would land in different shards; "
     "cast one of them"),
]  # fmt: skip
"""Steps of one job in their order, by name, and what is wrong with each."""


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """How the job of all these mistakes is refused."""
    place = Place(tmp_path_factory.mktemp("mistaken"))
    place.table("sales.parquet", "SELECT 'a' AS shop, 1 AS day, 2.5 AS amount")
    place.write("k.sql", "SELECT shop, day FROM sales")
    place.write("whole.sql", "SELECT shop, 1 AS day FROM sales")
    place.write("double.sql", "SELECT shop, 1.0::DOUBLE AS day FROM sales")
    place.write(
        "job.py",
        HEAD + "job = Job(name='x', inputs={'sales': dataset('sales.parquet')}, answer_key='key',\n"
        "    monolith=[step(use, reads='sales')],\n"
        f"    decomposed=[{', '.join(step for _, step, _ in MISTAKES)}])\n",
    )
    return refused(place, "x: decomposed: its answer has no column 'key'; it has shop, day")


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, _, words in MISTAKES if words])
def test_a_mistake_is_told_with_its_step(mistaken: Ended, name: str, words: str) -> None:
    told = [line for line in mistaken.err.splitlines() if line.startswith(f"error: x: decomposed step {name!r}")]
    assert any(words in line for line in told), mistaken.said


def test_a_script_with_a_job_in_a_string_is_a_script(place: Place) -> None:
    place.write("train.py", "text = 'from profiler import Job; Job('\nprint('ran')\n")
    ended = place.paredown("run", "train.py")
    assert (ended.code, ended.out) == (0, "ran\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "gone.py"), "there is no file gone.py"),
        (("run", "cost_anomalie"), "there is no file and no bundled job 'cost_anomalie'"),
        (("run", "."), "is a folder; expected a job file"),
        (("run", "job.py", "--shards", "0"), "--shards"),
        (("run", "job.py", "--jobs", "none"), "--jobs"),
        (("run", "job.py", "--timeout", "-1"), "--timeout"),
        (("run", "job.py", "--timeout", "nan"), "--timeout"),
        (("run", "job.py", "--timeout", "inf"), "--timeout"),
        (("run", "job.py", "--variant", "both"), "--variant"),
        (("run", "job.py", "--against", "last"), "--against takes one variant from a kept run"),
        (("run", "job.py", "--variant", "decomposed"), "has no decomposed variant to run"),
        (("run", "job.py", "--lines", "train"), "--lines train: there is no such step"),
        (("run", "job.py", "--resume"), "there is no run of small to resume"),
        (("run", "job.py", "--headroom", "0.5"), "--headroom"),
        (("run", "job.py", "--region", "us-east-9"), "--region"),
        (("run", "job.py", "--dollars-per-day", "7"), "--dollars-per-day alone is no budget"),
        (("run", "job.py", "--input", "sales"), "expected NAME=VALUE"),
        (("run", "job.py", "--workspace", "job.py"), "job.py"),
        (("plan", "train.py"), "is a plain script"),
        (("report",), "there is no run in"),
        (("measure",), "no such command"),
    ],
)
def test_trouble_with_the_command_line_is_told_and_nothing_runs(
    sales: Place,
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sales.write("job.py", HEAD + JOB)
    sales.write("train.py", "print('ran')\n")
    monkeypatch.chdir(sales.folder)
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err
    assert not list((sales.workspace / "runs").glob("*"))
