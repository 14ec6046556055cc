"""Programs and commands of README and docs, read out of them and run, on real servers."""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from perflab.servers.http.server import HttpServer
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.redis.server import RedisServer

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
PATTERNS = ROOT / "docs" / "patterns"
BEGUN = dt.datetime(2026, 11, 29, 12, 0, 0, tzinfo=dt.UTC)


# One after the other: the prefetcher fetches over the pool's connections.
ORDER = (
    *("cache", "redis_cache", "connection_pool", "lazy_loading"),
    *("prefetching", "streaming", "async_io"),
)


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def servers():
    with (
        RedisServer.start() as redis,
        PostgresServer.start() as postgres,
        HttpServer.start() as http,
    ):
        yield {
            "REDIS_URL": redis.url,
            "DATABASE_URL": postgres.conninfo,
            "SERVICE_URL": f"{http.url}/items?start=0&count=1",
        }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder in which a reader has what the README speaks of."""
    made = tmp_path_factory.mktemp("reader")
    with (made / "access.log").open("w") as log:
        for n in range(3000):
            at = BEGUN + dt.timedelta(seconds=n)
            path = f"/product/{n * n % 211}"
            log.write(
                f'192.0.2.{n % 9} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" '
                f'200 {500 + n % 50} "-" "-"\n'
            )
    with (made / "orders.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["order", "price", "city"])
        rows.writerows([n, n / 4, "Łódź"] for n in range(2500))
    return made


def run(program: str, folder: Path, servers: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program as a reader would: in a file of its own, in a process of its own."""
    file = folder / "program.py"
    file.write_text(program)
    return subprocess.run(
        [sys.executable, str(file)],
        cwd=folder,
        env={**os.environ, **servers},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_programs_of_all_patterns_run_one_after_the_other(folder, servers):
    readers_own = (
        "def load_product(number):\n    return {'number': number}\n\n\n"
        "def fetch_price(number):\n    return 9.5\n\n\n"
    )
    pages = [PATTERNS / f"{name}.md" for name in ORDER]
    assert sorted(pages) == sorted(PATTERNS.glob("*.md"))
    programs = [block for page in pages for block in blocks(page, "python")]
    checks = (
        "\nimport pyarrow.parquet\n"
        "assert prices.get('price:7') == price == 9.5\n"
        "assert total == sum(range(10_000)), total\n"
        "assert pyarrow.parquet.read_table('orders.parquet').num_rows == 2500\n"
        "assert found == [200] * 100, found\n"
        "assert pool.stats()['connections_in_use'] == 0, pool.stats()\n"
    )
    done = run(readers_own + "\n\n".join(programs) + checks, folder, servers)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert done.stdout.splitlines()[0] == "{'number': 7} 1"
    assert "'Łódź'" in done.stdout
    assert done.stdout.splitlines()[-1] == "2500 0"


def test_readme_shows_a_program_of_the_docs():
    (program,) = [block for block in blocks(README, "python") if "perflab.patterns" in block]
    assert program in blocks(PATTERNS / "cache.md", "python")


def test_readme_has_at_most_700_words_beside_its_programs():
    text = README.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(prose.split()) <= 700


def test_program_of_the_verbs_writes_its_report(folder, servers):
    (program,) = [block for block in blocks(README, "python") if "perflab.predict" in block]
    done = run(program, folder, servers)
    assert done.returncode == 0, done.stderr
    assert "hit rate" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("page", "verbs"),
    [
        (README, {"advise", "predict", "run", "tune", "report"}),
        (TUTORIAL, {"trace", "predict", "run", "tune", "report"}),
    ],
    ids=["readme", "tutorial"],
)
def test_commands_of_the_shell_hold(folder, page, verbs):
    lines = "".join(blocks(page, "console")).splitlines()
    commands = [shlex.split(line.removeprefix("$ ")) for line in lines if "perflab" in line]
    commands = [command for command in commands if command[0] == "perflab"]
    assert {command[1] for command in commands} == verbs
    (folder / "report.html").unlink(missing_ok=True)
    for command in commands:
        program = [sys.executable, "-m", "perflab", *command[1:]]
        done = subprocess.run(
            program, cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
    assert (folder / "report.html").stat().st_size > 10_000


def test_python_m_perflab_has_the_exit_status_of_the_command(folder):
    program = [sys.executable, "-m", "perflab", "predict", "cache", "--workload", "nowhere.log"]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere.log" in done.stderr


def test_names_that_a_pattern_imports_are_where_the_docs_say():
    text = (ROOT / "docs" / "add_a_pattern.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(perflab[\w.]*)` \| (.*) \|$", text, flags=re.MULTILINE)
    assert len(rows) >= 7
    for place, names in rows:
        module = importlib.import_module(place)
        assert [name for name in re.findall(r"`(\w+)`", names) if not hasattr(module, name)] == []


def test_paths_that_the_docs_name_are_there():
    missing = {
        (page.name, path)
        for page in [README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
        for path in re.findall(
            r"`((?:perflab|tests|docs|notebooks|data)/[\w./-]+)`", page.read_text(encoding="utf-8")
        )
        if "NAME" not in path and not (ROOT / path).exists()
    }
    assert missing == set()
