"""`Removal`: how a bench removes what a run that was killed has left on a user's server."""

from __future__ import annotations

from perflab.settings import Settings


class Removal:
    """The part of a `Bench` that is asked when a child could not remove what it wrote."""

    def remove_run(self, settings: Settings, run_name: str) -> None:
        """Remove what a run whose process is over has left on a server that is not ours.

        It is called in the parent, where the child may have been killed; there may be nothing.

        Args:
            settings: The pattern's settings, which may name the server.
            run_name: The run's own name; nothing that is not under it is touched.

        Raises:
            BadInputError: If the server is away or does not allow it.
        """
        del settings, run_name
