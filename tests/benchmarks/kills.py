"""What is left five seconds after a SIGKILL, at random moments of every bench.

Run: python tests/benchmarks/kills.py [--moments 30] [--at-once 2] [PATTERN...]

Each moment starts `perflab run`, `tune --live` or `calibrate` of a pattern with a folder for
temporary files and a cache folder of its own, kills the command at a random moment between its
start and its end (in a third of the cases the live child with it), waits, and looks for processes
that it started, for files and sockets in its folders, and for shared memory that a process of its
own made, which is watched from the start on. Goal: nothing, of 30 moments of each of the seven.
Exit status 1 if anything is left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "PERFLAB_KILLED_BY_A_TEST"
SHARED_MEMORY = Path("/dev/shm")
SYSTEM_V_BYTES = "56"
"""Of the segment by which a PostgreSQL says that it is alive."""
PATTERNS = {
    "cache": ["-w", "zipf:keys=200,requests=20k"],
    "redis_cache": ["-w", "zipf:keys=200,requests=20k"],
    "lazy_loading": [],
    "connection_pool": [],
    "prefetching": [],
    "streaming": [],
    "async_io": [],
}
VERBS = ("run", "tune", "calibrate")
COMMAND = [sys.executable, "-c", "from perflab.cli import main; main()"]
LONGEST = 60.0


@dataclass(frozen=True)
class Moment:
    """One command that is killed."""

    pattern: str
    verb: str
    after: float
    with_child: bool
    warm: bool

    def words(self) -> list[str]:
        """Return the command's words."""
        live = {"run": ["--seconds", "2"], "tune": ["--live", "--budget", "5"], "calibrate": []}[
            self.verb
        ]
        return [self.verb, self.pattern, *PATTERNS[self.pattern], *live]

    def __str__(self) -> str:
        child = " with its child" if self.with_child else ""
        return f"{self.verb} {self.pattern}, killed{child} after {self.after:.2f} s"


