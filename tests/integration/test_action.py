"""The GitHub Action: its syntax, and its shell steps with the environment that GitHub documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.integration.action import ACTION, Runner
from tests.integration.place import PAREDOWN

CHECK_SCHEMA = Path(sys.executable).with_name("check-jsonschema")
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
PUSH = {
    "event_name": "push",
    "ref_name": "main",
    "run_id": "1",
    "run_attempt": "1",
    "event": {"repository": {"default_branch": "main"}},
}
PULL_REQUEST = {**PUSH, "event_name": "pull_request", "ref_name": "7/merge", "event": {**PUSH["event"], "number": "7"}}


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
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "job.py").write_text(
        "import sys\nimport time\n\nheld = bytearray(80 << 20)\nend = time.process_time() + 0.05\n"
        "while time.process_time() < end:\n    pass\n"
    )
    return folder


def a_runner(repository: Path, number: int, github: dict[str, Any], **inputs: str) -> Runner:
    """A fresh machine; only what GitHub's cache would bring is on it."""
    given = {"job": "job.py", "install": "", "python": sys.executable, "html": "", "repeat": "2", **inputs}
    return Runner(workspace=repository, temp=repository.parent / f"temp-{number}", inputs=given, github=github)


def bring_the_cache(before: Runner, after: Runner) -> None:
    """What `actions/cache` would have kept of one job for a later one."""
    saved = [given["path"] for name, given in before.used if name.startswith("actions/cache/save")]
    assert saved
    restored = [given["path"] for name, given in after.used if name.startswith("actions/cache/restore")]
    assert restored == []
    target = after.temp / Path(saved[0]).relative_to(before.temp)
    target.parent.mkdir(parents=True)
    os.rename(saved[0], target)


def test_the_first_run_passes_and_becomes_the_baseline(repository: Path) -> None:
    first = a_runner(repository, 1, PUSH)
    assert first.run(), first.log
    assert "PASSES" in first.log
    assert "PASSES" in first.steps["check"]["summary"]
    assert first.steps["check"]["outputs"]["passed"] == "true"
    assert [name.split("@")[0] for name, _ in first.used] == ["actions/cache/restore", "actions/cache/save"]
    assert len(list((first.temp / "paredown-baselines" / "job.py").iterdir())) == 1


def test_a_change_that_holds_more_memory_fails_and_is_not_kept_as_a_baseline(repository: Path) -> None:
    before = a_runner(repository, 1, PUSH)
    assert before.run(), before.log
    job = repository / "job.py"
    job.write_text(job.read_text().replace("80 << 20", "160 << 20"))
    after = a_runner(repository, 2, PULL_REQUEST)
    bring_the_cache(before, after)
    assert not after.run()
    assert "FAILS" in after.log
    assert "::error title=paredown::" in after.log
    assert "FAILS" in after.steps["check"]["summary"]
    assert after.steps["check"]["outputs"]["passed"] == "false"
    assert not [name for name, _ in after.used if name.startswith("actions/cache/save")]


def test_only_the_newest_baselines_are_kept(repository: Path) -> None:
    runner = a_runner(repository, 1, PUSH, baselines="2")
    folder = runner.temp / "paredown-baselines" / "job.py"
    subprocess.run([PAREDOWN, "run", "job.py", "-q"], cwd=repository, check=True, stderr=subprocess.DEVNULL)
    kept = next((repository / ".paredown" / "runs").iterdir())
    folder.mkdir(parents=True)
    for day in ("01", "02", "03"):
        (folder / f"job-202601{day}-000000-aaaa.jsonl").write_bytes(kept.read_bytes())
    assert runner.run(), runner.log
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == 2
    assert left[0] == "job-20260103-000000-aaaa.jsonl"


def test_an_html_report_is_uploaded_where_it_is_wanted(repository: Path) -> None:
    runner = a_runner(repository, 1, PUSH, html="report")
    assert runner.run(), runner.log
    (given,) = [given for name, given in runner.used if name.startswith("actions/upload-artifact")]
    assert given["name"] == "report"
    assert Path(given["path"]).read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("there", [False, True], ids=["first", "again"])
def test_a_comment_is_written_once_and_then_replaced(repository: Path, tmp_path: Path, *, there: bool) -> None:
    runner = a_runner(repository, 1, PULL_REQUEST, comment="true")
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
    assert runner.run(), runner.log
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
        ({"check-options": "--max-peak 512"}, "--max-peak"),
    ],
)
def test_a_mistake_in_the_inputs_fails_the_step_and_says_which(
    repository: Path, inputs: dict[str, str], said: str
) -> None:
    runner = a_runner(repository, 1, PUSH, **inputs)
    assert not runner.run()
    assert "error: " in runner.log
    assert said in runner.log


def test_pip_installs_the_paredown_of_the_action(repository: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (Path(site) / "libraries.pth").write_text(here + "\n")  # What it needs is there; nothing comes over the network.
    runner = a_runner(repository, 1, PUSH, install="action", python=str(python))
    runner.environment = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    assert runner.run(), runner.log
    assert (tmp_path / "venv" / "bin" / "paredown").is_file()
