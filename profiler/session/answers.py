"""The answers of a run: collected, compared and scored, each in a sandbox, since users' code and data take part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from profiler.model import Answer, Comparison, Measurement, Plan, Score, Variant
from profiler.runner.control import Control
from profiler.runner.progress import Progress
from profiler.work import CollectAnswer, CompareAnswers, ScoreAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is done with answers, for one run."""

    plan: Plan
    folder: Path
    environment: Mapping[str, str]
    progress: Progress
    stopping: Callable[[], bool]

    def _control(self) -> Control:
        return Control(self.folder, self.environment, job_folder=os.path.dirname(self.plan.file))

    def collect(
        self, variant: Variant, files: tuple[str, ...], target: str, measurements: tuple[Measurement, ...]
    ) -> tuple[Answer | None, str]:
        """A variant's last files as its one answer; or why they are none."""
        order = CollectAnswer(
            variant=variant,
            files=files,
            target=target,
            answer_key=self.plan.answer_key,
            request=self.plan.request,
        )
        self.progress.step(variant, "collecting the answer", 1)
        with self._control() as control:
            outcome, answer = control.attempt(order)
        if not outcome.ok:
            return None, outcome.message
        return replace(answer, groups=_groups(measurements)), ""

    def compare(self, answers: Mapping[Variant, Answer], wanted: tuple[Variant, ...]) -> Comparison:
        """Hold both answers against each other; where one is missing, say why.

        Raises:
            Stopped: If `stopping` said so.
        """
        missing = [variant for variant in Variant if variant not in answers]
        if missing:
            failed = [variant for variant in missing if variant in wanted]
            why = "did not end well" if failed else "was not run"
            return Comparison(equal=None, reason=f"the {' and the '.join(failed or missing)} variant {why}")
        self.progress.step("comparing", "the answers", 1)
        order = CompareAnswers(
            monolith=answers[Variant.MONOLITH].path,
            decomposed=answers[Variant.DECOMPOSED].path,
            key=self.plan.answer_key,
            tolerance=self.plan.tolerance,
        )
        with self._control() as control:
            outcome, comparison = control.attempt(order, stopping=self.stopping)
        if not outcome.ok:
            return Comparison(equal=None, reason=f"the answers cannot be compared: {outcome.message}")
        result: Comparison = comparison
        return result

    def score(self, answer: Answer) -> Score:
        """What the job's own `score` says of an answer.

        Raises:
            Stopped: If `stopping` said so.
        """
        assert self.plan.score is not None
        self.progress.step("scoring", answer.variant.value, 1)
        order = ScoreAnswer(variant=answer.variant, answer=answer.path, function=self.plan.score)
        with self._control() as control:
            outcome, score = control.attempt(order, stopping=self.stopping)
        if not outcome.ok:
            return Score(variant=answer.variant, values={}, problem=outcome.traceback or outcome.message)
        result: Score = score
        return result


def _groups(measurements: tuple[Measurement, ...]) -> int | None:
    """Most groups that one step handled, over all its tasks; None where no step goes by group."""
    totals: dict[str, int] = {}
    for item in measurements:
        if item.groups is not None:
            totals[item.step] = totals.get(item.step, 0) + item.groups
    return max(totals.values(), default=None)
