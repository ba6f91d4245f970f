"""Ctrl-C, kill -9 and --resume: no process stays, what was measured stays, and only what is missing is done."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from profiler.model import Ending, Variant, VariantEnd
from profiler.runner.progress import Progress
from profiler.runner.workspace import Workspace
from profiler.session.measuring import Session
from profiler.session.options import Options
from profiler.session.stopping import Stop
from profiler.store import Recorder, load_run
from tests.factories import a_plan, a_run, the_settings
from tests.integration.conftest import shop_answers_right, shop_in
from tests.integration.place import Place, Started, alive, wait_until
from tests.integration.within import paredown_within

RESUME = ("run", "job.py", "--variant", "decomposed", "--shards", "4", "--resume")


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The job `shop`, interrupted by Ctrl-C in its last step's first task."""
    shop = shop_in(tmp_path_factory.mktemp("interrupted"))
    gate = shop.write("gate", "")
    started = shop.start(*RESUME[:-1], "--jobs", "1", environment={"SHOP_WAIT": str(gate)})
    started.wait_for(Path(f"{gate}.reached"))
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
    shown = paredown_within(interrupted, "report")
    assert shown.code == 0, shown.said


def test_resume_does_only_what_is_missing_or_whose_files_are_gone_and_gives_the_same_answer(again: Place) -> None:
    before = {(item.step, item.index): item for item in load_run("last", folder=again.workspace).measurements}
    os.unlink(before["train", 1].files[0])
    ended = paredown_within(again, *RESUME)
    assert ended.code == 0, ended.said
    after = {(item.step, item.index): item for item in ended.run.measurements}
    missing = {("train", 1), *(key for key, item in before.items() if not item.outcome.ok)}
    for key, item in before.items():
        if key not in missing:
            assert after[key] == item
    assert {key: item.attempt for key, item in after.items() if item.attempt > 1} == dict.fromkeys(missing, 2)
    assert len(list((again.workspace / "runs").iterdir())) == 1
    shop_answers_right(again, ended.run)
    third = paredown_within(again, *RESUME)
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


def test_resume_is_refused_when_something_changed(again: Place) -> None:
    shutil.copy(again.folder / "data" / "sales-1.parquet", again.folder / "data" / "sales-9.parquet")
    refused = paredown_within(again, *RESUME)
    assert refused.code == 2, refused.said
    assert "cannot be resumed: the input 'sales' changed since" in refused.err
    assert "hint: resume it with the options that it was begun with, or measure again without --resume" in refused.err

    os.unlink(again.folder / "data" / "sales-9.parquet")
    os.utime(again.folder / "data" / "sales-1.parquet", (1, 1))
    (again.folder / "daily.sql").write_text((again.folder / "daily.sql").read_text() + "-- new\n")
    (again.folder / "job.py").write_text((again.folder / "job.py").read_text() + "# new\n")
    refused = paredown_within(again, *RESUME, "--shards", "5")
    assert refused.code == 2, refused.said
    assert re.search(
        r"cannot be resumed: the code \(\S*daily.sql, \S*job.py\); the input 'sales'; "
        r"the number of shards \(4, now 5\) changed since",
        refused.err,
    ), refused.said


def held(turns: Place, *options: str) -> Started:
    """The job `turns`, which holds on in its decomposed variant's second step."""
    turns.write("hold-E1", "")
    started = turns.start("run", "job.py", "--variant", "decomposed", *options)
    started.wait_for(turns.folder / "held-E1")
    return started


def test_a_killed_harness_leaves_no_process_and_its_run_can_be_shown_and_resumed(turns: Place) -> None:
    started = held(turns)
    assert alive(started.mark)
    started.process.send_signal(signal.SIGKILL)
    started.process.communicate()
    wait_until(lambda: not alive(started.mark), "something outlived the harness")
    (turns.folder / "hold-E1").unlink()
    run = load_run("last", folder=turns.workspace)
    assert not run.ended
    assert [item.step for item in run.measurements] == ["first"]
    shown = paredown_within(turns, "report")
    assert shown.code == 0, shown.said
    ended = paredown_within(turns, "run", "job.py", "--variant", "decomposed", "--resume")
    assert ended.code == 0, ended.said
    assert ended.run.ended
    attempts = [(item.step, item.attempt) for item in ended.run.of(Variant.DECOMPOSED)]
    assert attempts == [("first", 1), ("last", 2), ("answer", 1)]
    assert (turns.folder / "turns").read_text() == "DEE"
    assert "Tasks tried again: 1 of last; only the last attempt of each is counted." in " ".join(ended.out.split())
    assert not [path for path in turns.workspace.iterdir() if path.name.startswith("stop")]


def test_a_killed_keeper_is_a_lost_task_and_no_hang(turns: Place) -> None:
    started = held(turns)
    for line in alive(started.mark):
        if "keeper.py" in line:
            os.kill(int(line.split(":")[0]), signal.SIGKILL)
    (turns.folder / "hold-E1").unlink()
    ended = started.end()
    assert ended.code == 1, ended.said
    assert [item.outcome.ending for item in ended.run.measurements] == [Ending.OK, Ending.LOST]


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


def test_ctrl_c_stops_a_monolith_and_keeps_its_earlier_steps_and_resume_starts_from_the_first(place: Place) -> None:
    place.write("job.py", HANGS.replace("time.sleep(600)\njob", "time.sleep(0 if os.path.exists('go') else 600)\njob"))
    started = place.start("run", "job.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    ended = started.end()
    assert ended.code == 130, ended.said
    one, hang = ended.run.measurements
    assert (one.outcome.ending, hang.outcome.ending) == (Ending.OK, Ending.STOPPED)
    assert hang.peak.low > 0

    place.write("go", "")
    ended = paredown_within(place, "run", "job.py", "--resume")
    assert ended.code == 0, ended.said
    assert [(item.step, item.outcome.ending) for item in ended.run.measurements] == [
        ("one", Ending.OK),
        ("hang", Ending.OK),
    ]
    assert ended.run.measurements[0] != one, "a monolith is one process"


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


def test_a_timeout_ends_a_task_and_the_run_goes_on_to_its_end(turns: Place) -> None:
    turns.write("hold-E1", "")
    ended = paredown_within(turns, "run", "job.py", "--repeat", "2", "--timeout", "3")
    assert ended.code == 1, ended.said
    (last,) = [item.outcome for item in ended.run.measurements if item.step == "last"]
    assert (last.ending, last.message) == (Ending.TIMED_OUT, "not done after 3 s, the timeout")
    assert (turns.folder / "turns").read_text() == "MDEM"
    assert ended.run.ended
