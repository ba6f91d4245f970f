"""What a release holds: the wheel installs the package and nothing beside it, and the source archive can rebuild it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, build
from tests.rules.sources import project_files


def wheel_names(folder: Path) -> set[str]:
    """The files of the one wheel in a folder."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def unpacked(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files as pip would lay them out."""
    folder = tmp_path_factory.mktemp("unpacked")
    (wheel,) = release.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_installs_one_package(release: Path) -> None:
    top = {name.split("/")[0] for name in wheel_names(release)}
    assert {name for name in top if not name.endswith(".dist-info")} == {"profiler"}


def test_the_wheel_holds_every_file_of_the_package(release: Path) -> None:
    """Prices and limits, the schema and the typing marker as well as the modules."""
    ours = {str(path.relative_to(ROOT)) for path in project_files() if path.is_relative_to(ROOT / "profiler")}
    held = {name for name in wheel_names(release) if name.startswith("profiler/")}
    assert {name for name in held if not name.startswith("profiler/_bundled/")} == ours


@pytest.mark.parametrize("folder", ["workloads", "sql"])
def test_reference_jobs_travel_inside_the_package(folder: str, release: Path) -> None:
    ours = {str(path.relative_to(ROOT)) for path in project_files() if path.is_relative_to(ROOT / folder)}
    held = {name for name in wheel_names(release) if name.startswith(f"profiler/_bundled/{folder}/")}
    assert ours
    assert held == {f"profiler/_bundled/{name}" for name in ours}


def test_the_bundled_main_job_lies_beside_its_queries(release: Path) -> None:
    names = wheel_names(release)
    assert "profiler/_bundled/workloads/cost_anomalies.py" in names
    assert any(name.startswith("profiler/_bundled/sql/cost_anomalies/") and name.endswith(".sql") for name in names)


def test_the_source_archive_builds_the_same_wheel(release: Path, tmp_path: Path) -> None:
    (archive,) = release.glob("*.tar.gz")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    (project,) = tmp_path.iterdir()
    build(project, tmp_path / "rebuilt")
    assert wheel_names(tmp_path / "rebuilt") == wheel_names(release)


def test_the_source_archive_holds_what_setting_up_and_testing_need(release: Path) -> None:
    (archive,) = release.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        held = {name.partition("/")[2] for name in members.getnames()}
    assert {str(path.relative_to(ROOT)) for path in project_files()} - held == set()


def test_the_command_of_the_wheel_starts_in_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    program = "import profiler, profiler.cli.main as it; print(profiler.__file__); it.main(['--version'])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    where, version = ended.stdout.splitlines()
    assert Path(where).is_relative_to(unpacked)
    assert version.startswith("paredown ")
