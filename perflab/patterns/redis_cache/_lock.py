"""A short lock in Redis, so that one of many processes loads a key."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable

from perflab.instrumentation import EventKind
from perflab.patterns.redis_cache._envelope import Entry
from perflab.patterns.redis_cache._guard import AwayError, Guard
from perflab.patterns.redis_cache._steps import Command, Pause, Steps
from perflab.primitives.redis_marks import LOCK_BYTES

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

_RELEASE_AND_WRITE = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('DEL', KEYS[1])
elseif holder or ARGV[2] == '0' then return 0 end
if ARGV[4] then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
else redis.call('SET', KEYS[2], ARGV[3]) end
return 1
"""

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


class Lock:
    """One attempt to load a key for all processes; it ends by itself after its seconds.

    The holder's token makes it a lease (Nishtala et al., "Scaling Memcache at Facebook", NSDI
    2013, section 3.2.1): who deletes or writes the key takes the lock away, and the load then
    does not write over what is newer.
    """

    def __init__(self, guard: Guard, key: str, name: str, value_name: str, seconds: float) -> None:
        self.name = name
        self._guard = guard
        self._key = key
        self._value_name = value_name
        self._seconds = seconds
        self._token = secrets.token_bytes(LOCK_BYTES)
        self._taken = False

    def take(self, read: Callable[[bytes | None], Entry | None]) -> Steps:
        """Take the lock and return None, or return the entry that another has loaded meanwhile.

        Returns None without the lock where the server is down, or another has held it for
        longer than it may: the caller then loads all the same.
        """
        pause = _FIRST_PAUSE
        waiting_since: float | None = None
        entry: Entry | None = None
        while True:
            try:
                data = yield from self._try()
            except AwayError:
                break
            entry = read(data)
            if entry is not None:
                if self._taken:
                    yield from self.release()
                break
            if self._taken:
                break
            now = time.monotonic()
            if waiting_since is None:
                waiting_since = now
                self._guard.report(EventKind.WAIT_STARTED, self._key)
            elif now >= waiting_since + self._seconds:
                break
            yield Pause(pause * (0.5 + random.random() / 2))
            pause = min(2 * pause, _LONGEST_PAUSE)
        if waiting_since is not None:
            waited = time.monotonic() - waiting_since
            self._guard.report(EventKind.WAIT_FINISHED, self._key, waited)
        return entry

    def try_once(self) -> Steps:
        """Say whether the lock is taken now; False where the server is down."""
        try:
            yield from self._try()
        except AwayError:
            return False
        return self._taken

    def release(self, write: Command | None = None, *, overran: bool = False) -> Steps:
        """Give the lock back if it is still ours and, in the same moment, write the entry.

        Args:
            write: The SET that writes the entry, if any.
            overran: As in `releasing`.
        """
        command = self.releasing(write, overran=overran)
        if command is not None:
            try:
                yield from self._guard.ask(self._key, command)
            except AwayError:
                return

    @property
    def taking(self) -> Command:
        """The command that takes the lock where nobody has it.

        Who has it is asked too, and told by `is_held_by`: a SET whose reply was lost is tried
        again, and finds our own.
        """
        milliseconds = max(1, round(self._seconds * 1000))
        return ("SET", self.name, self._token, "NX", "PX", milliseconds)

    def is_held_by(self, holder: bytes | None) -> bool:
        """Take note of what the lock's key holds, and say whether that is ours."""
        self._taken = holder == self._token
        return self._taken

    def releasing(self, write: Command | None = None, *, overran: bool = False) -> Command | None:
        """Return the command that gives the lock back and writes; None where it was not taken.

        Without the lock nothing is written, since nobody could tell this load of a removal.

        Args:
            write: The SET that writes the entry, if any.
            overran: Whether the load took longer than the lock lasts, so that a lock that is
                gone does not mean that somebody took it away.
        """
        if not self._taken:
            return None
        if write is None:
            return ("EVAL", _RELEASE, 1, self.name, self._token)
        _, name, data, *expiry = write
        arguments = (self._token, int(overran), data, *expiry[1:])
        return ("EVAL", _RELEASE_AND_WRITE, 2, self.name, name, *arguments)

    def _try(self) -> Steps:
        replies = yield from self._guard.ask(
            self._key, self.taking, ("MGET", self.name, self._value_name)
        )
        holder, data = replies[1]
        self.is_held_by(holder)
        return data
