"""The PostgreSQL that perflab starts: its folder, its rules of access and its processes."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.servers.keeper import Keeper
from perflab.servers.postgres.programs import EMBEDDED, Programs, find_programs, major_version

ROLE = "postgres"
MOST_CONNECTIONS = 400
_USER_INSTEAD_OF_ROOT = "nobody"
_SOCKET = "data/.s.PGSQL.5432"
_LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
_ELSEWHERE = ("/tmp", "/var/tmp")  # noqa: S108  (where a folder of our own is made)
_PREFIX = "perflab-postgres-"
_RANDOM_PART = "12345678"
_PATIENCE = 60.0
_STOP_PATIENCE = 5.0
_SETTABLE_FROM = 16
_ALL_SAID = {
    "hostaddr": "",
    "port": "5432",
    "options": "",
    "gssencmode": "disable",
    "channel_binding": "disable",
    "target_session_attrs": "any",
}


class PostgresProgram:
    """A server with a data folder of its own, which only the user who started it can reach.

    It listens on a socket in a folder of mode 0700 and on no port, and lets in the role
    ``postgres`` for the system user who started it, by the system's word (peer). PostgreSQL does
    not run as root: for root it runs as ``nobody``, below a folder that this user can pass
    already, and no mode of any other folder is changed.

    Attributes:
        source: How its programs were found, such as ``embedded`` or ``on the PATH``.

    Raises:
        BadInputError: If there are no programs, or it does not come up.
    """

    def __init__(self) -> None:
        self._user = _other_user()
        self._keeper = _keep_folder(self._user)
        self._folder = self._keeper.folder
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            if self._user is not None:
                _give(self._folder, self._user)
            programs = find_programs()
            self.source = programs.source
            self._bin = _runnable(programs, self._folder, self._user)
            self._initialise()
            self.start()
        except OSError as error:
            self.close()
            raise _no_server(error.strerror or str(error)) from None
        except BaseException:
            self.close()
            raise

    @property
    def conninfo(self) -> str:
        """The address in a form that clients other than libpq read too."""
        return f"postgresql://{ROLE}:@/postgres?host={quote(str(self._data))}"

    @property
    def own_conninfo(self) -> str:
        """The same for libpq, which leaves nothing to variables such as ``PGHOSTADDR``."""
        return make_conninfo(self.conninfo, **_ALL_SAID)

    @property
    def pid(self) -> int | None:
        """The number of the first process; none where it has ended."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            BadInputError: If it does not.
        """
        self._process = self._spawn("postgres", "-D", str(self._data))
        until = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.own_conninfo, connect_timeout=5).close()
                return
            time.sleep(0.02)
        raise self._failed()

    def stop(self, ending: signal.Signals) -> None:
        """End it by a signal, and by a stronger one where that is not enough.

        The process is a child of ours that nobody else waits for, so that its number cannot be
        another's.
        """
        if self._process is None:
            return
        for number in (ending, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_PATIENCE)
                return

    def close(self) -> None:
        """End it at once and remove its folder."""
        self.stop(signal.SIGQUIT)
        self._keeper.release()

    def _initialise(self) -> None:
        words = ("--no-locale", "--encoding=UTF8", "--no-sync", "--username", ROLE)
        rules = ("--auth-local=peer", "--auth-host=reject")
        # Of the servers that it runs as well: one that is killed leaves none in /dev/shm. Before
        # 16 it cannot be told to.
        settable = major_version(self._bin) >= _SETTABLE_FROM
        memory = ("--set", "dynamic_shared_memory_type=mmap") if settable else ()
        self._process = self._spawn("initdb", *words, *rules, *memory, "-D", str(self._data))
        if self._process.wait() != 0:
            raise self._failed()
        _write_rules(self._data)

    def _spawn(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a program in the folder, which is ended with this process from its first moment."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        with self._log.open("ab") as log:
            process = self._keeper.start(
                [str(self._bin / program), *words],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=environment,
                user=None if self._user is None else self._user.pw_uid,
                group=None if self._user is None else self._user.pw_gid,
                extra_groups=None if self._user is None else [],
                umask=0o077,
            )
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        process.stdin.close()
        return process

    def _failed(self) -> BadInputError:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return _no_server(said[-1] if said else "it does not answer")


def _no_server(why: str) -> BadInputError:
    return BadInputError(f"did not come up: {foreign_text(why)}", "PostgreSQL")


def _other_user() -> pwd.struct_passwd | None:
    """Return the user that the server runs as where this process is root's; else none."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_USER_INSTEAD_OF_ROOT)
    except KeyError:
        text = f"does not run as root, and there is no user {_USER_INSTEAD_OF_ROOT} to run it as"
        raise BadInputError(text, "PostgreSQL") from None


