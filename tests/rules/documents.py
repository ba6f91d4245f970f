"""The project's documents as tests read them: links, fenced blocks, commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])

_FENCE = re.compile(
    r"(?:<!-- (?P<label>[^>]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block, with the comment that stands right above it, if any: `file: job.py`, `output: paredown run`."""

    page: Path
    label: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(page=page, label=found["label"] or "", language=found["language"], text=found["text"])
        for found in _FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Where a page's links lead."""
    return _LINK.findall(prose(page))


def code(page: Path) -> list[str]:
    """What stands in backticks in a page's prose."""
    return _CODE.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The headings of a page as a link names them."""
    headings = (heading.lower().replace("`", "") for heading in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def commands(page: Path, program: str) -> list[list[str]]:
    """Every call of a program that a page shows, as its arguments: lines of shell blocks, and code in the prose."""
    lines = [line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    lines += code(page)
    found = []
    for line in lines:
        text = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
        if text == program or text.startswith(f"{program} "):
            words = shlex.split(text.replace("\\|", "|"), comments=True)
            found.append(_before_the_shell(words)[1:])
    return found


def _before_the_shell(words: list[str]) -> list[str]:
    """A command without what a shell does with its output."""
    ends = [place for place, word in enumerate(words) if word in ("|", "&&", ";") or re.fullmatch(r"[12]?>.*", word)]
    return words[: ends[0]] if ends else words
