"""`ServiceRunner`: runs the real service, and tells what it has measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.panels.run_words import Phase, RunWords, ended
from perflab.panels.status import StatusLine
from perflab.service.live.run import run_service
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.service import Service
    from perflab.service.live.result import ServiceRun
    from perflab.service.live.watching import RunSoFar

_SHOW_SECONDS = 0.5
_SAY_SECONDS = 0.25


class ServiceRunner:
    """One run at a time, with the settings of its start. Safe to use from several threads.

    Args:
        status: Where the run's state and errors are said.
        shown: Called with the run so far, twice a second.
        changed: Called when a run has started, is told to stop or has ended.

    Attributes:
        result: What the last run measured; none before it is over.
    """

    def __init__(
        self,
        status: StatusLine,
        shown: Callable[[Service, RunSoFar], object],
        changed: Callable[[], object],
    ) -> None:
        self._status, self._shown, self._changed = status, shown, changed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._dropped, self._closed = True, False
        self._last: RunSoFar | None = None
        self._next_look = 0.0
        self.result: ServiceRun | None = None

    @property
    def active(self) -> bool:
        """Whether a run is starting, going or stopping."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def failed(self) -> bool:
        """Whether the last run is over and has left nothing, though it is still wanted."""
        return not self.active and self.result is None and not self._dropped

    @property
    def phase(self) -> Phase | None:
        """What the run is doing; none where there is none."""
        if not self.active:
            return None
        if self._stop.is_set():
            return "stopping"
        # Before a request was done there is nothing to keep of it.
        return "running" if self._last is not None and self._last.requests else "starting"

    def start(self, service: Service, workload: object, scenario: str, seconds: float) -> None:
        """Run a service; while one is active nothing happens.

        Args:
            service: What runs.
            workload: What it is asked for.
            scenario: What happens meanwhile; empty for nothing.
            seconds: How long requests come.
        """
        with self._lock:
            if self.active or self._closed:
                return
            self._stop.clear()
            self._dropped, self._last, self.result = False, None, None
            self._thread = threading.Thread(
                target=self._run,
                args=(service, workload, scenario or None, seconds),
                name="perflab-service-run",
                daemon=True,
            )
            self._thread.start()
        self._changed()

    def stop(self) -> None:
        """Let no more requests come; what was measured is shown. Returns at once."""
        self._stop.set()
        self._changed()

    def drop(self) -> None:
        """Forget the run; one that is going ends behind the scenes."""
        with self._lock:
            self._dropped = True
            self.result = None
        self._stop.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run is over."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def close(self) -> None:
        """End the run, if there is one."""
        self._closed = True
        self.drop()

    def _run(
        self, service: Service, workload: object, scenario: str | None, seconds: float
    ) -> None:
        began, said = time.monotonic(), ""
        over = threading.Event()
        teller = threading.Thread(
            target=self._tell, args=(began, seconds, over), name="perflab-tell", daemon=True
        )
        teller.start()
        try:
            found = run_service(
                service,
                workload,
                scenario,
                seconds,
                watch=lambda so_far: self._take(service, so_far),
                cancelled=self._stop.is_set,
            )
            said = ended("run ended", found.seconds, int(found.metrics["requests"]))
            with self._lock:
                self.result = None if self._dropped else found
        except BadInputError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (a thread has nobody above it to catch)
            said = "run failed"
            self._fail(error)
        finally:
            over.set()
            teller.join()
            self._status.say("run", "" if self._dropped else said)
            self._thread = None
            self._changed()

    def _fail(self, error: Exception) -> None:
        early = self._stop.is_set() and isinstance(error, BadInputError)
        if not self._dropped and not early:
            self._status.fail(error)

    def _take(self, service: Service, so_far: RunSoFar) -> None:
        first, self._last = self._last is None, so_far
        now = time.monotonic()
        if not self._dropped and (first or now >= self._next_look):
            self._next_look = now + _SHOW_SECONDS
            self._shown(service, so_far)

    def _tell(self, began: float, seconds: float, over: threading.Event) -> None:
        """Say again and again what the run is doing."""
        while True:
            self._say(began, seconds)
            if over.wait(_SAY_SECONDS):
                return

    def _say(self, began: float, seconds: float) -> None:
        phase, last = self.phase, self._last
        if phase is None or self._dropped:
            return
        words = RunWords(
            phase=phase,
            waited=time.monotonic() - began,
            measured=0.0 if last is None else last.seconds,
            requests=0 if last is None else last.requests,
            left=seconds if last is None else max(last.whole - last.seconds, 0.0),
            limit=in_words(seconds, "seconds"),
            notice="servers and workers are started; its settings are those of now",
        )
        self._status.say("run", words.text, words.mood)
