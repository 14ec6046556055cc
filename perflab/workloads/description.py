"""What a stored workload says of itself beside its columns, in a folder as in a Parquet file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perflab.settings import BadInputError
from perflab.workloads.workload import Workload

FORMAT_VERSION = 1


def describe(workload: Workload, **own: Any) -> dict[str, Any]:
    """Return the description of a workload, with what a form of storage adds of its own."""
    return {
        "format_version": FORMAT_VERSION,
        "name": workload.name,
        "source": workload.source,
        "options": dict(workload.options),
        "notes": workload.notes,
        "fingerprint": workload.fingerprint,
        **own,
    }


def origin(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a workload that say where it comes from; earlier ones had no options."""
    return {
        "name": str(description["name"]),
        "source": str(description["source"]),
        "options": dict(description.get("options") or {}),
        "notes": tuple(description["notes"]),
    }


def check_version(version: int, place: str) -> None:
    """Refuse what cannot be understood.

    Raises:
        BadInputError: If a later perflab wrote it.
    """
    if version > FORMAT_VERSION:
        raise BadInputError(f"was written by a later perflab (format {version})", place)
