"""The embedded PostgreSQL: who can reach it, where its files are, and how it ends."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import psycopg
import pytest
from foreign_postgres import folder_of, sql, until

from perflab.errors import BadInputError
from perflab.servers.keeper_process import free_segment
from perflab.servers.postgres.server import PostgresServer

START = """
import sys
from perflab.servers.postgres.server import PostgresServer
with PostgresServer.start() as server:
    print(server.pid, server.conninfo, flush=True)
    sys.stdin.read()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def answer_for(user: str, conninfo: str) -> str:
    """Return what another user of this machine is told who connects, in a process of theirs."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        try:
            psycopg.connect(conninfo)
            said = "let in"
        except psycopg.Error as error:
            said = str(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(process, 0)
    return said


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def short_folder(monkeypatch):
    """A folder with a short path, which TMPDIR is about to name."""
    with tempfile.TemporaryDirectory(prefix="pl", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def use(monkeypatch, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.mark.parametrize("length", [63, 82, 200])
def test_the_sockets_folder_is_closed_however_long_tmpdir_is(length, short_folder, monkeypatch):
    use(monkeypatch, short_folder / ("x" * (length - len(str(short_folder)) - 1)))
    with PostgresServer.start() as server:
        folder = folder_of(server.conninfo)
        assert mode_of(folder) == 0o700
        assert mode_of(folder.parent) == 0o700
        assert sql(server.conninfo, "SELECT 1") == [(1,)]
    assert not folder.parent.exists()
    assert list(Path(os.environ["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a b", "a%20b#c?d&e=f", "ü", "a,b", "it's", "$HOME `x`", "\udcff"]
)
def test_a_folder_of_any_name_will_do(name, short_folder, monkeypatch):
    use(monkeypatch, short_folder / name)
    with PostgresServer.start() as server:
        assert sql(server.conninfo, "SELECT 1") == [(1,)]
    assert list(Path(os.environ["TMPDIR"]).iterdir()) == []


def test_it_listens_on_no_port_and_its_socket_is_the_users_alone():
    with PostgresServer.start() as server:
        process = psutil.Process(server.pid)
        inet = []
        for each in (process, *process.children()):
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker of its own that has ended
                inet += each.net_connections("inet")
        assert [found for found in inet if found.status == psutil.CONN_LISTEN] == []
        assert mode_of(folder_of(server.conninfo) / ".s.PGSQL.5432") == 0o700
        assert sql(server.conninfo, "SHOW listen_addresses") == [("",)]


@root
def test_another_user_is_kept_out_even_where_the_folder_is_open():
    with PostgresServer.start() as server:
        folder = folder_of(server.conninfo)
        folder.parent.chmod(0o755)
        (folder / ".s.PGSQL.5432").chmod(0o777)

        assert "Permission denied" in answer_for("daemon", server.conninfo)
        folder.chmod(0o755)
        assert "Peer authentication failed" in answer_for("daemon", server.conninfo)
        folder.chmod(0o700)


@root
def test_private_folders_above_tmpdir_stay_private(short_folder, monkeypatch):
    private = short_folder / "private"
    use(monkeypatch, private / "tmp")
    private.chmod(0o700)
    modes = {folder: mode_of(folder) for folder in (private, *private.parents)}
    with PostgresServer.start() as server:
        assert not folder_of(server.conninfo).is_relative_to(private)
        assert {folder: mode_of(folder) for folder in modes} == modes
    assert list((private / "tmp").iterdir()) == []


@root
def test_programs_in_a_private_folder_are_run_from_a_copy(short_folder, monkeypatch):
    from perflab.servers.postgres import program as postgres_program
    from perflab.servers.postgres.programs import Programs, find_programs

    private = short_folder / "private"
    private.mkdir(mode=0o700)
    installed, source = find_programs()
    package = installed.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        (private / part.name).symlink_to(part)
    programs = private / installed.relative_to(package.parent)
    monkeypatch.setattr(postgres_program, "find_programs", lambda: Programs(programs, source))
    with PostgresServer.start() as server:
        assert sql(server.conninfo, "SELECT 1") == [(1,)]
        folder = folder_of(server.conninfo).parent
        assert Path(psutil.Process(server.pid).exe()).is_relative_to(folder / "program")
    assert mode_of(private) == 0o700
    assert not folder.exists()


def test_no_folder_for_its_socket_is_one_clear_error(short_folder, monkeypatch):
    from perflab.servers.postgres import program as postgres_program

    use(monkeypatch, short_folder / ("x" * 90))
    monkeypatch.setattr(postgres_program, "_ELSEWHERE", ())
    with pytest.raises(BadInputError, match="set TMPDIR to another folder"):
        PostgresServer.start()
    assert list(Path(os.environ["TMPDIR"]).iterdir()) == []


def test_variables_for_the_users_server_do_not_lead_there(http_port, monkeypatch):
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(http_port))
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    monkeypatch.setenv("PGGSSENCMODE", "require")
    monkeypatch.setenv("PGCHANNELBINDING", "require")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    monkeypatch.setenv("LC_ALL", "no_SUCH.locale")
    with PostgresServer.start() as server:
        assert sql(server.own_conninfo, "SELECT 1") == [(1,)]
        server.restart()
        assert sql(server.own_conninfo, "SELECT 2") == [(2,)]


def test_a_number_in_the_pid_file_that_is_another_processs_is_not_ended():
    with subprocess.Popen(["sleep", "600"]) as bystander:
        server = PostgresServer.start()
        pid = server.pid
        (folder_of(server.conninfo) / "postmaster.pid").write_text(f"{bystander.pid}\n" * 8)
        server.close()
        assert bystander.poll() is None
        assert not psutil.pid_exists(pid)
        bystander.kill()


def test_a_server_that_was_killed_by_others_is_closed_and_started_again():
    with PostgresServer.start() as server:
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: server.pid is None)
        server.restart()
        assert sql(server.conninfo, "SELECT 1") == [(1,)]
        os.kill(server.pid, signal.SIGKILL)
        folder = folder_of(server.conninfo).parent
    assert not folder.exists()


def test_its_shared_memory_is_in_its_folder():
    with PostgresServer.start() as server:
        mapped = Path(f"/proc/{server.pid}/maps")
        if not mapped.exists():
            pytest.skip("needs /proc")
        lines = mapped.read_text().splitlines()
        assert [line for line in lines if "/dev/shm/PostgreSQL" in line] == []
        assert sql(server.conninfo, "SHOW dynamic_shared_memory_type") == [("mmap",)]


@linux
def test_no_server_of_initdb_has_shared_memory_beside_its_folder(short_folder, monkeypatch):
    use(monkeypatch, short_folder)
    seen: set[str] = set()
    mapped: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if str((process / "cwd").readlink()).startswith(str(short_folder)):
                        lines = (process / "maps").read_text().splitlines()
                        seen.add((process / "comm").read_text().strip())
                        mapped.update(line for line in lines if "/dev/shm/PostgreSQL" in line)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        PostgresServer.start().close()
    finally:
        over.set()
        thread.join()
    assert {"initdb", "postgres"} <= seen
    assert not mapped


def segments() -> dict[int, str]:
    """Return the processes that made segments of System V's, and the segments' numbers."""
    rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {int(row.split()[4]): row.split()[1] for row in rows}


@linux
def test_a_server_that_was_killed_leaves_no_segment():
    with PostgresServer.start() as server, PostgresServer.start() as other:
        pid = server.pid
        assert pid in segments()
        os.kill(pid, signal.SIGKILL)
        until(lambda: server.pid is None)
        server.close()
        assert pid not in segments()
        assert other.pid in segments()
        assert sql(other.conninfo, "SELECT 1") == [(1,)]


@linux
def test_a_server_that_was_killed_with_its_parent_leaves_no_segment():
    words = [sys.executable, "-c", START]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline().split()[0])
        assert pid in segments()
        for each in (pid, parent.pid):
            os.kill(each, signal.SIGKILL)
    until(lambda: pid not in segments())


@linux
@pytest.mark.parametrize("wrong", [0, 6], ids=["other server", "other segment"])
def test_a_segment_that_is_not_this_servers_stays(wrong, tmp_path):
    with PostgresServer.start() as server:
        lines = (folder_of(server.conninfo) / "postmaster.pid").read_text().splitlines()
        lines[wrong] = {0: "1", 6: "  1 1"}[wrong]
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "postmaster.pid").write_text("\n".join(lines))
        assert free_segment(str(tmp_path))
        assert server.pid in segments()


@pytest.mark.parametrize(
    "said", [b"", b"\0\xff", b"1\n" * 8, b"\n" * 6 + b"1 2", b"x\n" * 6 + b"x x"]
)
def test_a_damaged_pid_file_holds_nothing_up(said, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "postmaster.pid").write_bytes(said)
    assert free_segment(str(tmp_path))


@pytest.mark.parametrize("seconds", [0.6, 1.3])
def test_nothing_is_left_of_one_that_is_killed_while_it_starts(seconds, short_folder):
    environment = {**os.environ, "TMPDIR": str(short_folder)}
    with subprocess.Popen(
        [sys.executable, "-c", START], env=environment, stdin=subprocess.PIPE
    ) as starting:
        try:
            starting.wait(seconds)
        except subprocess.TimeoutExpired:
            starting.kill()

    def left() -> list[str]:
        processes = psutil.process_iter(["cmdline"])
        words = (" ".join(process.info["cmdline"] or ()) for process in processes)
        files = (str(path) for path in short_folder.iterdir())
        return [*files, *(line for line in words if str(short_folder) in line)]

    until(lambda: not left())


def test_an_interrupt_of_the_terminal_does_not_end_it():
    with subprocess.Popen(
        [sys.executable, "-c", f"import signal; signal.signal(2, lambda *_: None)\n{START}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as holder:
        pid, conninfo = holder.stdout.readline().split()
        os.killpg(holder.pid, signal.SIGINT)
        with psycopg.connect(conninfo) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        holder.stdin.close()
    until(lambda: not psutil.pid_exists(int(pid)))
