"""A composite action as GitHub's runner carries it out: conditions, expressions, each shell step in its own bash.

Only what `action.yml` uses: `github`, `inputs`, `runner` and `steps`, `==`, `!=` and `&&`. What uses another action
is told to the test and not carried out.
"""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACTION = Path(__file__).resolve().parent.parent.parent / "action.yml"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TERM = re.compile(r"'([^']*)'|([\w.-]+)")


@dataclass
class Runner:
    """One job of a workflow that uses the action."""

    workspace: Path
    temp: Path
    inputs: Mapping[str, str]
    github: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Other actions that were used, each with what it was given."""

    def run(self) -> bool:
        """Carry out all steps; whether the job is green."""
        definition = yaml.safe_load(ACTION.read_text())
        self.inputs = {name: given.get("default", "") for name, given in definition["inputs"].items()} | dict(
            self.inputs
        )
        self.inputs = {name: self.text(value) for name, value in self.inputs.items()}
        self.temp.mkdir(exist_ok=True)
        return all(self.step(step) for step in definition["runs"]["steps"])

    def step(self, step: dict[str, Any]) -> bool:
        """Carry out one step; False ends the job, as it does on GitHub where no condition says otherwise."""
        known = self.steps.setdefault(step.get("id", uuid.uuid4().hex), {"outputs": {}, "outcome": "skipped"})
        if "if" in step and not self.holds(step["if"]):
            return True
        if "uses" in step:
            self.used.append((step["uses"], {name: self.text(value) for name, value in step["with"].items()}))
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
                "GITHUB_REPOSITORY": "ada/anomalies",
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_OS": "Linux",
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
            "github": {**self.github, "action_path": str(ACTION.parent), "token": "a-token"},
            "inputs": self.inputs,
            "runner": {"os": "Linux", "arch": "X64", "temp": str(self.temp)},
            "steps": self.steps,
        }
        for name in path.split("."):
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        return found

    def holds(self, condition: str) -> bool:
        """Whether a condition holds: comparisons, joined by &&."""
        return all(self._compares(part) for part in condition.split("&&"))

    def _compares(self, text: str) -> bool:
        left, sign, right = re.fullmatch(r"\s*(\S+)\s*(==|!=)\s*(\S+)\s*", text).groups()  # type: ignore[union-attr]
        same = self._term(left) == self._term(right)
        return same if sign == "==" else not same

    def _term(self, text: str) -> str:
        quoted, path = _TERM.fullmatch(text).groups()  # type: ignore[union-attr]
        return str(self.look_up(path)) if path else str(quoted)
