"""Fuzz perflab: inputs in a process of its own, which is watched from here and begun anew.

Run: make fuzz SECONDS=600 SEED=1 [PARTS="importers stored"] [HOW=mutation|coverage|both]
or:  python tests/fuzz/runner.py --seconds 600 --seed 1 --how both importers

``coverage`` needs atheris (Linux); where it is missing, all is by mutation. ``--replay`` tries the
seeds and what was found before (``corpus/``) and nothing else. What is found is printed, its input
goes to ``corpus/TARGET/``, and the exit status is 1. See parts.py for what a part must have.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
from parts import CORPUS, HERE, load_parts
from slot import Slot

LEAST_SECONDS = 0.5
HANG_SECONDS = 10.0
BUSY_SECONDS, STUCK_SECONDS = 4.0, 40.0
MOST_GROWTH = 1 << 30
MEMORY = Path("/dev/shm")
KINDS = ("foreign", "crash", "hang", "memory")
START_SECONDS = 300.0
MOST_SHOWN = 40


class Watch:
    """Runs workers until the time is over, and collects what they find.

    Args:
        parts: The parts to take; all where empty.
        names: The targets of those parts.
        seed: Where chance begins.
        keep: Whether inputs that were found go to the corpus.
    """

    def __init__(self, parts: list[str], names: list[str], seed: int, *, keep: bool) -> None:
        self.names = names
        self.counts: Counter[str] = Counter()
        self.found: Counter[tuple[str, str]] = Counter()
        self.shown: dict[tuple[str, str, str], str] = {}
        self._parts = parts
        self._seed = seed
        self._keep = keep
        self._starts = 0
        self._ready_seconds = 0.0

    def run(self, how: str, seconds: float) -> None:
        """Run workers of one kind, one after the other, for so long or until all is tried."""
        before = Counter(self.counts)
        self._ready_seconds = 0.0
        while self._ready_seconds < seconds or how == "replay":
            done = self.counts - before if how != "coverage" else Counter()
            if self._one(how, seconds - self._ready_seconds, dict(done)) == 0:
                return
            # So that what dies at once does not go on for ever.
            self._ready_seconds += LEAST_SECONDS

    def _one(self, how: str, seconds: float, done: dict[str, int]) -> int:
        base = MEMORY if MEMORY.is_dir() else None
        folder = Path(tempfile.mkdtemp(prefix="perflab-fuzz-", dir=base))
        self._starts += 1
        work = {
            "parts": self._parts,
            "targets": self.names,
            "how": how,
            # Coverage begins anew in each process; chance must not.
            "seed": self._seed + (self._starts if how == "coverage" else 0),
            "seconds": seconds,
            "done": done,
            "folder": str(folder),
        }
        slot = Slot(folder / "slot")
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "worker.py"), json.dumps(work)],
                stdout=output,
                stderr=output,
                cwd=folder,
            )
            try:
                status = self._watch(process, slot, folder)
            finally:
                process.kill()
                process.wait()
        try:
            self._collect(process, slot, folder, status)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return status

    def _watch(self, process: subprocess.Popen[bytes], slot: Slot, folder: Path) -> int:
        watched = psutil.Process(process.pid)
        current, used_before = 0.0, 0.0
        begun, limit, before = time.monotonic(), None, self._ready_seconds
        while process.poll() is None:
            time.sleep(0.05)
            if not (folder / "ready").exists():
                if time.monotonic() - begun > START_SECONDS:
                    raise SystemExit("a worker does not start")
                continue
            if limit is None:
                begun = time.monotonic()
            self._ready_seconds = before + time.monotonic() - begun
            try:
                held = watched.memory_info().rss
                used = sum(watched.cpu_times()[:2])
            except psutil.Error:
                continue
            if slot.started != current:
                current, used_before = slot.started, used
            limit = limit or held + MOST_GROWTH
            # On a machine that is busy with other work, waiting for it is no hang.
            worked = used - used_before > BUSY_SECONDS or slot.since > STUCK_SECONDS
            if slot.since > HANG_SECONDS and worked:
                self._stopped(slot, "hang", f"more than {HANG_SECONDS:.0f} s")
                return 3
            if held > limit:
                self._stopped(slot, "memory", "over 1 GiB")
                return 3
        return process.returncode

    def _collect(
        self, process: subprocess.Popen[bytes], slot: Slot, folder: Path, status: int
    ) -> None:
        for number, name in enumerate(self.names):
            self.counts[name] += slot.count(number)
        findings = folder / "findings"
        for line in findings.read_text().splitlines() if findings.exists() else ():
            found = json.loads(line)
            self._note(found["target"], found["kind"], found["what"], found["where"], found["data"])
        if status not in (0, 3):
            said = (folder / "output").read_text(errors="replace")[-3000:]
            if not (folder / "ready").exists():
                raise SystemExit(f"a worker did not start (status {status}):\n{said}")
            self._stopped(slot, "crash", f"status {status}: {said.strip()[-200:]}")

    def _stopped(self, slot: Slot, kind: str, said: str) -> None:
        number, data = slot.current or (0, b"")
        self._note(self.names[number], kind, said, "?", base64.b64encode(data).decode())

    def _note(self, target: str, kind: str, said: str, where: str, data: str) -> None:
        self.found[target, kind] += 1
        same = (target, kind, where + said.partition(":")[0])
        if same in self.shown:
            return
        self.shown[same] = f"{target} | {kind} | {where} | {said}"
        if self._keep:
            content = base64.b64decode(data)
            path = CORPUS / target / hashlib.sha1(content).hexdigest()[:16]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def table(self) -> str:
        """Return the numbers by target, and what was found."""
        rows = [("target", "inputs", "foreign exceptions", "crashes", "over 10 s", "over 1 GiB")]
        total: Counter[str] = Counter()
        for name in self.names:
            numbers = [self.found[name, kind] for kind in KINDS]
            rows.append((name, f"{self.counts[name]:,}", *map(str, numbers)))
            total.update(dict(zip(KINDS, numbers, strict=True)))
        rows.append(("all", f"{self.counts.total():,}", *(str(total[kind]) for kind in KINDS)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in rows]
        return "\n".join([*lines, *list(self.shown.values())[:MOST_SHOWN]])


def parse() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", help="importers, stored ...; all where none is named")
    parser.add_argument("--seconds", type=float, default=540, help="without the time to warm up")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--how", choices=("mutation", "coverage", "both"), default="both")
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--only", nargs="*", default=(), help="targets of the parts")
    parser.add_argument("--no-corpus", dest="keep", action="store_false")
    return parser.parse_args()


def main() -> int:
    """Fuzz, print the table, and return the exit status."""
    said = parse()
    targets, _ = load_parts(said.parts)
    names = [name for name in targets if not said.only or name in said.only]
    watch = Watch(said.parts, names, said.seed, keep=said.keep)
    start = time.time()
    if said.replay:
        watch.run("replay", 0)
    else:
        guided = said.how != "mutation" and importlib.util.find_spec("atheris") is not None
        if said.how != "mutation" and not guided:
            print("atheris is not installed; all is by mutation")
        share = {"mutation": 1.0, "coverage": 0.0, "both": 0.5}[said.how] if guided else 1.0
        if share:
            watch.run("mutation", share * said.seconds)
        if share < 1:
            watch.run("coverage", (1 - share) * said.seconds)
    print(f"seed {said.seed}, {time.time() - start:.0f} s")
    print(watch.table())
    return 1 if watch.found else 0


if __name__ == "__main__":
    sys.exit(main())
