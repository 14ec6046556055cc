"""Every importer of a foreign format, by its name and by detection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from parts import Target

from perflab.patterns.async_io._urls import read_urls
from perflab.patterns.async_io.load_tests import load_test
from perflab.patterns.prefetching.item_names import load_items
from perflab.workloads import FORMATS, kind_of, read_trace
from perflab.workloads.formats import ARRIVAL_FORMATS
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_arrivals
from perflab.workloads.registry.accesses import load_accesses

ENDINGS = {"csv": ".csv", "combined": ".log", "json": ".json", "har": ".har"}
TEMPLATES = {
    "csv": {"key": "{id}/{size}"},
    "combined": {"key": "{method} {host}{path}"},
    "json": {"key": "{request.host}{request.uri}"},
    "har": {"key": "{request.url}"},
}


def _read(read: Callable[..., Any], name: str, data: bytes, folder: Path, **options: Any) -> None:
    path = folder / name
    path.write_bytes(data)
    found = read(path, **options)
    # What an answer shows must not fail either.
    kind_of(found).facts(found)
    "".join(found.notes).encode()
    if isinstance(found, Trace):
        str(found.key_of(0)).encode()
        if hasattr(found.keys, "validate"):
            found.keys.validate(full=True)


def _urls(name: str, data: bytes, folder: Path) -> None:
    path = folder / name
    path.write_bytes(data)
    for request in read_urls(str(path)):
        request.url.encode()


def _load_test(data: bytes, folder: Path) -> None:
    path = folder / "measured.csv"
    path.write_bytes(data)
    load_test._read.cache_clear()  # inputs come faster than the time of a file changes
    load_test.read_load_test(str(path)).points()


def _columns(data: bytes, folder: Path) -> None:
    parse_columns(data.decode("utf-8", "surrogateescape"))


def _of(read: Callable[..., Any], name: str, **options: Any) -> Target:
    return partial(_call, read, name, options)


def _call(
    read: Callable[..., Any], name: str, options: dict[str, Any], data: bytes, folder: Path
) -> None:
    _read(read, name, data, folder, **options)


TARGETS: dict[str, Target] = {
    "detected": _of(read_trace, "a"),
    "detected_txt": _of(read_trace, "a.txt"),
    "detected_log": _of(read_trace, "a.log"),
    "detected_arrivals": _of(read_arrivals, "a"),
    **{
        f"trace_{kind}": _of(read_trace, f"a{ENDINGS.get(kind, '')}", format=kind)
        for kind in FORMATS
        if kind != "parquet"
    },
    **{
        f"template_{kind}": _of(read_trace, f"a{ENDINGS[kind]}", format=kind, columns=columns)
        for kind, columns in TEMPLATES.items()
    },
    "sorted_csv": _of(read_trace, "a.csv", format="csv", sort=True),
    **{f"arrivals_{kind}": _of(read_arrivals, "a", format=kind) for kind in ARRIVAL_FORMATS},
    "arrivals_har": _of(read_arrivals, "a.har"),
    "accesses": _of(load_accesses, "a.txt"),
    "items": _of(load_items, "a.txt"),
    "urls": partial(_urls, "urls.txt"),
    "urls_har": partial(_urls, "urls.har"),
    "load_test": _load_test,
    "columns": _columns,
}
