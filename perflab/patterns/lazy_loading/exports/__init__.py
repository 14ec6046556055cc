"""The loader's settings ready to paste: perflab, other readers, block caches, and Kailash."""

from __future__ import annotations

from pathlib import PurePath

from perflab.bench.exporting import arguments, heading, threads
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.patterns.lazy_loading.exports.readers import reader_exports
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.patterns.lazy_loading.sources import stored_form
from perflab.settings import LoadSettings

_KINDS = {
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".npy": "npy",
}


def lazy_loading_exports(
    settings: LazyLoadingSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings as complete programs; ``STORE`` in the environment names the store.

    Folders are left out: a report may be sent to others.
    """
    first = heading(workload, threads(load))
    kind, file, source = _named(settings.data_source)
    moved = kind and source != settings.data_source
    values = {
        "remarks": [first, "Set STORE to its path."] if moved else [first],
        "store": source,
        "arguments": arguments(
            settings, always=("chunk_size", "max_chunks"), never=("data_source",)
        ),
    }
    form = stored_form(settings.data_source, settings.delimiter)
    others = reader_exports(settings, first, kind, file, *form)
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **values)),
        *others,
        Export("Kailash workflow", "python", render(__package__, "kailash.py.jinja", **values)),
    )


def lazy_loading_configurations(settings: LazyLoadingSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as variables of an environment, without the places of files."""
    found = variables("lazy_loading", settings, ("chunk_size", "max_chunks"), ("data_source",))
    return platform_exports(found, [heading(workload)], "lazy_loading")


def _named(source: str) -> tuple[str, str, str]:
    """Return a source's kind, the name of its file, and its name without folders."""
    name, _, form = source.partition(":")
    if name == "flights":
        kind = form or "sqlite"
        return kind, f"flights.{kind}", source
    file, _, table = source.rpartition(":")
    if PurePath(file).suffix.lower() in _KINDS:
        name = PurePath(file).name
        return _KINDS[PurePath(file).suffix.lower()], name, f"{name}:{table}"
    name = PurePath(source).name
    return _KINDS.get(PurePath(source).suffix.lower(), ""), name, name
