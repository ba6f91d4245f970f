"""Options that `run` and `plan` share: which job, on what inputs, with which parameters and shards."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import click

from profiler.cli.options import WholeRange, Workspace
from profiler.errors import UsageError
from profiler.model import AUTO, MOST_SHARDS
from profiler.urls import located, without_secrets


class Shards(WholeRange):
    """A number of shards, or `auto`."""

    name = "shards"

    def __init__(self) -> None:
        super().__init__(1, MOST_SHARDS)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How the help shows it."""
        return "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take it, or say what was expected."""
        if isinstance(value, str) and value.strip().lower() == AUTO:
            return AUTO
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = get_close_matches(str(value).lower(), [AUTO], n=1)
            self.fail(f"{error.message}, or {AUTO}" + (f"; did you mean {AUTO}?" if near else ""), param, ctx)


def job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a job: `--input`, `--param`, `--shards` and `--workspace`."""
    options = [
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="NAME=PATH",
            help="Files, a glob or a URL in place of a job's input.",
        ),
        click.option(
            "--param",
            "params",
            multiple=True,
            metavar="NAME=VALUE ...",
            help="Parameters of the data that a job makes; several may follow one --param.",
        ),
        click.option(
            "--shards",
            type=Shards(),
            help="How many shards; auto: by the sizes of the groups, which are counted first. "
            "[default: by the data's size]",
        ),
        click.option(
            "--workspace",
            type=Workspace(),
            default=".paredown",
            show_default=True,
            help="Where runs, made data and what passes between steps are kept.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def inputs_of(pairs: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """`NAME=PATH` pairs as absolute paths, globs or URLs by name; a name given twice has several.

    Raises:
        UsageError: If one is no such pair.
        InputError: If a URL holds a secret, or is none that can be read.
    """
    found: dict[str, list[str]] = {}
    for name, path in _pairs(pairs, "--input", "line_items=data/*.parquet"):
        found.setdefault(name, []).append(_absolute(path))
    return {name: tuple(paths) for name, paths in found.items()}


def _absolute(path: str) -> str:
    return located(path) or os.path.join(glob.escape(os.getcwd()), path)  # An absolute one stays as it is.


def params_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` pairs by name, their values as typed.

    Raises:
        UsageError: If one is no such pair, or a name comes twice.
        InputError: If a URL in a value holds a secret.
    """
    found: dict[str, str] = {}
    for name, value in _pairs(pairs, "--param", "rows=1000000"):
        kept = without_secrets(name, value)
        if name in found:
            raise UsageError(f"--param {name} is given twice: {found[name]!r} and {kept!r}")
        found[name] = kept
    return found


def _pairs(texts: tuple[str, ...], option: str, example: str) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or not value:
            raise UsageError(f"{option} {text!r}: expected NAME=VALUE, like {example}")
        pairs.append((name, value))
    return pairs
