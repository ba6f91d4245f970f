"""The keeper: a small process that owns one sandbox, watches it, and leaves nothing behind.

Run as a program by `keeping.Keeper`, imported by tests alone: `python -I -S keeper.py SOCKET_FD`. It imports nothing
beyond what a bare interpreter has, since its own peak must stay below every sandbox's (`wait4` reports the larger).

It stands in a session of its own and is the reaper of all its descendants. The sandbox is exec'd from its one thread
with a parent-death signal. When the harness goes (the socket closes) or the sandbox ends (its pidfd says so), every
descendant is killed and reaped. Messages on the socket are length-prefixed `marshal` of tuples:

    harness → keeper   ("start", {...}) ("task", payload, timeout_ns, temp_folder, points) ("interrupt",) ("kill",)
    keeper → harness   ("news", payload) ("message", payload, figures, curve) ("sample", bytes) ("gone", figures, curve)
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # A bare interpreter has it at no cost only so.
    from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE = 1, 2
HIGHEST, RESIDENT = b"\nVmHWM:", b"\nVmRSS:"  # In a line of its own: a process may be called anything, this too.
NONE = -1  # No process, no descriptor.
FAST_NS, SLOW_NS = 10_000_000, 50_000_000
MAX_SHARE = 300  # One sample may take at most 1/300 of the time until the next one, in CPU time,
SMAPS_SHARE = 200  # and reading smaps_rollup 1/200 of it: it stops its target meanwhile. Together below 1 %.
SMAPS_END_SHARE = 20  # The same at the end, which comes once.
LOG_LIMIT, LOG_TAIL = 64 << 20, 1 << 16
LIMIT_MESSAGE_NS = 500_000_000  # How often the harness is told the memory in use.
PACE_NS = 100_000_000  # How often the core's pace is looked at, where it is; some 2.5 ms each time.


def prctl(option: int, value: int) -> None:
    """The system call of that name, which the standard library does not offer."""
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def punch(fd: int, length: int) -> bool:
    """Give the room of a file's first bytes back, and leave its size; False where the file system cannot do that."""
    import ctypes

    fallocate = ctypes.CDLL(None).fallocate
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, length) == 0)


