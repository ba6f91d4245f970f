"""`paredown check`: what it is held against, its exit codes, and every bad input with one clear error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.cli.check import command
from profiler.cli.main import main
from profiler.model import Run
from profiler.regression.thresholds import DEFAULT_THRESHOLD
from profiler.report.changes_table import growth
from tests.checks import a_baseline, changed, larger, repeated
from tests.factories import a_plan, a_run
from tests.reports import keep
from tests.sample_runs import a_run_that_does_not_fit, a_script_run, an_interrupted_run, an_undecided_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def kept(run: Run, folder: str = ".paredown/runs") -> Path:
    """Keep a run under its id."""
    return keep(run, f"{folder}/{run.id}.jsonl")


def check(*arguments: str) -> int:
    """Run the command."""
    return main(["check", *arguments])


def errors(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on stderr; nothing may stand on stdout beside it."""
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def settings(text: str, folder: str = ".") -> None:
    """Write a `pyproject.toml`."""
    Path(folder, "pyproject.toml").write_text(text, encoding="utf-8")


BASE = "20261120-090000-0001"
WORSE = changed(repeated(a_run()), larger("train", 1.2))


# --- yes and no -----------------------------------------------------------------------------------------------------


def test_a_run_that_holds_the_line_is_yes(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_baseline())
    kept(repeated(a_run()))
    assert check(a_run().id, "--baseline", BASE) == 0
    shown = capsys.readouterr()
    assert "  PASSES   " in shown.out
    assert shown.err == ""


def test_what_got_worse_is_no(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_baseline())
    kept(WORSE)
    assert check(WORSE.id, "--baseline", BASE) == 1
    assert "FAILS   cost_anomalies fails: train holds 20 % more memory than in run" in capsys.readouterr().out
    assert check(WORSE.id, "--baseline", BASE, "--max-regression", "30%") == 0


@pytest.mark.parametrize(
    ("run", "arguments", "code"),
    [
        pytest.param(a_run_that_does_not_fit(), (), 1, id="does not fit"),
        pytest.param(an_undecided_run(), (), 1, id="undecided"),
        pytest.param(an_undecided_run(), ("--allow-undecided",), 0, id="undecided, which is allowed"),
        pytest.param(a_script_run(), (), 1, id="a script that failed"),
        pytest.param(a_run(), ("--max-peak", "100MiB"), 1, id="a peak above its limit"),
        pytest.param(a_run(), ("--max-peak", "100 MB", "--max-peak", "train=1GB"), 1, id="of another step"),
        pytest.param(a_run(), ("--max-peak", "train=1 GB", "--max-gb-s", "1"), 0, id="within the limits"),
        pytest.param(a_run(), ("--max-gb-s", "train=0.001"), 1, id="a step's GB-seconds"),
        pytest.param(a_run(), ("--max-usd-per-request", "0.000001"), 1, id="too expensive"),
        pytest.param(a_run(), ("--dollars-per-day", "0.0001", "--requests-per-day", "3e6"), 1, id="over the budget"),
        pytest.param(a_run(), ("--variant", "monolith"), 0, id="the monolith has to fit"),
        pytest.param(a_run(), ("--variant", "monolith", "--headroom", "3"), 1, id="the monolith has to fit, and no"),
        pytest.param(a_run(), ("--require-baseline",), 1, id="no baseline where one is required"),
    ],
)
def test_the_exit_code_is_the_answer(run: Run, arguments: tuple[str, ...], code: int) -> None:
    kept(run)
    assert check(*arguments) == code


def test_settings_of_the_nearest_file_hold_and_options_go_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(a_run())
    settings('[tool.paredown]\nmax-peak = "100 MiB"\n[tool.paredown.steps.train]\nmax-peak = "1 GB"\n')
    Path("below/deeper").mkdir(parents=True)
    assert check("--max-peak", "1GB") == 0
    assert check() == 1
    monkeypatch.chdir("below/deeper")
    assert check("--workspace", "../../.paredown") == 1
    settings("[project]\n")
    assert check("--workspace", "../../.paredown") == 1, "the nearest file says nothing of checks, and hides none"
    settings("[tool.paredown]\n")
    assert check("--workspace", "../../.paredown") == 0, "the nearest table asks for nothing"


def test_switches_of_the_settings_can_be_turned_off() -> None:
    kept(an_undecided_run())
    settings("[tool.paredown]\nallow-undecided = true\nrequire-baseline = true\n")
    assert check() == 1
    assert check("--no-require-baseline") == 0
    assert check("--no-require-baseline", "--no-allow-undecided") == 1


