"""`Removal`: how a bench removes what a run that was killed has left on a user's server."""

from __future__ import annotations

from collections.abc import Callable

from perflab.settings import Settings


class Removal:
    """The part of a `Bench` that is asked when a child could not remove what it wrote."""

    def remover(self, settings: Settings, run_name: str) -> Callable[[], object] | None:
        """Return what removes, once a run's process is over, what it has left on a user's server.

        It is requested when the run begins, and keeps the address that was agreed to then: a
        variable that has changed since does not lead it to another server. It is called in the
        parent, where the child may have been killed; there may be nothing to remove, and it raises
        `BadInputError` if the server is down or does not allow it.

        Args:
            settings: The pattern's settings, which may name the server.
            run_name: The run's own name; nothing that is not under it is touched.

        Returns:
            None where the run writes on no server of the user's.
        """
        del settings, run_name
        return None
