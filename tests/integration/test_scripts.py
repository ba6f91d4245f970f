"""A plain script under paredown is what it is without us: arguments, streams, its end; and its marks are steps."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.model import Ending, Variant
from tests.integration.place import Ended, Place
from tests.integration.within import paredown_within


def plain(
    place: Place, *arguments: str, given: bytes = b"", name: str = "train.py"
) -> subprocess.CompletedProcess[bytes]:
    """What plain Python makes of the script."""
    return subprocess.run(
        [sys.executable, name, *arguments], cwd=place.folder, input=given, capture_output=True, timeout=60, check=False
    )


def measured(place: Place, *arguments: str, given: bytes = b"", name: str = "train.py") -> Ended:
    """What paredown makes of it."""
    return place.paredown("run", name, *(("--", *arguments) if arguments else ()), given=given)


def within(place: Place, said: pytest.CaptureFixture[str], name: str = "train.py") -> Ended:
    """What paredown makes of it, with the test's own process as its harness."""
    ended = paredown_within(place, "run", name)
    out, err = said.readouterr()  # The script's own; what the harness says of it comes afterwards.
    return replace(ended, out=out + ended.out, err=err + ended.err)


SHOWS = """
import os, sys
print(__name__, __file__, sys.argv, os.getcwd(), sys.path[0], __spec__, __doc__, __package__)
print(sorted(name for name in globals() if not name.startswith("__")), sys.flags.optimize, __builtins__.__name__)
print(sys.modules["__main__"].__dict__ is globals(), sys.stdin.read(), os.environ.get("TMPDIR"), os.getpgrp() > 0)
print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), type(__loader__).__name__, __cached__)
sys.stderr.write("to stderr\\n")
"""


def test_a_script_sees_what_it_sees_without_us(place: Place) -> None:
    place.write("train.py", SHOWS)
    expected = plain(place, "one", "--two", "it's three", "-x", given=b"typed")
    ended = measured(place, "one", "--two", "it's three", "-x", given=b"typed")
    assert ended.code == 0, ended.said
    assert ended.out == expected.stdout.decode()
    assert ended.err.startswith("to stderr\n")
    assert "FITS" in ended.err


