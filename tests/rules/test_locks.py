"""The locks say exactly what is installed, from wherever it comes."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

LOCKS = [ROOT / "locks" / "run.txt", ROOT / "locks" / "dev.txt"]
each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)


def pins(lock: Path) -> dict[str, list[tuple[Requirement, int]]]:
    """Every locked package: its pins, one per marker, each with how many files it may come from."""
    found: dict[str, list[tuple[Requirement, int]]] = defaultdict(list)
    for entry in re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", lock.read_text(encoding="utf-8"))):
        if entry.strip():
            requirement = Requirement(entry.split("\\\n")[0].strip())
            found[requirement.name].append((requirement, len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry))))
    return found


def declared(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for: its dependencies and those of some groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = list(project["project"]["dependencies"])
    for group in groups:
        lines += [line for line in project["dependency-groups"][group] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@each_lock
def test_every_package_is_pinned_to_files_by_their_hashes(lock: Path) -> None:
    assert pins(lock)
    for requirement, files in (pin for found in pins(lock).values() for pin in found):
        assert [part.operator for part in requirement.specifier] == ["=="], requirement
        assert files > 0, requirement


@each_lock
def test_no_lock_says_where_packages_come_from(lock: Path) -> None:
    assert re.findall(r"(?i)https?:|file:|--(?:extra-)?index|--find-links", lock.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("lock", "groups"), [(LOCKS[0], ["build"]), (LOCKS[1], ["build", "dev"])], ids=["run", "dev"])
def test_a_lock_holds_what_the_project_asks_for(lock: Path, groups: list[str]) -> None:
    """`make lock` was run after pyproject.toml had changed."""
    locked = pins(lock)
    for wanted in declared(*groups):
        assert wanted.name in locked, f"{wanted.name} is not locked; run make lock"
        for requirement, _ in locked[wanted.name]:
            (version,) = (part.version for part in requirement.specifier)
            assert wanted.specifier.contains(version), f"{wanted} is locked to {version}; run make lock"


def test_tests_run_with_what_runs() -> None:
    run, dev = map(pins, LOCKS)
    assert {name: dev.get(name) for name in run} == dict(run)


def test_tests_run_with_what_the_extras_bring() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = {line for lines in project["project"]["optional-dependencies"].values() for line in lines}
    assert extras - set(map(str, project["dependency-groups"]["dev"])) == set()
