"""Running a job from its file to a finished run: plan, make data, measure, compare, keep.

The spine of `paredown run` and of `profiler.run`. Everything here is slow and touches the machine; what is made of
the run afterwards is pure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import profiler
from profiler import mirror
from profiler.errors import JobFileError
from profiler.model import AUTO, Plan, PlannedStep, Run, Variant
from profiler.runner import lines
from profiler.runner.control import Control, Stopped
from profiler.runner.lines import LineView
from profiler.runner.progress import Progress
from profiler.runner.tasks import close_idle
from profiler.session.earlier import expected
from profiler.session.engines import reach, ready
from profiler.session.measuring import Session, setting_of, settings_of
from profiler.session.options import Options
from profiler.session.script_input import the_same_input
from profiler.session.sharding import sized
from profiler.session.stopping import Stop
from profiler.work import MakePlan, Planned

__all__ = ["Options", "plan_job", "run_job", "run_script", "view_lines"]


@contextmanager
def planning(
    file: str, options: Options, progress: Progress, stopping: Callable[[], bool]
) -> Iterator[tuple[Planned, Control]]:
    """Plan a job in a child of its own, which stays for more orders while the context lasts."""
    workspace = options.workspace
    folder = workspace.prepare(f"planning-{os.getpid()}")
    workspace.sweep()
    try:
        with Control(folder, options.environment, job_folder=os.path.dirname(file)) as control:
            progress.step("planning", Path(file).stem, 1)
            yield control.carry_out(_order(file, options), file, stopping=stopping), control
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        workspace.leave()


def _order(file: str, options: Options) -> MakePlan:
    return MakePlan(
        file=file,
        inputs=dict(options.inputs),
        params=dict(options.params),
        shards=None if options.shards == AUTO else options.shards,
        data_folder=options.workspace.data_folder,
    )


def plan_job(file: str, options: Options) -> Planned:
    """Check a job and say what would run; nothing runs, and no data are made.

    Raises:
        DeclarationError, JobFileError, InputError: With everything that is wrong.
    """
    with Progress(visible=False) as progress, planning(file, options, progress, lambda: False) as (planned, control):
        return sized(planned, options, control, progress, lambda: False)


def run_job(file: str, options: Options, *, executor: Executor | None = None) -> Run:
    """Measure a job's variants, compare their answers, keep the run.

    Args:
        file: The job file, absolute.
        options: What to measure, and how.
        executor: Where decomposed tasks run; None: as `options.engine` says.

    Returns:
        The run as kept; `ended` is False where it was interrupted.
    """
    options.workspace.check()
    if options.resume or options.against:
        mirror.to_read(options.workspace.name)  # They may have been begun elsewhere.
    with Stop(options.workspace) as stop:
        with Progress(visible=options.progress) as progress, ExitStack() as opened:
            engine = reach(options, executor, stop, opened)
            try:
                plan = _plan(file, options, progress, stop)
            except Stopped:
                raise KeyboardInterrupt from None
            engine = ready(engine, plan, options, opened)
            progress.expected_ns = expected(plan, options)
            session = Session.begin(plan, options, stop, progress, engine)
            session.measure(engine)
        return session.load()


def view_lines(file: str, name: str, options: Options) -> LineView:
    """Repeat one step of a job under memory-profiler's line view; the steps before it run unmeasured.

    Raises:
        UsageError: If no variant has such a step, or the step is no Python function.
    """
    with Stop(options.workspace) as stop, Progress(visible=options.progress) as progress:
        try:
            plan = _plan(file, options, progress, stop)
            variant, step = lines.find_step(plan, name, options.variants)
            workspace = options.workspace
            folder = workspace.prepare(f"lines-{os.getpid()}")
            try:
                setting = setting_of(plan, settings_of(plan, options), folder, stop, options.environment)
                if variant is Variant.MONOLITH:
                    return lines.of_monolith(setting, step, progress, stop.requested)
                return lines.of_decomposed(setting, step, progress, stop.requested)
            finally:
                close_idle()
                shutil.rmtree(folder, ignore_errors=True)
        except Stopped:
            raise KeyboardInterrupt from None


def run_script(file: str, options: Options) -> Run:
    """Measure a plain script as it stands: a monolith of one step, or of the steps that it marks.

    Its arguments are `options.script_args`; its standard input, output and error are this process's. Where it is
    repeated, the first repetition that fails is the last.
    """
    path = Path(file).absolute()
    _refuse_other_profiler(path)
    step = PlannedStep(name=path.name, kind="script", reads=(), file=str(path), args=options.script_args, argv0=file)
    plan = Plan(
        job=path.stem,
        file=str(path),
        inputs=(),
        monolith=(step,),
        decomposed=(),
        params={},
        shards=1,
        shards_reason="a script is one task",
        code={str(path): hashlib.sha256(path.read_bytes()).hexdigest()},
    )
    with Stop(options.workspace) as stop, the_same_input(options.repeats or 1) as before_each:
        session = Session.begin(plan, options, stop, Progress(visible=False))
        session.measure(None, before_each)
        return session.load()


def _refuse_other_profiler(script: Path) -> None:
    """A script beside a `profiler.py` means that one by `import profiler`, and would get paredown's."""
    for path in (script.parent / "profiler.py", script.parent / "profiler" / "__init__.py"):
        if path.is_file() and not path.samefile(profiler.__file__):
            raise JobFileError(
                f"{path}: has the name of paredown's own package, so 'import profiler' beside it is ambiguous",
                hint="give the file another name",
            )


def _plan(file: str, options: Options, progress: Progress, stop: Stop) -> Plan:
    """Plan a job; data that are missing are made first, then it is planned again with them."""
    with planning(file, options, progress, stop.requested) as (planned, control):
        planned = sized(planned, options, control, progress, stop.requested)
        if planned.to_make:
            for making in planned.to_make:
                progress.step("making data", making.name, 1)
                control.carry_out(
                    making, f"making input {making.name!r}", stopping=stop.requested, on_memory=progress.memory
                )
            planned = control.carry_out(_order(file, options), file, stopping=stop.requested)
            planned = sized(planned, options, control, progress, stop.requested)
    plan: Plan = planned.plan
    return plan
