"""Where perflab keeps what it has measured or made once."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache folder; ``PERFLAB_CACHE_DIR`` names another."""
    named = os.environ.get("PERFLAB_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("perflab")


def shared_folder() -> Path | None:
    """Return where workers of other machines read workloads; ``PERFLAB_SHARED_DIR`` names it.

    None is this machine's folder for temporary files, which processes of this machine read.
    """
    named = os.environ.get("PERFLAB_SHARED_DIR")
    return Path(named) if named else None