def test_baselines_of_the_settings_are_relative_to_their_file(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(a_baseline(), "history")
    kept(WORSE)
    settings('[tool.paredown]\nbaseline = "history"\n')
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert check("--workspace", "../.paredown") == 1


# --- baselines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["nowhere.jsonl", "20261120-000000-ffff", "empty", "last"])
def test_a_first_run_without_a_baseline_passes_and_says_so(reference: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    Path("empty").mkdir()
    assert check("--baseline", reference) == 0
    assert "No baseline yet: " in capsys.readouterr().out
    assert check("--baseline", reference, "--require-baseline") == 1
    assert "has to be held against a baseline" in " ".join(capsys.readouterr().out.split())


def test_last_as_a_baseline_is_the_newest_other_run_of_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_baseline())
    kept(a_run(id="another", plan=a_plan(job="metric_anomalies"), created="2026-11-23T12:00:00Z"))
    kept(WORSE)
    assert check(WORSE.id, "--baseline", "last", "--format", "json") == 1
    assert [item["id"] for item in json.loads(capsys.readouterr().out)["baselines"]] == [BASE]


@pytest.mark.parametrize("reference", [".paredown", ".paredown/runs"])
def test_a_folder_is_all_other_runs_of_the_job_in_it(reference: str, capsys: pytest.CaptureFixture[str]) -> None:
    for day in range(6):
        run = a_baseline(id=f"run-{day}", created=f"2026-11-{day + 1:02}T09:00:00Z")
        kept(changed(run, larger("train", 1 + 0.03 * day)))
    kept(a_run(id="another", plan=a_plan(job="metric_anomalies")))
    kept(changed(repeated(a_run()), larger("train", 1.18)))
    assert check(a_run().id, "--baseline", reference) == 1
    assert "train rose in memory by 18 % over 7 runs, from 200 MB in run run-0" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_folder_of_many_runs_is_looked_at_by_its_newest(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(25):
        kept(a_run(id=f"run-{number:02}", created=f"2026-11-01T09:{number:02}:00Z"), "history")
    kept(a_run())
    assert check("--baseline", "history", "--format", "json") == 0
    found = [item["id"] for item in json.loads(capsys.readouterr().out)["baselines"]]
    assert found == [f"run-{number:02}" for number in range(24, 4, -1)]


def test_the_same_run_named_twice_is_one_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_baseline())
    kept(repeated(a_run()))
    assert check(a_run().id, "--baseline", BASE, "--baseline", ".paredown", "--format", "json") == 0
    assert len(json.loads(capsys.readouterr().out)["baselines"]) == 1


def test_a_baseline_of_another_job_is_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    other = kept(a_run(id="other", plan=a_plan(job="metric_anomalies")), "elsewhere")
    kept(a_run())
    assert check("--baseline", str(other)) == 2
    assert errors(capsys) == (
        "error: elsewhere/other.jsonl: is a run of metric_anomalies, and 20261124-120000-abcd is one of "
        "cost_anomalies; expected a baseline of the same job\n"
    )


def test_the_run_itself_is_no_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    path = kept(a_run())
    assert check("--baseline", str(path)) == 2
    assert "is the run that is checked itself; expected an earlier one" in errors(capsys)


def test_a_baseline_of_another_version_of_paredown_is_compared_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_baseline(version="0.0.7"))
    kept(repeated(a_run()))
    assert check(a_run().id, "--baseline", BASE) == 0
    assert "paredown 0.0.7 then, 0.1.0 now" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "is no run of paredown; expected a first line with a header", id="empty"),
        pytest.param("nothing\n", "is no run of paredown", id="no run"),
        pytest.param('{"event":"header","schema":99,"paredown":"9.0"}\n', "was written with schema 99", id="newer"),
        pytest.param('{"event":"header","schema":0,"paredown":"0.0.1"}\n', "was written with schema 0", id="older"),
        pytest.param('{"event":"header","schema":1}\n', "its header is damaged", id="half a header"),
    ],
)
@pytest.mark.parametrize("reference", ["history/bad.jsonl", "history"])
def test_a_baseline_that_cannot_be_read_is_trouble(
    reference: str, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(a_run())
    Path("history").mkdir()
    Path("history/bad.jsonl").write_text(text)
    assert check("--baseline", reference) == 2
    said = errors(capsys)
    assert said.startswith("error: history/bad.jsonl: ")
    assert problem in said


def test_a_damaged_line_of_a_baseline_is_told_with_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    path = kept(a_baseline(), "history")
    path.write_text(path.read_text().replace('{"event":"measurement"', '{"event":"measurement",,', 1))
    kept(a_run())
    assert check("--baseline", "history") == 2
    assert f"history/{BASE}.jsonl: line 2 is damaged" in errors(capsys)


def test_a_name_that_no_file_can_have_is_a_baseline_that_is_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    assert check("--baseline", "x" * 5_000) == 2
    assert "File name too long" in errors(capsys)


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["--max-peak", "512"], "--max-peak is '512', without a unit; did you mean 512 MiB?", id="no unit"),
        pytest.param(
            ["--max-peak", "train=512"],
            "--max-peak train is '512', without a unit; did you mean 512 MiB?",
            id="no unit, of a step",
        ),
        pytest.param(
            ["--max-regression", "5"], "--max-regression is '5', without a unit; did you mean 5%?", id="no percent"
        ),
        pytest.param(
            ["--max-regression", "0.05"],
            "--max-regression is '0.05', without a unit; did you mean 5%?",
            id="a share without its unit",
        ),
        pytest.param(["--max-gb-s", "2.5GB"], "--max-gb-s is '2.5GB'; expected a number above 0", id="a unit too many"),
        pytest.param(
            ["--max-peak", "trian=512MiB"],
            "--max-peak trian=512MiB: 'trian' is no step of cost_anomalies; did you mean train?",
            id="an unknown step",
        ),
        pytest.param(["--max-peak", "=512MiB"], "--max-peak =512MiB names no step", id="no step before the sign"),
        pytest.param(["--max-peak", "1GB", "--max-peak", "2GB"], "--max-peak is given twice", id="twice for all"),
        pytest.param(
            ["--max-gb-s", "train=1", "--max-gb-s", "train=2"], "--max-gb-s train is given twice", id="twice for one"
        ),
        pytest.param(
            ["--max-usd-per-request", "train=1"], "--max-usd-per-request train is for the whole", id="dollars of a step"
        ),
        pytest.param(["--variant", "both"], "'both' is not one of 'monolith', 'decomposed'", id="an unknown variant"),
        pytest.param(["--format", "xml"], "'xml'", id="an unknown format"),
        pytest.param(["--region", "us-east-11"], "did you mean us-east-1", id="an unknown region"),
    ],
)
def test_a_wrong_option_says_what_was_expected(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(a_run())
    assert check(*arguments) == 2
    assert problem in errors(capsys)


def test_all_wrong_thresholds_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    assert check("--max-peak", "512", "--max-regression", "5", "--max-gb-s", "x") == 2
    assert errors(capsys).count("error: ") == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tool.paredown]\nmax-peak = 512\n", "error: pyproject.toml: [tool.paredown] max-peak is 512, without a unit"),
        ("[tool.paredown]\nmax-pek = '1 GB'\n", "has an unknown key 'max-pek'; did you mean max-peak?"),
        (
            "[tool.paredown.steps.trian]\nmax-peak = '1 GB'\n",
            "error: pyproject.toml: [tool.paredown.steps.trian] is no step of cost_anomalies; did you mean train?",
        ),
        ("[tool.paredown]\nmax-peak = \n", "error: pyproject.toml: no TOML, line 2, column 12: invalid value"),
        ("[tool.paredown]\nvariant = 'both'\n", "variant is the text 'both'; expected monolith or decomposed"),
    ],
)
def test_wrong_settings_are_told_with_their_place(text: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    settings(text)
    assert check() == 2
    assert problem in errors(capsys)


def test_of_an_interrupted_run_the_interrupt_is_told_first_and_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    kept(an_interrupted_run())
    assert check() == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "FAILS cost_anomalies is undecided, and so fails: it was interrupted before its run came to an end: --resume "
        "measures the rest (" in shown
    )
    assert "Next" in shown
    assert re.search(r"paredown run \S+ --shards 20 --resume", shown.partition("Next")[2])


