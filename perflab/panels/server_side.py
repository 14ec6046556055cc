"""What a panel shows of the server behind a run, and does to it."""

from __future__ import annotations

from collections.abc import Callable

from perflab.bench import AnyBench
from perflab.bench.session import Action
from perflab.errors import BadInputError
from perflab.lab.live import LiveRun
from perflab.panels.bench_actions import BenchActions, forget, perform
from perflab.panels.consent_line import ConsentLine
from perflab.panels.guests.rights import OWNER, Rights
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
        changed: Called when another server was named.
        rights: Whether the user may name one and agree to its use.
    """

    def __init__(
        self,
        bench: AnyBench,
        status: StatusLine,
        tasks: Tasks,
        changed: Callable[[], None],
        rights: Rights = OWNER,
    ) -> None:
        self._status, self._tasks, self._rights = status, tasks, rights
        self._changed = changed
        self._live: LiveRun | None = None
        self._under_way: str | None = None
        self._wanted: Callable[[], None] | None = None
        self.consent = ConsentLine(self.go_on, status.fail)
        self.actions = BenchActions(bench.live.actions, self._act)
        servers = None if rights.guest else bench.servers
        variable = None if servers is None else servers.variable
        settings, _ = bench.read()
        self.field = ServerField(
            variable, self._other_server, lambda: bench.foreign_servers(settings)
        )

    def ask(self, error: ConsentNeededError, wanted: Callable[[], None]) -> None:
        """Ask the user to agree to the servers that a run needs.

        Args:
            error: Which servers.
            wanted: Called once the user agrees.
        """
        if self._rights.guest:
            told = "is not perflab's own server, and its owner has not agreed to its use here"
            self._status.fail(BadInputError(told, error.servers[0].address))
            return
        self._wanted = wanted
        self.consent.ask(error)

    def go_on(self) -> None:
        """Do what was wanted, as the user agrees to its servers."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            wanted()

    def begin(self) -> None:
        """Forget what was asked and done for an earlier run."""
        self._wanted = None
        self.consent.hide()
        forget(self._status)

    def follow(self, live: LiveRun | None, *, usable: bool) -> None:
        """Let the actions go to a run, while it takes them."""
        self._live = live
        going = usable and live is not None and live.state in ("running", "paused")
        last = None if live is None else live.last
        self.actions.show(
            going=going and last is not None,
            server_up=None if last is None else last.server_up,
            under_way=self._under_way,
        )

    def _act(self, action: Action) -> None:
        live = self._live
        if live is not None and self._under_way is None:
            self._under_way = action.name
            self._status.clear()
            self._tasks.start(f"action-{action.name}", lambda: self._perform(live, action))

    def _perform(self, live: LiveRun, action: Action) -> None:
        try:
            perform(live, action, self._status)
        finally:
            self._under_way = None

    def _other_server(self) -> None:
        self.consent.hide()
        self._changed()
