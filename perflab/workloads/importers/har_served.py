"""HAR as arrivals: when a browser or proxy began each request, and how long it took."""

from __future__ import annotations

from perflab.workloads.importers.har_entries import LeftOutEntries
from perflab.workloads.importers.json_text import begins_as_har, load_archive, shown
from perflab.workloads.importers.served import Served, seconds_of
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

_MILLISECONDS = 1e-3
_ADVICE = "save it again from the browser's network tools"


def is_har(source: Source) -> bool:
    """Say whether a file is called one, or begins as one does."""
    return source.content_name.lower().endswith(".har") or begins_as_har(source.head)


def read_har_served(source: Source) -> Arrivals:
    """Read ``startedDateTime`` and ``time`` (milliseconds) of each entry (HTTP Archive 1.2).

    Entries without a start are skipped and counted, and so are those for which no server was
    asked, such as those from the browser's cache; a time that is not known is left open.

    Raises:
        BadInputError: With the line, if it is no JSON; if it has no entries.
    """
    entries = load_archive(source)
    served = Served(source, "entries of a HAR file", _ADVICE)
    left_out = LeftOutEntries(served=True)
    for number, entry in enumerate(entries, start=1):
        if left_out.leaves_out(entry):
            continue
        try:
            start = seconds_of(str(entry["startedDateTime"]))
            taken = float(-1 if entry.get("time") is None else entry["time"])
        except (ValueError, OverflowError, KeyError, TypeError):
            served.skip(number, shown(entry)[:200])
        else:
            known = taken * _MILLISECONDS if taken >= 0 else float("nan")
            served.add(number, str(entry["startedDateTime"]), start, known)
    return served.finish(len(entries), left_out.notes())
