"""The commands as a user types them: what they print where, how they end, and what they keep."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from profiler.model import Run, Variant
from profiler.store import load_run
from tests.integration.conftest import shop_in
from tests.integration.place import Ended, Place
from tests.integration.within import paredown_within


@pytest.fixture(scope="module")
def on_a_terminal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, str]:
    """The job `shop`, decomposed, one task at a time; and what its progress on a terminal looked like."""
    shop = shop_in(tmp_path_factory.mktemp("terminal"))
    ours, theirs = pty.openpty()
    command = ("run", "job.py", "--variant", "decomposed", "--shards", "4", "--jobs", "1")
    started = shop.start(*command, stderr=theirs, environment={"TERM": "xterm"})
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # The other end is closed: what a terminal says at its end.
    os.close(ours)
    ended = started.end()
    assert ended.code == 0, ended.said
    return ended, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


def imported(place: Place, *arguments: str) -> str:
    """Which heavy libraries a harness that runs this has imported, and how it ended."""
    code = (
        f"import sys\nfrom profiler.cli.main import main\ncode = main({['run', *arguments]!r})\n"
        "heavy = {'pandas', 'duckdb', 'sklearn', 'numpy', 'joblib', 'scipy', 'memory_profiler'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy), 'code:', code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, capture_output=True, check=True, timeout=120)
    return (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, str]:
    """The job `shop`, decomposed, with `--cold`; and what its harness has imported."""
    shop = shop_in(tmp_path_factory.mktemp("cold"))
    said = imported(shop, "job.py", "--variant", "decomposed", "--shards", "2", "--jobs", "1", "--cold")
    return load_run("last", folder=shop.workspace), said


def test_init_writes_an_example_that_runs_and_is_the_same_both_ways(place: Place) -> None:
    first = paredown_within(place, "init")
    assert (first.code, first.err) == (0, ""), first.said
    assert "next: paredown run job.py" in first.out
    assert "in CI: paredown run job.py --repeat 5, then paredown check" in first.out
    again = paredown_within(place, "init")
    assert again.code == 2, again.said
    assert "job.py" in again.err
    assert "--force" in again.err
    ended = paredown_within(place, "run", "job.py", "--param", "rows=2000", "shops=5", "--shards", "1")
    assert ended.code == 0, ended.said
    assert ended.run.comparison is not None
    assert (ended.run.comparison.equal, ended.run.comparison.rows) == (True, 5)


def test_init_around_a_script_writes_a_job_that_runs(place: Place) -> None:
    place.write("it's train.py", "print('trained')\n")
    ended = paredown_within(place, "init", "it's train.py", "-o", "jobs.py")
    assert ended.code == 0, ended.said
    assert "#     paredown run jobs.py --repeat 5\n#     paredown check\n" in (place.folder / "jobs.py").read_text()
    ran = paredown_within(place, "run", "jobs.py")
    assert ran.code == 0, ran.said
    assert ran.run.measurements[0].outcome.ok
    assert paredown_within(place, "init", "gone.py").code == 2


def test_plan_shows_what_would_run_and_runs_nothing(shop: Place) -> None:
    ended = paredown_within(shop, "plan", "job.py", "--shards", "3", SHOP_WAIT=str(shop.folder / "gate"))
    assert (ended.code, ended.err) == (0, ""), ended.said
    for words in ("4 files", "2,400 rows", "Shards  3", "Monolith", "Decomposed", "up to 3 tasks", "paredown run",
                  "Cost per customer, service and day.", "per group of customer, service"):  # fmt: skip
        assert words in ended.out, ended.said
    assert not (shop.folder / "gate.reached").exists()
    assert not list((shop.workspace / "runs").glob("*"))


@pytest.mark.parametrize(("variant", "step", "line"), [
    (None, "train", 'history = daily[daily["day"] < cutoff["day"]]'),
    ("decomposed", "predict", "wait_as_told()"),
])  # fmt: skip
def test_lines_shows_a_steps_memory_line_by_line_and_keeps_no_run(
    shop: Place, variant: str | None, step: str, line: str
) -> None:
    chosen = ("--variant", variant) if variant else ()
    ended = paredown_within(shop, "run", "job.py", "--lines", step, "--shards", "1", *chosen)
    assert (ended.code, ended.err) == (0, ""), ended.said
    assert "Mem usage" in ended.out
    assert line in ended.out
    assert "Instrumented" in ended.out
    assert f"({variant or 'monolith'}" in ended.out
    assert not list((shop.workspace / "runs").glob("*"))
    assert not [path for path in (shop.workspace / "work").iterdir() if path.name.startswith("lines")]


def test_lines_of_a_query_or_of_a_failing_step_are_told(shop: Place) -> None:
    query = paredown_within(shop, "run", "job.py", "--variant", "decomposed", "--lines", "daily")
    assert query.code == 2, query.said
    assert "only the lines of a Python function can be shown" in query.err
    shop.write(
        "job.py",
        (shop.folder / "job.py").read_text().replace("    history = ", '    raise ValueError("no")\n    history = '),
    )
    failing = paredown_within(shop, "run", "job.py", "--lines", "predict")
    assert failing.code == 2, failing.said
    assert "ValueError: no" in failing.err
    assert "step 'train'" in failing.err


def test_cold_gives_every_task_its_own_sandbox(cold: tuple[Run, str], on_a_terminal: tuple[Ended, str]) -> None:
    assert len(cold[0].measurements) == 6
    assert all(item.init_ns > 0 for item in cold[0].measurements)
    warm = on_a_terminal[0].run
    assert [item.init_ns > 0 for item in warm.measurements if item.step == "train"] == [True, False, False, False]


THREADS = """
import os
from profiler import Job, step
def look():
    print(os.environ.get("OMP_NUM_THREADS"), os.environ.get("OPENBLAS_NUM_THREADS"))
    raise ValueError(os.environ.get("OMP_NUM_THREADS"))
