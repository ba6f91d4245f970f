"""The GitHub Action: its syntax, and its shell steps with the environment that GitHub documents."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.integration.action import ACTION, REPOSITORY, Runner

CHECK_SCHEMA = Path(sys.executable).with_name("check-jsonschema")
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
PUSH: dict[str, Any] = {
    "event_name": "push",
    "ref_name": "main",
    "ref_type": "branch",
    "run_id": "1",
    "run_attempt": "1",
    "event": {"repository": {"default_branch": "main"}},
}
_PULL_REQUEST: dict[str, Any] = {
    **PUSH["event"],
    "number": "7",
    "pull_request": {"head": {"repo": {"full_name": REPOSITORY}}},
}
PULL_REQUEST = {**PUSH, "event_name": "pull_request", "ref_name": "7/merge", "event": _PULL_REQUEST}


def test_the_action_and_the_documented_workflow_follow_github_s_schemas(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "github-action.md").read_text()
    workflow = tmp_path / "workflow.yml"
    workflow.write_text(page.split("```yaml\n")[1].split("```")[0])
    for schema, file in (("github-actions", ACTION), ("github-workflows", workflow)):
        command = [CHECK_SCHEMA, "--builtin-schema", f"vendor.{schema}", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_input_is_documented_and_used_and_no_expression_stands_in_a_script() -> None:
    definition = yaml.safe_load(ACTION.read_text())
    page = (ROOT / "docs" / "github-action.md").read_text()
    text = ACTION.read_text()
    for name in definition["inputs"]:
        assert f"`{name}`" in page
        assert f"inputs.{name}" in text
    for step in definition["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "an input could say anything to the shell"


@pytest.mark.skipif(not SHELLCHECK.exists(), reason="shellcheck is not installed")
def test_the_scripts_have_nothing_that_shellcheck_warns_of() -> None:
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        if "run" in step:
            command = [SHELLCHECK, "--shell=bash", "--severity=warning", "-"]
            done = subprocess.run(command, input=step["run"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{step['name']}:\n{done.stdout}"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Somebody's repository with a small job."""
    return a_repository(tmp_path)


def a_repository(parent: Path) -> Path:
    folder = parent / "repository"
    folder.mkdir()
    (folder / "job.py").write_text(
        "import sys\nimport time\n\nheld = bytearray(80 << 20)\nend = time.process_time() + 0.05\n"
        "while time.process_time() < end:\n    pass\n"
    )
    return folder


def definition() -> list[dict[str, Any]]:
    """The action's steps."""
    steps: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return steps


def a_runner(repository: Path, number: int, github: dict[str, Any], **inputs: str) -> Runner:
    """A fresh machine; only what GitHub's cache would bring is on it."""
    given = {"job": "job.py", "install": "", "python": sys.executable, "html": "", "repeat": "2", **inputs}
    return Runner(workspace=repository, temp=repository.parent / f"temp-{number}", inputs=given, github=github)


