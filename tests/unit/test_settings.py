"""`[tool.paredown]` of a `pyproject.toml`: what is read, where it is found, and every mistake with its place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from profiler.errors import UsageError
from profiler.model import Variant
from profiler.settings import Limits, Rules
from profiler.settings_file import Settings, settings_file, settings_of
from profiler.units import MIB

EVERYTHING = """
[project]
name = "anomalies"

[tool.paredown]
max-peak = "512 MiB"
max-gb-s = 2.5
max-usd-per-request = "0.0001"
max-regression = "5%"
variant = "monolith"
allow-undecided = true
require-baseline = false
baseline = ["runs", "20261124-120000-abcd"]

[tool.paredown.steps.train]
max-peak = "1 GB"
max-gb-s = "1.25"
max-regression = "10 %"
"""


def written(folder: Path, text: str | bytes) -> Path:
    """A `pyproject.toml` in a folder."""
    path = folder / "pyproject.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    assert settings_of(written(tmp_path, EVERYTHING)).shared == Rules(
        whole=Limits(
            max_peak_bytes=512 * MIB,
            max_gb_s=Decimal("2.5"),
            max_usd_per_request=Decimal("0.0001"),
            max_regression=Decimal("0.05"),
        ),
        steps={"train": Limits(max_peak_bytes=1024 * MIB, max_gb_s=Decimal("1.25"), max_regression=Decimal("0.10"))},
        variant=Variant.MONOLITH,
        allow_undecided=True,
        require_baseline=False,
        baselines=("runs", "20261124-120000-abcd"),
    )


@pytest.mark.parametrize("text", ["", "[project]\nname = 'a'\n", "[tool.ruff]\n", "[tool.paredown]\n"])
def test_a_file_that_says_nothing_asks_for_nothing(tmp_path: Path, text: str) -> None:
    assert settings_of(written(tmp_path, text)) == Settings()


def test_one_baseline_needs_no_list(tmp_path: Path) -> None:
    assert settings_of(written(tmp_path, "[tool.paredown]\nbaseline = 'last'\n")).shared.baselines == ("last",)


def test_the_nearest_file_upwards_holds(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    above = written(tmp_path, EVERYTHING)
    assert settings_file(deep) == above
    nearer = written(tmp_path / "a", "[tool.paredown]\n")
    assert settings_file(deep) == nearer
    assert settings_file(tmp_path) == above


@pytest.mark.parametrize("text", ["", "[project]\nname = 'a'\n", "[tool.ruff]\n"])
def test_a_file_that_says_nothing_of_checks_hides_none_above_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "package").mkdir()
    above = written(tmp_path, EVERYTHING)
    written(tmp_path / "package", text)
    assert settings_file(tmp_path / "package") == above


@pytest.mark.parametrize("text", ["[tool.paredown", b"\xff", "tool = 3"])
def test_a_file_that_is_wrong_is_not_passed_over(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / "package").mkdir()
    written(tmp_path, EVERYTHING)
    nearer = written(tmp_path / "package", text)
    assert settings_file(tmp_path / "package") == nearer


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a" / "pyproject.toml").mkdir(parents=True)
    above = written(tmp_path, EVERYTHING)
    assert settings_file(tmp_path / "a") == above


MISTAKES = [
    ("max-peak = 512", "[tool.paredown] max-peak is 512, without a unit; did you mean 512 MiB?"),
    ("max-peak = '512'", "[tool.paredown] max-peak is '512', without a unit; did you mean 512 MiB?"),
    ("max-regression = 0.05", "[tool.paredown] max-regression is 0.05, without a unit; did you mean 5%?"),
    ("max-regression = 5", "[tool.paredown] max-regression is 5, without a unit; did you mean 5%?"),
    ("max-gb-s = '2.5 GB-s'", "[tool.paredown] max-gb-s is '2.5 GB-s'; expected a number above 0"),
    ("max-gb-s = 0", "[tool.paredown] max-gb-s is 0; expected a number above 0"),
    ("max-gb-s = inf", "[tool.paredown] max-gb-s is Infinity; expected a number above 0"),
    ("max-gb-s = true", "[tool.paredown] max-gb-s is True; expected a number above 0"),
    ("max-usd-per-request = []", "[tool.paredown] max-usd-per-request is a list; expected a number above 0"),
    ("max_peak = '1 GB'", "[tool.paredown] has an unknown key 'max_peak'; did you mean max-peak?"),
    ("max-memory = '1 GB'", "[tool.paredown] has an unknown key 'max-memory'; known: max-peak, max-gb-s,"),
    ("variant = 'decompose'", "variant is the text 'decompose'; expected monolith or decomposed"),
    ("allow-undecided = 'yes'", "allow-undecided is the text 'yes'; expected true or false"),
    ("require-baseline = 1", "require-baseline is the number 1; expected true or false"),
    ("baseline = [1]", "baseline is a list; expected a run's path or id, or a list of them"),
    ("baseline = ' '", "baseline is the text ' '; expected a run's path or id"),
    ("steps = 'train'", "steps is the text 'train'; expected a table for each step"),
    ("steps.train = 512", "[tool.paredown.steps.train] is the number 512; expected a table"),
    ("[tool.paredown.steps.train]\nmax-peek='1 GB'", "steps.train] has an unknown key 'max-peek'; did you mean"),
    ("[tool.paredown.steps.train]\nmax-peak=1", "steps.train] max-peak is 1, without a unit; did you mean 1 MiB?"),
    (
        "[tool.paredown.steps.train]\nmax-usd-per-request=1",
        "max-usd-per-request is for the whole and not for a step; a step's part of a request is max-gb-s",
    ),
]


@pytest.mark.parametrize(("text", "problem"), MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path, f"[tool.paredown]\n{text}\n")
    with pytest.raises(UsageError) as raised:
        settings_of(path, shown="pyproject.toml")
    assert raised.value.message.startswith("pyproject.toml: [tool.paredown")
    assert problem in raised.value.message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "[tool.paredown]\nmax-peak = 1\nvariant = 2\nmax-pek = 3\n[tool.paredown.steps.a]\nmax-regression = 4\n"
    with pytest.raises(UsageError) as raised:
        settings_of(written(tmp_path, text))
    assert len(raised.value.problems) == 4


JOBS = """
[tool.paredown]
max-peak = "512 MiB"
max-gb-s = 2.5
baseline = "history"

