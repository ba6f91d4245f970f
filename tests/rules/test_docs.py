"""What the documents say is so: links lead somewhere, commands and options exist, jobs build, lists are complete."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import click
import pytest

import profiler
from profiler.cli.main import COMMANDS, paredown
from profiler.model import Measurement
from profiler.store import SCHEMA
from tests.conftest import ROOT
from tests.rules.documents import PAGES, anchors, blocks, code, commands, links
from tools.docs import COMMANDS_PAGE, commands_page

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

OUR_PATH = re.compile(r"(?:benchmarks|docs|locks|profiler|sql|tests|tools|workloads)/[\w./-]+")
MEASURING = ROOT / "docs" / "how-it-measures.md"


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{link}: there is no {file}"
        assert not anchor or anchor in anchors(file), f"{link}: {file.name} has no such heading"


@each_page
def test_every_path_of_ours_exists(page: Path) -> None:
    named = {path for text in code(page) for path in OUR_PATH.findall(text) if "*" not in text and "<" not in text}
    # A job's own `sql/daily.sql` is the reader's; what we name ourselves stands in the project.
    named = {path for path in named if not path.startswith("sql/")}
    assert {path for path in named if not (ROOT / path).exists()} == set()


@each_page
def test_every_command_exists_with_its_options(page: Path) -> None:
    for arguments in commands(page, "paredown"):
        check_command(arguments)


def check_command(arguments: list[str]) -> None:
    """Parse a command as click would, without running it."""
    if not arguments or arguments[0].startswith("-"):
        assert set(arguments) <= {"-h", "--help", "--version"}
        return
    name, *rest = arguments
    assert name in COMMANDS, f"paredown {' '.join(arguments)}: there is no such command"
    with click.Context(paredown, info_name="paredown", help_option_names=["-h", "--help"]) as parent:
        command = paredown.get_command(parent, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=parent) as context:
            values, _, _ = command.make_parser(context).parse_args(rest)
    for option in command.params:
        value = values.get(option.name or "")
        if isinstance(option.type, click.Choice) and isinstance(value, str) and not value.isupper():
            assert value in option.type.choices, f"paredown {' '.join(arguments)}: {value!r} is no choice"


@each_page
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for words in commands(page, "make") for word in words if "=" not in word and not word.startswith("-")}
    assert {word for word in named if word.islower()} - targets == set()


def test_the_reference_is_every_commands_own_help() -> None:
    """If not: `.venv/bin/python tools/docs.py`."""
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    assert text == commands_page(text)


@each_page
def test_python_is_python(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            compile(block.text, str(page), "exec")


@pytest.mark.parametrize("page", ["writing-a-job.md"])
def test_the_jobs_of_a_page_build(page: str) -> None:
    """Its blocks build upon one another, so they run as one module."""
    namespace: dict[str, object] = {"__name__": "a_job"}
    for block in blocks(ROOT / "docs" / page):
        if block.language == "python":
            exec(compile(block.text, page, "exec"), namespace)
    assert [name for name, value in namespace.items() if isinstance(value, profiler.Job)] == ["job", "scored"]


def test_every_public_name_is_explained() -> None:
    assert set(profiler.__all__) - set(code(ROOT / "docs" / "python.md")) == set()


def test_the_fields_of_a_measurement_are_explained() -> None:
    table = MEASURING.read_text(encoding="utf-8").split("The fields of a measurement:")[1].split("\n\n")[1]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {field.name for field in dataclasses.fields(Measurement)}


def test_the_events_of_a_run_are_explained() -> None:
    """The store's own list of its schema, and the version."""
    text = MEASURING.read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+)` \|", text.split("| event | when |")[1].split("\n\n")[0], re.MULTILINE)
    source = (ROOT / "profiler" / "store.py").read_text(encoding="utf-8")
    listed = re.search(rf"^Schema {SCHEMA}: (.*)\.$", source, re.MULTILINE)
    assert listed is not None
    assert sorted(named) == sorted(listed[1].split(", "))
    assert f"`schema` ({SCHEMA})" in text


def test_the_outcomes_are_explained() -> None:
    from profiler.model import Ending

    table = MEASURING.read_text(encoding="utf-8").split("| outcome | means |")[1].split("\n\n")[0]
    assert [row.split("|")[1].strip().replace(" ", "_") for row in table.splitlines()[2:]] == [*map(str, Ending)]
