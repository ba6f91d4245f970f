"""What a `pyproject.toml` asks for: `[tool.paredown]` for every job, and `[tool.paredown.jobs.JOB]` over it for one.

Which options go before it, `settings` knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from profiler.errors import FactsError, UsageError, together
from profiler.facts.document import parse
from profiler.model import Variant
from profiler.settings import THRESHOLDS, Limits, Rules, kind, limit_of, over

FILE = "pyproject.toml"
_TABLE = ("tool", "paredown")
_LIMITS = tuple(threshold.key for threshold in THRESHOLDS)
_OF_A_JOB = (*_LIMITS, "variant", "allow-undecided", "require-baseline", "baseline", "steps")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a file asks for."""

    shared: Rules = field(default_factory=Rules)
    """Of every job."""
    jobs: Mapping[str, Rules] = field(default_factory=dict)
    """Of one job alone, by its name; these go before the shared ones."""

    def of(self, job: str) -> Rules:
        """What holds for a job."""
        return self.shared.under(self.jobs.get(job, Rules()))


def table_name(*keys: str) -> str:
    """Return the header of a table below `[tool.paredown]`, as it is written.

    >>> table_name("jobs", "nightly bill", "steps", "train")
    '[tool.paredown.jobs."nightly bill".steps.train]'
    """
    shown = [key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in keys]
    return f"[{'.'.join((*_TABLE, *shown))}]"


def settings_file(folder: Path) -> Path | None:
    """The nearest `pyproject.toml` that has `[tool.paredown]`, from a folder upwards; None: there is none.

    One without it says nothing of checks, as that of a package inside a repository; one that cannot be read may have
    it.
    """
    return next((path for at in (folder, *folder.parents) if (path := at / FILE).is_file() and _may_ask(path)), None)


def _may_ask(path: Path) -> bool:
    try:
        tool = parse(_text_of(path, FILE), FILE).get("tool", {})
    except (FactsError, UsageError):
        return True
    return not isinstance(tool, dict) or "paredown" in tool


def settings_of(path: Path, *, shown: str | None = None) -> Settings:
    """Return what the `[tool.paredown]` of a file asks for; nothing where it has no such table.

    Args:
        path: The file.
        shown: How a message names it.

    Raises:
        UsageError: If it cannot be read, is no TOML, or says what means nothing, of whichever job; every mistake is
            told.
    """
    shown = shown or str(path)
    try:
        document = parse(_text_of(path, shown), shown)
    except FactsError as error:
        raise UsageError(error.message, hint=error.hint) from error
    tool = document.get("tool", {})
    table = tool.get("paredown", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{shown}: tool.paredown is {kind(table)}; expected a table")
    problems: list[UsageError] = []
    settings = Settings(
        shared=_rules(table, shown, (), problems),
        jobs={
            job: _rules(of_job, shown, ("jobs", job), problems)
            for job, of_job in _tables(table, "jobs", shown, (), problems)
        },
    )
    if problems:
        raise together(problems)
    return settings


def _text_of(path: Path, shown: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise UsageError(
            f"{shown}: is no UTF-8 text: line {line}, column {column} is the byte 0x{content[error.start]:02x}",
            hint="TOML is UTF-8; save the file as that",
        ) from error


def _rules(table: Mapping[str, Any], shown: str, keys: tuple[str, ...], problems: list[UsageError]) -> Rules:
    """What one table asks for; `keys` say where it stands below `[tool.paredown]`."""
    where = f"{shown}: {table_name(*keys)}"
    problems += _unknown(table, _OF_A_JOB if keys else (*_OF_A_JOB, "jobs"), where)
    whole = _limits(table, where, None, problems)
    of_steps = {}
    for step, given in _tables(table, "steps", shown, keys, problems):
        of_step = f"{shown}: {table_name(*keys, 'steps', step)}"
        problems += _unknown(given, _LIMITS, of_step)
        of_steps[step] = _limits(given, of_step, step, problems)
    return Rules(
        whole=whole,
        steps=of_steps,
        variant=_variant(table.get("variant"), where, problems),
        allow_undecided=_flag(table, "allow-undecided", where, problems),
        require_baseline=_flag(table, "require-baseline", where, problems),
        baselines=_baselines(table.get("baseline", []), where, problems),
    )


def _tables(
    table: Mapping[str, Any], key: str, shown: str, keys: tuple[str, ...], problems: list[UsageError]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables under a key, such as `steps`, by their names."""
    found = table.get(key, {})
    if not isinstance(found, dict):
        where = f"{shown}: {table_name(*keys)}"
        problems.append(UsageError(f"{where} {key} is {kind(found)}; expected a table for each {key[:-1]}"))
        return
    for name, given in found.items():
        if isinstance(given, dict):
            yield name, given
        else:
            problems.append(UsageError(f"{shown}: {table_name(*keys, key, name)} is {kind(given)}; expected a table"))


def _unknown(table: Mapping[str, Any], known: Sequence[str], where: str) -> Iterator[UsageError]:
    for key in table:
        if key not in known:
            near = get_close_matches(key.replace("_", "-"), list(known), n=2)
            meant = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
            yield UsageError(f"{where} has an unknown key {key!r}; {meant}")


def _limits(table: Mapping[str, Any], where: str, step: str | None, problems: list[UsageError]) -> Limits:
    found = Limits()
    for threshold in THRESHOLDS:
        if threshold.key in table:
            try:
                of = f"{where} {threshold.key}"
                found = over(found, limit_of(threshold, table[threshold.key], of=of, step=step))
            except UsageError as error:
                problems.append(error)
    return found


def _variant(value: object, where: str, problems: list[UsageError]) -> Variant | None:
    if value is None:
        return None
    if isinstance(value, str) and value in tuple(Variant):
        return Variant(value)
    problems.append(UsageError(f"{where} variant is {kind(value)}; expected {' or '.join(Variant)}"))
    return None


def _flag(table: Mapping[str, Any], key: str, where: str, problems: list[UsageError]) -> bool | None:
    value = table.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.append(UsageError(f"{where} {key} is {kind(value)}; expected true or false"))
    return None


def _baselines(value: object, where: str, problems: list[UsageError]) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list) and all(isinstance(item, str) and item.strip() for item in listed):
        return tuple(listed)
    problems.append(UsageError(f"{where} baseline is {kind(value)}; expected a run's path or id, or a list of them"))
    return ()
