"""What was found in a workload: how its file was read, and what makes it doubtful, in one place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from perflab.errors import BadInputError
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning
from perflab.workloads import Accesses, Arrivals, Trace, Workload, kind_of, remarks
from perflab.workloads.importers.arrivals import how_arrivals_are_read
from perflab.workloads.importers.dispatch import HowRead, how_read
from perflab.workloads.importers.preview import FilePreview, preview_file
from perflab.workloads.registry.kind import WorkloadKind
from perflab.workloads.registry.named import is_file

_FINGERPRINT = f"<span{titled(meaning('fingerprint'))}>fingerprint</span>"

_TERM = re.compile(r"\b(?:skew|burstiness|sample|working set)\b")
_READING = re.compile(r"^((?:columns|fields) (?:not )?used|times): (.*)$", re.DOTALL)
"""What a note says of how a file was read; all others are doubts."""
_CLOSED = "sent in a closed loop, not at that rate"
_NO_TIME = "no time among them"


def describe(workload: Workload, *, follows_rate: bool = True) -> str:
    """Return a workload in one line of HTML.

    Args:
        workload: Any.
        follows_rate: Whether requests come at its rate, or one that is set: if not, it says so.
    """
    said = [
        f"<b>{html.escape(workload.name)}</b>",
        *map(_explained, kind_of(workload).facts(workload)),
        *(() if follows_rate else (_CLOSED,)),
        f"{_FINGERPRINT} <code>{workload.fingerprint}</code>",
    ]
    return " · ".join(said)


def _explained(fact: str) -> str:
    """Return a fact as HTML, with help on the first of the field's words in it."""
    word = _TERM.search(fact)
    if word is None:
        return html.escape(fact)
    before, after = fact[: word.start()], fact[word.end() :]
    said = f"<span{titled(meaning(word[0]))}>{html.escape(word[0])}</span>"
    return f"{html.escape(before)}{said}{html.escape(after)}"


def notes_of(workload: Workload) -> list[str]:
    """Return what was left out or guessed of a workload, and what makes it doubtful."""
    more = remarks(workload) if isinstance(workload, Trace) else ()
    return list(dict.fromkeys((*workload.notes, *more)))


def found_in(workload: Workload, found: HowRead | None = None) -> str:
    """Return as HTML how a workload was read, a row each, and below it what is doubtful.

    Args:
        workload: Any; one that was read from no file has doubts alone.
        found: How its file was read, or None.
    """
    read, doubts = _parted(notes_of(workload))
    if found is not None:
        named = "as named" if found.named else "detected"
        read.insert(0, ("format", f"{found.log_format or found.kind}, {named}"))
    rows = [
        f"<div class='perflab-found'><span>{term}:</span> {html.escape(text)}</div>"
        for term, text in read
    ]
    rows += [f"<div class='perflab-doubt'>{html.escape(text)}</div>" for text in doubts]
    return "".join(rows)


def times_of(workload: Workload) -> str:
    """Return in which unit a workload's times were read, such as ``ms since 1970``, or nothing."""
    said = dict(_parted(notes_of(workload))[0]).get("times", "")
    return said.removeprefix("read as ")


def how_file_was_read(
    workload: Workload, path: str, columns: Mapping[str, str] | None
) -> HowRead | None:
    """Return how requests were read from a file; None for all others."""
    if not isinstance(workload, Trace | Accesses | Arrivals) or not _is_read_twice(path):
        return None
    how = how_arrivals_are_read if isinstance(workload, Arrivals) else how_read
    named = workload.options.get("format")
    try:
        return how(path, None if named is None else str(named), columns)
    except BadInputError:  # the file has changed since
        return None


def preview_of(
    kind: WorkloadKind[Any], path: str, form: str | None, columns: Mapping[str, str] | None
) -> FilePreview | None:
    """Return what stands at the beginning of a file; None for what is none or cannot be read."""
    if not kind.formats or path in kind.named or not _is_read_twice(path):
        return None
    try:
        return preview_file(path, form, columns, arrivals=issubclass(kind.holds, Arrivals))
    except BadInputError:  # which reading the whole of it says
        return None


def _is_read_twice(path: str) -> bool:
    """Say whether a path is of a file or folder that exists, and not of a pipe."""
    try:
        return is_file(path) and (place := Path(path).expanduser()).exists() and not place.is_fifo()
    except (OSError, ValueError, RuntimeError):
        return False


def _parted(notes: Iterable[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what notes say of the reading, a term and its text each, and those that doubt it."""
    read: list[tuple[str, str]] = []
    doubts = []
    for note in notes:
        texts = note.split("; ")
        parts = [_READING.match(part) for part in texts if part != _NO_TIME]
        if all(parts):
            read += [(part[1], part[2]) for part in parts if part]
            doubts += ["no column of times is used"] if _NO_TIME in texts else []
        else:
            doubts.append(note)
    return sorted(read, key=lambda row: row[0] == "times"), doubts
