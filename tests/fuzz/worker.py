"""The process that tries inputs: mutations of the seeds, those that atheris finds, or the corpus.

Started by runner.py with a line of JSON: the work.
"""

from __future__ import annotations

import base64
import json
import os
import random
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from instrumented import instrumented, trace_scalars_only
from mutations import mutate
from parts import Target, corpus_of, load_parts
from slot import MOST_BYTES, Slot

from perflab.errors import BadInputError

SLICE_SECONDS = 0.25
MOST_GROWTH = 1 << 30
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def most_memory() -> int:
    """Return the most bytes of memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT


class Trial:
    """Tries inputs and writes findings down, each kind once with its input.

    Args:
        targets: The functions by name.
        folder: Where they may write, and where the slot and the findings are.
    """

    def __init__(self, targets: dict[str, Target], folder: Path) -> None:
        self._targets = targets
        self._numbers = {name: number for number, name in enumerate(targets)}
        self._slot = Slot(folder / "slot")
        self._findings = folder / "findings"
        self._scratch = folder / "scratch"
        self._scratch.mkdir(exist_ok=True)
        self._most = most_memory() + MOST_GROWTH

    def __call__(self, name: str, data: bytes) -> None:
        """Try one input."""
        data = data[:MOST_BYTES]
        self._slot.begin(self._numbers[name], data)
        try:
            self._targets[name](data, self._scratch)
        except BadInputError as error:
            cause = error.__cause__
            if cause is not None and not isinstance(cause, (OSError, BadInputError)):
                self._found(name, "foreign", cause, data)
        except (Exception, RecursionError) as error:  # noqa: BLE001  (that is what is looked for)
            self._found(name, "foreign", error, data)
        if most_memory() > self._most:
            self._found(name, "memory", MemoryError("over 1 GiB"), data)
            self._slot.end()
            os._exit(3)  # the peak never goes down: begin anew
        self._slot.end()

    def settle(self) -> None:
        """Take the memory held now as what the libraries need."""
        self._most = most_memory() + MOST_GROWTH

    def _found(self, name: str, kind: str, error: BaseException, data: bytes) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        named = [f"{Path(f.filename).name}:{f.lineno}" for f in frames]
        ours = [name for name, f in zip(named, frames, strict=True) if "perflab" in f.filename]
        said = f"{type(error).__name__}: {str(error)[:200]}"
        found = {
            "target": name,
            "kind": kind,
            "what": said,
            "where": (ours or named or ["?"])[-1],
            "data": base64.b64encode(data).decode(),
        }
        with self._findings.open("a") as file:
            file.write(json.dumps(found) + "\n")


def by_mutation(trial: Trial, seeds: dict[str, list[bytes]], work: dict[str, Any]) -> None:
    """Try mutations of seeds and corpus, a slice of time each target, until the time is over.

    The n-th input of a target is the same for one seed, on any machine.
    """
    starts = {name: [*seeds[name], *corpus_of(name)] for name in work["targets"]}
    done = dict(work["done"])
    while time.time() < work["until"]:
        for name, known in starts.items():
            ends = time.monotonic() + SLICE_SECONDS
            while time.monotonic() < ends and time.time() < work["until"]:
                number = done[name] = done.get(name, 0) + 1
                rng = random.Random(f"{work['seed']}:{name}:{number}")
                trial(name, mutate(rng.choice(known), known, rng))


def by_coverage(trial: Trial, seeds: dict[str, list[bytes]], work: dict[str, Any]) -> None:
    """Let atheris (libFuzzer) choose inputs; the first byte says the target. Does not return."""
    import atheris

    names = list(work["targets"])
    corpus = Path(work["folder"], "corpus")
    corpus.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        for place, data in enumerate([*seeds[name], *corpus_of(name)]):
            (corpus / f"{name}-{place}").write_bytes(bytes([number]) + data)

    def try_one(data: bytes) -> None:
        trace_scalars_only()
        if data:
            trial(names[data[0] % len(names)], data[1:])

    def change(data: bytes, most: int, seed: int) -> bytes:
        if not data:
            return bytes([seed % len(names)])
        rng = random.Random(seed)
        name = names[data[0] % len(names)]
        body = data[1:]
        if rng.random() < 0.5:
            return data[:1] + atheris.Mutate(body, max(len(body), most - 1))
        return (data[:1] + mutate(body, seeds[name], rng))[:most]

    seconds = max(1, round(work["until"] - time.time()))
    arguments = (f"-max_total_time={seconds}", f"-seed={work['seed'] % 2**31}", "-max_len=8192")
    quiet = ("-verbosity=0", "-rss_limit_mb=0", "-timeout=1000", f"-artifact_prefix={corpus}/")
    atheris.Setup([sys.argv[0], *arguments, *quiet, str(corpus)], try_one, custom_mutator=change)
    atheris.Fuzz()


def replay(trial: Trial, seeds: dict[str, list[bytes]], work: dict[str, Any]) -> None:
    """Try the seeds and what was found before, as they are."""
    for name in work["targets"]:
        for data in [*seeds[name], *corpus_of(name)][work["done"].get(name, 0) :]:
            trial(name, data)


HOWS: dict[str, Callable[[Trial, dict[str, list[bytes]], dict[str, Any]], None]] = {
    "mutation": by_mutation,
    "coverage": by_coverage,
    "replay": replay,
}


def main() -> None:
    """Do the work that the command line says."""
    work = json.loads(sys.argv[1])
    # The noise of a calculation that goes wrong is a finding; what libraries deprecate is not.
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", RuntimeWarning)
    if work["how"] == "coverage":
        with instrumented():
            targets, seeds = load_parts(work["parts"])
    else:
        targets, seeds = load_parts(work["parts"])
    chosen = {name: targets[name] for name in work["targets"]}
    folder = Path(work["folder"])
    trial = Trial(chosen, folder)
    scratch = folder / "scratch"
    for name, run in chosen.items():  # kernels, libraries, servers and panels are warm from here on
        for data in seeds[name][: 1 if work["how"] == "replay" else None]:
            with suppress(BadInputError):
                run(data, scratch)
    trial.settle()
    work["until"] = time.time() + work["seconds"]
    (folder / "ready").touch()
    HOWS[work["how"]](trial, seeds, work)


if __name__ == "__main__":
    main()