[tool.paredown.jobs.anomalies]
max-peak = "1 GiB"
require-baseline = true

[tool.paredown.jobs.anomalies.steps.train]
max-peak = "2 GiB"

[tool.paredown.jobs."nightly bill"]
variant = "monolith"
"""


def test_what_stands_for_one_job_goes_before_what_is_for_all(tmp_path: Path) -> None:
    settings = settings_of(written(tmp_path, JOBS))
    assert settings.of("anomalies") == Rules(
        whole=Limits(max_peak_bytes=1024 * MIB, max_gb_s=Decimal("2.5")),
        steps={"train": Limits(max_peak_bytes=2048 * MIB)},
        require_baseline=True,
        baselines=("history",),
    )
    assert settings.of("nightly bill").variant is Variant.MONOLITH
    assert settings.of("another") == settings.shared
    assert settings.shared.steps == {}


MISTAKES_OF_A_JOB = [
    ("jobs = 'a'", "[tool.paredown] jobs is the text 'a'; expected a table for each job"),
    ("jobs.a = 1", "[tool.paredown.jobs.a] is the number 1; expected a table"),
    ("jobs.a.max-peek = '1 GB'", "[tool.paredown.jobs.a] has an unknown key 'max-peek'; did you mean max-peak?"),
    ("jobs.a.max-peak = 1", "[tool.paredown.jobs.a] max-peak is 1, without a unit; did you mean 1 MiB?"),
    ("jobs.a.variant = 1", "[tool.paredown.jobs.a] variant is the number 1; expected monolith or decomposed"),
    ("jobs.a.jobs.b.max-peak = '1 GB'", "[tool.paredown.jobs.a] has an unknown key 'jobs'"),
    ("jobs.'my job'.steps = 3", '[tool.paredown.jobs."my job"] steps is the number 3; expected a table for each step'),
    ("jobs.a.steps.'é\".x'.max-peak = 1", '[tool.paredown.jobs.a.steps."é\\".x"] max-peak is 1, without a unit'),
    ("job.a.max-peak = '1 GB'", "[tool.paredown] has an unknown key 'job'; did you mean jobs?"),
]


@pytest.mark.parametrize(("text", "problem"), MISTAKES_OF_A_JOB)
def test_a_mistake_for_one_job_is_told_whichever_job_is_checked(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(written(tmp_path, f"[tool.paredown]\n{text}\n"), shown="pyproject.toml")
    assert raised.value.message.startswith(f"pyproject.toml: {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[project]\nname = \n", "no TOML, line 2, column 8: invalid value", id="no value"),
        pytest.param("[tool.paredown\n", "no TOML, line 1, column 15: expected ']'", id="an open bracket"),
        pytest.param("a = 1\nb = 'cut", "no TOML, line 2, column 9, the end: ", id="cut off"),
        pytest.param(b"a = 1\nb = '\xff'\n", "is no UTF-8 text: line 2, column 6 is the byte 0xff", id="no text"),
        pytest.param("[tool]\nparedown = 3\n", "tool.paredown is the number 3; expected a table", id="no table"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_line_and_column(tmp_path: Path, text: str | bytes, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(written(tmp_path, text), shown="pyproject.toml")
    assert raised.value.message.startswith(f"pyproject.toml: {problem}")


def test_a_steps_own_limit_goes_before_the_one_for_every_step() -> None:
    rules = Rules(
        whole=Limits(max_peak_bytes=500, max_gb_s=Decimal(2), max_regression=Decimal("0.05")),
        steps={"train": Limits(max_peak_bytes=900)},
    )
    assert rules.of("train") == Limits(max_peak_bytes=900, max_regression=Decimal("0.05"))
    assert rules.of("load") == Limits(max_peak_bytes=500, max_regression=Decimal("0.05"))
    assert rules.of(None) == rules.whole


def test_options_go_before_settings_and_leave_what_they_do_not_say() -> None:
    settings = Rules(
        whole=Limits(max_peak_bytes=500, max_gb_s=Decimal(2)),
        steps={"train": Limits(max_peak_bytes=900, max_gb_s=Decimal(1)), "load": Limits(max_peak_bytes=7)},
        allow_undecided=True,
        baselines=("runs",),
    )
    options = Rules(
        whole=Limits(max_peak_bytes=600),
        steps={"train": Limits(max_peak_bytes=800), "predict": Limits(max_peak_bytes=1)},
        allow_undecided=False,
        require_baseline=True,
    )
    assert settings.under(options) == Rules(
        whole=Limits(max_peak_bytes=600, max_gb_s=Decimal(2)),
        steps={
            "train": Limits(max_peak_bytes=800, max_gb_s=Decimal(1)),
            "load": Limits(max_peak_bytes=7),
            "predict": Limits(max_peak_bytes=1),
        },
        allow_undecided=False,
        require_baseline=True,
        baselines=("runs",),
    )
    assert settings.under(Rules(baselines=("last",))).baselines == ("last",)
