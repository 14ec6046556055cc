"""`Leftover`: what a run that was killed has left on a server of the user's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """What is under the name of one run that is no longer alive.

    Attributes:
        server: The server's address, without a password.
        name: The run's name.
        started: When the run started, in UTC.
        what: What is there, such as ``1,204 keys under perflab``.
        remove: Removes it, unless the run is alive after all; removing it twice does no harm.
    """

    server: str
    name: str
    started: datetime
    what: str
    remove: Callable[[], None]

    def to_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "server": self.server,
            "name": self.name,
            "started": self.started.isoformat(),
            "what": self.what,
        }
