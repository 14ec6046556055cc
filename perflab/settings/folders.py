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
