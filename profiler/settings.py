"""What a check asks for, as options and arguments say it; `settings_file` reads the same from a `pyproject.toml`.

Nothing here holds anything against it; `checking` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from profiler.errors import UsageError, together
from profiler.model import Variant
from profiler.pricing.amounts import exact_amount
from profiler.pricing.cost import as_decimal
from profiler.sizes import share, size_bytes


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
        return over(shared, own)

    def under(self, others: Rules) -> Rules:
        """These rules with others over them: what the others say holds, and these where they say nothing."""
        return Rules(
            whole=over(self.whole, others.whole),
            steps={
                name: over(self.steps.get(name, Limits()), others.steps.get(name, Limits()))
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
        raise UsageError(f"{of} is {kind(value)}; expected a number above 0")
    return as_decimal(exact_amount(value, unit, of=of))


THRESHOLDS = (
    Threshold(key="max-peak", name="max_peak_bytes", read=lambda value, of: size_bytes(value, of=of)),
    Threshold(key="max-gb-s", name="max_gb_s", read=_gb_s),
    Threshold(key="max-usd-per-request", name="max_usd_per_request", read=_usd, per_step=False),
    Threshold(key="max-regression", name="max_regression", read=lambda value, of: share(value, of=of)),
)


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


def kind(value: object) -> str:
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


def over(limits: Limits, others: Limits) -> Limits:
    """Limits with others over them."""
    said = {item.name: getattr(others, item.name) for item in fields(Limits)}
    return replace(limits, **{name: value for name, value in said.items() if value is not None})
