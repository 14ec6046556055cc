"""`Application`: parameters set on a user's server, so that the old values always come back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from perflab.errors import BadInputError
from perflab.servers.consent import ForeignServer
from perflab.servers.last_command import LastCommand
from perflab.servers.redis.applying import giving_back, journal
from perflab.servers.redis.applying.parameters import (
    Change,
    LeftSetError,
    Parameters,
    evicted_at_once,
)
from perflab.units import in_words

_NO_EVICTION = "noeviction"
_LASTING = (
    "the values last until the server restarts; 'perflab export' writes them into its redis.conf"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What is to be set on a server.

    Attributes:
        address: Which server, without a password.
        changes: What differs from now.
        same: The names of those that have the value already.
        above: The bytes in use above the limit that is set; 0 where there is room.
        evicts: Whether what is above is evicted, rather than further writes refused.
        notes: What a reader must know.
        wanted: What was asked for, by name.
    """

    address: str
    changes: tuple[Change, ...]
    same: tuple[str, ...]
    above: int
    evicts: bool
    notes: tuple[str, ...]
    wanted: Mapping[str, str]

    @property
    def server(self) -> ForeignServer:
        """The server with these very changes, as a user agrees to them."""
        each = [f"{change.name}: {change.before} to {change.after}" for change in self.changes]
        return ForeignServer(self.address, f"sets {', '.join(each)}", ("apply", *each))

    def check_room(self) -> None:
        """Refuse a limit below what is in use.

        Raises:
            BadInputError: If there is more in use.
        """
        if not self.above:
            return
        above = in_words(self.above, "bytes")
        cost = (
            f"the server would evict {above} of its entries at once, which no undo brings back"
            if self.evicts
            else f"the server, which is {above} above it, would refuse all writes"
        )
        raise BadInputError(f"{cost}; add --force if that is meant", self.address)


class Application:
    """The way of parameters to a server and back.

    Args:
        url: The server's address.
        source: Where the user named it, for errors.

    Attributes:
        parameters: The connection.
        next_step: What is left to do where old values could not be given back, in words.

    Raises:
        BadInputError: If it is not an address of Redis.
    """

    def __init__(self, url: str, source: str) -> None:
        self.next_step = giving_back.LEFT
        self.parameters = Parameters(url, source)
        self._url = url
        self._entry: journal.Entry | None = None
        self._last: LastCommand | None = None

    def plan(self, wanted: Mapping[str, str]) -> Plan:
        """Return what would change; the server is only read.

        Raises:
            BadInputError: If it cannot be reached, or refuses INFO or CONFIG GET.
        """
        info = self.parameters.info()
        now = self.parameters.read(wanted)
        changes = tuple(
            Change(name, now[name], value) for name, value in wanted.items() if now[name] != value
        )
        policy = wanted.get("maxmemory-policy") or now.get("maxmemory-policy", _NO_EVICTION)
        used = int(info.get("used_memory", 0)) - int(info.get("mem_not_counted_for_evict", 0))
        return Plan(
            self.parameters.address,
            changes,
            tuple(name for name, value in wanted.items() if now[name] == value),
            evicted_at_once(changes, now, used),
            policy != _NO_EVICTION,
            _notes(info),
            dict(wanted),
        )

    def check_current(self, plan: Plan, *, force: bool = False) -> None:
        """Refuse a plan that the server has left behind since: a user agrees to what was shown.

        Args:
            plan: What was shown.
            force: Whether a limit below what is in use may be set.

        Raises:
            BadInputError: If other values would change, or there is no room by now, or the server
                cannot be reached.
        """
        now = self.plan(plan.wanted)
        if now.changes != plan.changes:
            raise BadInputError(
                "has other values now, so nothing was set; apply again", now.address
            )
        if not force:
            now.check_room()

    def start(self, plan: Plan, *, force: bool = False) -> journal.Entry:
        """Write the old values down, let the keeper know of them, and set the new ones.

        Returns what was written down.

        Args:
            plan: What a user agreed to.
            force: Whether a limit below what is in use may be set.

        Raises:
            BadInputError: If the plan does not hold any more, as `check_current` says; or if the
                server refuses one, or gives no answer. Those before have their
                old values back, or it is said that a process goes on trying.
        """
        self.check_current(plan, force=force)
        self._entry = journal.write_down(plan.address, plan.changes)
        try:
            words = giving_back.order(self._url, self._entry)
            self._last = LastCommand(giving_back.command(), words)
            self.parameters.set_all(plan.changes)
        except LeftSetError as error:
            self._try_on()
            said = f"{error.message}. {self.next_step}"
            raise BadInputError(said, error.place) from None
        except BadInputError:
            self._release()
            self._entry.forget()
            raise
        except BaseException as error:
            self._try_on()
            error.add_note(f"ended while values were set. {self.next_step}")
            raise
        return self._entry

    def keep(self) -> None:
        """Let the new values be; `perflab apply --undo` gives the old ones back later."""
        self._release()

    def give_back(self) -> giving_back.GivenBack:
        """Give the old values back; where that fails now, a process tries on at once.

        Raises:
            BadInputError: If the server cannot be reached or refuses.
        """
        assert self._entry is not None  # noqa: S101  (started)
        try:
            found = giving_back.undo(self.parameters, self._entry)
        except BaseException:
            self._try_on()
            raise
        self._release()
        return found

    def close(self) -> None:
        """Give the connection back."""
        self.parameters.close()

    def _try_on(self) -> None:
        """Let the process give the old values back that else would wait for this one's end."""
        last, self._last = self._last, None
        if last is None:
            return
        try:
            last.begin()
        except BadInputError:
            self.next_step = giving_back.LEFT
        else:
            self.next_step = giving_back.TRIED_ON

    def _release(self) -> None:
        if self._last is not None:
            self._last.drop()
            self._last = None


def _notes(info: Mapping[str, object]) -> tuple[str, ...]:
    found = [_LASTING]
    if info.get("role") != "master":
        found.append("the server is a replica: its primary and other replicas keep their values")
    if str(info.get("cluster_enabled", "0")) == "1":
        found.append("the server is one node of a cluster: the others keep their values")
    return tuple(found)
