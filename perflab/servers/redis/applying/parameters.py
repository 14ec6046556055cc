"""`Parameters`: what a server's CONFIG tells and takes, with the reason where it refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import redis

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.primitives.bounded_redis import RedisClient, Reply, redis_client
from perflab.servers.addresses import redact, redis_address
from perflab.servers.consent import contact
from perflab.servers.redis.words import explain, unknown_command

_PATIENCE = 2.0
_MEMORY, _POLICY, _NO_EVICTION = "maxmemory", "maxmemory-policy", "noeviction"
_RIGHTS = "ACL SETUSER <user> +config|get +config|set +info +ping"


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A parameter that is set.

    Attributes:
        name: Of the parameter, such as ``maxmemory``.
        before: Its value before, as the server wrote it.
        after: Its value after.
    """

    name: str
    before: str
    after: str

    @property
    def reversed(self) -> Change:
        """The change that gives the old value back."""
        return Change(self.name, self.after, self.before)


class LeftSetError(BadInputError):
    """Some values are not set, and others are left that could not be given back."""


class Parameters:
    """A connection to a server, for its parameters alone.

    Args:
        url: The server's address.
        source: Where the user named it, for errors.

    Attributes:
        address: What the address resolves to, without a password.

    Raises:
        BadInputError: If it is not an address of Redis.
    """

    def __init__(self, url: str, source: str) -> None:
        self.address = redis_address(url, source)
        contact(self.address)
        self._source = source
        try:
            self.client: RedisClient = redis_client(url, _PATIENCE)
        except ValueError:
            # Its text may hold the password.
            raise BadInputError(
                "is not an address of a Redis server; write redis://host:6379", redact(url)
            ) from None

    def close(self) -> None:
        """Give the connection back."""
        self.client.close()

    def info(self) -> dict[str, Reply]:
        """Return what the server says of itself.

        Raises:
            BadInputError: If it cannot be reached, or refuses it.
        """
        try:
            return self.client.info()
        except redis.RedisError as error:
            raise BadInputError(explain(error, self._source, _PATIENCE), self.address) from None

    def read(self, names: Iterable[str]) -> dict[str, str]:
        """Return the values of parameters.

        Raises:
            BadInputError: If the server refuses CONFIG GET, or has no such parameter.
        """
        found: dict[str, str] = {}
        for name in names:
            try:
                said: Mapping[object, object] = self.client.config_get(name)
            except redis.RedisError as error:
                raise self._refused(error, f"CONFIG GET {name}") from None
            values = {_text(key): _text(value) for key, value in said.items()}
            if name not in values:
                raise BadInputError(f"has no parameter {name}; is it too old for it?", self.address)
            found[name] = values[name]
        return found

    def set_all(self, changes: Sequence[Change]) -> None:
        """Set parameters; where one is not set, those before get their old values back.

        Only what is answered is refused: what has no answer may be set all the same, and gets its
        old value back too.

        Raises:
            LeftSetError: If one is not set, and not all that may be set was given back.
            BadInputError: If one is not set, and all others have their old values.
        """
        done: list[Change] = []
        for change in ordered(changes):
            try:
                self._set(change)
            except redis.RedisError as error:
                refused = self._refused(error, f"CONFIG SET {change.name}").message
                answered = isinstance(error, redis.exceptions.ResponseError)
                left = self._set_back(done if answered else [*done, change])
                if left:
                    said = _left_set(left, "" if answered else change.name)
                    raise LeftSetError(f"{refused}; {said}", self.address) from None
                said = "nothing is changed" if answered else "the old values are back"
                raise BadInputError(f"{refused}; {said}", self.address) from None
            except BaseException:
                self._set_back([*done, change])
                raise
            done.append(change)

    def set_one(self, name: str, value: str) -> None:
        """Set one parameter.

        Raises:
            BadInputError: If the server refuses it.
        """
        try:
            self._set(Change(name, "", value))
        except redis.RedisError as error:
            raise self._refused(error, f"CONFIG SET {name}") from None

    def _set(self, change: Change) -> None:
        self.client.config_set(change.name, change.after)

    def _set_back(self, done: Sequence[Change]) -> list[str]:
        left = []
        for change in ordered([each.reversed for each in done]):
            try:
                self._set(change)
            except redis.RedisError:
                left.append(change.name)
        return left

    def _refused(self, error: redis.RedisError, command: str) -> BadInputError:
        """Return why CONFIG is refused, and which right to grant."""
        said = foreign_text(error)
        if isinstance(error, redis.exceptions.NoPermissionError):
            text = f"does not let this user run {command}; grant it: {_RIGHTS}"
        elif unknown_command(said) is not None:
            text = (
                "has no CONFIG, which is renamed there or kept back by a managed service; set the "
                "parameters where the service has them (perflab export --as elasticache)"
            )
        elif isinstance(error, redis.exceptions.ResponseError):
            text = f"refuses {command} ({said})"
        else:
            text = explain(error, self._source, _PATIENCE)
        return BadInputError(text, self.address)


def ordered(changes: Sequence[Change]) -> list[Change]:
    """Return changes so that no state between them evicts or refuses what neither end does.

    A higher maxmemory is set first and a lower one last, since with the other policy of the two
    it might cost entries or writes.
    """
    memory = [change for change in changes if change.name == _MEMORY]
    others = [change for change in changes if change.name != _MEMORY]
    raised = all(_bytes(change.after) >= _bytes(change.before) for change in memory)
    return [*memory, *others] if raised else [*others, *memory]


def bytes_of(value: str) -> int:
    """Return what a server wrote for a number of bytes; 0 for what is not one."""
    return int(value) if value.isdecimal() else 0


def evicted_at_once(changes: Sequence[Change], values: Mapping[str, str], used: int) -> int:
    """Return how many bytes are above the limit that changes set; 0 where none are.

    Args:
        changes: What is set.
        values: What the server has now.
        used: The bytes that count against its limit.
    """
    by_name = {change.name: change for change in changes}
    memory, policy = by_name.get(_MEMORY), by_name.get(_POLICY)
    lowered = memory is not None and _bytes(memory.after) < _bytes(memory.before)
    begins_to_evict = policy is not None and policy.before == _NO_EVICTION
    if not (lowered or begins_to_evict):
        return 0
    limit = bytes_of(memory.after if memory is not None else values.get(_MEMORY, "0"))
    return max(0, used - limit) if limit else 0


def _bytes(value: str) -> float:
    """Return a limit as a number; none is above all."""
    return bytes_of(value) or float("inf")


def _left_set(left: Sequence[str], unanswered: str) -> str:
    """Return what could not be given back, and of what it is not known whether it was set."""
    others = [name for name in left if name != unanswered]
    said = [f"{', '.join(others)} could not be given back"] if others else []
    if unanswered in left:
        said.append(f"it is not known whether {unanswered} was set")
    return ", and ".join(said)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
