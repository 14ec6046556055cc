"""`LiveRun`: a run in a child process, watched and steered from here."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping

import cloudpickle

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
from perflab.bench.replay import check_writes, played
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.memory import MemorySampler
from perflab.lab.ageing import renew_calibration, renewed_costs
from perflab.lab.alerts import Alert, AlertWatch
from perflab.lab.calibration import Calibration, calibration_for, machine_load
from perflab.lab.documents import AlertReport, Change
from perflab.lab.history_in_words import of_history
from perflab.lab.job import Act, Acted, Ended, Failed, Job, Ready
from perflab.lab.orphan import CLOSED
from perflab.lab.outcome import run_result
from perflab.lab.removal import begin_run, remove_run
from perflab.lab.row import Row
from perflab.lab.row_table import RowTable
from perflab.lab.rows import Compared, Rows
from perflab.lab.run import Run
from perflab.lab.run_state import RunState
from perflab.lab.snapshot import Snapshot
from perflab.lab.spawning import (
    leave_at_fork,
    receive,
    resident_bytes,
    save_workload,
    spawn,
    status_in_words,
)
from perflab.modelling.prediction import Costs, Metrics
from perflab.servers.consent import require
from perflab.servers.keeper import Keeper
from perflab.servers.run_name import new_run_name
from perflab.settings import LoadSettings, Settings
from perflab.workloads.kinds.workload import Workload

_PATIENCE = 15.0
_ORPHANED_SECONDS = 3.0
"""What a child has at most, once its parent is gone, before the keeper kills it."""


class LiveRun:
    """A run that goes on in a child process; a change of settings reaches the running pattern.

    Attributes:
        run_name: The run's own name: all that it writes on a user's server is under it.
        state: ``starting``, ``running``, ``paused``, ``ended`` or ``failed``.
        error: Why it failed, in one line.
        overlap: Whether another run of this process had load meanwhile.
        rows: As `Row` has them, ten per second of the last two minutes and one per second before.
        changes: Every change of settings, and every action that was done, as `Change` has them.
        about: What to know of the servers behind: name, version, source.
        trouble: Why the last action could not be done.
        renewed: The calibration as this run, once over, has shown the costs to be, if it has.
        left: What the run has left on a server of the user's and why, in one line, if so.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        settings: Settings,
        load: LoadSettings,
        *,
        seconds: float | None,
        loop: bool,
        alerts: tuple[Alert, ...] = (),
        calibration: Calibration | None = None,
        spent: int = 0,
        renews: bool = False,
        most_requests: int | None = None,
        model: AnyModel | None = None,
        predicts: bool = True,
    ) -> None:
        bench.live.check(settings, load)
        self._whole = workload
        workload = played(workload, load)
        agreed = require(bench.foreign_servers(settings))
        self.bench = bench
        self.workload = workload
        self.run_name = new_run_name()
        self._state = RunState()
        self.overlap = self._state.overlap
        self.watch = AlertWatch(alerts)
        self.calibration = calibration or calibration_for(bench, settings, load, workload)
        self._loop = loop
        self.renewed: Calibration | None = None
        self._load_average = machine_load() if renews else None
        self._renews = renews
        self.about: dict[str, str] = {}
        self.trouble: str | None = None
        self._ended = Ended("")
        # Settings are sent to the child in the order in which they are noted.
        self._lock = threading.Lock()
        self.left: str | None = None
        servers = bench.servers
        self._remover = None if servers is None else servers.remover(settings, self.run_name)
        self._done = threading.Event()
        costs = self.calibration.costs
        self._rows = Rows(bench, workload, settings, load, costs, self.watch, model, predicts)
        self._kept = Keeper.of_new_folder("perflab-run-", ending=0, patience=_ORPHANED_SECONDS)
        counts = (None if loop else bench.request_count(workload), most_requests)
        try:
            save_workload(bench.workload_kind, workload, self._kept.folder / "trace")
            job = Job(
                bench.identity.pattern,
                str(self._kept.folder),
                str(self._kept.folder / "trace"),
                {**self._values_of(settings, load), "loop": loop},
                seconds,
                min((count for count in counts if count is not None), default=None),
                self.run_name,
                agreed,
                spent,
            )
            self.overlap.begin()
            self._pipe, self._process = spawn(job, self._kept)
            self._memory = MemorySampler(self._process.pid, most=1)
            begin_run(self)
            self._thread = threading.Thread(target=self._listen, daemon=True, name="perflab-run")
            self._thread.start()
        except BaseException:  # an interrupt too: a kernel lives on after it
            self._give_up()
            raise
        leave_at_fork(self)

    @property
    def state(self) -> str:
        """What it is doing."""
        return self._state.now

    @property
    def error(self) -> str | None:
        """Why it failed, in one line; none where it did not."""
        return self._state.failure[0]

    @property
    def rows(self) -> RowTable:
        """The rows so far."""
        return self._rows.rows

    @property
    def last(self) -> Snapshot | None:
        """The newest snapshot of the child, if there is one."""
        return self._rows.last

    @property
    def changes(self) -> list[Change]:
        """The changes of settings so far."""
        return self._rows.changes

    @property
    def load(self) -> LoadSettings:
        """The load's settings in force."""
        return self._rows.load

    @property
    def compared(self) -> Compared:
        """Measured beside both predictions since the last change, for the same requests."""
        return self._rows.compared

    @property
    def history(self) -> str:
        """How the predictions follow the changes of settings so far; empty without a change."""
        return of_history(self._rows)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know of what was measured since the last change."""
        return self._rows.remarks(self._rows.changed or self._rows.warm)

    @property
    def spread(self) -> float | None:
        """How far the rounds since the last change lie apart, as `spread_of_rounds` says."""
        return self._rows.moments.spread()

    @property
    def sent(self) -> int:
        """How many requests went to servers of the user's, those of a calibration before too."""
        last = self._rows.last
        return 0 if last is None else int(last.counters.get("sent", 0))

    @property
    def alerts(self) -> list[AlertReport]:
        """Every alert, fired or not."""
        return self.watch.report()

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def apply(self, values: Mapping[str, object]) -> None:
        """Change settings of the running pattern and load; the others stay.

        Raises:
            BadInputError: If a key is unknown, a value out of bounds, it cannot run live, or more
                would be done on a server of the user's than was agreed to.
        """
        with self._lock:
            settings, load = self.bench.read({**self._rows.values, **values})
            self.bench.live.check(settings, load)
            require(self.bench.foreign_servers(settings))
            before = self._rows.load
            if load.backend != before.backend:
                raise BadInputError("cannot change while it runs; stop and start again", "backend")
            check_writes(self._whole, before, load)
            self._rows.next_settings(settings, load)
            self._send(cloudpickle.dumps(self._values_of(settings, load)))

    def act(self, name: str) -> None:
        """Do one of the bench's actions, such as killing the server behind; returns at once.

        Why one could not be done stands in `trouble`.

        Raises:
            BadInputError: If the bench has no such action, or the run is not going.
        """
        known = [action.name for action in self.bench.live.actions]
        if name not in known:
            raise BadInputError(
                f"unknown action {name!r}{nearest(name, known)}", self.bench.identity.pattern
            )
        if self.state not in ("running", "paused"):
            raise BadInputError(f"the run is {self.state}; actions need a running one", name)
        self._send(cloudpickle.dumps(Act(name)))

    def measured(self, since: Snapshot | None = None) -> Metrics:
        """Return what was measured after a snapshot; of none, after the warm-up."""
        return self._rows.measured(since or self._rows.warm)

    def renewed_costs(self, known: Costs, fewest: int) -> dict[str, object]:
        """Return costs as the run has shown them to be since its last change.

        Args:
            known: The costs before.
            fewest: How often an outcome, such as a miss, must have come for its cost to be known.
        """
        return renewed_costs(self._rows, known, self._rows.changed or self._rows.warm, fewest)

    def pause(self) -> None:
        """Pause the load; the pattern keeps its state."""
        self._state.steer("running", "paused", lambda: self._send(cloudpickle.dumps("pause")))

    def resume(self) -> None:
        """Go on after a pause."""
        self._state.steer("paused", "running", lambda: self._send(cloudpickle.dumps("resume")))

    def stop(self) -> Run:
        """End the run now and return what it measured; asked twice, it answers the same.

        Raises:
            BadInputError: If it failed by the user's mistake.
            RuntimeError: If it failed otherwise.
        """
        if not self._done.is_set():
            self._send(cloudpickle.dumps("stop"))
            if not self._done.wait(_PATIENCE):
                self._process.kill()
        return self.wait()

    def wait(self, progress: Callable[[Row], None] | None = None) -> Run:
        """Wait for the end of the run and return what it measured.

        Args:
            progress: Called with the newest row, about ten times a second.

        Raises:
            BadInputError: If it failed by the user's mistake.
            RuntimeError: If it failed otherwise.
        """
        while not self._done.wait(0.1):
            last = self.rows.last
            if progress is not None and last is not None:
                progress(last)
        if self.state == "failed":
            told, mistake = self._state.failure
            error = "; ".join(part for part in (told or "the run failed", self.left) if part)
            raise BadInputError(error) if mistake else RuntimeError(error)
        with self._lock:
            self._rows.catch_up()
            if self._renews and not self.overlap.seen:
                self._renews = False
                self.renewed = renew_calibration(self._rows, self.calibration, self._load_average)
        return run_result(
            self._rows,
            self.calibration,
            renewed=self.renewed is not None,
            loop=self._loop,
            told=self._ended,
            about=self.about,
            left=self.left,
        )

    def close(self) -> None:
        """Kill the child if it still runs, and let go of its files."""
        if not self._done.is_set():
            self._process.kill()
            self._done.wait(_PATIENCE)

    def leave(self) -> None:
        """Let go of a run that a forked process was given a copy of."""
        self._pipe.close()
        self._lock = threading.Lock()
        self._state.renew()
        self._rows.renew()
        self._state.fail("this run belongs to the process that started it", mistake=True)
        self._done.set()

    def _give_up(self) -> None:
        """Undo the start of a run that did not come about."""
        process = getattr(self, "_process", None)
        if process is not None:
            process.kill()
            process.wait()
        self.overlap.end()
        self._kept.release()

    def _values_of(self, settings: Settings, load: LoadSettings) -> dict[str, object]:
        """Return what the child is told: of a part of the keys, that part's share."""
        part, costs = self.bench.part_of_keys, self.calibration.costs
        if part is not None:
            settings, load = part.replayed(settings, load, self.workload, costs)
        return {**settings.model_dump(), **load.model_dump()}

    def _send(self, order: bytes) -> None:
        try:
            self._pipe.send_bytes(order)
        except OSError:
            self._done.wait(1.0)

    def _listen(self) -> None:
        try:
            while not self._hear(receive(self._pipe, self._process)):
                pass
        except (EOFError, OSError):
            code = self._process.wait()
            self._state.fail(
                f"the child process of the run died ({status_in_words(code)}); what it had "
                "measured until then is kept; start it again",
                mistake=False,
            )
        except Exception as error:  # noqa: BLE001  (shown on the panel, never lost in a thread)
            self._state.fail(f"{type(error).__name__}: {error}", mistake=False)
        finally:
            self._memory.stop()
            self._pipe.close()
            if self._process.poll() is None:
                try:
                    self._process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            if self._process.returncode != CLOSED and self._remover is not None:
                self.left = remove_run(self._remover, self.run_name)
            self._kept.release()
            self._done.set()

    def _hear(self, message: object) -> bool:
        """Take a message of the child; return whether it was the last."""
        if isinstance(message, Snapshot):
            self._rows.add(message, self._memory.latest_bytes)
        elif isinstance(message, Ready):
            self.about = message.about
            self._memory.start()
            self._rows.baseline = resident_bytes(self._process.pid)
            self._send(cloudpickle.dumps("go"))
            self._state.begin()
        elif isinstance(message, Acted):
            self.trouble = message.problem
            if message.problem is None:
                self._rows.acted(message.name, message.seconds)
        elif isinstance(message, Ended):
            self._ended = message
            self._rows.finish()
            self._state.end()
            return True
        elif isinstance(message, Failed):
            self._state.fail(message.message, mistake=message.mistake)
            return True
        return False