def cached(runner: Runner) -> Path:
    """What `actions/cache` has kept of a job for a later one."""
    (saved,) = [given["path"] for name, given in runner.used if name.startswith("actions/cache/save")]
    return Path(saved)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The first job, on a machine where something lies in place of its baselines; for tests that only look."""
    runner = a_runner(a_repository(tmp_path_factory.mktemp("first")), 1, PUSH, html="report")
    runner.begin()
    assert runner.step(definition()[0]), runner.log
    left = runner.temp / "paredown-baselines" / runner.steps["inputs"]["outputs"]["name"]
    left.mkdir(parents=True)
    (left / "old").touch()
    assert runner.run(), runner.log
    return runner


def after(first: Runner, repository: Path, github: dict[str, Any], **inputs: str) -> Runner:
    """A machine that has done what the first one has done so far, with a folder of its own."""
    runner = a_runner(repository, 2, github, **inputs)
    runner.begin()
    outputs = first.steps["inputs"]["outputs"]
    folder = shutil.copytree(outputs["folder"], repository.parent / "folder")
    runner.steps = {**first.steps, "inputs": {"outputs": {**outputs, "folder": str(folder)}}}
    return runner


def step_called(name: str) -> dict[str, Any]:
    (step,) = (step for step in definition() if step["name"] == name)
    return step


def test_the_first_run_passes_and_becomes_the_baseline(first: Runner) -> None:
    assert "PASSES" in first.log
    assert "PASSES" in first.steps["check"]["summary"]
    assert first.steps["check"]["outputs"]["passed"] == "true"
    used = [name.split("@")[0] for name, _ in first.used]
    assert used == ["actions/cache/restore", "actions/cache/save", "actions/upload-artifact"]
    (folder,) = (first.temp / "paredown-baselines").iterdir()
    assert folder == cached(first)


def test_what_an_earlier_job_left_on_the_machine_is_no_baseline(first: Runner) -> None:
    (baseline,) = cached(first).iterdir()
    assert baseline.name != "old"


def test_a_change_that_holds_more_memory_fails_and_is_not_kept_as_a_baseline(first: Runner, repository: Path) -> None:
    job = repository / "job.py"
    job.write_text(job.read_text().replace("80 << 20", "160 << 20"))
    changed = a_runner(repository, 2, PULL_REQUEST)
    changed.cache = cached(first)
    assert not changed.run()
    assert "FAILS" in changed.log
    assert "::error title=paredown::" in changed.log
    assert "FAILS" in changed.steps["check"]["summary"]
    assert changed.steps["check"]["outputs"]["passed"] == "false"
    assert not [name for name, _ in changed.used if name.startswith("actions/cache/save")]


def test_only_the_newest_baselines_are_kept(first: Runner, repository: Path) -> None:
    runner = a_runner(repository, 2, PUSH, baselines="2", repeat="1")
    runner.cache = shutil.copytree(cached(first), repository.parent / "cache")
    (kept,) = runner.cache.iterdir()
    for day in ("01", "02"):
        (runner.cache / f"job-202501{day}-000000-aaaa.jsonl").write_bytes(kept.read_bytes())
    assert runner.run(), runner.log
    left = sorted(path.name for path in cached(runner).iterdir())
    assert len(left) == 2
    assert left[0] == kept.name


# In the name of the default branch, and perhaps with the code of anybody.
NOT_KEPT = {
    "a pull request": PULL_REQUEST,
    "a pull request, in the name of its target": {
        **PULL_REQUEST,
        "event_name": "pull_request_target",
        "ref_name": "main",
    },
    "a word below an issue": {**PUSH, "event_name": "issue_comment"},
    "after another workflow": {**PUSH, "event_name": "workflow_run"},
    "a tag that is called like the branch": {**PUSH, "ref_type": "tag"},
    "another branch": {**PUSH, "ref_name": "feature"},
}


@pytest.mark.parametrize("github", NOT_KEPT.values(), ids=NOT_KEPT)
def test_only_what_is_on_the_default_branch_becomes_a_baseline(repository: Path, github: dict[str, Any]) -> None:
    steps = [step for step in definition() if step.get("id") == "keep"]
    for event in ("push", "schedule", "workflow_dispatch"):
        assert a_runner(repository, 1, {**PUSH, "event_name": event}, baselines="20").holds(steps[0]["if"])
    assert not a_runner(repository, 1, github, baselines="20").holds(steps[0]["if"])


def test_a_pull_request_from_a_fork_gets_no_comment(repository: Path) -> None:
    step = step_called("Comment")
    fork = {
        **PULL_REQUEST,
        "event": {**_PULL_REQUEST, "pull_request": {"head": {"repo": {"full_name": "eve/anomalies"}}}},
    }
    assert a_runner(repository, 1, PULL_REQUEST, comment="true").holds(step["if"])
    assert not a_runner(repository, 1, fork, comment="true").holds(step["if"])


def test_every_use_has_a_name_of_its_own_that_a_key_and_a_path_may_hold(repository: Path) -> None:
    uses = [
        {"job": "jobs/a,b.py"},
        {"job": "jobs/a b.py"},
        {"job": "../../jobs/a-b.py"},
        {"job": "jobs/a-b.py"},
        {"job": "jobs/a-b.py", "key": "3.12"},
        {"job": "jobs/a-b.py", "working-directory": "sub folder"},
        {"job": "größe\n$(touch injected)`touch injected`.py"},
        {"job": "x" * 600},
    ]
    (repository / "sub folder").mkdir()
    names = []
    for number, inputs in enumerate(uses):
        runner = a_runner(repository, number, PUSH, **inputs)
        runner.begin()
        assert runner.step(definition()[0]), runner.log
        names.append(runner.steps["inputs"]["outputs"]["name"])
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name)
    assert len(set(names)) == len(uses)
    assert list(repository.rglob("injected")) == []


def test_other_systems_and_other_numbers_are_refused_at_once(repository: Path) -> None:
    for system in ("Windows", "macOS"):
        runner = a_runner(repository, 1, PUSH)
        runner.system = system
        assert not runner.run()
        assert f"::error title=paredown::Only Linux measures, and this runner is {system}" in runner.log
    runner = a_runner(repository, 1, PUSH, baselines="x[$(touch injected)]")
    assert not runner.run()
    assert "::error title=paredown::baselines is not a whole number" in runner.log
    assert list(repository.rglob("injected")) == []


def test_an_html_report_is_uploaded_where_it_is_wanted(first: Runner) -> None:
    (given,) = [given for name, given in first.used if name.startswith("actions/upload-artifact")]
    assert given["name"].startswith("report-job.py-")
    assert given["overwrite"] == "True"  # A job that is run again has the same name.
    assert Path(given["path"]).read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("there", [False, True], ids=["first", "again"])
def test_a_comment_is_written_once_and_then_replaced(
    first: Runner, repository: Path, tmp_path: Path, *, there: bool
) -> None:
    runner = after(first, repository, PULL_REQUEST, comment="true")
    tools = tmp_path / "tools"
    tools.mkdir()
    gh = tools / "gh"  # GitHub is not here; its command line is told what to answer, and keeps what it was asked.
    gh.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        f"if '--paginate' in sys.argv:\n    assert os.environ['FIRST'].startswith('<!-- paredown')\n"
        f"    print({'41' if there else ''!r}, end='')\n"
    )
    gh.chmod(0o755)
    runner.environment = {"PATH": f"{tools}:{os.environ['PATH']}"}
    assert runner.step(step_called("Comment")), runner.log
    listed, written = (json.loads(line) for line in (tmp_path / "asked").read_text().splitlines())
    assert "repos/ada/anomalies/issues/7/comments" in listed
    body = next(argument for argument in written if argument.startswith("body=@"))
    assert Path(body.removeprefix("body=@")).read_text().startswith("<!-- paredown")
    wanted = (
        ["PATCH", "repos/ada/anomalies/issues/comments/41"]
        if there
        else ["POST", "repos/ada/anomalies/issues/7/comments"]
    )
    assert [argument for argument in written if argument in wanted] == wanted


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"job": "nowhere.py"}, "nowhere.py"),
        ({"repeat": "none"}, "none"),
    ],
)
def test_a_mistake_in_the_inputs_fails_the_step_and_says_which(
    repository: Path, inputs: dict[str, str], said: str
) -> None:
    runner = a_runner(repository, 1, PUSH, **inputs)
    assert not runner.run()
    assert "error: " in runner.log
    assert said in runner.log


def test_a_mistake_in_the_options_of_the_check_fails_its_step(first: Runner, repository: Path) -> None:
    runner = after(first, repository, PUSH, **{"check-options": "--max-peak 512"})
    assert not runner.step(step_called("Check"))
    assert "error: " in runner.log
    assert "--max-peak" in runner.log


def test_pip_installs_the_paredown_of_the_action(repository: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (Path(site) / "libraries.pth").write_text(here + "\n")  # pip and what it needs; nothing from the network.
    runner = a_runner(repository, 1, PUSH, install="action", python=str(python), repeat="1")
    runner.environment = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    assert runner.run(), runner.log
    assert (tmp_path / "venv" / "bin" / "paredown").is_file()
