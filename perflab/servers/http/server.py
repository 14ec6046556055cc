"""`HttpServer`: a real HTTP server on loopback, in a process of its own, steered from here."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
from typing import Any, Self

from perflab.errors import BadInputError
from perflab.servers.keeper import Keeper
from perflab.servers.python_process import python_command, python_environment
from perflab.settings.http_server import HttpServerSettings


class HttpServer:
    """An aiohttp server that perflab starts, changes, kills and ends.

    ``GET {url}/items?start=S&count=N`` answers a JSON list of N items. It ends with this process,
    even when that is killed. Its methods may be called from several threads.

    Attributes:
        url: Such as ``http://127.0.0.1:40123``; the same after a restart.
        settings: How it behaves now.
    """

    def __init__(self, settings: HttpServerSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._keeper = Keeper.of_new_folder("perflab-http-")
        self._log = self._keeper.folder / "log"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._spawn()
        except BaseException:  # an interrupt too
            self.close()
            raise
        self.url = f"http://127.0.0.1:{self._port}"

    @classmethod
    def start(cls, **settings: object) -> Self:
        """Start a server with keys of `HttpServerSettings`; `latency_seconds` is 0 unless given.

        Raises:
            BadInputError: If a setting is not right or the server does not come up.
        """
        return cls(HttpServerSettings.read({"latency_seconds": 0.0, **settings}))

    @property
    def version(self) -> str:
        """What it is, for reports."""
        import aiohttp

        return f"aiohttp {aiohttp.__version__}"

    @property
    def pid(self) -> int | None:
        """The number of its process while that runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def set(self, **settings: object) -> None:
        """Change settings; they hold for the requests that come from now on, and after a restart.

        Raises:
            BadInputError: If a setting is not right.
        """
        changed = self.settings.change(**settings)
        self.settings = changed
        if settings and self.pid is not None:
            self._ask(settings)

    def counts(self) -> dict[str, int]:
        """Return what it has counted since its start and its levels; empty while it is down."""
        return self._ask({})

    def kill(self) -> None:
        """Kill it with SIGKILL; its connections break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Kill it and start it again at the same address.

        Raises:
            BadInputError: If it does not come up.
        """
        self.kill()
        with self._lock:
            _close_pipes(self._process)
            self._process = self._spawn()

    def freeze(self) -> None:
        """Let it stand still with SIGSTOP."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        self.kill()
        with self._lock:
            _close_pipes(self._process)
        self._keeper.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, order: dict[str, object]) -> dict[str, int]:
        with self._lock:
            answer = self._exchange(order)
        if "problem" in answer:
            raise BadInputError(str(answer["problem"]), "server")
        return answer

    def _exchange(self, order: dict[str, object]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return {}
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            line = process.stdout.readline()
        except (OSError, ValueError):
            return {}
        # A process that is killed may leave a part of a line.
        if not line.endswith(b"\n"):
            return {}
        answer: dict[str, object] = json.loads(line)
        return answer

    def _spawn(self) -> subprocess.Popen[bytes]:
        wanted = json.dumps(self.settings.model_dump())
        command = python_command("perflab.servers.http.app", wanted, str(self._port))
        with self._log.open("ab") as log:
            process = self._keeper.start(
                command, stdout=subprocess.PIPE, stderr=log, bufsize=0, env=python_environment()
            )
        try:
            self._port = self._port_of(process)
        except BaseException:
            process.kill()
            process.wait()
            _close_pipes(process)
            raise
        return process

    def _port_of(self, process: subprocess.Popen[bytes]) -> int:
        """Return the port that it listens at, as soon as it does.

        Raises:
            BadInputError: If it ends before.
        """
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        line = process.stdout.readline()
        if not line:
            said = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise BadInputError(f"did not come up: {' '.join(said) or 'no word'}", "HTTP server")
        return int(json.loads(line)["port"])


def _close_pipes(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
