"""Whether both answers are the same: said row by row, and never taken for granted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from profiler.model import Comparison, FunctionRef, Variant
from profiler.sandbox import answers, frames
from profiler.work import CollectAnswer, CompareAnswers, ScoreAnswer
from tests.integration.place import Ended, Place


def test_the_same_answer_is_said_with_its_rows_and_score(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    assert ended.code == 0, ended.said
    run = ended.run
    assert run.ended
    assert run.comparison is not None
    assert (run.comparison.equal, run.comparison.rows, run.comparison.equal_rows) == (True, 48, 48)
    assert run.comparison.largest_difference is not None
    assert run.comparison.largest_difference < 1e-9
    assert {score.variant: score.values["rows"] for score in run.scores} == {
        Variant.MONOLITH: 48,
        Variant.DECOMPOSED: 48,
    }
    assert {answer.variant: answer.requests for answer in run.answers} == dict.fromkeys(Variant, 12)
    assert "SAME" in ended.out
    assert ended.err == ""


def test_an_answer_has_the_size_of_its_rows_as_items(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    names = len("customerservicedaycostexpected")
    for answer in ended.run.answers:
        texts, rows = duckdb.sql(f"SELECT sum(len(customer) + len(service)), count(*) FROM '{answer.path}'").fetchall()[
            0
        ]
        assert answer.item_bytes is not None
        numbers = answer.item_bytes - rows * names - texts
        assert rows * (2 + 3 + 3) <= numbers <= rows * (2 + 11 + 11), "a day of one digit, a cost and its mean"
        assert answer.write_units == rows == 48
        assert answer.largest_item_bytes is not None
        assert answer.item_bytes / rows <= answer.largest_item_bytes < 1024


def test_a_task_says_how_many_files_it_was_given(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    given = {(item.variant.value, item.step, item.index): item.input_files for item in ended.run.measurements}
    assert given["monolith", "load", 0] == given["decomposed", "daily", 0] == 4, "the four files of the input"
    assert given["monolith", "train", 0] == given["decomposed", "cutoff", 0] == 0
    for shard in range(3):
        assert given["decomposed", "train", shard] == 2, "the shard and the cutoff"
        assert given["decomposed", "predict", shard] == 3, "the shard, its models and the cutoff"


def test_a_whole_number_of_a_score_is_shown_whole(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    assert "rows 48," in ended.out, ended.said


def test_the_same_figures_come_as_json(measured_shop: tuple[Place, Ended]) -> None:
    place, ended = measured_shop
    shown = place.paredown("report", ended.run.path, "--format", "json")
    assert (shown.code, shown.err) == (0, ""), shown.said
    found = json.loads(shown.out)
    assert found["same_answer"]["equal"] is True
    assert [step["name"] for step in found["variants"]["monolith"]["steps"]] == [
        "load", "daily", "cutoff", "train", "predict",
    ]  # fmt: skip
    assert found["variants"]["decomposed"]["steps"][-1]["tasks"] == 3


QUERIES = {
    "a little": "SELECT * REPLACE (expected * (1 + 1e-9) AS expected) FROM sales",
    "values": "SELECT * REPLACE (CASE WHEN customer = 'c5' THEN 1.01 ELSE 1 END * expected AS expected) FROM sales",
    "rows": "FROM sales WHERE customer IS DISTINCT FROM 'c3' UNION ALL "
    "SELECT * REPLACE (day + 8 AS day) FROM sales WHERE customer = 'c4' AND day < 2",
    "column": "SELECT * EXCLUDE expected, expected AS forecast FROM sales",
    "twice": "FROM sales UNION ALL (FROM sales ORDER BY ALL LIMIT 2)",
}
"""What is wrong with the decomposed answer; the rows hold keys of NULL, NaN, infinities and lists."""


@pytest.fixture(scope="module")
def against(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """A job whose monolith has been measured, and whose decomposed variant is the query that OTHER names."""
    place = Place(tmp_path_factory.mktemp("against"))
    place.table(
        "sales.parquet",
        "SELECT CASE WHEN i >= 4 THEN 'c' || i // 4 END AS customer, i % 4 AS day, 1.5::DOUBLE + i AS expected, "
        "CASE WHEN i % 2 = 0 THEN 'nan' ELSE 'inf' END::DOUBLE AS most, [i] AS list FROM range(48) AS t(i)",
    )
    place.write("all.sql", "FROM sales")
    for name, select in QUERIES.items():
        place.write(f"{name}.sql", select)
    place.write(
        "job.py",
        "import os\nfrom profiler import Job, dataset, query\n"
        "other = query(os.environ.get('OTHER', 'all') + '.sql', reads='sales', name='other')\n"
        "job = Job(name='told', inputs={'sales': dataset('sales.parquet')}, answer_key=('customer', 'day'),\n"
        "    monolith=[query('all.sql', reads='sales')], decomposed=[other])\n",
    )
    ended = place.paredown("run", "job.py", "--variant", "monolith")
    assert ended.code == 0, ended.said
    return place, ended


def spoiled(against: tuple[Place, Ended], how: str) -> Ended:
    """The decomposed variant with something wrong, against the measured monolith."""
    place, monolith = against
    arguments = ("--variant", "decomposed", "--against", monolith.run.path)
    return place.paredown("run", "job.py", *arguments, environment={"OTHER": how})


def test_against_takes_the_other_variant_as_it_was_measured_and_a_difference_within_the_tolerance_is_none(
    against: tuple[Place, Ended],
) -> None:
    ended = spoiled(against, "a little")
    assert ended.code == 0, ended.said
    _, monolith = against
    taken = next(end for end in ended.run.variants if end.variant is Variant.MONOLITH)
    assert taken.from_run == monolith.run.id
    assert len(ended.run.of(Variant.MONOLITH)) == 1
    comparison = ended.run.comparison
    assert comparison is not None
    assert (comparison.equal, comparison.rows, comparison.equal_rows) == (True, 48, 48)
    assert comparison.largest_difference == pytest.approx(1e-9, rel=0.01)


def test_other_values_are_shown_with_their_keys(against: tuple[Place, Ended]) -> None:
    ended = spoiled(against, "values")
    assert ended.code == 1, ended.said
    comparison = ended.run.comparison
    assert comparison is not None
    assert (comparison.equal, comparison.rows, comparison.equal_rows) == (False, 48, 44)
    assert comparison.largest_difference == pytest.approx(0.01, rel=0.02)
    assert {row[0] for row in comparison.first_differing} == {"c5"}
    assert {row[2] for row in comparison.first_differing} == {"expected"}
    assert "c5" in ended.out, ended.said


def test_missing_and_further_rows_are_shown_with_their_side(against: tuple[Place, Ended]) -> None:
    ended = spoiled(against, "rows")
    assert ended.code == 1, ended.said
    comparison = ended.run.comparison
    assert comparison is not None
    assert (comparison.only_monolith, comparison.only_decomposed, comparison.equal_rows) == (4, 2, 44)
    assert {row[0] for row in comparison.first_only_monolith} == {"c3"}
    assert set(comparison.first_only_decomposed) == {("c4", "8"), ("c4", "9")}
    assert "c3" in ended.out
    assert "c4" in ended.out


def test_other_columns_are_no_same_answer(against: tuple[Place, Ended]) -> None:
    ended = spoiled(against, "column")
    assert ended.code == 1, ended.said
    said = " ".join(ended.out.split())
    assert "only the monolith variant's answer has 'expected'" in said, ended.said
    assert "only the decomposed variant's answer has 'forecast'" in said, ended.said


def test_keys_that_come_twice_are_an_error_of_the_variant(against: tuple[Place, Ended]) -> None:
    ended = spoiled(against, "twice")
    assert ended.code == 1, ended.said
    reason = next(end.reason for end in ended.run.variants if end.variant is Variant.DECOMPOSED)
    assert "answer_key (customer, day) does not name the rows of the answer: 2 keys come more than once" in reason


def test_against_other_data_is_refused(shop: Place, measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    refused = shop.paredown("run", "job.py", "--variant", "decomposed", "--against", ended.run.path)
    assert refused.code == 2, refused.said
    assert "was measured on other data; changed since: sales" in refused.err
    assert not list((shop.workspace / "runs").glob("*"))


def compared(folder: Path, one: dict[str, list[Any]], two: dict[str, list[Any]]) -> Comparison:
    """What is said of two DataFrames: kept, collected and compared as the sandboxes of a run do it."""
    paths = {}
    for variant, columns in zip(Variant, (one, two), strict=True):
        kept, _ = frames.keep(pd.DataFrame(columns), str(folder / f"kept-{variant}"), "last")
        paths[variant.value] = str(folder / f"{variant}.parquet")
        answers.carry_out(
            CollectAnswer(variant=variant, files=(kept,), target=paths[variant.value], answer_key=("k",), request=None)
        )
    result = answers.carry_out(CompareAnswers(**paths, key=("k",), tolerance=1e-6)).result
    assert isinstance(result, Comparison)
    return result


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        pytest.param({"k": [1], "v": [1.0]}, {"k": [1], "v": [1]}, True, id="1.0 and 1"),
        pytest.param({"k": [1], "v": [float("nan")]}, {"k": [1], "v": [None]}, True, id="NaN and NULL"),
        pytest.param({"k": [1], "v": [float("inf")]}, {"k": [1], "v": [float("inf")]}, True, id="infinite"),
        pytest.param({"k": [1], "v": [float("inf")]}, {"k": [1], "v": [1e308]}, False, id="infinite and large"),
        pytest.param({"k": [1], "v": [0.0]}, {"k": [1], "v": [1e-3]}, False, id="zero and something"),
        pytest.param({"k": [1, None], "v": [1, 2]}, {"k": [None, 1], "v": [2, 1]}, True, id="NULL in the key"),
        pytest.param({"k": ["1"], "v": [1]}, {"k": [1], "v": [1]}, False, id="keys of another type"),
        pytest.param({"k": [1], "v": ["a"]}, {"k": [1], "v": [1]}, False, id="values of another type"),
        pytest.param({"k": [1], "v": [None]}, {"k": [1], "v": ["a"]}, False, id="nothing and something"),
        pytest.param({"k": [1], "v": [[1, 2]]}, {"k": [1], "v": [[1, 2]]}, True, id="lists"),
        pytest.param({"k": [], "v": []}, {"k": [], "v": []}, True, id="no rows"),
        pytest.param({"k": [1], "v": [2**53 + 1]}, {"k": [1], "v": [2**53]}, False, id="beyond floats"),
    ],
)  # fmt: skip
def test_values_are_compared_as_a_reader_means_them(
    tmp_path: Path, one: dict[str, list[Any]], two: dict[str, list[Any]], equal: bool
) -> None:
    assert compared(tmp_path, one, two).equal is equal


def test_a_key_in_other_letters_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(answers.AnswerError, match="monolith: the answer has no column 'k', which answer_key names"):
        compared(tmp_path, {"K": [1], "v": [1]}, {"k": [1], "v": [1]})


def raises(answer: pd.DataFrame) -> object:
    """A score that cannot be had."""
    raise ValueError("no labels")


def gives_a_number(answer: pd.DataFrame) -> object:
    """A score without a name."""
    return 1


def gives_nothing(answer: pd.DataFrame) -> object:
    """A score that is no value."""
    return {"a": None}


@pytest.mark.parametrize(
    ("function", "values", "problem"),
    [
        (raises, {}, "ValueError: no labels"),
        (gives_a_number, {}, "score returned a int; expected a dict from names to numbers or texts"),
        (gives_nothing, {"a": "None"}, ""),
    ],
)
def test_a_score_that_is_none_is_told(
    tmp_path: Path, function: Callable[..., object], values: dict[str, str], problem: str
) -> None:
    answer, _ = frames.keep(pd.DataFrame({"k": [1]}), str(tmp_path / "answer"), "last")
    reference = FunctionRef(file=__file__, qualname=function.__name__, module=__name__)
    score: Any = answers.carry_out(ScoreAnswer(variant=Variant.MONOLITH, answer=answer, function=reference)).result
    assert score.values == values
    assert problem in score.problem
    assert bool(problem) == bool(score.problem)


def test_a_score_that_fails_fails_nothing(place: Place) -> None:
    place.table("sales.parquet", "SELECT 1 AS k")
    place.write("all.sql", "FROM sales")
    place.write(
        "job.py",
        "from profiler import Job, dataset, query\n"
        "def score(answer):\n    import os\n    os._exit(3)\n"
        "job = Job(name='scored', inputs={'sales': dataset('sales.parquet')}, score=score,\n"
        "    monolith=[query('all.sql', reads='sales')])\n",
    )
    ended = place.paredown("run", "job.py")
    assert ended.code == 0, ended.said
    (score,) = ended.run.scores
    assert "exit code 3" in score.problem


def test_when_one_variant_fails_the_other_still_runs(place: Place) -> None:
    place.table("sales.parquet", "SELECT 1 AS k")
    place.write("all.sql", "FROM sales")
    place.write(
        "job.py",
        "from profiler import Job, dataset, query, step\n"
        'def load(paths):\n    raise ValueError("no memory left")\n'
        "job = Job(name='half', inputs={'sales': dataset('sales.parquet')}, answer_key='k',\n"
        "    monolith=[step(load, reads='sales')], decomposed=[query('all.sql', reads='sales')])\n",
    )
    ended = place.paredown("run", "job.py")
    assert ended.code == 1, ended.said
    ends = {end.variant: end for end in ended.run.variants}
    assert not ends[Variant.MONOLITH].complete
    assert "no memory left" in ends[Variant.MONOLITH].reason
    assert ends[Variant.DECOMPOSED].complete
    assert ended.run.comparison is not None
    assert ended.run.comparison.equal is None
    assert 'raise ValueError("no memory left")' in ended.out
