"""What runs that were killed have left on a user's Redis, for `perflab doctor`."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from perflab.errors import BadInputError
from perflab.primitives.bounded_redis import RedisClient
from perflab.servers.addresses import redact
from perflab.servers.leftovers import Leftover
from perflab.servers.redis.run import open_client
from perflab.servers.redis.run_keys import RunKeys, find_runs
from perflab.servers.redis.words import unknown_command
from perflab.servers.run_name import started_at
from perflab.units import counted

_LOOK_SECONDS = 0.5
_NEEDED = "+scan +exists +strlen +getrange +pttl +unlink"


def redis_leftovers(url: str, *, wait: bool = False) -> list[Leftover]:
    """Return the runs that have keys in the database of an address and are not alive.

    Args:
        url: The server's address.
        wait: Whether to wait, for half a minute at the most, for the leases of runs that are not
            renewed any more: those of runs that were killed just now.

    Raises:
        BadInputError: If the server is down or does not allow it.
    """
    with _asking(url) as client:
        counts = find_runs(client)
        leases = _Leases(client)
        dead = [run for run in sorted(counts) if not leases.is_alive(run, wait=wait)]
        return [_leftover(url, run, counts[run]) for run in dead]


def remove_redis_run(url: str, run: RunKeys) -> int:
    """Remove the keys of a run whose process is over; returns how many went.

    Raises:
        BadInputError: If the server is down or does not allow it.
    """
    with _asking(url) as client:
        return run.remove(client)


def _leftover(url: str, run: RunKeys, count: int) -> Leftover:
    started = started_at(run.run_name)
    assert started is not None  # noqa: S101  (find_runs returns no other)
    what = f"{counted(count, 'key')} under {run.root}:"
    return Leftover(
        redact(url), run.run_name, started, what, functools.partial(_remove_dead, url, run)
    )


def _remove_dead(url: str, run: RunKeys) -> None:
    # A lease that is gone never comes back: a run takes it once, and only renews it after that.
    with _asking(url) as client:
        if not run.is_leased(client):
            run.remove(client)


class _Leases:
    """Tells runs that are alive from those that were killed while their lease lasts."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def is_alive(self, run: RunKeys, *, wait: bool) -> bool:
        """Say whether a run is alive; one that renews its lease is."""
        left = self._client.pttl(run.lease)
        while wait and left > 0:
            time.sleep(_LOOK_SECONDS)
            now = self._client.pttl(run.lease)
            if now > left:
                return True
            left = now
        return bool(self._client.exists(run.lease))


@contextmanager
def _asking(url: str) -> Iterator[RedisClient]:
    client = open_client(url)
    shown = redact(url)
    try:
        yield client
    except redis.exceptions.NoPermissionError:
        raise BadInputError(
            "does not let this user look for runs and remove what they left; grant it: "
            f"ACL SETUSER <user> {_NEEDED}",
            shown,
        ) from None
    except redis.RedisError as error:
        command = unknown_command(str(error))
        reason = f"it does not know {command}" if command else type(error).__name__
        raise BadInputError(f"cannot be asked ({reason})", shown) from None
    except (TypeError, ValueError, AttributeError, LookupError):
        raise BadInputError("does not answer as Redis does; is the port right?", shown) from None
    finally:
        client.close()
