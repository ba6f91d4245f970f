"""What a check asks for, as `[tool.paredown]` of a `pyproject.toml` says it, and as options say it before that.

Nothing here holds anything against it; `checking` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from profiler.errors import FactsError, UsageError, together
from profiler.facts.document import parse
from profiler.model import Variant
from profiler.pricing.amounts import exact_amount
from profiler.pricing.cost import as_decimal
from profiler.sizes import share, size_bytes

FILE = "pyproject.toml"
TABLE = "tool.paredown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a step, or the whole, may not pass; None: nobody says."""

    max_peak_bytes: int | None = None
    """Highest resident memory of any task, without headroom."""
    max_gb_s: Decimal | None = None
    """GB-seconds per request; of a step: its part of them."""
    max_usd_per_request: Decimal | None = None
    """Of the whole only."""
    max_regression: Decimal | None = None
    """Largest growth since the baseline: 0.05 is 5 %; None: by the measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that a check asks for; None: nobody says, and so the default holds."""

    whole: Limits = Limits()
    """Of the whole; a peak and a regression also of every step that says none of its own."""
    steps: Mapping[str, Limits] = field(default_factory=dict)
    variant: Variant | None = None
    """Which has to fit; None: the decomposed one, or the monolith where there is only that."""
    allow_undecided: bool | None = None
    require_baseline: bool | None = None
    baselines: tuple[str, ...] = ()
    """As they were named: paths, folders, ids, or last."""

    def of(self, step: str | None) -> Limits:
        """The limits of a step: its own, and of the whole those that go for every step; None: those of the whole."""
        if step is None:
            return self.whole
        own = self.steps.get(step, Limits())
        shared = Limits(max_peak_bytes=self.whole.max_peak_bytes, max_regression=self.whole.max_regression)
        return _over(shared, own)

    def under(self, others: Rules) -> Rules:
        """These rules with others over them: what the others say holds, and these where they say nothing."""
        return Rules(
            whole=_over(self.whole, others.whole),
            steps={
                name: _over(self.steps.get(name, Limits()), others.steps.get(name, Limits()))
                for name in (*self.steps, *(name for name in others.steps if name not in self.steps))
            },
            variant=others.variant or self.variant,
            allow_undecided=self.allow_undecided if others.allow_undecided is None else others.allow_undecided,
            require_baseline=self.require_baseline if others.require_baseline is None else others.require_baseline,
            baselines=others.baselines or self.baselines,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One limit, as it is written."""

    key: str
    """In the settings; an option has the same name."""
    name: str
    """Of the field of `Limits`."""
    read: Callable[[object, str], Any]
    """Takes what was written and what it is, for the message."""
    per_step: bool = True


def _gb_s(value: object, of: str) -> Decimal:
    return _number(value, of, "GB-second")


def _usd(value: object, of: str) -> Decimal:
    return _number(value, of, "GB")  # Money has parts, as a GB has.


def _number(value: object, of: str, unit: str) -> Decimal:
    if not isinstance(value, (int, float, str, Decimal)):
        raise UsageError(f"{of} is {_kind(value)}; expected a number above 0")
    return as_decimal(exact_amount(value, unit, of=of))


THRESHOLDS = (
    Threshold(key="max-peak", name="max_peak_bytes", read=lambda value, of: size_bytes(value, of=of)),
    Threshold(key="max-gb-s", name="max_gb_s", read=_gb_s),
    Threshold(key="max-usd-per-request", name="max_usd_per_request", read=_usd, per_step=False),
    Threshold(key="max-regression", name="max_regression", read=lambda value, of: share(value, of=of)),
)
_KEYS = ("variant", "allow-undecided", "require-baseline", "baseline", "steps")


def limit_of(threshold: Threshold, value: object, *, of: str, step: str | None) -> Limits:
    """Return one limit as it is written.

    Raises:
        UsageError: If it means nothing, or does not go for a step.
    """
    if step is not None and not threshold.per_step:
        raise UsageError(f"{of} is for the whole and not for a step; a step's part of a request is max-gb-s")
    return replace(Limits(), **{threshold.name: threshold.read(value, of)})


def rules_of(written: Mapping[str, Sequence[str]], **others: Any) -> tuple[Rules, dict[str, str]]:
    """Return what options ask for, and for each step that is named the option that named it first.

    Args:
        written: The values of each threshold's option by its key, as `VALUE` or `STEP=VALUE`.
        others: The other fields of `Rules`.

    Raises:
        UsageError: If one means nothing, or is given twice for the same; every mistake is told.
    """
    rules, named, problems = Rules(**others), dict[str, str](), list[UsageError]()
    for threshold in THRESHOLDS:
        given = set()
        for text in written.get(threshold.key, ()):
            name, equals, value = text.rpartition("=")
            step = name.strip() if equals else None
            option = f"--{threshold.key}{f' {step}' if step else ''}"
            try:
                if step in given:
                    raise UsageError(f"{option} is given twice")
                if step == "":
                    raise UsageError(f"--{threshold.key} {text} names no step; expected STEP=VALUE, or VALUE alone")
                limits = limit_of(threshold, value, of=option, step=step)
            except UsageError as error:
                problems.append(error)
                continue
            given.add(step)
            one = Rules(whole=limits) if step is None else Rules(steps={step: limits})
            rules = rules.under(one)
            if step is not None:
                named.setdefault(step, f"--{threshold.key} {text}")
    if problems:
        raise together(problems)
    return rules, named


def rules_given(given: Mapping[str, object], **others: Any) -> Rules:
    """Return what arguments ask for.

    Args:
        given: The value of each threshold by its name in Python, such as `max_peak`: one for all, or a mapping from
            steps to theirs; None: not given.
        others: The other fields of `Rules`.

    Raises:
        UsageError: If one means nothing; every mistake is told.
    """
    rules, problems = Rules(**others), list[UsageError]()
    for threshold in THRESHOLDS:
        name = threshold.key.replace("-", "_")
        value = given.get(name)
        each = value if isinstance(value, Mapping) else {} if value is None else {None: value}
        for step, one in each.items():
            try:
                limits = limit_of(threshold, one, of=name if step is None else f"{name}[{step!r}]", step=step)
            except UsageError as error:
                problems.append(error)
                continue
            rules = rules.under(Rules(whole=limits) if step is None else Rules(steps={step: limits}))
    if problems:
        raise together(problems)
    return rules


def settings_file(folder: Path) -> Path | None:
    """The nearest `pyproject.toml`, from a folder upwards; None: there is none."""
    return next((path for at in (folder, *folder.parents) if (path := at / FILE).is_file()), None)


def settings_of(path: Path, *, shown: str | None = None) -> Rules:
    """Return what the `[tool.paredown]` of a file asks for; nothing where it has no such table.

    Args:
        path: The file.
        shown: How a message names it.

    Raises:
        UsageError: If it cannot be read, is no TOML, or says what means nothing; every mistake is told.
    """
    shown = shown or str(path)
    try:
        document = parse(_text_of(path, shown), shown)
    except FactsError as error:
        raise UsageError(error.message, hint=error.hint) from error
    table = document.get("tool", {})
    table = table.get("paredown", {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{shown}: tool.paredown is {_kind(table)}; expected a table")
    return _rules(table, shown)


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


def _rules(table: Mapping[str, Any], shown: str) -> Rules:
    problems: list[UsageError] = []
    known = (*(threshold.key for threshold in THRESHOLDS), *_KEYS)
    problems += _unknown(table, known, f"{shown}: [{TABLE}]")
    whole = _limits(table, f"{shown}: [{TABLE}]", None, problems)
    steps = table.get("steps", {})
    if not isinstance(steps, dict):
        problems.append(UsageError(f"{shown}: [{TABLE}] steps is {_kind(steps)}; expected a table for each step"))
        steps = {}
    of_steps = {}
    for step, given in steps.items():
        where = f"{shown}: [{TABLE}.steps.{step}]"
        if not isinstance(given, dict):
            problems.append(UsageError(f"{where} is {_kind(given)}; expected a table"))
            continue
        problems += _unknown(given, [threshold.key for threshold in THRESHOLDS], where)
        of_steps[step] = _limits(given, where, step, problems)
    rules = Rules(
        whole=whole,
        steps=of_steps,
        variant=_variant(table.get("variant"), shown, problems),
        allow_undecided=_flag(table, "allow-undecided", shown, problems),
        require_baseline=_flag(table, "require-baseline", shown, problems),
        baselines=_baselines(table.get("baseline", []), shown, problems),
    )
    if problems:
        raise together(problems)
    return rules


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
                found = _over(found, limit_of(threshold, table[threshold.key], of=of, step=step))
            except UsageError as error:
                problems.append(error)
    return found


def _variant(value: object, shown: str, problems: list[UsageError]) -> Variant | None:
    if value is None:
        return None
    if isinstance(value, str) and value in tuple(Variant):
        return Variant(value)
    problems.append(UsageError(f"{shown}: [{TABLE}] variant is {_kind(value)}; expected {' or '.join(Variant)}"))
    return None


def _flag(table: Mapping[str, Any], key: str, shown: str, problems: list[UsageError]) -> bool | None:
    value = table.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.append(UsageError(f"{shown}: [{TABLE}] {key} is {_kind(value)}; expected true or false"))
    return None


def _baselines(value: object, shown: str, problems: list[UsageError]) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list) and all(isinstance(item, str) and item.strip() for item in listed):
        return tuple(listed)
    problems.append(
        UsageError(f"{shown}: [{TABLE}] baseline is {_kind(value)}; expected a run's path or id, or a list of them")
    )
    return ()


def _kind(value: object) -> str:
    """What a value is, for a message."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value!r}" if len(value) <= 40 else "a long text"
        case int() | float() | Decimal():
            return f"the number {value}"
        case dict():
            return "a table"
        case list():
            return "a list"
    return f"a {type(value).__name__}"


def _over(limits: Limits, others: Limits) -> Limits:
    """Limits with others over them."""
    said = {item.name: getattr(others, item.name) for item in fields(Limits)}
    return replace(limits, **{name: value for name, value in said.items() if value is not None})
