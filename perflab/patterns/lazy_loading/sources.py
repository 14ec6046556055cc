"""What a bench asks of a data source outside of a run: its rows, and its name for a calibration."""

from __future__ import annotations

import hashlib
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._sources import FLIGHTS, SUFFIXES, open_store
from perflab.patterns.lazy_loading._store import MeasuredStore, ReopenedStore


def rows_of(source: str) -> int:
    """Return how many rows a source has.

    Raises:
        BadInputError: If it cannot be opened.
    """
    store = open_store(source)
    try:
        return len(store)
    finally:
        if isinstance(store, ReopenedStore):
            store.close()


def is_own_function(source: str) -> bool:
    """Say whether a source is a function, or a store, of a module of the user's."""
    name, colon, function = source.rpartition(":")
    suffixes = {Path(source).suffix.lower(), Path(name).suffix.lower()}
    if not colon or name == FLIGHTS or suffixes & set(SUFFIXES) or Path(source).exists():
        return False
    return all(part.isidentifier() for part in (*name.split("."), function))


def source_name(source: str) -> str:
    """Return a name for what was measured on a source: a file's, told from others of that name."""
    file = source if Path(source).exists() else source.rpartition(":")[0]
    path = Path(file).expanduser()
    if not file or not path.exists():
        return source
    digest = hashlib.blake2b(str(path.resolve()).encode(), digest_size=3).hexdigest()
    return f"{Path(source).name} ({digest})"


def stored_row_bytes(source: str) -> float | None:
    """Return the bytes that a row takes in a source's file; none where nothing tells."""
    try:
        store = open_store(source)
    except BadInputError:
        return None
    try:
        if not isinstance(store, MeasuredStore) or not len(store):
            return None
        return store.stored_bytes(0, len(store)) / len(store)
    finally:
        if isinstance(store, ReopenedStore):
            store.close()
