"""Steps that end in every way in which a step can end. None imports more than it needs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

MIB = 1 << 20


def fine():
    """Return something small."""
    return {"a": 1}


def raises():
    """Raise, from a function of the user's own, with a cause."""
    _deeper({})


def _deeper(prices):
    try:
        return prices["disk"]
    except KeyError as error:
        raise ValueError("no price for 'disk'") from error


def raises_memory_error():
    """Ask for more than any machine has."""
    return bytearray(1 << 60)


def raises_own_error():
    """Raise what a fresh process cannot unpickle."""

    class Strange(Exception):
        def __init__(self, one, two):
            super().__init__(one, two)

    raise Strange("one", two="two")


def raises_unprintable():
    """Raise an exception whose text cannot be made."""

    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    raise Silent


def raises_forever():
    """Recurse without end."""
    return raises_forever()


def raises_a_group():
    """Raise several at once."""
    raise ExceptionGroup("two things", [ValueError("first"), TypeError("second")])


def exits():
    """Leave with a code."""
    sys.exit(7)


def exits_with_words():
    """Leave with a complaint."""
    sys.exit("no data today")


def exits_at_once():
    """End the process without Python's own end."""
    print("about to end")
    sys.stdout.flush()
    os._exit(9)


def exits_well_at_once():
    """End the process as if all were well."""
    os._exit(0)


def killed():
    """Be killed from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def crashes():
    """Read where nothing is."""
    ctypes.string_at(0)


def aborts():
    """Let C give up."""
    os.abort()


def stops_itself():
    """Stop, so that nobody goes on."""
    os.kill(os.getpid(), signal.SIGSTOP)


def interrupts_itself():
    """Raise what Ctrl-C raises."""
    raise KeyboardInterrupt


def sleeps():
    """Take longer than anybody waits."""
    time.sleep(600)


def sleeps_deaf():
    """Take long, and listen to no signal that can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if "REACHED" in os.environ:
        Path(os.environ["REACHED"]).touch()
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)


def prints_megabytes():
    """Print ten million characters, and then a last word."""
    for _ in range(100):
        print("x" * 100_000)
    print("the last word")
    return {"a": 1}


def prints_megabytes_and_raises():
    """Print a lot, and then fail."""
    prints_megabytes()
    raise ValueError("after much talk")


def prints_a_flood():
    """Print 200 MiB in pieces, more than is kept."""
    for _ in range(5):
        for _ in range(40):
            print("x" * (MIB - 1))
        time.sleep(0.2)
    return {"a": 1}


def sees_a_flood_sink():
    """Print 80 MiB, and wait until the log of it takes up less."""
    for _ in range(80):
        print("x" * (MIB - 1))
    sys.stdout.flush()
    while os.fstat(1).st_blocks * 512 > 64 * MIB:
        time.sleep(0.01)
    return {"a": 1}


def prints_from_a_child():
    """Print a line, and let a child print another."""
    import subprocess

    print("one", flush=True)
    subprocess.run([sys.executable, "-c", "print('two')"], check=True)
    return {"a": 1}


def prints_and_raises():
    """Print to both outputs, and then fail."""
    print("said before", flush=True)
    print("complained before", file=sys.stderr)
    raise ValueError("and then")


def closes_stdout():
    """Close both outputs, as objects and as descriptors."""
    sys.stdout.close()
    sys.stderr.close()
    os.close(1)
    os.close(2)
    return {"a": 1}


def loses_stdout():
    """Leave nothing to print to."""
    sys.stdout = sys.stderr = None
    return {"a": 1}


def closes_everything():
    """Close every descriptor, ours too."""
    os.closerange(0, 10_000)
    return {"a": 1}


def reads_stdin():
    """Look whether somebody types."""
    return {"read": sys.stdin.read()}


def leaks(held=[]):  # noqa: B006 - that is the leak
    """Keep 30 MiB more each time."""
    held.append(_filled(30))
    return {"times": len(held)}


def _filled(mib):
    data = bytearray(mib * MIB)
    data[::4096] = b"x" * len(data[::4096])
    return data


def holds():
    """Hold as many MiB as the environment says."""
    return {"bytes": len(_filled(int(os.environ["HOLD_MIB"])))}


def holds_what_the_file_says():
    """Hold the first number in a file, which goes from it; so that tasks in turn hold different amounts."""
    file = Path(os.environ["HOLD_FILE"])
    first, *rest = file.read_text().split()
    file.write_text(" ".join(rest))
    return {"bytes": len(_filled(int(first)))}


def spikes():
    """Hold 1 GiB for five milliseconds."""
    data = _filled(1024)
    time.sleep(0.005)
    del data
    time.sleep(0.05)
    return {"a": 1}


def climbs():
    """Hold 40 MiB more five times, and rest on each stair."""
    held = []
    for _ in range(5):
        held.append(_filled(40))
        time.sleep(0.3)
    return {"stairs": len(held)}


def climbs_and_sleeps():
    """Climb, and then take longer than anybody waits."""
    climbs()
    time.sleep(600)


def climbs_and_is_killed():
    """Climb, and die on top."""
    data = _filled(200)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
    return {"bytes": len(data)}


def spikes_and_rests():
    """Hold 100 MiB for a moment, and then nothing for so long as the environment says."""
    data = _filled(100)
    time.sleep(0.2)
    del data
    time.sleep(float(os.environ["REST_S"]))
    return {"a": 1}


def holds_and_is_killed():
    """Hold 200 MiB and die."""
    data = _filled(200)
    os.kill(os.getpid(), signal.SIGKILL)
    return {"bytes": len(data)}


