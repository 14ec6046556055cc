"""Where perflab keeps what it has measured or made once."""

from __future__ import annotations

import os
from pathlib import Path

from perflab.errors import BadInputError


def cache_folder() -> Path:
    """Return the user's cache folder; ``PERFLAB_CACHE_DIR`` names another."""
    named = os.environ.get("PERFLAB_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("perflab")


def state_folder() -> Path:
    """Return where perflab keeps what must not be lost, such as old values of a user's server.

    ``PERFLAB_STATE_DIR`` names another; without it, ``PERFLAB_CACHE_DIR`` does.
    """
    named = os.environ.get("PERFLAB_STATE_DIR") or os.environ.get("PERFLAB_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_state_path("perflab")


def shared_folder() -> Path | None:
    """Return where workers of other machines read workloads; ``PERFLAB_SHARED_DIR`` names it.

    None is this machine's folder for temporary files, which processes of this machine read.

    Raises:
        BadInputError: If it is no folder, or cannot be written.
    """
    named = os.environ.get("PERFLAB_SHARED_DIR")
    if not named:
        return None
    if not os.access(named, os.W_OK) or not Path(named).is_dir():
        text = "is not a writable folder; name one that all workers read"
        raise BadInputError(text, f"PERFLAB_SHARED_DIR={named}")
    return Path(named)
