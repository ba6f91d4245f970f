"""Ctrl-C, kill -9 and --resume: no process stays, what was measured stays, and only what is missing is done."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import duckdb
import pytest

from profiler.model import Ending, Run, Variant, VariantEnd
from profiler.runner.progress import Progress
from profiler.runner.workspace import Workspace
from profiler.session.measuring import Session
from profiler.session.options import Options
from profiler.session.stopping import Stop
from profiler.store import Recorder, load_run
from tests.factories import a_plan, a_run, the_settings
from tests.integration.place import Place, alive, wait_until


def rows_of(run: Run, variant: Variant) -> list[tuple[object, ...]]:
    """A variant's answer, sorted."""
    (answer,) = [item for item in run.answers if item.variant is variant]
    return duckdb.sql(f"SELECT * FROM '{answer.path}' ORDER BY ALL").fetchall()


def held(shop: Place, after: int, *arguments: str):
    """Start the decomposed variant, and wait until so many of its last step's tasks hold on."""
    gate = shop.write("gate", "")
    reached = Path(f"{gate}.reached")
    started = shop.start(
        "run", "job.py", "--variant", "decomposed", "--shards", "4", "--jobs", "1", *arguments,
        environment={"SHOP_WAIT": str(gate)},
    )  # fmt: skip
    wait_until(
        lambda: reached.exists() and reached.stat().st_size >= after, "predict did not begin", process=started.process
    )
    return started, gate


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The job `shop`, interrupted by Ctrl-C in its last step's first task."""
    from tests.integration.conftest import shop_in

    shop = shop_in(tmp_path_factory.mktemp("interrupted"))
    started, gate = held(shop, 1)
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    gate.unlink()
    shop.write("said.txt", ended.out + ended.err)
    return shop


@pytest.fixture
def again(interrupted: Place, tmp_path: Path) -> Place:
    """The interrupted job as it was left, under its own path, and put back afterwards."""
    kept = tmp_path / "kept"
    shutil.copytree(interrupted.folder, kept)
    yield interrupted
    shutil.rmtree(interrupted.folder)
    shutil.copytree(kept, interrupted.folder)


def test_ctrl_c_keeps_what_was_measured_and_says_how_to_go_on(interrupted: Place) -> None:
    run = load_run("last", folder=interrupted.workspace)
    assert not run.ended
    endings = {step: [item.outcome.ending for item in run.measurements if item.step == step] for step in
               ("daily", "cutoff", "train", "predict")}  # fmt: skip
    assert endings["daily"] == endings["cutoff"] == [Ending.OK]
    assert endings["train"] == [Ending.OK] * 4
    assert endings["predict"][0] is Ending.STOPPED
    said = " ".join((interrupted.folder / "said.txt").read_text().split())
    assert "--resume" in said
    assert "Traceback" not in said
    shown = interrupted.paredown("report")
    assert shown.code == 0, shown.said


def test_resume_does_only_what_is_missing_and_gives_the_same_answer(again: Place) -> None:
    before = {(item.step, item.index): item for item in load_run("last", folder=again.workspace).measurements}
    ended = again.paredown("run", "job.py", "--variant", "decomposed", "--shards", "4", "--resume")
    assert ended.code == 0, ended.said
    after = {(item.step, item.index): item for item in ended.run.measurements}
    for key, item in before.items():
        if item.outcome.ok:
            assert after[key] == item
    assert {key for key, item in after.items() if item.attempt > 1} == {
        key for key, item in before.items() if not item.outcome.ok
    }
    assert len(list((again.workspace / "runs").iterdir())) == 1
    fresh = again.paredown("run", "job.py", "--variant", "decomposed", "--shards", "2")
    assert rows_of(ended.run, Variant.DECOMPOSED) == rows_of(fresh.run, Variant.DECOMPOSED)
    third = again.paredown("run", "job.py", "--variant", "decomposed", "--shards", "2", "--resume")
    assert third.code == 2, third.said
    assert "came to its end; nothing is missing" in third.err


def test_elapsed_time_and_threads_of_a_resumed_run_go_on(tmp_path: Path) -> None:
    interrupted = VariantEnd(variant=Variant.DECOMPOSED, wall_ns=90_000_000_000, complete=False, reason="interrupted")
    settings = the_settings(monolith_threads=3)
    workspace = Workspace(tmp_path)
    session = Session(
        plan=a_plan(),
        options=Options(),
        workspace=workspace,
        run_id="run",
        recorder=Recorder(tmp_path / "run.jsonl"),
        stop=Stop(workspace),
        progress=Progress(visible=False),
        settings=settings,
        before=a_run(variants=(interrupted,)),
        started_ns=0,
    )
    session._repetition(Variant.DECOMPOSED, 0)._ended(0, "step 'train': it failed", ())
    end = json.loads((tmp_path / "run.jsonl").read_text())
    assert end["wall_ns"] >= 90_000_000_000, "two resumes are three stretches of time, each counted from its own begin"
    assert session.setting.pin_monolith == 3, "as the run began, whatever --threads says now"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("sql", "the code ("),
        ("code", "the code ("),
        ("input", "the input 'sales'"),
        ("shards", "the number of shards (4, now 5)"),
        ("new input", "the input 'sales'"),
    ],
)
def test_resume_is_refused_when_something_changed(again: Place, change: str, words: str) -> None:
    arguments = ["--shards", "5" if change == "shards" else "4"]
    match change:
        case "sql":
            (again.folder / "daily.sql").write_text((again.folder / "daily.sql").read_text() + "-- new\n")
        case "code":
            (again.folder / "job.py").write_text((again.folder / "job.py").read_text() + "# new\n")
        case "input":
            os.utime(again.folder / "data" / "sales-1.parquet", (1, 1))
        case "new input":
            shutil.copy(again.folder / "data" / "sales-1.parquet", again.folder / "data" / "sales-9.parquet")
    ended = again.paredown("run", "job.py", "--variant", "decomposed", *arguments, "--resume")
    assert ended.code == 2, ended.said
    assert "cannot be resumed: " in ended.err
    assert words in ended.err, ended.said
    assert " changed since" in ended.err
    assert "hint: measure again, without --resume" in ended.err