def read(path: str) -> bytes:
    """A small file of /proc or the cgroup file system as bytes, empty where it is gone."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""
    finally:
        os.close(fd)


def field(text: bytes, name: bytes) -> int:
    """A value in kB out of a status-like file, as bytes; 0 where it is missing."""
    start = text.find(name)
    if start < 0:
        return 0
    return int(text[start + len(name) :].split(None, 1)[0]) * 1024


def threads(pid: int) -> list[str]:
    """The threads of a process, as /proc names them; none where it is gone."""
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """Processes that `pid`'s threads started and that still live."""
    found: list[int] = []
    for thread in threads(pid):
        found += [int(child) for child in read(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def descendants(pid: int) -> list[int]:
    """Everything below `pid`."""
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children(todo.pop())
        found += below
        todo += below
    return found


def others(pid: int) -> list[int]:
    """Every process of the sandbox `pid` besides itself: also those that it let go, which are ours then."""
    return [other for other in descendants(os.getpid()) if other != pid]


def is_dead(pid: int) -> bool:
    """Whether a process has ended, and nobody has asked how: what it held at most is never known."""
    return HIGHEST not in read(f"/proc/{pid}/status")


def cpu_ns(pid: int) -> int:
    """User and system time of a process and of those that it reaped, to the clock tick."""
    text = read(f"/proc/{pid}/stat")
    parts = text[text.rfind(b")") + 2 :].split()
    if len(parts) < 15:
        return 0
    return sum(int(part) for part in parts[11:15]) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def working(pid: int) -> list[int]:
    """The core of each thread of a process that runs or is about to."""
    found: list[int] = []
    for thread in threads(pid):
        text = read(f"/proc/{pid}/task/{thread}/stat")
        parts = text[text.rfind(b")") + 2 :].split()
        if len(parts) > 36 and parts[0] == b"R":
            found.append(int(parts[36]))
    return found


def stay_on(cores: set[int]) -> bool:
    """Run on these cores alone from now on; False where that is not allowed, as when a container lost them."""
    try:
        os.sched_setaffinity(0, cores)
    except OSError:
        return False
    return True


def oom_kills() -> int:
    """How often the kernel killed for memory in this process's cgroup, version 2 or 1; 0 where it cannot be read."""
    for line in read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(b":", 2)
        if controllers == b"":
            names = [os.fsdecode(b"/sys/fs/cgroup" + path) + "/memory.events"]
        elif b"memory" in controllers.split(b","):
            names = [
                os.fsdecode(b"/sys/fs/cgroup/memory" + path) + "/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control",
            ]
        else:
            continue
        for name in names:
            for row in read(name).splitlines():
                if row.startswith(b"oom_kill "):
                    return int(row.split()[1])
    return 0


def folder_bytes(folder: str, budget: int = 2000) -> int:
    """Bytes in a folder, over at most `budget` entries."""
    total, todo = 0, [folder]
    while todo and budget > 0:
        try:
            entries = os.scandir(todo.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                budget -= 1
                try:
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                except OSError:
                    continue
    return total


class Curve:
    """Memory over time in at most so many points: the longer it gets, the coarser, and its highest point stays.

    Time is cut into slots of `gap` milliseconds, of each of which the highest sample is kept, with its own time; when
    there are more slots than room, they become twice as long. The first and the last sample are kept whatever they are.
    """

    def __init__(self, most: int) -> None:
        self.most = most  # 0: none are wanted; otherwise at least 3, for the first, the highest and the last.
        self.gap = FAST_NS // 1_000_000
        self.points: list[tuple[int, int]] = []  # Milliseconds since the task began, KiB.

    def add(self, ms: int, kib: int) -> None:
        """Add the next sample."""
        if not self.most:
            return
        points = self.points
        if len(points) > 2 and points[-1][0] // self.gap == points[-2][0] // self.gap:
            points[-2:] = [higher(points[-2], points[-1])]
        points.append((ms, kib))
        while len(points) > self.most:
            self.gap *= 2
            slots: dict[int, tuple[int, int]] = {}
            for point in points[1:-1]:
                slot = point[0] // self.gap
                slots[slot] = higher(slots.get(slot, point), point)
            points[1:-1] = slots.values()

    def flat(self) -> tuple[int, ...]:
        """All of it: milliseconds and KiB by turns."""
        return tuple(value for point in self.points for value in point)


def higher(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The point with more memory, the earlier one where both have the same."""
    return other if other[1] > one[1] else one


class Pace:
    """How fast the sandbox's core is while it works: the CPU time that a fixed piece of work takes on it.

    CPU time of the same code drifts by a tenth and more, because of what the neighbours of a virtual machine do, each
    core by itself, for seconds. So the fixed work is done on the very core, in between, and again and again. It is a
    mixture, since a disturbance slows different code differently: as a whole this slows down as training, pandas and
    DuckDB do. Whoever changes it raises `model.PACE_VERSION`: its figures are worth nothing beside earlier ones.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.cores = os.sched_getaffinity(0)
        self.names = [f"name_{number * 7919 % 4001}" for number in range(700)]
        self.text = "\n".join(
            f"def {name}(first, *rest, key=None):\n if first > {len(name)}:\n"
            f"  return [{name}_{len(name)}(item, key=key) for item in rest if item]\n return first"
            for name in self.names[:12]
        )
        gc.disable()  # It makes no cycles, and a collection in between would be no part of the work.
        self.work()
        self.total_ns = self.times = 0
        self.next = time.monotonic_ns() + PACE_NS // 4

    def work(self) -> None:
        """Arithmetic, compiling, a dict, sorting and formatting: some 2.5 ms."""
        total = 0
        for number in range(12_000):
            total += number * number % 7
        compile(self.text, "pace", "exec")
        found = {name + "x": (name, len(name), [name]) for name in self.names}
        sorted(found, key=lambda name: (name[-2], name))
        str(found)

    def core(self) -> int:
        """Where the sandbox works just now, its other processes included, on several by turns; none if it waits."""
        found = [core for pid in (self.pid, *others(self.pid)) for core in working(pid)]
        return found[self.times % len(found)] if found else NONE

    def look(self) -> None:
        """Do the work once, on a core that the sandbox works on."""
        searching = time.thread_time_ns()
        core = self.core()
        searched = time.thread_time_ns() - searching  # Much, of many processes and threads.
        if core != NONE and stay_on({core}):
            began = time.thread_time_ns()
            self.work()
            self.total_ns += time.thread_time_ns() - began
            self.times += 1
            stay_on(self.cores)
        self.next = time.monotonic_ns() + max(PACE_NS, MAX_SHARE * searched)

    def told(self) -> dict[str, int]:
        """What was seen since the last time that this was asked."""
        figures = {"pace_ns": self.total_ns, "paces": self.times}
        self.total_ns = self.times = 0
        return figures


class Watch:
    """What sampling one task has seen: the curve, the other processes, the temporary folder."""

    def __init__(self, pid: int, temp: str | None, points: int = 0) -> None:
        self.pid, self.temp = pid, temp
        self.curve = Curve(points)
        self.begin = time.monotonic_ns()
        self.cpu_begin = cpu_ns(pid)
        before = others(pid)
        self.others_cpu_begin = sum(map(cpu_ns, before))  # A pool of workers lives on from step to step.
        self.before = len(before)
        self.dead_begin = set(filter(is_dead, before))
        self.oom_begin = oom_kills()
        self.own_hwm = 0
        self.last_rss = 0
        self.hwm: dict[int, int] = {}  # Last seen VmHWM of every other process.
        self.together = 0  # Highest sum of PSS of a tree of several processes.
        self.shared: dict[int, int] = {}  # Of each process in it, what of its resident memory others count.
        self.most = 1
        self.temp_peak = 0
        self.cut_bytes = 0  # Of the log, to keep it from filling the disk.
        self.interval = SLOW_NS
        self.next = self.begin + FAST_NS
        self.smaps_end = self.smaps_ns = 0  # Of the last reading of smaps_rollup: when it was done, how long it took.
        if points and not before:
            self.glance()

    def glance(self) -> None:
        """Put a point on the curve of a sandbox without other processes, at the cost of reading one small file."""
        status = read(f"/proc/{self.pid}/status")
        if RESIDENT in status:
            self.draw(time.monotonic_ns(), field(status, RESIDENT))

    def draw(self, now: int, size: int) -> None:
        """Put a point on the curve."""
        self.curve.add((now - self.begin) // 1_000_000, size // 1024)

    def sample(self, smaps_share: int = SMAPS_SHARE) -> int:
        """Look once; stretch the interval so that looking stays cheap. The sum of what all processes hold."""
        start, used = time.monotonic_ns(), time.process_time_ns()
        status = read(f"/proc/{self.pid}/status")
        if status:
            self.own_hwm = max(self.own_hwm, field(status, HIGHEST))
            self.last_rss = field(status, RESIDENT)
        tree: list[int] = []
        resident = {self.pid: self.last_rss}
        for pid in others(self.pid):
            other = read(f"/proc/{pid}/status")
            if HIGHEST in other:  # What has ended and waits to be reaped no longer tells what it held.
                tree.append(pid)
                self.hwm[pid] = max(self.hwm.get(pid, 0), field(other, HIGHEST))
                resident[pid] = field(other, RESIDENT)
        if tree:
            self.most = max(self.most, 1 + len(tree))
            used += self.weigh(resident, smaps_share)
            if resident.keys() <= self.shared.keys():  # Of a new process nobody knows yet what it shares.
                self.draw(start, self.unshared(resident))
        elif RESIDENT in status:  # Not in the moment between its end and the news of it.
            self.draw(start, self.last_rss)
        if self.temp:
            self.temp_peak = max(self.temp_peak, folder_bytes(self.temp))
        self.interval = max(FAST_NS if tree else SLOW_NS, MAX_SHARE * (time.process_time_ns() - used))
        self.next = time.monotonic_ns() + self.interval
        return sum(resident.values())

    def weigh(self, resident: dict[int, int], share: int) -> int:
        """Learn what several processes share, if it is time to; the CPU time that it took, in nanoseconds."""
        if time.monotonic_ns() < self.smaps_end + share * self.smaps_ns:
            return 0
        used = time.process_time_ns()
        pss = {pid: field(read(f"/proc/{pid}/smaps_rollup"), b"\nPss:") for pid in resident}
        self.together = max(self.together, sum(pss.values()))
        self.shared = {pid: max(0, size - pss[pid]) if pss[pid] else 0 for pid, size in resident.items()}
        self.smaps_ns, self.smaps_end = time.process_time_ns() - used, time.monotonic_ns()
        return self.smaps_ns

    def unshared(self, resident: dict[int, int]) -> int:
        """What processes hold together, as far as it is known what each of them shares."""
        return sum(max(0, size - self.shared[pid]) for pid, size in resident.items() if pid in self.shared)

    def figures(self, left: list[int]) -> dict[str, int]:
        """What the harness needs to know besides the sandbox's own reading; `left`: descendants that still live."""
        return {
            "begin_ns": self.begin,
            "wall_ns": time.monotonic_ns() - self.begin,
            "own_hwm": self.own_hwm,
            "others": sum(self.hwm.values()),
            "seen": len(self.hwm),
            "before": self.before,
            "together": self.together,
            "most": max(self.most, 1 + len(left)),
            "left": len(left),
            "dead": len(set(filter(is_dead, left)) - self.dead_begin),
            "left_cpu_ns": sum(map(cpu_ns, left)) - self.others_cpu_begin,
            "temp_bytes": self.temp_peak,
            "cut_bytes": self.cut_bytes,
            "oom_kills": oom_kills() - self.oom_begin,
        }


class Keeper:
    """The loop: one socket, one sandbox."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.poll = select.poll()
        self.poll.register(fd, select.POLLIN)
        self.inbox = b""
        self.pid = self.pidfd = self.requests = self.replies = NONE
        self.reply_bytes = b""
        self.heard_all = False
        self.watch: Watch | None = None
        self.deadline: int | None = None
        self.timed_out = False
        self.log: str | None = None
        self.had_children = False  # In an earlier task.
        self.last_limit_message = 0
        self.pace: Pace | None = None

    # --- the harness

    def send(self, *message: Any) -> None:
        """Tell the harness; when it is gone, so are we."""
        data = marshal.dumps(message)
        data = len(data).to_bytes(8, "little") + data
        try:
            while data:
                data = data[os.write(self.fd, data) :]
        except OSError:
            self.leave()

    def hear(self) -> None:
        """Take what the harness says, and do each whole message of it."""
        try:
            data = os.read(self.fd, 1 << 20)
        except OSError:
            data = b""
        if not data:
            self.leave()
        self.inbox += data
        while len(self.inbox) >= 8:
            end = 8 + int.from_bytes(self.inbox[:8], "little")
            if len(self.inbox) < end:
                break
            message, self.inbox = marshal.loads(self.inbox[8:end]), self.inbox[end:]
            getattr(self, "do_" + message[0])(*message[1:])

    def do_start(self, options: dict[str, Any]) -> None:
        """Exec the sandbox: two pipes of its own, its output into a log or left alone."""
        request_read, self.requests = os.pipe()
        self.replies, reply_write = os.pipe()
        self.log = options["log"]
        started = time.monotonic_ns()
        pid = os.fork()
        if pid == 0:
            try:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if self.log:
                    quiet = os.open("/dev/null", os.O_RDONLY)
                    out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                    os.dup2(quiet, 0)
                    os.dup2(out, 1)
                    os.dup2(out, 2)
                if options["oom_score_adj"]:
                    try:
                        with open("/proc/self/oom_score_adj", "w") as file:
                            file.write(str(options["oom_score_adj"]))
                    except OSError:
                        pass  # Not allowed everywhere; then the kernel chooses by size, which finds the sandbox too.
                for wanted in (request_read, reply_write):
                    os.set_inheritable(wanted, True)
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                arguments = [*options["argv"], str(request_read), str(reply_write), str(started)]
                os.chdir(options["cwd"])
                os.execve(arguments[0], arguments, options["env"])
            except BaseException as error:
                os.write(2, f"paredown: cannot start a sandbox: {error}\n".encode())
            finally:
                os._exit(127)
        os.close(request_read)
        os.close(reply_write)
        os.set_blocking(self.requests, False)
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.poll.register(self.replies, select.POLLIN)
        self.poll.register(self.pidfd, select.POLLIN)
        self.outbox = b""
        self.watch = Watch(pid, None)
        if options["pace"]:
            self.pace = Pace(pid)

    def do_task(self, payload: bytes, timeout_ns: int, temp: str | None, points: int) -> None:
        """Pass a task on, and watch the sandbox from now on."""
        self.watch = Watch(self.pid, temp, points)
        self.deadline = self.watch.begin + timeout_ns if timeout_ns else None
        self.timed_out = False
        self.outbox = len(payload).to_bytes(8, "little") + payload
        self.flush()

    def flush(self) -> None:
        """Write as much of the task to the sandbox as its pipe takes."""
        try:
            while self.outbox:
                self.outbox = self.outbox[os.write(self.requests, self.outbox) :]
            self.poll.register(self.requests, 0)
            self.poll.unregister(self.requests)
        except BlockingIOError:
            self.poll.register(self.requests, select.POLLOUT)
        except OSError:
            self.outbox = b""  # It ended; its pidfd says so in a moment.
            self.poll.register(self.requests, 0)
            self.poll.unregister(self.requests)

    def do_interrupt(self) -> None:
        """Pass Ctrl-C on, as the terminal would have."""
        if self.pid != NONE:
            os.kill(self.pid, signal.SIGINT)

    def do_kill(self) -> None:
        """Stop now, with the peak read first."""
        if self.pid != NONE:
            self.freeze()
            os.kill(self.pid, signal.SIGKILL)
        else:
            self.leave()

    # --- the sandbox

    def freeze(self) -> None:
        """Stop the sandbox and read its peak, which a dead process no longer tells."""
        os.kill(self.pid, signal.SIGSTOP)
        if self.watch:
            self.watch.sample(SMAPS_END_SHARE)

    def listen(self) -> None:
        """Pass on what the sandbox says; a message ends a task when its first byte is `R`."""
        data = os.read(self.replies, 1 << 20)
        if not data:
            self.poll.unregister(self.replies)
            self.heard_all = True
            return
        self.reply_bytes += data
        while len(self.reply_bytes) >= 8:
            end = 8 + int.from_bytes(self.reply_bytes[:8], "little")
            if len(self.reply_bytes) < end:
                break
            message, self.reply_bytes = self.reply_bytes[8:end], self.reply_bytes[end:]
            if message[:1] != b"R" or not self.watch:
                self.send("news", message)
                continue
            left = others(self.pid)
            if left:
                self.watch.sample(SMAPS_END_SHARE)
            elif self.watch.curve.most:
                self.watch.glance()
            figures, curve = self.watch.figures(left) | self.paced(), self.watch.curve.flat()
            self.had_children = self.had_children or bool(self.watch.hwm)
            self.watch = self.deadline = None
            self.send("message", message, figures, curve)

    def paced(self) -> dict[str, int]:
        """The pace of the sandbox's core since the last order, its start included in the first."""
        return self.pace.told() if self.pace else {"pace_ns": 0, "paces": 0}

    def ended(self) -> None:
        """The sandbox is gone: learn how, kill what it left, tell the harness."""
        while not self.heard_all and select.select([self.replies], [], [], 0)[0]:
            self.listen()  # What it said last is still in the pipe.
        _, status, usage = os.wait4(self.pid, 0)
        watch = self.watch or Watch(self.pid, None)
        left = descendants(os.getpid())
        figures = watch.figures(left) | self.paced()
        figures |= {
            "status": status,
            "maxrss": usage.ru_maxrss * 1024,
            "cpu_ns": max(0, int((usage.ru_utime + usage.ru_stime) * 1e9) - watch.cpu_begin),
            "timed_out": self.timed_out,
            "had_children": self.had_children,
        }
        self.pid = NONE
        self.sweep()
        self.send("gone", figures, watch.curve.flat())
        self.leave()

    def sweep(self) -> None:
        """Kill and reap every descendant, also those that are born meanwhile."""
        while True:
            below = descendants(os.getpid())
            for pid in below:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    continue
            try:
                while os.waitpid(-1, os.WNOHANG if not below else 0)[0]:
                    below = []
                if not descendants(os.getpid()):
                    return
                time.sleep(0.001)
            except ChildProcessError:
                return

    def leave(self) -> NoReturn:
        """End, with everything below."""
        self.sweep()
        os._exit(0)

    def trim_log(self, watch: Watch) -> None:
        """Keep a flood of output from filling the disk: beyond a limit only its tail stays, and how much is gone.

        What comes before the tail becomes a hole, and the size of the file goes on counting it. Where the file system
        has no holes, the file is cut, and what is printed between asking for its size and the cut is not counted.
        """
        try:
            if not self.log or os.stat(self.log).st_blocks * 512 <= LOG_LIMIT:
                return
            with open(self.log, "r+b") as file:
                if punch(file.fileno(), os.fstat(file.fileno()).st_size - LOG_TAIL):
                    return
                file.seek(-LOG_TAIL, 2)
                tail = file.read(LOG_TAIL)
                size = os.fstat(file.fileno()).st_size
                file.truncate(0)
                watch.cut_bytes += size - len(tail)
                file.seek(0)
                file.write(tail)
        except OSError:
            return

    def run(self) -> NoReturn:
        """Wait, for as long as nothing happens."""
        while True:
            timeout = None
            now = time.monotonic_ns()
            if self.watch:
                wake = self.watch.next if self.deadline is None else min(self.watch.next, self.deadline)
                wake = min(wake, self.pace.next) if self.pace else wake
                timeout = max(0, wake - now) / 1e6
            ready = dict(self.poll.poll(timeout))
            if self.replies in ready:
                self.listen()
            if self.pidfd in ready:
                self.ended()
            if self.requests in ready:
                self.flush()
            if self.fd in ready:
                self.hear()
            now = time.monotonic_ns()
            if self.watch and self.pid != NONE and self.deadline and now >= self.deadline:
                self.timed_out, self.deadline = True, None
                self.freeze()
                os.kill(self.pid, signal.SIGKILL)
            elif self.watch and self.pid != NONE and now >= self.watch.next:
                rss = self.watch.sample()
                self.trim_log(self.watch)
                if now - self.last_limit_message >= LIMIT_MESSAGE_NS:
                    self.last_limit_message = now
                    self.send("sample", rss)
            elif self.watch and self.pid != NONE and self.pace and now >= self.pace.next:
                self.pace.look()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.set_inheritable(int(sys.argv[1]), False)  # Or the sandbox's children would keep the harness's line open.
    Keeper(int(sys.argv[1])).run()