def test_steps_of_two_jobs_in_one_repository_have_limits_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    settings(
        "[tool.paredown.jobs.cost_anomalies.steps.train]\nmax-peak = '1 MiB'\n"
        "[tool.paredown.jobs.bills.steps.add_up]\nmax-peak = '1 GiB'\n"
    )
    assert check() == 1
    assert "max-peak is 1.00 MB" in " ".join(capsys.readouterr().out.split())
    kept(replace(a_run(), id="another", created="2026-11-25T09:00:00Z", plan=replace(a_plan(), job="another")))
    assert check("another") == 0


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("steps.trian", "[tool.paredown.steps.trian] is no step of cost_anomalies; did you mean train?"),
        (
            "jobs.cost_anomalies.steps.trian",
            "[tool.paredown.jobs.cost_anomalies.steps.trian] is no step of cost_anomalies; did you mean train?",
        ),
    ],
)
def test_a_step_that_is_none_of_this_job_is_told_with_its_table(
    table: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(a_run())
    settings(f"[tool.paredown.{table}]\nmax-peak = '1 GB'\n")
    assert check() == 2
    shown = errors(capsys)
    assert shown.startswith(f"error: pyproject.toml: {problem}\n")
    assert ("[tool.paredown.jobs.JOB.steps.trian]" in shown) == (not table.startswith("jobs"))


def test_a_table_for_a_job_of_nearly_this_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    settings("[tool.paredown.jobs.cost_anomaly]\nmax-peak = '1 MiB'\n")
    assert check() == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "pyproject.toml has [tool.paredown.jobs.cost_anomaly], and none for cost_anomalies" in shown


@pytest.mark.parametrize(
    ("baseline", "problem"),
    [
        pytest.param("", "the name of a baseline is empty", id="a variable that is not set"),
        pytest.param("/dev/null", "the baseline '/dev/null' is neither a file nor a folder", id="a device"),
    ],
)
def test_what_is_there_and_no_baseline_does_not_pass_as_missing(
    baseline: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(a_run())
    assert check("--baseline", baseline) == 2
    assert errors(capsys).startswith(f"error: {problem}")


def test_a_variant_that_the_run_lacks_cannot_have_to_fit(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_script_run())
    assert check("--variant", "decomposed") == 2
    assert errors(capsys).startswith(
        "error: the decomposed variant has to fit, and run 20261124-120000-abcd has none\n"
    )


def test_without_a_run_it_says_how_to_measure_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 2
    assert "paredown run JOB" in errors(capsys)


@pytest.mark.parametrize("output", ["nowhere/summary.md", ".paredown", "file/summary.md"])
@pytest.mark.parametrize("format_name", ["terminal", "json", "markdown"])
def test_a_summary_that_cannot_be_written_is_trouble(
    output: str, format_name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(a_run())
    Path("file").write_text("")
    assert check("--format", format_name, "-o", output) == 2
    assert errors(capsys).startswith(f"error: {output}: ")
    assert list(folder.glob("**/*.part")) == []


def test_the_answer_goes_into_a_file_with_the_same_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run_that_does_not_fit())
    assert check("--format", "json", "-o", "check.json") == 1
    assert capsys.readouterr().err == "wrote check.json\n"
    assert json.loads(Path("check.json").read_text())["passed"] is False


def test_every_format_of_a_report_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    kept(a_run())
    assert check("--format", "markdown") == 0
    assert "holds the line" in capsys.readouterr().out


# --- what it costs --------------------------------------------------------------------------------------------------


def test_the_help_names_the_thresholds_that_hold_by_default() -> None:
    text = next(option.help for option in command.params if option.name == "max_regression")  # type: ignore[attr-defined]
    defaults = [growth(1 + share).removeprefix("+") for share in DEFAULT_THRESHOLD.values()]
    assert re.findall(r"(\d+)%", text) == [text.split()[0].removesuffix(".0") for text in defaults]


@pytest.mark.parametrize(
    ("baselines", "unwanted"),
    [
        pytest.param((), {"boto3", "duckdb", "matplotlib", "numpy", "pandas", "scipy", "sklearn"}, id="alone"),
        pytest.param(
            ("--baseline", BASE), {"boto3", "duckdb", "matplotlib", "pandas", "sklearn"}, id="with a baseline"
        ),
    ],
)
def test_no_heavy_library_is_imported_for_it(baselines: tuple[str, ...], unwanted: set[str]) -> None:
    kept(a_baseline())
    kept(repeated(a_run()))
    program = (
        f"from profiler.cli.main import main; assert main(['check', {a_run().id!r}, *{baselines!r}]) == 0\n"
        "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert unwanted & {module.split(".")[0] for module in json.loads(ended.stderr.splitlines()[-1])} == set()


def test_runs_of_other_repetitions_are_read_back_as_they_were_kept() -> None:
    """What these tests keep is what the command reads: repetitions too."""
    from profiler.store import load_run

    run = repeated(a_run())
    loaded = load_run(str(kept(run)))
    assert len(loaded.repeated(run.settings.variants[0])) == 5
    assert replace(loaded, path=run.path, repetitions=()).plan == run.plan
