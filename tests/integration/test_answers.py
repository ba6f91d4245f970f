"""Whether both answers are the same: said row by row, and never taken for granted."""

from __future__ import annotations

import json

import duckdb
import pytest

from profiler.model import Variant
from tests.integration.place import Ended, Place


@pytest.fixture(scope="module")
def against(measured_shop: tuple[Place, Ended]) -> Place:
    """The job `shop` with a monolith that has been measured."""
    place, ended = measured_shop
    assert ended.code == 0, ended.said
    return place


def spoiled(place: Place, how: str) -> Ended:
    """The decomposed variant with something wrong, against the measured monolith."""
    first = sorted((place.workspace / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)[0]
    return place.paredown(
        "run", "job.py", "--variant", "decomposed", "--against", str(first), environment={"SHOP_SPOIL": how}
    )


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


def test_a_difference_within_the_tolerance_is_none(against: Place) -> None:
    ended = spoiled(against, "a little")
    assert ended.code == 0, ended.said
    comparison = ended.run.comparison
    assert comparison is not None
    assert comparison.largest_difference == pytest.approx(1e-9, rel=0.01)


def test_other_values_are_shown_with_their_keys(against: Place) -> None:
    ended = spoiled(against, "values")
    assert ended.code == 1, ended.said
    comparison = ended.run.comparison
    assert comparison is not None
    assert (comparison.equal, comparison.rows, comparison.equal_rows) == (False, 48, 44)
    assert comparison.largest_difference == pytest.approx(0.01, rel=0.02)
    assert {row[0] for row in comparison.first_differing} == {"c5"}
    assert {row[3] for row in comparison.first_differing} == {"expected"}
    assert "c5" in ended.out, ended.said


def test_missing_and_further_rows_are_shown_with_their_side(against: Place) -> None:
    fewer = spoiled(against, "rows")
    assert fewer.code == 1, fewer.said
    comparison = fewer.run.comparison
    assert comparison is not None
    assert (comparison.only_monolith, comparison.only_decomposed, comparison.equal_rows) == (4, 0, 44)
    assert {row[0] for row in comparison.first_only_monolith} == {"c3"}
    moved = spoiled(against, "more rows")
    assert moved.run.comparison is not None
    assert moved.run.comparison.only_decomposed == 2
    assert "c3" in moved.out


def test_other_columns_are_no_same_answer(against: Place) -> None:
    ended = spoiled(against, "column")
    assert ended.code == 1, ended.said
    said = " ".join(ended.out.split())
    assert "only the monolith variant's answer has 'expected'" in said, ended.said
    assert "only the decomposed variant's answer has 'forecast'" in said, ended.said


def test_keys_that_come_twice_are_an_error_of_the_variant(against: Place) -> None:
    ended = spoiled(against, "twice")
    assert ended.code == 1, ended.said
    reason = next(end.reason for end in ended.run.variants if end.variant is Variant.DECOMPOSED)
    assert (
        "answer_key (customer, service, day) does not name the rows of the answer: 2 keys come more than once" in reason
    )


def test_against_takes_the_other_variant_as_it_was_measured(against: Place, measured_shop: tuple[Place, Ended]) -> None:
    ended = spoiled(against, "")
    assert ended.code == 0, ended.said
    first = sorted((against.workspace / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)[0]
    taken = next(end for end in ended.run.variants if end.variant is Variant.MONOLITH)
    assert taken.from_run == first.stem
    assert len(ended.run.of(Variant.MONOLITH)) == 5


def test_against_other_data_is_refused(shop: Place, measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    refused = shop.paredown("run", "job.py", "--variant", "decomposed", "--against", ended.run.path)
    assert refused.code == 2, refused.said
    assert "was measured on other data; changed since: sales" in refused.err
    assert not list((shop.workspace / "runs").glob("*"))


COMPARED = """
import pandas
from profiler import Job, step
def one():
    return pandas.DataFrame(ONE)
def two():
    return pandas.DataFrame(TWO)
job = Job(name="compared", answer_key="k", monolith=[step(one)], decomposed=[step(two)])
"""


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        pytest.param("{'k': [1], 'v': [1.0]}", "{'k': [1], 'v': [1]}", True, id="1.0 and 1"),
        pytest.param("{'k': [1], 'v': [float('nan')]}", "{'k': [1], 'v': [None]}", True, id="NaN and NULL"),
        pytest.param("{'k': [1], 'v': [float('inf')]}", "{'k': [1], 'v': [float('inf')]}", True, id="infinite"),
        pytest.param("{'k': [1], 'v': [float('inf')]}", "{'k': [1], 'v': [1e308]}", False, id="infinite and large"),
        pytest.param("{'k': [1], 'v': [0.0]}", "{'k': [1], 'v': [1e-3]}", False, id="zero and something"),
        pytest.param("{'k': [1, None], 'v': [1, 2]}", "{'k': [None, 1], 'v': [2, 1]}", True, id="NULL in the key"),
        pytest.param("{'k': ['1'], 'v': [1]}", "{'k': [1], 'v': [1]}", False, id="keys of another type"),
        pytest.param("{'k': [1], 'v': ['a']}", "{'k': [1], 'v': [1]}", False, id="values of another type"),
        pytest.param("{'k': [1], 'v': [None]}", "{'k': [1], 'v': ['a']}", False, id="nothing and something"),
        pytest.param("{'k': [1], 'v': [[1, 2]]}", "{'k': [1], 'v': [[1, 2]]}", True, id="lists"),
        pytest.param("{'K': [1], 'v': [1]}", "{'k': [1], 'v': [1]}", None, id="case of a column"),
        pytest.param("{'k': [1], 'v': [2**53 + 1]}", "{'k': [1], 'v': [2**53]}", False, id="beyond floats"),
    ],
)  # fmt: skip
def test_values_are_compared_as_a_reader_means_them(place: Place, one: str, two: str, equal: bool | None) -> None:
    place.write("job.py", COMPARED.replace("ONE", one).replace("TWO", two))
    ended = place.paredown("run", "job.py")
    assert "bug of paredown" not in ended.err, ended.said
    assert ended.code in (0, 1), ended.said
    if equal is not None:
        assert ended.run.comparison is not None
        assert ended.run.comparison.equal is equal, ended.said


@pytest.mark.parametrize(
    "body", ["raise ValueError('no labels')", "return 1", "import os; os._exit(3)", "return {'a': None}"]
)
def test_a_score_that_fails_is_told_and_fails_nothing(place: Place, body: str) -> None:
    place.write(
        "job.py",
        "import pandas\nfrom profiler import Job, step\n"
        "def one():\n    return pandas.DataFrame({'k': [1]})\n"
        f"def score(answer):\n    {body}\n"
        "job = Job(name='scored', monolith=[step(one)], score=score)\n",
    )
    ended = place.paredown("run", "job.py")
    assert ended.code == 0, ended.said
    assert len(ended.run.scores) == 1
    if "None" not in body:
        assert ended.run.scores[0].problem


def test_when_one_variant_fails_the_other_still_runs(shop: Place) -> None:
    text = (shop.folder / "job.py").read_text()
    shop.write(
        "job.py",
        text.replace("    return load.groupby(", '    raise ValueError("no memory left")\n    return load.groupby('),
    )
    ended = shop.paredown("run", "job.py")
    assert ended.code == 1, ended.said
    ends = {end.variant: end for end in ended.run.variants}
    assert not ends[Variant.MONOLITH].complete
    assert "no memory left" in ends[Variant.MONOLITH].reason
    assert ends[Variant.DECOMPOSED].complete
    assert ended.run.comparison is not None
    assert ended.run.comparison.equal is None
    assert 'raise ValueError("no memory left")' in ended.out
