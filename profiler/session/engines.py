"""Which engine a run gets, and what has to be true of it before anything is measured.

None stands for threads of this process. An engine that is there already is looked at before the job is planned, since
planning may make data for an hour; a cluster of our own is started after it, with workers of the size that the plan
asks for.
"""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import ExitStack

from profiler.errors import UsageError
from profiler.model import Plan, Variant
from profiler.runner.engines.asking import client_of
from profiler.runner.engines.engine import Engine
from profiler.runner.machine import usable_cores
from profiler.session.options import Options
from profiler.session.stopping import Stop


def reach(options: Options, executor: Executor | None, stop: Stop, opened: ExitStack) -> Engine | None:
    """The engine that is there already, checked; whatever has to be closed again is put on `opened`.

    Raises:
        UsageError: If options do not go together, or Dask is not installed.
        EngineError: If a cluster cannot be reached, or its workers are not as they should be.
    """
    refuse_contradictions(options)
    if options.engine == "dask":
        from profiler.runner.engines import dask_engine, preflight

        preflight.require_dask()
        if options.scheduler is None:
            return None
        return opened.enter_context(dask_engine.existing_cluster(options.scheduler, options.workspace, stop.requested))
    if executor is None:
        return None
    client = client_of(executor)
    if client is not None:
        from profiler.runner.engines import dask_engine

        return opened.enter_context(dask_engine.checked(client, options.workspace, stop.requested, executor))
    engine = Engine(executor, workspace=options.workspace)
    opened.callback(engine.close)
    return engine


def refuse_contradictions(options: Options) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: With all of them.
    """
    problems = []
    if options.scheduler is not None and options.engine != "dask":
        problems.append("--scheduler is the address of a Dask scheduler, and needs --engine dask")
    if options.scheduler is not None and options.jobs is not None:
        problems.append("--jobs means nothing on an existing cluster: its workers say how many tasks run at a time")
    if options.engine == "dask" and Variant.DECOMPOSED not in options.variants:
        problems.append("--engine dask runs the decomposed variant's tasks, and --variant monolith leaves that out")
    if problems:
        raise UsageError(*problems)


def ready(engine: Engine | None, plan: Plan, options: Options, opened: ExitStack) -> Engine | None:
    """The engine for a plan: a cluster of our own is started, another one looks for the job's code.

    Raises:
        UsageError: If the job has nothing for a cluster to do.
        EngineError: If it cannot run the job.
    """
    if options.engine == "dask" and not plan.decomposed:
        raise UsageError(f"{plan.job}: has no decomposed variant, and --engine dask runs nothing else")
    if engine is None and options.engine == "dask":
        from profiler.runner.engines import dask_engine

        engine = opened.enter_context(dask_engine.own_cluster(plan, options.root, options.jobs or usable_cores()))
    if engine is not None:
        engine.prepare(plan)
        options.say(engine.says)
    return engine