job = Job(name="threads", monolith=[step(look)], decomposed=[step(look)], answer_key="a")
"""


@pytest.mark.parametrize(("option", "monolith", "task"), [((), "None", "1"), (("--threads", "3"), "3", "3")])
def test_threads_of_numeric_libraries_are_pinned(
    place: Place, option: tuple[str, ...], monolith: str, task: str
) -> None:
    place.write("job.py", THREADS)
    ended = paredown_within(place, "run", "job.py", *option)
    assert ended.code == 1, ended.said
    said = {item.variant: item.outcome.message for item in ended.run.measurements}
    assert said == {Variant.MONOLITH: f"ValueError: {monolith}", Variant.DECOMPOSED: f"ValueError: {task}"}
    assert ended.run.measurements[0].outcome.output_tail == f"{monolith} {monolith}\n"


def test_jobs_at_a_time_are_as_many_as_asked_for(on_a_terminal: tuple[Ended, str]) -> None:
    one = on_a_terminal[0].run
    predict = sorted((item.started_ns, item.wall_ns) for item in one.measurements if item.step == "predict")
    assert len(predict) == 4
    assert all(start + wall <= after for (start, wall), (after, _) in pairwise(predict))


def test_what_a_step_prints_is_not_in_our_output(place: Place) -> None:
    place.write(
        "job.py",
        "import sys\nfrom profiler import Job, step\nprint('at import')\n"
        "def loud():\n    print('x' * 3_000_000)\n    print('so loud', file=sys.stderr)\n    return 1\n"
        "job = Job(name='loud', monolith=[step(loud)])\n",
    )
    ended = place.paredown("run", "job.py")
    assert (ended.code, ended.err) == (0, ""), ended.said
    assert "xxx" not in ended.out
    assert "at import" not in ended.out
    assert "so loud" not in ended.out


def test_a_failed_step_is_shown_with_its_traceback_and_its_last_words(place: Place) -> None:
    place.write(
        "job.py",
        "from profiler import Job, step\n"
        "def loud():\n    print('\\x1b[31mlast words\\x1b[0m')\n    return {}['disk']\n"
        "job = Job(name='loud', monolith=[step(loud)])\n",
    )
    ended = paredown_within(place, "run", "job.py")
    assert (ended.code, ended.err) == (1, ""), ended.said
    assert "return {}['disk']" in ended.out
    assert "KeyError: 'disk'" in ended.out
    assert "last words" in ended.out
    assert "\x1b" not in ended.out
    assert "profiler/sandbox" not in ended.out


def test_the_harness_imports_no_pandas_duckdb_or_scikit_learn(cold: tuple[Run, str], place: Place) -> None:
    assert "heavy: [] code: 0" in cold[1]
    place.write("train.py", "print(1)\n")
    assert "heavy: [] code: 0" in imported(place, "train.py")


def test_progress_is_on_a_terminal_and_nowhere_else(
    on_a_terminal: tuple[Ended, str], measured_shop: tuple[Place, Ended]
) -> None:
    assert "decomposed" in on_a_terminal[1]
    assert "elapsed" in on_a_terminal[1]
    assert measured_shop[1].err == ""


def test_a_reader_that_goes_away_is_no_bug(measured_shop: tuple[Place, Ended]) -> None:
    place, _ = measured_shop
    started = place.start("report", "last", "--format", "json")
    assert started.process.stdout is not None
    started.process.stdout.close()
    started.process.stdout = None
    _, err = started.process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert started.process.returncode in (0, 141)


def test_output_into_a_file_is_whole_and_never_overwrites(measured_shop: tuple[Place, Ended], tmp_path: Path) -> None:
    place, ended = measured_shop
    target = tmp_path / "report.json"
    arguments = ("report", ended.run.path, "--format", "json", "-o", str(target))
    assert paredown_within(place, *arguments).code == 0
    assert json.loads(target.read_text())["job"]
    again = paredown_within(place, *arguments)
    assert again.code == 2, again.said
    assert paredown_within(place, *arguments, "--force").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_shards_of_a_run_are_said(measured_shop: tuple[Place, Ended]) -> None:
    _, ended = measured_shop
    assert "3: as asked for" in ended.out
    tasks = {item.step: 0 for item in ended.run.of(Variant.DECOMPOSED)}
    for item in ended.run.of(Variant.DECOMPOSED):
        tasks[item.step] += 1
    assert tasks == {"daily": 1, "cutoff": 1, "train": 3, "predict": 3}


def test_a_finished_run_leaves_its_answers_and_nothing_else(measured_shop: tuple[Place, Ended]) -> None:
    place, ended = measured_shop
    work = place.workspace / "work" / ended.run.id
    assert sorted(path.name for path in work.iterdir()) == ["answers"]
    assert sorted(path.name for path in (work / "answers").iterdir()) == ["decomposed.parquet", "monolith.parquet"]
    assert (place.workspace / ".gitignore").read_text() == "*\n"
