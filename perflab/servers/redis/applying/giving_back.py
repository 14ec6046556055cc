"""Old values given back: by hand, where a limit broke, and where perflab was killed meanwhile.

As a process it is started when values are set, waits for what to do, and is told by the keeper
when perflab is gone, or could not give them back itself; it ends without a word where there is
nothing to do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
from pathlib import Path

from perflab.errors import BadInputError
from perflab.servers.python_process import python_command
from perflab.servers.redis.applying.journal import Entry, read_entry
from perflab.servers.redis.applying.parameters import Change, Parameters, ordered

TRIED_ON = "It is tried for two more minutes; after that, run 'perflab apply --undo'"
"""What is said where old values could not be given back and a process goes on trying."""
LEFT = "Run 'perflab apply --undo' as soon as the server answers"
"""What is said where no process could be started to try on."""
_PATIENCE = 120.0
_PAUSE = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class GivenBack:
    """What became of values that were set.

    Attributes:
        given_back: Those that have their old values now, as they were set.
        others: Those that somebody else has changed meanwhile, left alone; `after` is their value
            now, `before` what perflab had set.
    """

    given_back: tuple[Change, ...]
    others: tuple[Change, ...]


def undo(parameters: Parameters, entry: Entry, *, force: bool = False) -> GivenBack:
    """Give old values back, and forget the entry where all of them are.

    A value that is neither what perflab set nor the old one was changed by somebody else: it is
    left alone, unless `force` says otherwise.

    Raises:
        BadInputError: If the server cannot be reached or refuses; the entry stays then.
    """
    now = parameters.read(change.name for change in entry.changes)
    others = [] if force else [each for each in entry.changes if not _is_ours(each, now[each.name])]
    back = [each for each in entry.changes if each not in others]
    wanted = [
        Change(each.name, now[each.name], each.before)
        for each in back
        if now[each.name] != each.before
    ]
    for change in ordered(wanted):
        parameters.set_one(change.name, change.after)
    if not others:
        entry.forget()
    return GivenBack(
        tuple(back), tuple(Change(each.name, each.after, now[each.name]) for each in others)
    )


def _is_ours(change: Change, now: str) -> bool:
    return now in (change.before, change.after)


def command() -> list[str]:
    """Return the command of the process that gives back what `order` says."""
    return python_command(__name__)


def order(url: str, entry: Entry) -> bytes:
    """Return what the process reads; it may hold a password, and goes through a pipe alone."""
    return json.dumps({"url": url, "path": str(entry.path)}).encode()


def main() -> None:
    """Wait for an order, and give back what it says, until that has worked or time is over."""
    said = sys.stdin.buffer.read()
    if not said:
        return
    wanted = json.loads(said)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(BadInputError, OSError):
            path = Path(wanted["path"])
            if not path.exists():
                return
            parameters = Parameters(wanted["url"], "--to")
            try:
                undo(parameters, read_entry(path))
            finally:
                parameters.close()
            return
        time.sleep(_PAUSE)