def _give(folder: Path, user: pwd.struct_passwd) -> None:
    """Let a folder, with all that is in it, be another user's."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _keep_folder(user: pwd.struct_passwd | None) -> Keeper:
    """Make a folder of mode 0700 for a server, where a socket's path is short enough."""
    wanted = tempfile.gettempdir()
    for base in (wanted, *_ELSEWHERE):
        with contextlib.suppress(OSError, BadInputError):
            if _suits(base, user):
                return Keeper.of_new_folder(_PREFIX, signal.SIGQUIT, inside=base)
    raise BadInputError(
        f"cannot put its socket into {wanted}: its path may have {_LONGEST_SOCKET} bytes at most, "
        "and the user it runs as must be able to pass; set TMPDIR to another folder",
        "PostgreSQL",
    )


def _suits(base: str, user: pwd.struct_passwd | None) -> bool:
    """Say whether a server's folder can be made in a folder and be passed by a user."""
    try:
        socket = f"{base}/{_PREFIX}{_RANDOM_PART}/{_SOCKET}".encode()
    except UnicodeEncodeError:
        return False
    if len(socket) > _LONGEST_SOCKET or not os.access(base, os.W_OK | os.X_OK):
        return False
    if any(sign in base for sign in ",'\"\\\n") or not base.startswith("/"):
        return False
    real = Path(base).resolve()
    return user is None or all(_passable(folder) for folder in (real, *real.parents))


def _passable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _runnable(found: Programs, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the programs' folder: a copy where the user cannot run the embedded ones.

    Raises:
        BadInputError: If the user cannot run the machine's own, whose libraries may be anywhere.
    """
    programs = found.folder
    if user is None or _runs(programs / "postgres", user):
        return programs
    if found.source != EMBEDDED:
        text = f"does not run as root, and {user.pw_name} cannot run {programs / 'postgres'}"
        raise BadInputError(text, "PostgreSQL")
    copied = folder / "program"
    install = programs.parent
    package = install.parent
    for part in (install / "lib", install / "share", *_libraries(package)):
        shutil.copytree(part, copied / part.relative_to(package.parent))
    place = copied / programs.relative_to(package.parent)
    place.mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy(programs / name, place)
    _give(copied, user)
    return place


def _libraries(package: Path) -> list[Path]:
    """Return the folders of libraries that a wheel carries beside its programs."""
    places = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
    return [place for place in places if place.is_dir()]


def _runs(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        asked = subprocess.run(  # noqa: S603  (the program that perflab brings)
            [program, "--version"],
            check=False,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
        )
    except PermissionError:
        return False
    return asked.returncode == 0


def _write_rules(data: Path) -> None:
    """Let in the user of this process over the socket, and nobody else."""
    who = pwd.getpwuid(os.geteuid()).pw_name.replace('"', '""')
    _append(data / "postgresql.conf", _settings(data))
    (data / "pg_hba.conf").write_text("local all all peer map=perflab\n", encoding="utf-8")
    _append(data / "pg_ident.conf", f'perflab "{who}" {ROLE}\n')


def _settings(data: Path) -> str:
    return (
        "\nlisten_addresses = ''\n"
        "port = 5432\n"
        f"unix_socket_directories = '\"{data}\"'\n"
        "unix_socket_permissions = 0700\n"
        # In its folder, so that they go with it even where it is killed.
        "dynamic_shared_memory_type = mmap\n"
        f"max_connections = {MOST_CONNECTIONS}\n"
    )


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
