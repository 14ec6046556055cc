"""Build the wheel, install it with each extra alone, measure what that takes, and use it there.

The size is that of the files in site-packages, without pip, setuptools and the bytecode that Python
writes by itself; with the bytecode it is shown beside it. In each environment run the examples
that need no more than it has, and what it has not is asked for: one line must name the extra.

Status 1 where an environment is larger than its goal, or something does not work there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from examples import wrong_with  # noqa: E402

from perflab.servers.postgres.server import PostgresServer  # noqa: E402
from perflab.servers.redis.server import RedisServer  # noqa: E402

MIB = 2**20
QUIET = ("-qq", "--disable-pip-version-check")
BASE = ("cache", "connection_pool", "prefetching", "record")
SERVICES = (*BASE, "redis_cache", "connection_pool_postgres", "async_io", "lazy_loading")
STARTERS = (("perflab",), ("python", "-m", "perflab"))
PARQUET = """\
from pathlib import Path
from perflab.patterns.lazy_loading import LazyLoader
Path("rows.parquet").write_bytes(b"PAR1PAR1")
LazyLoader(data_source="rows.parquet")[0]
"""


APP = """\
import re, signal, subprocess, sys, urllib.request
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell's & ignores
command = [sys.executable, "-m", "perflab", "app", "cache", "--no-browser"]
app = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
try:
    told = ""
    while "Ctrl-C ends it" not in told:
        line = app.stderr.readline()
        assert line, told
        told += line
    address = re.search(r"http://\\S+", told)[0]
    page = urllib.request.urlopen(address, timeout=120).read().decode()
    assert "perflab: caching" in page and "jupyter-config-data" in page, page[:2000]
    app.send_signal(signal.SIGINT)
    assert app.wait(60) == 0, app.stderr.read()
finally:
    app.kill()
"""


class Place(NamedTuple):
    """An environment: its extras, what is taken out again, its goal, and what is done in it."""

    extras: str
    without: tuple[str, ...] = ()
    most: float | None = None
    examples: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()


PLACES = (
    Place(
        "",
        examples=BASE,
        missing=(
            ("from perflab.patterns.redis_cache import RedisCache", "redis"),
            ("from perflab.patterns.async_io import AsyncFetcher", "http"),
            ("from perflab.patterns.streaming import StreamProcessor", "files"),
            ("from perflab import predict", "cli"),
            ("from perflab import workbench", "lab"),
        ),
    ),
    Place("redis", most=25, examples=(*BASE, "redis_cache")),
    Place("record", most=30, examples=("record",)),
    Place(
        "redis,postgres,http,files",
        without=("pyarrow",),
        most=110,
        examples=(*SERVICES, "streaming"),
        missing=((PARQUET, "files"),),
    ),
    Place("prometheus,otel", examples=("metrics",)),
    Place(
        "cli",
        examples=("what_if",),
        missing=(("from perflab import workbench", "lab"),),
        commands=(
            ("perflab", "settings"),
            ("perflab", "doctor", "--offline"),
            ("perflab", "predict", "redis_cache", "--workload", "zipf:keys=1k,requests=10k"),
            ("perflab", "run", "cache", "--seconds", "1", "--out", "run.json"),
            ("perflab", "report", "run.json", "--out", "report.html"),
        ),
    ),
    Place(
        "app",
        examples=("what_if",),
        commands=(("python", "-c", APP),),
    ),
)


class Environment:
    """A virtual environment with the wheel and nothing else.

    Args:
        folder: Where it is made.
        wheel: The file.
        place: What goes into it.
    """

    def __init__(self, folder: Path, wheel: Path, place: Place) -> None:
        self.folder = folder
        run("-m", "venv", "--without-pip", folder)
        extras = f"[{place.extras}]" if place.extras else ""
        self.pip("install", "-c", ROOT / "constraints.txt", f"{wheel}{extras}")
        for package in place.without:
            self.pip("uninstall", "--yes", package)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def pip(self, command: str, *words: str | Path) -> None:
        """Let the pip of this environment work on that one."""
        run("-m", "pip", "--python", self.python, command, *QUIET, *words)

    def sizes(self) -> tuple[float, float]:
        """Return the MiB that are installed, without and with bytecode."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        files = [path for path in packages.rglob("*") if path.is_file()]
        own = [path for path in files if path.suffix != ".pyc"]
        return tuple(sum(path.stat().st_size for path in part) / MIB for part in (own, files))


