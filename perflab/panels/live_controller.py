"""`LiveController`: the live side of the panel: it starts, steers and draws a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from perflab.bench.registry import load_bench
from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.lab.alerts import Alert
from perflab.lab.live import LiveRun
from perflab.lab.run import Run
from perflab.lab.verbs import start_live
from perflab.panels.latest import Latest
from perflab.panels.status import StatusLine
from perflab.servers.consent import ConsentNeededError
from perflab.units import counted, grouped
from perflab.workloads import Trace

_TICK_SECONDS = 0.1
_APPLY_SECONDS = 0.15
_GOING = ("starting", "running", "paused")

Tick = Callable[[LiveRun], None]


class LiveController:
    """One live run at a time.

    Args:
        pattern: The pattern's name.
        status: Where the run's state and errors are said.
        tick: Called ten times a second while there is a run, and once more at its end.
        changed: Called when a run has started or ended.
        asked: Called where a run needs the user to agree to a server.
    """

    def __init__(
        self,
        pattern: str,
        status: StatusLine,
        tick: Tick,
        changed: Callable[[], None],
        asked: Callable[[ConsentNeededError], None],
    ) -> None:
        self._pattern = pattern
        self._status = status
        self._tick = tick
        self._changed = changed
        self._asked = asked
        self._lock = threading.Lock()
        self._latest: Latest[tuple[LiveRun, dict[str, Any]]] = Latest(
            self._apply, status.fail, "perflab-apply"
        )
        self._thread: threading.Thread | None = None
        self._closed = False
        self._stop = threading.Event()
        self._wanted: dict[str, Any] = {}
        self.live: LiveRun | None = None
        self.result: Run | None = None

    @property
    def active(self) -> bool:
        """Whether a run is starting, running or paused."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def paused(self) -> bool:
        """Whether the run is paused."""
        return self.live is not None and self.live.state == "paused"

    def start(self, trace: Trace, values: Mapping[str, Any], alerts: tuple[Alert, ...]) -> None:
        """Start a run that goes on until it is stopped; while one is active nothing happens."""
        with self._lock:
            if self.active or self._closed:
                return
            self.live = self.result = None
            self._stop.clear()
            self._wanted = dict(values)
            bench = load_bench(self._pattern)
            notice = bench.live.notice(*bench.read(values))
            said = "starting; the first time, a short calibration"
            self._status.say("run", f"{said}; {notice}" if notice else said, "busy")
            arguments = (trace, dict(values), alerts)
            self._thread = threading.Thread(
                target=self._follow, args=arguments, name="perflab-follow", daemon=True
            )
            self._thread.start()

    def apply(self, values: Mapping[str, Any]) -> None:
        """Change the running pattern to these settings, all of them; never waits.

        Of several calls in a short time only the last is sent; a run that is starting gets it
        when it runs.
        """
        self._wanted = dict(values)
        live = self.live
        if live is not None and live.state in ("running", "paused"):
            self._latest.post((live, self._wanted))

    def watch(self, alert: Alert) -> None:
        """Let the run that is going watch for an alert too."""
        if self.live is not None and self.active:
            self.live.watch.add(alert)

    def unwatch(self, text: str) -> None:
        """Let the run that is going watch for an alert no longer."""
        if self.live is not None and self.active:
            self.live.watch.remove(text)

    def pause_or_resume(self) -> None:
        """Hold the load, or go on."""
        live = self.live
        if live is None:
            return
        if live.state == "paused":
            live.resume()
        else:
            live.pause()

    def stop(self, timeout: float = 20.0) -> Run | None:
        """End the run, if there is one, wait until its result is there, and return the last."""
        thread = self._thread
        self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return self.result

    def clear(self) -> None:
        """Forget the run that is over."""
        if not self.active:
            self.live = self.result = None
            self._status.say("run", "")

    def close(self) -> None:
        """Kill the run, if there is one."""
        self._closed = True
        self._stop.set()
        self._latest.close()
        if self.live is not None:
            self.live.close()

    def _follow(self, trace: Trace, values: dict[str, Any], alerts: tuple[Alert, ...]) -> None:
        live: LiveRun | None = None
        try:
            live = start_live(self._pattern, trace, values, None, alerts=alerts, loop=True)
            self.live = live
            self._changed()
            caught_up = False
            while live.state in _GOING and not self._stop.wait(_TICK_SECONDS):
                if not caught_up and live.state != "starting":
                    caught_up = True
                    if self._wanted != values:
                        self.apply(self._wanted)
                self._tick(live)
                self._say(live)
            if not self._closed:
                self.result = live.stop()
                self._tick(live)
                self._status.say("run", f"run over after {_length(live)}")
                if live.left is not None:
                    self._status.fail(live.left)
        except ConsentNeededError as error:
            self._status.say("run", "")
            self._asked(error)
        except (BadInputError, RuntimeError) as error:
            self._status.say("run", f"run failed after {_length(live)}" if live else "")
            self._status.fail(str(error))
        except Exception as error:  # noqa: BLE001  (a thread has nobody above it to catch)
            self._status.say("run", f"run failed after {_length(live)}" if live else "")
            self._status.fail(error)
        finally:
            if live is not None:
                live.close()
            self._thread = None
            self._changed()

    def _say(self, live: LiveRun) -> None:
        word = "paused" if live.state == "paused" else "running"
        last = live.rows.last
        requests = last.requests if last is not None else 0
        mood: Any = "busy" if live.state == "paused" else "live"
        self._status.say("run", f"{word}, {_length(live)}, {counted(requests, 'request')}", mood)

    def _apply(self, item: tuple[LiveRun, dict[str, Any]], cancelled: Cancelled) -> None:
        live, values = item
        try:
            live.apply(values)
        except BadInputError as error:
            self._status.fail(error)
            return
        self._status.clear()
        if not cancelled():
            time.sleep(_APPLY_SECONDS)


def _length(live: LiveRun) -> str:
    last = live.rows.last
    return f"{grouped(round(last.seconds))} s" if last is not None else "0 s"