def test_resume_does_a_task_again_whose_files_are_gone(again: Place) -> None:
    run = load_run("last", folder=again.workspace)
    gone = next(item for item in run.measurements if item.step == "train" and item.index == 1)
    os.unlink(gone.files[0])
    ended = again.paredown("run", "job.py", "--variant", "decomposed", "--shards", "4", "--resume")
    assert ended.code == 0, ended.said
    attempts = {item.index: item.attempt for item in ended.run.measurements if item.step == "train"}
    assert attempts == {0: 1, 1: 2, 2: 1, 3: 1}


def test_a_killed_harness_leaves_no_process_and_its_run_can_be_shown_and_resumed(shop: Place) -> None:
    started, gate = held(shop, 1)
    assert alive(started.mark)
    started.process.send_signal(signal.SIGKILL)
    started.process.communicate()
    wait_until(lambda: not alive(started.mark), "something outlived the harness")
    gate.unlink()
    run = load_run("last", folder=shop.workspace)
    assert not run.ended
    assert [item.step for item in run.measurements] == ["daily", "cutoff", *["train"] * 4]
    shown = shop.paredown("report")
    assert shown.code == 0, shown.said
    ended = shop.paredown("run", "job.py", "--variant", "decomposed", "--shards", "4", "--resume")
    assert ended.code == 0, ended.said
    assert ended.run.ended
    assert len(ended.run.of(Variant.DECOMPOSED)) == 10
    assert not [path for path in shop.workspace.iterdir() if path.name.startswith("stop")]


def test_a_killed_keeper_is_a_lost_task_and_no_hang(shop: Place) -> None:
    started, gate = held(shop, 1)
    keeper = next(line for line in alive(started.mark) if "keeper.py" in line)
    os.kill(int(keeper.split(":")[0]), signal.SIGKILL)
    gate.unlink()
    ended = started.end()
    assert ended.code == 1, ended.said
    assert Ending.LOST in {item.outcome.ending for item in ended.run.measurements if item.step == "predict"}


HANGS = """
import os, time
from profiler import Job, step
def one():
    return 1
def hang(one):
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    open("reached", "w").close()
    time.sleep(600)
job = Job(name="hangs", monolith=[step(one), step(hang, reads="one")])
"""


def test_ctrl_c_stops_a_monolith_and_keeps_its_earlier_steps(place: Place) -> None:
    place.write("job.py", HANGS)
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    assert [item.outcome.ending for item in ended.run.measurements] == [Ending.OK, Ending.STOPPED]
    assert ended.run.measurements[1].peak.low > 0
    (place.folder / "job.py").write_text(HANGS)
    place.write("reached", "")


def test_a_resumed_monolith_starts_from_its_first_step(place: Place) -> None:
    place.write("job.py", HANGS.replace("time.sleep(600)\njob", "time.sleep(0 if os.path.exists('go') else 600)\njob"))
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    assert started.end().code == 130
    place.write("go", "")
    ended = place.paredown("run", "job.py", "--resume")
    assert ended.code == 0, ended.said
    assert [(item.step, item.outcome.ending) for item in ended.run.measurements] == [
        ("one", Ending.OK),
        ("hang", Ending.OK),
    ]


def test_a_second_ctrl_c_gives_up_at_once(place: Place) -> None:
    place.write("job.py", HANGS)
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    started.interrupt()
    assert started.end().code == 130


def test_ctrl_c_while_planning_ends_it_and_keeps_no_run(place: Place) -> None:
    place.write("job.py", "import time\nopen('reached', 'w').close()\ntime.sleep(600)\n" + HANGS)
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    assert "Traceback" not in ended.err
    assert not list((place.workspace / "runs").glob("*"))


def test_ctrl_c_while_data_are_made_leaves_none(place: Place) -> None:
    place.write(
        "job.py",
        "import time\nfrom profiler import Job, dataset, step\n"
        "def make(folder):\n    (folder / 'a.parquet').write_bytes(b'half')\n    open('reached', 'w').close()\n"
        "    time.sleep(600)\n"
        "def use(paths):\n    return 1\n"
        "job = Job(name='made', inputs={'a': dataset('x/*', make=make)}, monolith=[step(use, reads='a')])\n",
    )
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    assert "Traceback" not in ended.err
    left = [path for path in (place.workspace / "data").iterdir() if not path.name.endswith(".partial")]
    assert left == []


def test_a_timeout_ends_a_task_and_the_run_goes_on_to_its_end(shop: Place) -> None:
    gate = shop.write("gate", "")
    ended = shop.paredown(
        "run",
        "job.py",
        "--variant",
        "decomposed",
        "--shards",
        "2",
        "--timeout",
        "3",
        environment={"SHOP_WAIT": str(gate)},
    )
    assert ended.code == 1, ended.said
    last = [item.outcome for item in ended.run.measurements if item.step == "predict"]
    assert {item.ending for item in last} == {Ending.TIMED_OUT}
    assert last[0].message == "not done after 3 s, the timeout"
    assert ended.run.ended