def run(*words: str | Path) -> None:
    """Run Python with words and stop where it fails."""
    subprocess.run([sys.executable, *words], check=True)


def wheel_of(folder: Path) -> Path:
    """Build the wheel into a folder and return it."""
    run("-m", "pip", "wheel", *QUIET, "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def ended(command: tuple[str, ...], made: Environment, folder: Path, variables: dict[str, str]):
    """Run a command of an environment and return how it ended."""
    program = made.folder / "bin" / command[0]
    return subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def faults(made: Environment, place: Place, variables: dict[str, str]) -> Iterator[str]:
    """Use an environment and yield what is wrong with it."""
    folder = made.folder / "work"
    folder.mkdir()
    variables = {**variables, "PERFLAB_CACHE_DIR": str(folder / "kept"), "HOME": str(folder)}
    for name in place.examples:
        wrong = wrong_with(name, made.python, folder, variables)
        if wrong:
            yield f"{name}: {wrong}"
    for code, extra in place.missing:
        found = ended(("python", "-c", code), made, folder, variables)
        last = found.stderr.strip().rpartition("\n")[2]
        if f"pip install 'perflab[{extra}]'" not in last:
            yield f"{code}: does not name {extra}: {found.stderr[-2000:]}"
    for command in place.commands:
        found = ended(command, made, folder, variables)
        if found.returncode:
            yield f"{' '.join(command)}: status {found.returncode}: {found.stderr[-2000:]}"
    yield from _faults_of_starting(made, place, variables)


def _faults_of_starting(
    made: Environment, place: Place, variables: dict[str, str]
) -> Iterator[str]:
    folder = made.folder / "work"
    for starter in STARTERS:
        told = ended((*starter, "--version"), made, folder, variables)
        if told.returncode or not told.stdout.startswith("perflab "):
            yield f"{' '.join(starter)} --version: status {told.returncode}: {told.stderr[-2000:]}"
        found = ended((*starter, "settings", "cache"), made, folder, variables)
        if place.extras in ("cli", "app"):
            right = found.returncode == 0 and "max_cache_size" in found.stdout
        else:
            lines = found.stderr.splitlines()
            named = len(lines) == 1 and "pip install 'perflab[cli]'" in lines[0]
            right = named and found.returncode == 2
        if not right:
            yield f"{' '.join(starter)} settings: {found.returncode}: {found.stderr[-2000:]}"


def main() -> int:
    """Measure all environments, or those that are named, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("extras", nargs="*", help="such as redis,postgres; all where none is given")
    given = parser.parse_args()
    places = [place for place in PLACES if not given.extras or place.extras in given.extras]
    bad = 0
    with (
        tempfile.TemporaryDirectory(prefix="perflab-wheel-") as scratch,
        RedisServer.start() as redis,
        PostgresServer.start() as postgres,
    ):
        cut = ("PYTHONPATH", "PERFLAB_REDIS_URL", "PERFLAB_POSTGRES_URL")
        kept = {name: value for name, value in os.environ.items() if name not in cut}
        variables = {**kept, "REDIS_URL": redis.url, "DATABASE_URL": postgres.conninfo}
        wheel = wheel_of(Path(scratch))
        for number, place in enumerate(places):
            begun = time.monotonic()
            made = Environment(Path(scratch) / f"environment{number}", wheel, place)
            size, compiled = made.sizes()
            goal = "" if place.most is None else f", at most {place.most:.0f}"
            label = f"perflab[{place.extras}]" if place.extras else "perflab"
            label += "".join(f" without {package}" for package in place.without)
            wrong = list(faults(made, place, variables))
            if place.most is not None and size > place.most:
                wrong.append(f"takes {size:.1f} MiB, and may take {place.most}")
            took = time.monotonic() - begun
            print(f"{label}: {size:.1f} MiB{goal} ({compiled:.1f} with bytecode; {took:.0f} s)")
            for one in wrong:
                print(f"    {one}", file=sys.stderr)
            bad += len(wrong)
    print("all work" if not bad else f"{bad} do not work")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
