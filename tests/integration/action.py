"""A composite action as GitHub's runner carries it out: conditions, expressions, each shell step in its own bash.

Only what `action.yml` uses: `github`, `inputs`, `runner` and `steps`, `==`, `!=`, `&&` and `contains(fromJSON(…), …)`.
What uses another action is told to the test and not carried out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACTION = Path(__file__).resolve().parent.parent.parent / "action.yml"
REPOSITORY = "ada/anomalies"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_CONTAINS = re.compile(r"contains\(fromJSON\('([^']*)'\), ([\w.-]+)\)")
_TERM = re.compile(r"'([^']*)'|([\w.-]+)")


@dataclass
class Runner:
    """One job of a workflow that uses the action."""

    workspace: Path
    temp: Path
    inputs: Mapping[str, str]
    github: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    system: str = "Linux"
    cache: Path | None = None
    """What is restored where a cache is asked for."""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Other actions that were used, each with what it was given."""

    def run(self) -> bool:
        """Carry out all steps; whether the job is green."""
        self.begin()
        return all(self.step(step) for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"])

    def begin(self) -> None:
        """Make the machine ready: its folder, and every input, given or at its default."""
        defaults = {
            name: given.get("default", "") for name, given in yaml.safe_load(ACTION.read_text())["inputs"].items()
        }
        self.inputs = {name: self.text(value) for name, value in {**defaults, **self.inputs}.items()}
        self.temp.mkdir(exist_ok=True)

    def step(self, step: dict[str, Any]) -> bool:
        """Carry out one step; False ends the job, as it does on GitHub where no condition says otherwise."""
        known = self.steps.setdefault(step.get("id", uuid.uuid4().hex), {"outputs": {}, "outcome": "skipped"})
        if "if" in step and not self.holds(step["if"]):
            return True
        if "uses" in step:
            self.used.append((step["uses"], {name: self.text(value) for name, value in step["with"].items()}))
            if step["uses"].startswith("actions/cache/restore") and self.cache:
                shutil.copytree(self.cache, self.used[-1][1]["path"])
            known["outcome"] = "success"
            return True
        files = {name: self.temp / f"{name}-{uuid.uuid4().hex}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        script = self.temp / f"{uuid.uuid4().hex}.sh"
        script.write_text(step["run"])
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace / self.text(step.get("working-directory", ".")),
            env={
                **os.environ,
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_OS": self.system,
                "RUNNER_TEMP": str(self.temp),
                **{name: str(file) for name, file in files.items()},
                **self.environment,
                **{name: self.text(value) for name, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        known["outputs"] = dict(line.split("=", 1) for line in lines)
        known["outcome"] = "success" if done.returncode == 0 else "failure"
        known["summary"] = files["GITHUB_STEP_SUMMARY"].read_text()
        return done.returncode == 0

    def text(self, value: str) -> str:
        """A value with its expressions replaced."""
        return _EXPRESSION.sub(lambda match: str(self.look_up(match[1])), str(value))

    def look_up(self, path: str) -> Any:
        """A context's value; what is not there is empty, as on GitHub."""
        found: Any = {
            "github": {
                **self.github,
                "action_path": str(ACTION.parent),
                "repository": REPOSITORY,
                "token": "a-token",
            },
            "inputs": self.inputs,
            "runner": {"os": self.system, "arch": "X64", "temp": str(self.temp)},
            "steps": self.steps,
        }
        for name in path.split("."):
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        return found

    def holds(self, condition: str) -> bool:
        """Whether a condition holds: comparisons, joined by &&."""
        return all(self._compares(part) for part in condition.split("&&"))

    def _compares(self, text: str) -> bool:
        if contains := _CONTAINS.fullmatch(text.strip()):
            return self.look_up(contains[2]) in json.loads(contains[1])
        left, sign, right = re.fullmatch(r"\s*(\S+)\s*(==|!=)\s*(\S+)\s*", text).groups()  # type: ignore[union-attr]
        same = self._term(left) == self._term(right)
        return same if sign == "==" else not same

    def _term(self, text: str) -> str:
        quoted, path = _TERM.fullmatch(text).groups()  # type: ignore[union-attr]
        return str(self.look_up(path)) if path else str(quoted)