class Place:
    """Folders of one command, which hold all that it may leave."""

    def __init__(self, kept: Path | None) -> None:
        self.mark = f"{os.getpid()}-{random.getrandbits(64):x}"
        self.root = Path(tempfile.mkdtemp(prefix="pk-"))
        self.temporary = self.root / "tmp"
        self.cache = self.root / "cache"
        self.work = self.root / "work"
        # A server that does not run as root has to pass.
        for folder in (self.root, self.temporary):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
        self.work.mkdir()
        if kept is None:
            self.cache.mkdir()
        else:
            shutil.copytree(kept, self.cache)
        self._segments: set[str] = set()

    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        """Start the command in these folders."""
        environment = {
            **os.environ,
            MARK: self.mark,
            "TMPDIR": str(self.temporary),
            "PERFLAB_CACHE_DIR": str(self.cache),
        }
        for name in ("PERFLAB_REDIS_URL", "PERFLAB_POSTGRES_URL"):
            environment.pop(name, None)
        return subprocess.Popen(
            [*COMMAND, *words],
            env=environment,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def left(self) -> list[str]:
        """Return what is left."""
        found = [f"process {said}" for said in self.processes()]
        found += [f"file {path}" for path in sorted(self.temporary.rglob("*"))]
        found += [f"file {path}" for path in self.work.iterdir()]
        found += [f"file {path}" for path in self.cache.rglob(".*")]
        left = {name for names in segments().values() for name in names}
        return found + [f"shared memory {name}" for name in sorted(self._segments & left)]

    def watch_segments(self, over: threading.Event) -> None:
        """Note the shared memory that processes with the mark make or map, until it is over."""
        others: set[tuple[int, str]] = set()
        while not over.wait(0.02):
            for pid, names in segments().items():
                for name in names - self._segments:
                    if (pid, name) in others:
                        continue
                    if self._bears_mark(pid):
                        self._segments.add(name)
                    else:
                        others.add((pid, name))

    def _bears_mark(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            return f"{MARK}={self.mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        return False

    def processes(self) -> list[str]:
        """Return processes that bear the mark, or have one of the folders in their command."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                words = " ".join(process.cmdline())
                marked = process.environ().get(MARK) == self.mark
                if marked or str(self.root) in words or process.cwd().startswith(str(self.root)):
                    found.append(f"{process.pid}: {words[:200]}")
        return found

    def remove(self) -> None:
        """Remove the folders."""
        shutil.rmtree(self.root, ignore_errors=True)


def segments() -> dict[int, set[str]]:
    """Return PostgreSQL's shared memory: System V's by its maker, POSIX's by all who have it open.

    What nobody has open any more stands under 0.
    """
    found: dict[int, set[str]] = {}
    for row in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        key, number, _, size, maker, *_ = row.split()
        if size == SYSTEM_V_BYTES:
            found.setdefault(int(maker), set()).add(f"System V {number} of key {key}")
    names = {path.name for path in SHARED_MEMORY.glob("PostgreSQL.*")}
    found[0] = set(names)
    for maps in Path("/proc").glob("[0-9]*/maps") if names else ():
        with contextlib.suppress(OSError):
            text = maps.read_text(errors="replace")
            mapped = {name for name in names if f"{SHARED_MEMORY}/{name}" in text}
            if mapped:
                found.setdefault(int(maps.parent.name), set()).update(mapped)
    return found


def child_of(pid: int) -> int | None:
    """Return the number of a command's live child, if it has one."""
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children():
            if "perflab.lab.child_process" in " ".join(process.cmdline()):
                return process.pid
    return None


def killed(moment: Moment, kept: Path, seconds: float) -> list[str]:
    """Start a command, kill it at its moment, and return what is left then."""
    place = Place(kept if moment.warm else None)
    over = threading.Event()
    watch = threading.Thread(target=place.watch_segments, args=(over,), daemon=True)
    watch.start()
    try:
        parent = place.start(moment.words())
        with contextlib.suppress(subprocess.TimeoutExpired):
            parent.wait(moment.after)
        child = child_of(parent.pid) if moment.with_child else None
        parent.kill()
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)
        parent.wait()
        time.sleep(seconds)
        over.set()
        watch.join()
        return place.left()
    finally:
        over.set()
        place.remove()


def durations(patterns: list[str], kept: Path) -> dict[tuple[str, str], float]:
    """Return how long each command takes when nobody kills it; the caches are warm then."""
    taken = {}
    for pattern in patterns:
        for verb in VERBS:
            place = Place(kept)
            words = Moment(pattern, verb, 0, with_child=False, warm=True).words()
            began = time.monotonic()
            with place.start(words) as process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LONGEST)
                process.kill()
            taken[pattern, verb] = time.monotonic() - began
            shutil.copytree(place.cache, kept, dirs_exist_ok=True)
            place.remove()
    return taken


def main() -> int:
    """Kill, look, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", default=list(PATTERNS))
    parser.add_argument("--moments", type=int, default=3, help="of each pattern")
    parser.add_argument("--seconds", type=float, default=5.0, help="between the kill and the look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--within", type=float, help="of so many seconds, rather than measured")
    asked = parser.parse_args()
    kept = Path(tempfile.mkdtemp(prefix="pk-"))
    taken = {} if asked.within else durations(asked.patterns, kept)
    drawn = random.Random(asked.seed)
    moments = []
    for pattern in asked.patterns:
        for number in range(asked.moments):
            verb = VERBS[number % len(VERBS)]
            longest = asked.within or taken[pattern, verb]
            moments.append(
                Moment(
                    pattern,
                    verb,
                    # Now and then the end, where everything is just being removed.
                    drawn.uniform(0.9, 1.1) * longest
                    if number % 10 == 9
                    else drawn.uniform(0, longest),
                    with_child=drawn.random() < 1 / 3,
                    warm=drawn.random() < 2 / 3,
                )
            )
    total = 0
    with ThreadPoolExecutor(asked.at_once) as threads:
        found = threads.map(lambda moment: killed(moment, kept, asked.seconds), moments)
        for moment, left in zip(moments, found, strict=True):
            total += bool(left)
            print(moment, *left, sep="\n  LEFT: ", flush=True)
    shutil.rmtree(kept, ignore_errors=True)
    print(f"{len(moments)} kills of {len(asked.patterns)} patterns; something left after {total}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
