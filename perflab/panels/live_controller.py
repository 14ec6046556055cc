"""`LiveController`: the live side of the panel: it starts, steers and draws a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from perflab.bench.registry import load_bench
from perflab.callbacks import Cancelled
from perflab.errors import BadInputError
from perflab.lab.alerts import Alert
from perflab.lab.live import LiveRun
from perflab.lab.run import Run
from perflab.lab.verbs import start_live
from perflab.panels.latest import Latest
from perflab.panels.measuring import AbandonedError
from perflab.panels.run_limit import RunLimit
from perflab.panels.run_words import Phase, RunWords, ended
from perflab.panels.status import StatusLine
from perflab.servers.consent import ConsentNeededError
from perflab.workloads import Workload

_TICK_SECONDS = 0.1
_SAY_SECONDS = 0.2
_APPLY_SECONDS = 0.15
_GOING = ("starting", "running", "paused")

Tick = Callable[[LiveRun], None]


class LiveController:
    """One live run at a time.

    Args:
        pattern: The pattern's name.
        status: Where the run's state and errors are said.
        tick: Called ten times a second while there is a run, and once more at its end.
        changed: Called when a run has started, is told to stop or has ended.
        asked: Called where a run needs the user to agree to a server.

    Attributes:
        limit: After how long a run ends by itself.
        live: The run that is going, or the last one.
        result: What the last run measured, once it is over.
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
        self._latest: Latest[tuple[LiveRun, dict[str, object]]] = Latest(
            self._apply, status.fail, "perflab-apply"
        )
        self._thread: threading.Thread | None = None
        self._closed = False
        self._stop = threading.Event()
        # Between drawing a run and dropping it: nothing is drawn of one that was dropped.
        self._drawing = threading.Lock()
        self._dropped = False
        self._dropped_for = ""
        self._pressed = self._began = 0.0
        # None before a calibration, if one is made at all.
        self._round: int | None = None
        self._rounds: int | None = None
        self._notice = ""
        self._wanted: dict[str, object] = {}
        self.limit = RunLimit()
        self.live: LiveRun | None = None
        self.result: Run | None = None

    @property
    def active(self) -> bool:
        """Whether a run is starting, calibrating, running, paused or stopping."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def phase(self) -> Phase | None:
        """What the run is doing; none where there is none, or it is over."""
        if not self.active:
            return None
        live = self.live
        if self._stop.is_set():
            return "stopping"
        if live is None:
            return "starting" if self._round is None else "calibrating"
        states: dict[str, Phase] = {
            "starting": "starting",
            "running": "running",
            "paused": "paused",
        }
        return states.get(live.state, "stopping")

    @property
    def paused(self) -> bool:
        """Whether the run is paused."""
        return self.live is not None and self.live.state == "paused"

    def start(
        self, workload: Workload, values: Mapping[str, object], alerts: tuple[Alert, ...]
    ) -> None:
        """Start a run that goes on until it is stopped or its limit is reached.

        While one is active nothing happens.
        """
        with self._lock:
            if self.active or self._closed:
                return
            self.live = self.result = None
            self._stop.clear()
            self._dropped = False
            self._round = self._rounds = None
            self._pressed = self._began = time.monotonic()
            self._wanted = dict(values)
            bench = load_bench(self._pattern)
            self._notice = bench.live.notice(*bench.read(values)) or ""
            arguments = (workload, dict(values), alerts)
            self._thread = threading.Thread(
                target=self._follow, args=arguments, name="perflab-follow", daemon=True
            )
            self._thread.start()

    def apply(self, values: Mapping[str, object]) -> None:
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

    def drop(self, why: str = "") -> None:
        """Forget the run at once: one that is going is ended behind the scenes, without a result.

        `active` says when that is done.

        Args:
            why: What is said once a run that is going has ended.
        """
        with self._drawing:
            self._dropped = True
            self._dropped_for = why
            self.live = self.result = None
        self._stop.set()
        if not self.active:
            self._status.say("run", "")

    def close(self) -> None:
        """Kill the run, if there is one."""
        self._closed = True
        self._stop.set()
        self._latest.close()
        if self.live is not None:
            self.live.close()

    def _follow(
        self, workload: Workload, values: dict[str, object], alerts: tuple[Alert, ...]
    ) -> None:
        live: LiveRun | None = None
        over = threading.Event()
        teller = threading.Thread(target=self._tell, args=(over,), name="perflab-tell", daemon=True)
        teller.start()
        said = ""
        try:
            live = start_live(
                self._pattern,
                workload,
                values,
                None,
                alerts=alerts,
                loop=True,
                on_round=self._on_round,
            )
            with self._drawing:
                self.live = None if self._dropped else live
            self._changed()
            why = self._watch(live, values)
            if not self._closed:
                self._stop.set()
                self._changed()
                result = live.stop()
                with self._drawing:
                    self.result = None if self._dropped else result
                self._draw(live)
                if not why and result.ended != "stopped":
                    why = result.ended
                said = _ended("ended", live, why)
                if live.left is not None:
                    self._status.fail(live.left)
        except AbandonedError:
            said = "stopped before the run began"
        except ConsentNeededError as error:
            self._asked(error)
        except (BadInputError, RuntimeError) as error:
            said = _ended("run failed", live)
            self._status.fail(str(error))
        except Exception as error:  # noqa: BLE001  (a thread has nobody above it to catch)
            said = _ended("run failed", live)
            self._status.fail(error)
        finally:
            if live is not None:
                live.close()
            over.set()
            teller.join()
            self._status.say("run", self._dropped_for if self._dropped else said)
            self._thread = None
            self._changed()

    def _watch(self, live: LiveRun, values: Mapping[str, object]) -> str:
        """Draw a run until it ends or is to end; return why, where the user did not say so."""
        begun = False
        while live.state in _GOING and not self._stop.wait(_TICK_SECONDS):
            if not begun and live.state != "starting":
                begun = True
                self._began = time.monotonic()
                if self._wanted != values:
                    self.apply(self._wanted)
            self._draw(live)
            left = self._left() if begun else None
            if left is not None and left <= 0:
                return f"its limit of {self.limit.words} is reached"
        return ""

    def _draw(self, live: LiveRun) -> None:
        with self._drawing:
            if not self._dropped:
                self._tick(live)

    def _on_round(self, number: int, total: int | None) -> None:
        """Note that a calibration is being made or waited for, or end it."""
        self._round, self._rounds = number, total
        if self._stop.is_set():
            raise AbandonedError

    def _left(self) -> float | None:
        """Return the seconds until the limit, as it is now; none where there is none."""
        if self.limit.seconds is None:
            return None
        return self._began + self.limit.seconds - time.monotonic()

    def _tell(self, over: threading.Event) -> None:
        """Say again and again what the run is doing; nothing else does while it is active."""
        self._say()
        while not over.wait(_SAY_SECONDS):
            self._say()

    def _say(self) -> None:
        phase, live = self.phase, self.live
        if phase is None:
            return
        last = None if live is None else live.rows.last
        words = RunWords(
            phase=phase,
            waited=time.monotonic() - self._pressed,
            measured=0.0 if last is None else last.seconds,
            requests=0 if last is None else last.requests,
            left=self._left(),
            limit=self.limit.words,
            round_number=self._round or 0,
            round_total=self._rounds,
            notice=self._notice,
        )
        self._status.say("run", words.text, words.mood)

    def _apply(self, item: tuple[LiveRun, dict[str, object]], cancelled: Cancelled) -> None:
        live, values = item
        try:
            live.apply(values)
        except BadInputError as error:
            self._status.fail(error)
            return
        self._status.clear()
        if not cancelled():
            time.sleep(_APPLY_SECONDS)


def _ended(verb: str, live: LiveRun | None, why: str = "") -> str:
    """Return what is said of a run that is over; nothing where it never came to be."""
    if live is None:
        return ""
    last = live.rows.last
    return ended(verb, *((0.0, 0) if last is None else (last.seconds, last.requests)), why)
