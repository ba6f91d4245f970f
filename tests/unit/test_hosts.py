"""Which hosts ran a run's tasks, how alike they are, and what a report says of their times."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from profiler.hosts import Trait, hosts_of, kinds
from profiler.model import Ending, Machine, Measurement, Repetition, Run, Variant
from profiler.report import render
from profiler.units import MIB, NS_PER_S
from tests.factories import a_machine, a_measurement, a_run, ended
from tests.reports import a_report
from tests.sample_runs import a_fitting_run, a_run_on_two_hosts

MONOLITH = {"variant": Variant.MONOLITH, "step": "daily_cost"}


def a_host(name: str, **changes: Any) -> Machine:
    """As the harness's own, and as Linux describes it."""
    return a_machine(host=name, clock_mhz=2_600, **changes)


def measured(*hosts: str, machines: tuple[Machine, ...] = (), **changes: Any) -> Run:
    """A run whose decomposed variant had one task on each of these hosts, and its monolith where the harness is."""
    tasks = [a_measurement(index=index, host=host) for index, host in enumerate(hosts)]
    return a_run(machine=a_host("harness"), hosts=machines, measurements=(a_measurement(**MONOLITH), *tasks), **changes)


def lost(**changes: Any) -> Measurement:
    """A task that an engine lost."""
    return a_measurement(outcome=ended(Ending.LOST, "worker 7 is gone"), **changes)


# --- values ---------------------------------------------------------------------------------------------------------


def test_a_run_of_one_host_has_nothing_to_say() -> None:
    assert hosts_of(measured("", "")) is None
    assert hosts_of(replace(measured("", ""), hosts=(a_host("node-1"),))) is None


def test_each_host_has_its_tasks_the_own_one_first_then_by_their_number() -> None:
    hosts = hosts_of(measured("node-1", "node-2", "", "node-2", machines=(a_host("node-2"), a_host("node-1"))))
    assert hosts is not None
    assert [(host.name, host.here, dict(host.tasks)) for host in hosts.each] == [
        ("harness", True, {"monolith": 1, "decomposed": 1}),
        ("node-2", False, {"decomposed": 2}),
        ("node-1", False, {"decomposed": 1}),
    ]
    assert hosts.each[1].cpu_ns == {
        "decomposed": 2 * NS_PER_S
    }  # Each has an init of half a second, which is in no step's time either.
    assert [host.name for host in hosts.of(Variant.MONOLITH)] == ["harness"]
    assert hosts.same_speed


@pytest.mark.parametrize(
    ("changes", "unlike", "same_speed"),
    [
        pytest.param({}, (), True, id="all the same"),
        pytest.param({"cpu_model": "another"}, (Trait.PROCESSOR,), False, id="another processor"),
        pytest.param({"cores": 4}, (Trait.CORES,), False, id="more cores"),
        pytest.param({"clock_mhz": 3_000}, (Trait.CLOCK,), False, id="a faster clock"),
        pytest.param({"clock_mhz": 2_599}, (), True, id="a clock that wavers"),
        pytest.param({"clock_mhz": None}, (), True, id="a clock that nobody knows"),
        pytest.param({"memory_bytes": 8 * 1024 * MIB}, (Trait.MEMORY,), True, id="less memory"),
        pytest.param({"memory_bytes": 24 * 1024 * MIB - 90 * MIB}, (), True, id="memory that the system took"),
        pytest.param({"system": "Linux 7.0", "python": "3.11.9"}, (), True, id="another kernel"),
    ],
)
def test_in_what_hosts_are_unlike(changes: dict[str, Any], unlike: tuple[Trait, ...], same_speed: bool) -> None:
    hosts = hosts_of(measured("node-1", machines=(replace(a_host("node-1"), **changes),)))
    assert hosts is not None
    assert (hosts.unlike, hosts.same_speed) == (unlike, same_speed)


def test_a_host_that_no_engine_described_is_not_known_and_no_elapsed_time_is_compared() -> None:
    hosts = hosts_of(measured("node-1", "node-9", machines=(a_host("node-1"),)))
    assert hosts is not None
    assert [host.name for host in hosts.unknown] == ["node-9"]
    assert hosts.unlike == ()
    assert not hosts.same_speed


def test_a_lost_task_counts_for_no_host_unless_it_says_which() -> None:
    run = measured("node-1", machines=(a_host("node-1"),))
    hosts = hosts_of(
        replace(run, measurements=(*run.measurements, lost(index=1), lost(index=2), lost(index=3, host="node-1")))
    )
    assert hosts is not None
    assert hosts.lost == 2
    assert {host.name: sum(host.tasks.values()) for host in hosts.each} == {"harness": 1, "node-1": 2}


def test_the_kinds_of_machine_that_ran_a_variant_in_any_repetition() -> None:
    epyc = a_host("node-2", cpu_model="EPYC", cores=4)
    run = measured("node-1", machines=(a_host("node-1"), epyc))
    assert kinds(run, Variant.MONOLITH) == {("a processor", 2)}
    assert kinds(run, Variant.DECOMPOSED) == {("a processor", 2)}
    tasks = run.of(Variant.DECOMPOSED)
    other = Repetition(variant=Variant.DECOMPOSED, repeat=1, measurements=(replace(tasks[0], host="node-2", repeat=1),))
    repeated = replace(run, repetitions=(Repetition(variant=Variant.DECOMPOSED, repeat=0, measurements=tasks), other))
    assert kinds(repeated, Variant.DECOMPOSED) == {("a processor", 2), ("EPYC", 4)}
    assert kinds(replace(repeated, hosts=()), Variant.DECOMPOSED) is None


