"""`LogLines`: the fields of a log's lines as Arrow arrays, by the quickest expression that does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.log_format import LogFormat

# The combined log, of which the common one is the beginning. Each part tells by its first character
# where the one before ends, and there are few captures: so RE2 reads a line in one pass. The
# request's method and target are one capture: the log parts them by one space, as the key is.
COMBINED_LINE = (
    r"^[^\[]*\[(?P<time_local>[^\]]{26})\] "
    r'"(?P<request>[A-Za-z]+ (?:[^ "\\]|\\.)+)(?: HTTP/[0-9.]+)?" \d{3} '
    r"(?P<body_bytes_sent>\d{1,18}|-)\s"
)
# The same where more stands before the time, or between it, the request and the status; the time
# may have a fraction or no zone, and the URL blanks.
COMBINED_SHAPES = (
    r"^.*?\[(?P<time_local>\d{2}/[A-Za-z]{3}/\d{4}[: ][^\]]{8,24})\][^\"]*"
    r'"(?P<request>[A-Za-z]+ (?:[^"\\]|\\.)+?)(?: HTTP/[0-9.]+)?"(?: [^"]*?)?? \d{3} '
    r"(?P<body_bytes_sent>\d{1,18}|-)\s"
)
_COMBINED_DETAILS = (
    r"^.*?\[\d{2}/[A-Za-z]{3}/\d{4}[: ][^\]]{8,24}\][^\"]*"
    r'"(?P<method>[A-Za-z]+) (?:[^"\\]|\\.)*"(?: [^"]*?)?? (?P<status>\d{3}) (?:\d{1,18}|-)\s'
)
_COMBINED = "of the combined log format"

Mask = npt.NDArray[np.bool_]


class LogLines:
    """Takes the fields out of lines.

    Args:
        form: The form of the lines.
        named: The fields that a template of the key names; none for the usual key.
    """

    def __init__(self, form: LogFormat, named: Sequence[str] = ()) -> None:
        self._form = form
        target = form.target
        times = [name for name in (form.time, form.size) if name]
        there = form.fields
        if target is None:
            of_key, self._method = ["request"], "method"
        else:
            of_key = [target, *(["args"] if target == "uri" and "args" in there else [])]
            of_key += ["request_method"] if "request_method" in there else []
            self._method = "request_method"
        wanted = [*times, *(named or of_key)]
        if named and self._method in there:
            wanted.append(self._method)
        self._regexes = [form.regex(wanted, tolerant=tolerant) for tolerant in (False, True)]
        self._short: list[str] = []
        backend = form.backend
        if backend is not None and backend not in wanted:
            # A line that ends before it is a request all the same; one in front is in all lines.
            if form.ends_with(backend, wanted):
                self._short = [f"{regex}(?P<{backend}>)" for regex in self._regexes]
            wanted = [*wanted, backend]
            self._regexes = [form.regex(wanted, tolerant=tolerant) for tolerant in (False, True)]
        details = [name for name in (self._method, "status") if name in there]
        self._details = [form.regex(details, tolerant=t) for t in (False, True)] if details else []
        if form.name == _COMBINED and not named:
            self._regexes = [COMBINED_LINE, COMBINED_SHAPES]
            self._details = [_COMBINED_DETAILS]
        self._matched = [0] * len(self._regexes)

    def extract(self, lines: pa.Array) -> tuple[Mask, pa.Array]:
        """Return which lines parse, and a struct of the fields of those, in order.

        Lines that the first expression does not know are tried with the next.
        """
        good, fields, counts = _extract(lines, [*self._regexes, *self._short])
        self._matched = [a + b for a, b in zip(self._matched, counts, strict=False)]
        # What knows most lines comes first from here on.
        order = sorted(range(len(self._matched)), key=lambda i: -self._matched[i])
        self._regexes = [self._regexes[i] for i in order]
        self._matched = [self._matched[i] for i in order]
        return good, fields

    def details(self, lines: pa.Array) -> tuple[list[str], list[str]]:
        """Return method and status of lines that parse; empty where it has none."""
        nothing = [""] * len(lines)
        if not self._details:
            return nothing, nothing
        good, fields, _ = _extract(lines, self._details)
        places = np.flatnonzero(good).tolist()
        found = []
        for name in (self._method, "status"):
            texts = list(nothing)
            if any(field.name == name for field in fields.type):
                for place, text in zip(places, fields.field(name).to_pylist(), strict=True):
                    texts[place] = text.decode("latin-1")
            found.append(texts)
        return found[0], found[1]

    def values(self, lines: pa.Array, name: str) -> list[bytes]:
        """Return the values of one field in the lines that parse, each once."""
        regexes = [self._form.regex([name], tolerant=tolerant) for tolerant in (False, True)]
        return list(_extract(lines, regexes)[1].field(name).unique().to_pylist())


def _extract(lines: pa.Array, regexes: Sequence[str]) -> tuple[Mask, pa.Array, list[int]]:
    """Return which lines one of the expressions knows, the fields, and how many each knew."""
    good = np.zeros(len(lines), np.bool_)
    rows = np.arange(len(lines))
    pieces: list[pa.Array] = []
    rest, places, counts = lines, [], []
    for regex in regexes:
        found = pc.extract_regex(rest, regex)
        valid = np.asarray(found.is_valid().to_numpy(zero_copy_only=False))
        counts.append(int(np.count_nonzero(valid)))
        if pieces and not counts[-1]:
            continue
        if not pieces and valid.all():
            good[:] = True
            pieces.append(found)
            break
        pieces.append(found.filter(pa.array(valid)))
        places.append(rows[valid])
        good[rows[valid]] = True
        rows, rest = rows[~valid], rest.filter(pa.array(~valid))
        if not len(rows):
            break
    counts += [0] * (len(regexes) - len(counts))
    if len(pieces) == 1:
        return good, pieces[0], counts
    order = np.argsort(np.concatenate(places), kind="stable")
    return good, pa.concat_arrays(pieces).take(pa.array(order)), counts
