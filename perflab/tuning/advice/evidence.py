"""What a file tells of somebody's situation: requests with keys, arrivals, URLs or data."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from perflab.bench.advising import Evidence
from perflab.bench.questions import Answers
from perflab.bench.registry import kind_that_names
from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.lab.outcome import workload_summary
from perflab.tuning.advice.as_answered import Answered, as_answered
from perflab.tuning.advice.facts import MOST_EXACT, arrival_facts, arrivals_of, trace_facts
from perflab.units import grouped
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.registry.kinds import load_any
from perflab.workloads.registry.named import is_file

READINGS = ("requests", "data")
"""As what a file may be read."""
_BINARY = (".sqlite", ".sqlite3", ".db", ".npy")
_TABLES = (".csv", ".tsv", ".parquet", ".pq")
_PACKED = (".gz", ".xz", ".zst", ".bz2")
_ROLES = frozenset({"key", "time", "size", "ttl", "op", "backend"})
_URL_SHARE = 0.95
_LOOKED_AT = 1_000
_SQLITE = b"SQLite format 3\0"


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What was read of a file.

    Attributes:
        evidence: What it tells.
        about: What a result says of it.
        notes: How it was read, where that was a choice, and what answers changed.
        changed: What answers changed that a command which reads the file again does not know: the
            trace, the arrivals.
    """

    evidence: Evidence
    about: AboutWorkload
    notes: tuple[str, ...] = ()
    changed: tuple[Trace | Arrivals, ...] = ()


def read_evidence(
    source: str | os.PathLike[str] | Workload | None,
    answers: Answers,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    *,
    read_as: str | None = None,
) -> Read:
    """Return what a file or a workload, and answers, tell.

    Args:
        source: A file, a name such as ``flights``, or a workload; None for answers alone.
        answers: By the key of the question; each counts before what the file tells.
        format: For a file, as in `read_trace`.
        columns: For a file, as in `read_trace`.
        progress: For a file, as in `read_trace`.
        read_as: One of `READINGS`; None where the file tells.

    Raises:
        BadInputError: If the source cannot be read, or is neither requests nor data.
    """
    if source is None:
        return Read(_with_answers(Evidence(), {}, answers), {})
    if not isinstance(source, (str, os.PathLike)):
        return _of_workload(source, answers)
    text = os.fspath(source)
    path = Path(text).expanduser()
    asked = read_as or (None if format is None and columns is None else "requests")
    if asked == "data" or (asked is None and _is_data(path)):
        return _of_data(path, text, answers, guessed=asked is None)
    kind = kind_that_names(text)
    loaded: Any = (kind.load if kind is not None else load_any)(text, format, columns, progress)
    return _of_workload(loaded, answers)


def _of_workload(workload: Workload, answers: Answers) -> Read:
    facts: dict[str, float | str] = {}
    read = Answered(None, None)
    if isinstance(workload, Trace):
        read = as_answered(workload, arrivals_of(workload), answers)
    elif isinstance(workload, Arrivals):
        read = as_answered(None, workload, answers)
        facts |= _database(workload)
    trace, arrivals = read.trace, read.arrivals
    if trace is not None:
        facts = {**trace_facts(trace), **_urls(trace)}
        if trace.source.lower().endswith(".har"):
            facts["source"] = "http"
    if arrivals is not None:
        timed = arrival_facts(arrivals)
        facts |= {key: value for key, value in timed.items() if key not in facts}
    other = workload if trace is None and arrivals is None else None
    evidence = Evidence(source=workload.source, trace=trace, arrivals=arrivals, workload=other)
    notes = [*read.notes]
    if trace is not None and trace.reads > MOST_EXACT:
        notes.append(f"the mean reuse distance is that of the first {grouped(MOST_EXACT)} requests")
    about = workload_summary(workload)
    changed = ((read.sized, trace), (read.served, arrivals))
    return Read(
        _with_answers(evidence, facts, answers),
        about,
        tuple(notes),
        tuple(each for is_changed, each in changed if is_changed and each is not None),
    )


def _of_data(path: Path, text: str, answers: Answers, *, guessed: bool) -> Read:
    if not path.is_file():
        raise BadInputError("there is no such file", text)
    size = float(path.stat().st_size)
    evidence = Evidence(source=text, table=path)
    how = f"{path.name} was taken for data, not for requests"
    notes = (f"{how}; if each row is a request, pass --as requests",) if guessed else ()
    if path.suffix.lower() in _BINARY:
        notes = ()
    about: AboutWorkload = {"name": path.name, "source": text, "notes": list(notes)}
    return Read(_with_answers(evidence, {"data_bytes": size}, answers), about, notes)


def _with_answers(
    evidence: Evidence, facts: Mapping[str, float | str], answers: Answers
) -> Evidence:
    """Return evidence with its values; data is measured against this machine's free memory."""
    values: dict[str, float | str] = {**facts, **answers}
    if "data_bytes" in values and "memory" not in values:
        import psutil

        values["memory"] = float(psutil.virtual_memory().available)
    return dataclasses.replace(evidence, values=values, answered=frozenset(answers))


def _is_data(path: Path) -> bool:
    """Say whether a file holds rows of data: a database, or a table that dates no requests."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((each for each in reversed(suffixes) if each not in _PACKED), "")
    if not is_file(str(path)) or not path.is_file():
        return False
    if suffix in _BINARY or _starts_with(path, _SQLITE):
        return True
    if suffix not in _TABLES:
        return False
    from perflab.workloads.importers.arrivals import is_arrivals  # loads pyarrow

    names = _names(path)
    chosen = _roles(names, str(path))
    return not (
        set(names) <= _ROLES or "time" in chosen or "key" in names or is_arrivals(str(path), None)
    )


def _starts_with(path: Path, head: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(head)) == head


def _names(path: Path) -> list[str]:
    from perflab.workloads.importers.csv_heading import table_header
    from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names
    from perflab.workloads.importers.source import Source

    source = Source(str(path))
    names = parquet_names(source) if is_parquet(source) else table_header(source)[0]
    return [name.strip().lower() for name in names]


def _roles(names: list[str], place: str) -> dict[str, str]:
    from perflab.workloads.importers.columns import choose_columns

    try:
        return choose_columns(names, None, place)
    except BadInputError:
        return {}


def _urls(trace: Trace) -> dict[str, float | str]:
    """Return that a text without times is a list of URLs to fetch, of how many hosts."""
    if trace.times is not None or trace.keys is None:
        return {}
    import numpy as np

    if isinstance(trace.keys, np.ndarray):
        return {}
    some = [str(key) for key in trace.keys.slice(0, _LOOKED_AT).to_pylist()]
    ours = [key for key in some if key.lower().startswith(("http://", "https://"))]
    if len(ours) < _URL_SHARE * len(some):
        return {}
    hosts = {urlsplit(key).hostname for key in ours}
    known = {"hosts": float(len(hosts))} if len(some) < _LOOKED_AT else {}
    return {"source": "http", "count": float(len(trace)), **known}


def _database(arrivals: Arrivals) -> dict[str, str]:
    """Return that arrivals were read from what PostgreSQL has written."""
    if not arrivals.source or not is_file(arrivals.source) or Path(arrivals.source).is_dir():
        return {}
    from perflab.workloads.importers.arrivals import detect_arrivals
    from perflab.workloads.importers.source import Source

    kind = detect_arrivals(Source(arrivals.source))
    return {"source": "database"} if kind in ("postgres", "pg_stat_statements") else {}
