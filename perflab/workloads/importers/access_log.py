"""Access logs of any form: the combined log, a named format, or one in its server's own words."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError, nearest
from perflab.workloads.importers.backend_times import backend_column
from perflab.workloads.importers.columns import listed
from perflab.workloads.importers.doubts import operations_note, refused_note
from perflab.workloads.importers.log_format import BACKEND_FIELDS, LogFormat
from perflab.workloads.importers.log_lines import LogLines
from perflab.workloads.importers.log_methods import replayed_methods
from perflab.workloads.importers.log_names import COMBINED, named_format
from perflab.workloads.importers.log_words import parse_log_format
from perflab.workloads.importers.moments import moments_of, zone_note
from perflab.workloads.importers.requests import Parsed, Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.template import fields_of, joined
from perflab.workloads.importers.time_units import settled
from perflab.workloads.importers.unread import unread_note
from perflab.workloads.kinds.trace import Trace

# So many lines are looked at for how many hosts there are.
_LOOKED_AT = 2000
_COMBINED = "of the combined log format"
# These may go on with what a server was told to add.
_OPEN_ENDED = (_COMBINED, "of the vhost log format")
_METHODS = ("request_method", "method")
# The first word of the combined log is the client, unless an address follows: then the name before
# it is of a virtual host.
_VIRTUAL_HOST = r"^(?P<host>[A-Za-z0-9._-]+(?::\d+)?) (?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]+) "


def read_log(
    source: Source, columns: Mapping[str, str] | None = None, name: str = "combined"
) -> Trace:
    """Read method and path (with its query) as key, the time, and the body's bytes as size.

    Where the format says how long the backend took, that is read too; ``-`` is not known.

    A PUT, POST, PATCH or DELETE is a write or removal of what a GET of the path asks for; one that
    was answered with an error wrote nothing, and is left out and counted.

    Lines that do not parse are skipped and counted. A server writes a line when it has answered,
    so lines may be a little out of order: they are sorted by time, which a note says.

    Args:
        source: The file.
        columns: The key as a template of the format's fields, such as
            ``{"key": "{method} {path}"}``; ``path`` is without the query, ``target`` with it.
        name: The name of the format, or its server's own words for it.

    Raises:
        BadInputError: If most lines do not parse, or a field or format is unknown.
    """
    form = parse_log_format(COMBINED, _COMBINED)
    if name != "combined":
        form = named_format(name)
    log = AccessLog(source, form, columns)
    return log.read(Requests(source, form.name))


class AccessLog:
    """Reads the lines of one form into requests.

    Args:
        source: The file.
        form: The form of its lines.
        columns: The key as a template, if it is one.

    Raises:
        BadInputError: If the template names an unknown field.
    """

    def __init__(
        self, source: Source, form: LogFormat, columns: Mapping[str, str] | None = None
    ) -> None:
        self._source = source
        self._template = _template(form, columns)
        self._refused: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._hosts: dict[str, None] = {}
        self._time_notes: tuple[str, ...] | None = None
        self._unread: tuple[str, ...] | None = None
        self.take(form)

    def take(self, form: LogFormat) -> None:
        """Read the lines from here on as of this form."""
        self._form = form
        self._lines = LogLines(form, () if self._template is None else fields_of(self._template))

    def read(self, requests: Requests, parse: Callable[[pa.Array], Parsed] | None = None) -> Trace:
        """Return the trace of all lines.

        Args:
            requests: Where they are collected.
            parse: What reads lines in place of the method `parse`.

        Raises:
            BadInputError: If most lines do not parse.
        """
        requests.read(parse or self.parse)
        ids, keys, columns = requests.columns()
        notes = requests.notes()
        if "time" in columns:
            unit = self._source.time_unit
            columns["time"], said = settled(
                columns["time"], self._source.place, unit, dated=self._form.time != "msec"
            )
            notes = (*notes, *said)
        trace = ordered_trace(self._source, ids, keys, columns, notes)
        more = (
            *self._format_note(),
            *(self._time_notes or ()),
            *(self._unread or ()),
            *self._host_note(),
            *refused_note(self._refused),
            *operations_note(self._others),
        )
        return dataclasses.replace(trace, notes=(*trace.notes, *more), check=False)

    def parse(self, lines: pa.Array) -> Parsed:
        """Return which lines are requests, and those."""
        good, fields = self._lines.extract(lines)
        form = self._form
        found: dict[str, Any] = {}
        if form.time is not None:
            texts = fields.field(form.time)
            if self._time_notes is None and len(texts) and not form.utc:
                self._time_notes = zone_note(texts[0].as_py().decode(errors="replace"))
            seconds = moments_of(texts, self._source.time_unit)
            fits = np.isfinite(seconds)
            if not fits.all():
                good[np.flatnonzero(good)[~fits]] = False
                fields, seconds = fields.filter(pa.array(fits)), seconds[fits]
            found["time"] = seconds
        elif self._time_notes is None:
            self._time_notes = ("no time in its lines",)
        if form.size is not None:
            body = fields.field(form.size).cast(pa.string())
            found["size"] = pc.if_else(pc.equal(body, "-"), "0", body).cast(pa.int64()).to_numpy()
        if form.backend is not None:
            texts = fields.field(form.backend).cast(pa.string())
            found["backend"] = backend_column(texts, BACKEND_FIELDS[form.backend])
        self._look_at_hosts(lines)
        if self._unread is None and len(fields) and self._form.name in _OPEN_ENDED:
            self._unread = unread_note(lines)
        found["key"] = self._keys(fields)
        parsed = lines if good.all() else lines.filter(pa.array(good))
        return good, self._replayed(parsed, found, fields)

    def _keys(self, fields: pa.Array) -> pa.Array:
        if self._template is not None:
            return joined(self._template, lambda name: fields.field(name).cast(pa.string()))
        if self._form.target is None:
            return fields.field("request").cast(pa.string())
        keys = fields.field(self._form.target).cast(pa.string())
        names = {field.name for field in fields.type}
        if "args" in names:
            queries = fields.field("args").cast(pa.string())
            has = pc.invert(pc.is_in(queries, pa.array(["-", ""])))
            query = pc.binary_join_element_wise("?", queries, "")
            keys = pc.binary_join_element_wise(keys, pc.if_else(has, query, ""), "")
        if "request_method" in names:
            methods = fields.field("request_method").cast(pa.string())
            keys = pc.binary_join_element_wise(methods, keys, " ")
        return keys

    def _replayed(self, lines: pa.Array, found: dict[str, Any], fields: pa.Array) -> dict[str, Any]:
        names = {field.name for field in fields.type}
        method = next((name for name in _METHODS if name in names), None)
        if method is None and self._form.target is not None:
            return found
        return replayed_methods(
            lines,
            found,
            None if self._template is None or method is None else fields.field(method),
            self._lines.details,
            (self._refused, self._others),
        )

    def _look_at_hosts(self, lines: pa.Array) -> None:
        host = self._form.host
        if host is None or self._hosts or self._template is not None:
            return
        looked = lines.slice(0, _LOOKED_AT)
        if self._form.name == _COMBINED:
            found = pc.extract_regex(looked, _VIRTUAL_HOST).drop_null()
            names = found.field("host").unique().to_pylist() if len(found) else []
        else:
            names = self._lines.values(looked, host)
        self._hosts = dict.fromkeys(str(name, "utf-8", "replace") for name in names)

    def _format_note(self) -> tuple[str, ...]:
        """Say which of the formats was found, where it is not the usual one and none was named."""
        if self._source.reading.log_format is not None or self._form.name == _COMBINED:
            return ()
        return (f"read as {self._form.name.removeprefix('of ')}",)

    def _host_note(self) -> tuple[str, ...]:
        if len(self._hosts) < 2:
            return ()
        form = self._form
        rest = "{request_method} {%s}{%s}" if form.target else "{method} {%s}{%s}"
        key = rest % (form.host, form.target or "target")
        said = (
            f"the host ({listed(list(self._hosts)[:3])} ...) is not in the key, so that URLs of "
            f"several hosts count as one; name --columns 'key={key}'"
        )
        return (said,)


def _template(form: LogFormat, columns: Mapping[str, str] | None) -> str | None:
    if not columns:
        return None
    if set(columns) != {"key"}:
        raise BadInputError("of a log only the key can be named", "columns")
    _check_fields(form, fields_of(columns["key"]))
    return columns["key"]


def _check_fields(form: LogFormat, names: Sequence[str]) -> None:
    for field in names:
        if field not in form.fields:
            what = form.name.removeprefix("of the ").removesuffix(" format")
            text = f"a {what} has no field {field!r}{nearest(field, form.fields)}"
            raise BadInputError(text, "columns")