# --- text -----------------------------------------------------------------------------------------------------------


def notes(run: Run) -> tuple[str, ...]:
    """What a report says below the table of hosts."""
    section = a_report(run).hosts_section
    assert section is not None
    return section.notes


ONLY_CPU = "times are compared through CPU seconds only, and elapsed times not at all"


def test_a_report_of_one_host_has_no_section_of_hosts() -> None:
    report = a_report(a_fitting_run())
    assert report.hosts is None
    assert report.hosts_section is None
    assert "time on this machine" in render(report)
    assert json.loads(render(report, "json"))["hosts"] is None


@pytest.mark.parametrize(
    ("machines", "said"),
    [
        pytest.param(
            (a_host("node-1"), a_host("node-2")),
            ("The hosts are alike in processor, cores, clock and memory.",),
            id="alike",
        ),
        pytest.param(
            (a_host("node-1"), a_host("node-2", cores=4)), (f"The hosts differ in cores: {ONLY_CPU}.",), id="unlike"
        ),
        pytest.param(
            (a_host("node-1"), a_host("node-2", memory_bytes=MIB)),
            ("The hosts differ in memory, which changes no time.",),
            id="unlike in memory alone",
        ),
        pytest.param(
            (a_host("node-1", cpu_model="another"),),
            (f"The machine of node-2 is not known: {ONLY_CPU}.", "The others differ in processor."),
            id="one unknown",
        ),
        pytest.param((), (f"The machines of node-1 and node-2 are not known: {ONLY_CPU}.",), id="both unknown"),
    ],
)
def test_what_is_said_of_hosts(machines: tuple[Machine, ...], said: tuple[str, ...]) -> None:
    assert notes(measured("node-1", "node-2", machines=machines)) == said


def test_without_any_clock_none_is_called_alike() -> None:
    run = measured("node-1", machines=(replace(a_host("node-1"), clock_mhz=None),))
    run = replace(run, machine=replace(run.machine, clock_mhz=None))
    assert notes(run) == ("The hosts are alike in processor, cores and memory.",)


def test_lost_tasks_are_told() -> None:
    run = measured("node-1", machines=(a_host("node-1"),))
    assert notes(replace(run, measurements=(*run.measurements, lost(index=1))))[-1] == (
        "1 task was lost, nobody knows on which host."
    )


def test_many_hosts_are_not_all_in_the_table_but_in_the_json() -> None:
    names = [f"node-{number}" for number in range(200)]
    run = measured(*names)
    report = a_report(run)
    assert report.hosts_section is not None
    assert len(report.hosts_section.steps.rows) == 12
    assert notes(run)[0] == "189 more hosts ran 189 tasks; --format json has them all."
    assert "The machines of node-0, node-1, node-10 and 197 more are not known" in notes(run)[1]
    assert len(json.loads(render(report, "json"))["hosts"]["each"]) == 201


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json"])
def test_each_format_has_the_hosts(format: str) -> None:  # noqa: A002 - the word of the command line
    text = " ".join(render(a_report(a_run_on_two_hosts()), format, width=140).split())
    assert "AMD EPYC 7R13 Processor" in text
    assert "node-2" in text
    assert ONLY_CPU in text or '"elapsed_comparable": false' in text


def test_elapsed_times_of_unlike_hosts_are_shown_and_not_compared() -> None:
    run = a_run_on_two_hosts()
    (unlike,) = [row for row in a_report(run).totals.rows if row.cells[0].text == "time as measured"]
    assert [cell.text for cell in unlike.cells[1:]] == ["3 min 4 s", "41 s, 2 hosts", ""]
    same = replace(run, hosts=tuple(replace(run.machine, host=name) for name in ("node-1", "node-2")))
    (alike,) = [row for row in a_report(same).totals.rows if row.cells[0].text == "time as measured"]
    assert alike.cells[-1].text == "4.5 ×"


def test_a_hosts_name_cannot_steer_a_terminal() -> None:
    run = measured("node\x1b[31m\n1", machines=())
    assert "\x1b" not in render(a_report(run))
    assert "\x1b" not in render(a_report(run), "json")


@pytest.mark.parametrize(
    ("engine", "scheduler", "title", "settings"),
    [
        ("local", "", "Decomposed: 20 shards of whole groups, 2 at a time here", "2 tasks at a time; "),
        ("dask", "", "Decomposed: 20 shards of whole groups, 2 at a time on dask", "2 tasks at a time on dask; "),
        (
            "dask",
            "tcp://a:1",
            "Decomposed: 20 shards of whole groups, 2 at a time on dask as it was at first",
            "2 tasks at a time on dask as it was at first; ",
        ),
        ("MyExecutor", "", "Decomposed: 20 shards of whole groups, on MyExecutor", "on MyExecutor; "),
    ],
)
def test_of_somebodys_own_executor_nobody_says_how_many_tasks_it_runs_at_a_time(
    engine: str, scheduler: str, title: str, settings: str
) -> None:
    run = a_fitting_run()
    report = a_report(replace(run, settings=replace(run.settings, engine=engine, scheduler=scheduler)))
    assert report.sections[1].title == title
    assert next(item.text for item in report.basis if item.label == "settings").startswith(settings)
