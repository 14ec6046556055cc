"""What items are like: how many there are, and how many files they are."""

from __future__ import annotations

from typing import Any

from perflab.settings.quantity import counted
from perflab.workloads.kinds.items import Items


def summary(items: Items) -> dict[str, Any]:
    """Return how many items, and how many files they are."""
    files = {"files": len(items.paths)} if items.paths else {}
    return {
        "name": items.name,
        "fingerprint": items.fingerprint,
        "requests": items.count,
        **files,
    }


def facts(items: Items) -> list[str]:
    """Return how many items, and how many files they are, a few words each."""
    files = [counted(len(items.paths), "file")] if items.paths else []
    return [counted(items.count, "item"), *files]