def child_holds():
    """Hold nothing, and let a child hold 200 MiB for a while."""
    import subprocess

    code = "import time; data = bytearray(200 << 20); data[::4096] = b'x' * len(data[::4096]); time.sleep(0.6)"
    subprocess.run([sys.executable, "-c", code], check=True)
    return {"a": 1}


def shares_with_children():
    """Hold 200 MiB, and let three children look at it for a while."""
    data = _filled(200)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            time.sleep(0.8)
            os._exit(len(data) % 2)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    time.sleep(0.2)  # By itself it is seen whole, however late a busy machine lets the keeper look.
    return {"a": 1}


def starts_something_quick():
    """Start a child that nobody sees."""
    import subprocess

    for _ in range(3):
        subprocess.run(["/bin/true"], check=True)
    return {"a": 1}


def leaves_children():
    """Leave three kinds of children behind: plain, deaf to SIGTERM, and far away in a session of its own."""
    _fork(lambda: None)
    _fork(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    if os.fork() == 0:
        os.setsid()
        _fork(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
        os._exit(0)
    os.wait()
    return {"a": 1}


def leaves_children_and_sleeps():
    """The same, and then take long."""
    leaves_children()
    Path(os.environ["REACHED"]).touch()
    time.sleep(600)


def leaves_children_and_dies():
    """The same, and then crash."""
    leaves_children()
    os._exit(3)


def _fork(first):
    if os.fork() == 0:
        first()
        time.sleep(600)
        os._exit(0)


def returns_a_lock():
    """Return what cannot be pickled."""
    import threading

    return {"lock": threading.Lock()}


def returns_a_lambda():
    """Return another thing that cannot be pickled."""
    return lambda row: row


def returns_none():
    """Forget to return."""


def returns_a_series():
    """Return a Series."""
    import pandas

    return pandas.Series([1, 2], name="a")


def returns_no_columns():
    """Return a frame without columns."""
    import pandas

    return pandas.DataFrame(index=[1, 2])


def returns_columns_twice():
    """Return a frame with the same column twice."""
    import pandas

    return pandas.DataFrame([[1, 2]], columns=["a", "a"])


def returns_columns_that_clash():
    """Return a frame whose columns differ in case only."""
    import pandas

    return pandas.DataFrame([[1, 2]], columns=["Day", "day"])


def returns_numbered_columns():
    """Return a frame whose columns have no names."""
    import pandas

    return pandas.DataFrame([[1, 2]])


def returns_levels():
    """Return a frame with two levels of columns."""
    import pandas

    return pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))


def returns_periods():
    """Return a column that Parquet cannot keep."""
    import pandas

    return pandas.DataFrame({"month": pandas.period_range("2026-01", periods=2, freq="M")})


def returns_complex():
    """Return numbers that Parquet cannot keep."""
    import pandas

    return pandas.DataFrame({"z": [1j]})


def returns_mixed():
    """Return a column of this and that."""
    import pandas

    return pandas.DataFrame({"a": [1, "one", None]})


def returns_what_changes():
    """Return columns that come back as something else."""
    import datetime
    import decimal

    import pandas

    return pandas.DataFrame(
        {
            "kind": pandas.Categorical(["a"]),
            "when": pandas.to_datetime(["2026-01-01"]).tz_localize("Europe/Berlin"),
            "price": [decimal.Decimal("1.5")],
            "day": [datetime.date(2026, 1, 1)],
        },
        index=pandas.Index([5], name="row"),
    )


def returns_strange_names():
    """Return columns whose names need quotes."""
    import pandas

    return pandas.DataFrame({"a b": [1], 'say "so"': [2], "it's": [3], "größe": [4], "../up": [5], ";drop": [6]})


def ends_the_stop_file():
    """Wait until a test has made the stop file."""
    Path(os.environ["REACHED"]).touch()
    time.sleep(600)


def pool_begins():
    """Start a worker that burns some CPU time and stays."""
    if os.fork() == 0:
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass
        Path(os.environ["REACHED"]).touch()
        time.sleep(600)
    while not os.path.exists(os.environ["REACHED"]):
        time.sleep(0.01)
    return {"a": 1}


def pool_stays(pool_begins):
    """Do nothing, while the worker is still there."""
    return {"a": 1}


def lets_go():
    """Let a daemon hold 200 MiB."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            data = _filled(200)
            Path(os.environ["REACHED"]).touch()
            time.sleep(600)
            os._exit(len(data) % 2)
        os._exit(0)
    os.wait()
    while not os.path.exists(os.environ["REACHED"]):
        time.sleep(0.01)
    time.sleep(0.1)
    return {"a": 1}


def leaves_a_zombie():
    """Let a child hold 100 MiB while its keeper cannot look, and never ask how it ended."""
    keeper = os.getppid()
    child = os.fork()
    if child == 0:
        time.sleep(0.2)  # So that it is seen while it is small.
        os.kill(keeper, signal.SIGSTOP)
        data = _filled(100)
        os._exit(len(data) % 2)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    os.kill(keeper, signal.SIGCONT)
    return {"a": 1}


def has_a_strange_name():
    """Be called like a field of /proc/PID/status, with a child that is called so too."""
    import ctypes

    ctypes.CDLL(None).prctl(15, b"VmHWM:\tVmRSS:", 0, 0, 0)
    child = os.fork()
    if child == 0:
        time.sleep(0.3)
        os._exit(0)
    os.waitpid(child, 0)
    return {"a": 1}


def comes_back_twice():
    """Forget that a forked child returns too."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return {"process": "parent" if child else "child"}


def lists_descriptors():
    """Leave with the descriptors of ours that this step's children would get."""
    links = {}
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/self/fd/{number}")
            if link.startswith("socket") or (number > 2 and os.get_inheritable(number)):
                links[number] = link
    sys.exit(str(links))