@pytest.mark.parametrize("name", ["sub folder/train.py", "./train.py", "it's.py", "json.py"])
def test_the_script_may_lie_anywhere_and_have_any_name(
    place: Place, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write(name, SHOWS.replace("import os, sys", "import os, sys; import beside"))
    place.write(str(Path(name).parent / "beside.py"), "print('beside')\n")
    ended = within(place, capfd, name)
    assert ended.code == 0, ended.said
    assert ended.out == plain(place, name=name).stdout.decode()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f(x):\n    return 1 / x\n\ndef g():\n    return f(0)\n\ng()\n", 1),
        ("try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no a') from e\n", 1),
        ("try:\n    {}['a']\nexcept KeyError:\n    int('x')\n", 1),
        ("print('a'\n", 1),
        ("x = 1\n  y = 2\n", 1),
        ("import sys\nsys.exit(3)\n", 3),
        ("import sys\nsys.exit('words')\n", 1),
        ("import sys\nsys.exit()\n", 0),
        ("raise SystemExit\n", 0),
        ("import os\nos._exit(4)\n", 4),
        ("import no_such_module\n", 1),
        ("import atexit\natexit.register(print, 'at the end')\nprint('first')\n1 / 0\n", 1),
        ("import sys\nsys.excepthook = lambda *a: print('hooked', a[0].__name__)\n1 / 0\n", 1),
        ("e = ValueError('x')\ne.add_note('a note')\nraise e\n", 1),
        ("raise ExceptionGroup('two', [ValueError(1), TypeError(2)])\n", 1),
        ("import warnings\nwarnings.warn('careful')\n", 0),
        ("class E(Exception):\n    def __str__(self):\n        1 / 0\nraise E\n", 1),
        ("import json\njson.loads('{')\n", 1),
        ("from profiler import mark\nwith mark('a'):\n    1 / 0\n", 1),
        ("raise KeyboardInterrupt\n", 130),
        ("import helper\n", 1),
        ("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()\n", 0),
    ],
)
def test_a_script_ends_with_the_words_and_the_code_that_it_ends_with_without_us(
    place: Place, text: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write("train.py", text)
    place.write("helper.py", "def f():\n    return {}['a']\n\nf()\n")
    expected, ended = plain(place), within(place, capfd)
    assert ended.out == expected.stdout.decode()
    said = expected.stderr.decode()
    if "profiler" in text:
        lines = [line for line in said.splitlines() if "contextlib" not in line and "marks.py" not in line]
        said = "\n".join(lines[:3])
    assert ended.err.startswith(said), f"{said}\n--- but\n{ended.said}"
    assert ended.run.exit_code == code
    assert ended.code == (0 if code == 0 else 1), ended.said
    outcome = ended.run.measurements[-1].outcome
    assert outcome.ok == (code == 0)


@pytest.mark.parametrize("number", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_script_that_is_killed_is_a_finding(place: Place, number: str, capfd: pytest.CaptureFixture[str]) -> None:
    place.write("train.py", f"import os, signal\nprint('so far', flush=True)\nos.kill(os.getpid(), signal.{number})\n")
    ended = within(place, capfd)
    assert (ended.code, ended.out) == (1, "so far\n"), ended.said
    outcome = ended.run.measurements[-1].outcome
    assert outcome.ending is Ending.KILLED
    assert number in outcome.message


def test_a_script_leaves_no_children_behind(place: Place) -> None:
    place.write(
        "train.py",
        "import os, time\nfor _ in range(2):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        os.close(1); os.close(2)\n        time.sleep(600)\nprint('parent done')\n",
    )
    ended = measured(place)  # `paredown` looks for what is left.
    assert (ended.code, ended.out) == (0, "parent done\n")


MARKS = """
from profiler import mark
import mmap, threading, time
def hold(mib):
    data = mmap.mmap(-1, mib << 20)  # Given back for sure when it goes.
    for place in range(0, len(data), 4096):
        data[place] = 1
    return data
with mark("load"):
    with mark("read"):
        hold(60)
    small = hold(20)
for _ in range(3):
    with mark("loop"):
        hold(30)
def work(name):
    with mark(name):
        time.sleep(0.05)
threads = [threading.Thread(target=work, args=(f"thread {n}",)) for n in range(2)]
[t.start() for t in threads]; [t.join() for t in threads]
try:
    with mark("fails"):
        raise ValueError("no")
except ValueError:
    pass
hold(90)
"""


def test_marks_are_steps_repeated_nested_in_threads_and_failing(place: Place) -> None:
    place.write("train.py", MARKS)
    ended = measured(place)
    assert ended.code == 0 or Ending.RAISED in {item.outcome.ending for item in ended.run.measurements}, ended.said
    found: dict[str, list[float]] = {}
    for item in ended.run.of(Variant.MONOLITH):
        found.setdefault(item.step, []).append(item.peak.low / (1 << 20))
    assert set(found) == {"load", "read", "loop", "thread 0", "thread 1", "fails", "train.py"}
    base = min(found["loop"]) - 50
    assert found["read"][0] - base == pytest.approx(60, abs=6)
    assert found["load"][0] - base == pytest.approx(60, abs=6), "a mark holds what its inner marks hold"
    assert [peak - base for peak in found["loop"]] == pytest.approx([50] * 3, abs=6)
    assert found["train.py"][0] - base == pytest.approx(110, abs=6)
    assert [item.nested for item in ended.run.measurements if item.step in ("read", "load")] == [True, False]
    for name in ("load", "loop", "thread 0", "train.py"):
        assert name in ended.err


def test_a_mark_in_a_forked_child_is_no_step_and_takes_nothing_off_the_script(place: Place) -> None:
    place.write(
        "train.py",
        """
import os, sys, time
from profiler import mark

children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        with mark("in a child"):
            time.sleep(0.3)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
with mark("around a fork"):
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
""",
    )
    ended = measured(place)
    assert ended.code == 0, ended.said
    walls = {item.step: item.wall_ns for item in ended.run.measurements}
    assert set(walls) == {"train.py", "around a fork"}
    assert len(ended.run.measurements) == 2
    assert walls["train.py"] >= 300_000_000, "what children did meanwhile is no part that was measured apart"


def test_marks_cost_nothing_without_us(place: Place) -> None:
    place.write("train.py", MARKS)
    expected = plain(place)
    assert (expected.returncode, expected.stdout, expected.stderr) == (0, b"", b"")


POOL = """
import multiprocessing, os, pickle, sys
class Model:
    def __init__(self, mean):
        self.mean = mean
def square(x):
    return x * x
if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(square, [1, 2, 3]))
    model = pickle.loads(pickle.dumps(Model(2)))
    print(type(model), model.mean, Model.__module__)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_script_may_use_several_processes_and_pickle_its_own_classes(place: Place, method: str) -> None:
    place.write("train.py", POOL)
    ended = measured(place, method)
    assert ended.out == plain(place, method).stdout.decode()
    assert ended.code == 0, ended.said
    (item,) = ended.run.measurements
    assert not item.peak.exact


def test_the_exit_code_of_a_script_is_in_the_run_and_ours_says_no(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write("train.py", "import sys\nsys.exit(42)\n")
    ended = within(place, capfd)
    assert (ended.code, ended.run.exit_code) == (1, 42)
    assert "42" in ended.err


def test_a_script_may_write_binary_and_read_lines(place: Place) -> None:
    place.write(
        "train.py",
        "import sys\nfor line in sys.stdin:\n    sys.stdout.buffer.write(line.upper().encode() + bytes([255]))\n",
    )
    started = place.start("run", "train.py", stdin=subprocess.PIPE)
    out, _ = started.process.communicate(b"a\nb\n", timeout=60)
    assert out == b"A\n\xffB\n\xff"


def test_a_script_that_closes_its_streams_or_daemonizes_is_no_crash(place: Place) -> None:
    place.write("train.py", "import os\nfrom profiler import mark\nos.closerange(0, 1000)\nwith mark('a'):\n    pass\n")
    ended = measured(place)
    assert "bug of paredown" not in ended.err, ended.said
    assert ended.run.exit_code == 0


def test_a_users_own_profiler_beside_a_script_is_refused_by_name(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write("profiler.py", "print('mine')\n")
    place.write("train.py", "import profiler\n")
    ended = within(place, capfd)
    assert ended.code == 2, ended.said
    assert "profiler.py" in ended.err


def test_a_script_as_a_monolith_has_the_file_that_it_writes_as_its_answer(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS shop, i AS amount FROM range(9) AS t(i)")
    place.write("totals.sql", "SELECT shop, sum(amount)::BIGINT AS amount FROM sales GROUP BY shop")
    place.write(
        "train.py",
        "import sys\nprint('hello')\nwith open(sys.argv[1], 'w') as file:\n"
        "    file.write('shop,amount\\n0,9\\n1,12\\n2,15\\n')\n",
    )
    place.write(
        "job.py",
        "from profiler import Job, dataset, query, script\n"
        "job = Job(name='beside', inputs={'sales': dataset('sales.parquet')}, answer_key='shop',\n"
        "    monolith=[script('train.py', args=['totals.csv'], writes='totals.csv')],\n"
        "    decomposed=[query('totals.sql', reads='sales')])\n",
    )
    ended = paredown_within(place, "run", "job.py")
    assert ended.code == 0, ended.said
    assert ended.run.comparison is not None
    assert (ended.run.comparison.equal, ended.run.comparison.rows) == (True, 3)
    os.unlink(place.folder / "totals.csv")
    place.write("train.py", "print('forgot')\n")
    forgot = paredown_within(place, "run", "job.py", "--variant", "monolith")
    assert forgot.code == 1, forgot.said
    assert "left no file totals.csv" in " ".join(forgot.out.split()), forgot.said


def test_options_of_a_job_mean_nothing_for_a_script(place: Place) -> None:
    place.write("train.py", "print('ran')\n")
    for option in (("--param", "a=1"), ("--input", "a=b"), ("--lines", "x"), ("--resume",), ("--against", "last")):
        ended = paredown_within(place, "run", "train.py", *option)
        assert (ended.code, ended.out) == (2, ""), ended.said
        assert option[0] in ended.err


def test_ctrl_c_reaches_a_script_as_a_terminal_would_send_it(place: Place) -> None:
    place.write(
        "train.py",
        "import time\ntry:\n    open('reached', 'w').close()\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    print('cleaned up')\n    raise\n",
    )
    started = place.start("run", "train.py")
    started.wait_for(place.folder / "reached")
    started.interrupt()
    ended = started.end()
    assert (ended.code, ended.out) == (130, "cleaned up\n"), ended.said
    assert "KeyboardInterrupt" in ended.err


def test_an_empty_script_is_measured(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    place.write("train.py", "")
    ended = within(place, capfd)
    assert (ended.code, ended.out) == (0, ""), ended.said
