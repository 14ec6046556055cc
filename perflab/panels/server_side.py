"""What a panel shows of the server behind a run, and does to it."""

from __future__ import annotations

from collections.abc import Callable

from perflab.bench import AnyBench
from perflab.bench.session import Action
from perflab.lab.live import LiveRun
from perflab.panels.bench_actions import BenchActions, forget, perform
from perflab.panels.consent_line import ConsentLine
from perflab.panels.server_field import ServerField
from perflab.panels.status import StatusLine
from perflab.panels.tasks import Tasks
from perflab.servers.consent import ConsentNeededError


class ServerSide:
    """The field for the user's own server, the line that asks to use it, and the bench's actions.

    Args:
        bench: Whose server and actions.
        status: Where it is said what was done.
        tasks: Where actions are waited for.
        start: Goes on with what was requested, once the user agrees to the server.
        changed: Called when another server was named.
    """

    def __init__(
        self,
        bench: AnyBench,
        status: StatusLine,
        tasks: Tasks,
        start: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._status, self._tasks = status, tasks
        self._changed = changed
        self._live: LiveRun | None = None
        self.consent = ConsentLine(start, status.fail)
        self.actions = BenchActions(bench.live.actions, self._act)
        variable = None if bench.servers is None else bench.servers.variable
        self.field = ServerField(variable, self._other_server)

    def ask(self, error: ConsentNeededError) -> None:
        """Ask the user to agree to the servers that a run needs."""
        self.consent.ask(error)

    def begin(self) -> None:
        """Forget what was asked and done for an earlier run."""
        self.consent.hide()
        forget(self._status)

    def follow(self, live: LiveRun | None, *, usable: bool) -> None:
        """Let the actions go to a run, while it takes them."""
        self._live = live
        going = live is not None and live.state in ("running", "paused")
        self.actions.show(enabled=usable and going)

    def _act(self, action: Action) -> None:
        live = self._live
        if live is not None:
            self._status.clear()
            self._tasks.start(f"action-{action.name}", lambda: perform(live, action, self._status))

    def _other_server(self) -> None:
        self.consent.hide()
        self._changed()
