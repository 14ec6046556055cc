"""What a bench asks of a data source outside of a run: its rows, and its name for a calibration."""

from __future__ import annotations

import hashlib
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._csv import CsvStore
from perflab.patterns.lazy_loading._sources import (
    DATABASES,
    FLIGHTS,
    SUFFIXES,
    TEXTS,
    is_own_function,
    open_store,
)
from perflab.patterns.lazy_loading._store import MeasuredStore, ReopenedStore
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.primitives.csv_header import DELIMITERS


def rows_of(source: str, delimiter: str = "auto") -> int:
    """Return how many rows a source has, those of a CSV with such a delimiter.

    Raises:
        BadInputError: If it cannot be opened.
    """
    store = open_store(source, delimiter)
    try:
        return len(store)
    finally:
        if isinstance(store, ReopenedStore):
            store.close()


def overruled_by_source(settings: LazyLoadingSettings) -> dict[str, str]:
    """Return which settings have no effect on a source, by key, with the reason."""
    found = {}
    kind = _kind_without_delimiter(settings.data_source)
    if kind:
        found["delimiter"] = f"applies only to CSV and TSV files; the source is {kind}"
    if settings.max_chunks == 1:
        found["read_ahead"] = "needs room for a second chunk; max chunks is 1"
    return found


def _kind_without_delimiter(source: str) -> str:
    """Return what a source is that has no delimiter; an empty text for one that may have."""
    name, colon, rest = source.rpartition(":")
    if is_own_function(source):
        return "a function"
    if source == FLIGHTS and not Path(source).exists():
        return "SQLite"
    suffix = f".{rest}" if name == FLIGHTS else Path(source).suffix
    if colon and Path(name).suffix.lower() in DATABASES:
        suffix = Path(name).suffix
    suffix = suffix.lower()
    if suffix not in SUFFIXES or suffix in TEXTS:
        return ""
    return "SQLite" if suffix in DATABASES else {".npy": "NumPy"}.get(suffix, "Parquet")


def source_name(source: str) -> str:
    """Return a name for what was measured on a source: a file's, told from others of that name."""
    file = source if Path(source).exists() else source.rpartition(":")[0]
    path = Path(file).expanduser()
    if not file or not path.exists():
        return source
    digest = hashlib.blake2b(str(path.resolve()).encode(), digest_size=3).hexdigest()
    return f"{Path(source).name} ({digest})"


def stored_form(source: str, delimiter: str = "auto") -> tuple[float | None, str]:
    """Return the bytes that a row takes in a source's file, and what parts a CSV's fields.

    None for the bytes where nothing tells; a comma where there is nothing to look at. A module of
    the user's is not imported for it: the settings may be those of a file.
    """
    if is_own_function(source):
        return None, DELIMITERS.get(delimiter, ",")
    try:
        store = open_store(source, delimiter)
    except BadInputError:
        return None, DELIMITERS.get(delimiter, ",")
    try:
        sign = store.separator if isinstance(store, CsvStore) else ","
        if not isinstance(store, MeasuredStore) or not len(store):
            return None, sign
        return store.stored_bytes(0, len(store)) / len(store), sign
    finally:
        if isinstance(store, ReopenedStore):
            store.close()
