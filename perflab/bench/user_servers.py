"""`UserServers`: the servers of a user's that a bench's runs use, and what it does there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic

from perflab.bench.identity import S
from perflab.settings import Settings

if TYPE_CHECKING:
    from perflab.servers.consent import ForeignServer

Remove = Callable[[], object]


def _no_remover(_settings: Settings, _run_name: str) -> None:
    return None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UserServers(Generic[S]):
    """What a run does on servers of the user's.

    Attributes:
        used: Returns the servers that a run would use, and all that it does there; its calibration
            is part of that. Addresses are resolved, without connecting, as the run itself will
            resolve them; one that is not valid raises `BadInputError`.
        variable: The environment variable that names a server.
        remover: Returns, given a run's own name, what removes the things that a run has left on a
            server once its process is over; None where it writes on none. It is asked for when
            the run begins, and keeps the address that was agreed to then: a variable that has
            changed since does not lead it to another server. What it returns is called in the
            parent, where the child may have been killed; there may be nothing to remove, and it
            raises `BadInputError` if the server is away or does not allow it. Nothing that is not
            under the run's name is touched.
    """

    used: Callable[[S], tuple[ForeignServer, ...]]
    variable: str | None = None
    remover: Callable[[S, str], Remove | None] = _no_remover
