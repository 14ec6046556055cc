"""`LogFormat`: the form of a log's lines, as regular expressions for as few fields as are needed.

RE2 reads a line in one pass where each part tells by its first character where the one before
ends, and where at most four parts are captured. The quick expression is made so; lines that it
does not know (with a blank in a URL, say) are read by the tolerant one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from perflab.errors import BadInputError

# The fields that play a role, in order of preference.
TIME_FIELDS = ("moment", "time_local", "time_iso8601", "msec", "date_time", "clock")
SIZE_FIELDS = ("body_bytes_sent", "bytes_sent")
TARGET_FIELDS = ("request_uri", "uri_args", "uri")
# Each with the unit of its numbers; what the server waited for the one behind it comes first.
BACKEND_FIELDS = {
    "upstream_response_time": "s",
    "target_processing_time": "s",
    "backend_ms": "ms",
    "duration_us": "us",
    "duration_ms": "ms",
    "request_time": "s",
}
HOST_FIELDS = ("http_host", "host", "server_name")
_METHOD = "[A-Za-z]+"
_PROTOCOL = r"(?: HTTP/[0-9.]+)?"
_TIMES = {
    "time_local": r"\d{2}/[A-Za-z]{3}/\d{4}:\d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [+-]\d{4})?",
    "time_iso8601": r"\d{4}-\d{2}-\d{2}[T ][0-9:.,]+(?:Z|[+-]\d{2}:?\d{2})?",
    "msec": r"\d+(?:\.\d+)?",
    "date_time": r"\d{4}-\d{2}-\d{2}[ \t]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?",
    "clock": r"\d{2}:\d{2}:\d{2}(?:\.\d+)?",
}
_FIXED = {
    **_TIMES,
    "status": r"\d{3}",
    "request_method": _METHOD,
    **dict.fromkeys(SIZE_FIELDS, r"(?:\d{1,18}|-)"),
}
# nginx writes one value for each server that it asked: ``0.002, 0.040 : 0.010``.
_ONE_TIME, _ONE_ADDRESS = r"(?:[\d.]+|-)", r'[^ ,:"\n][^ ,"\n]*'
_UPSTREAM = {
    "upstream_addr": _ONE_ADDRESS,
    "upstream_response_length": _ONE_TIME,
    "upstream_response_time": _ONE_TIME,
    "upstream_status": _ONE_TIME,
    "upstream_connect_time": _ONE_TIME,
    "upstream_header_time": _ONE_TIME,
}
_EACH_SERVER = r"(?:{one}(?:(?:, | : ){one})*)?"
# The quick expression reads a comma only, as a blank does not tell whether a colon follows.
_EACH_BY_COMMA = r"(?:{one}(?:, {one})*)?"
_FIXED["upstream_response_time"] = _EACH_SERVER.format(one=_ONE_TIME)
_REST = r"[^\n]*"
_URIS = (*TARGET_FIELDS, "args")


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a line: a text as it stands, or the name of a field."""

    text: str
    is_field: bool = False


@dataclass(frozen=True, slots=True)
class LogFormat:
    """The form of a log's lines.

    Args:
        name: What people call it, for notes and errors.
        tokens: Its parts in order.
        loose: Whether any number of blanks parts fields.
        utc: Whether its times are UTC where they have no zone.

    Raises:
        BadInputError: If no field is the key, or two fields stand with nothing between them.
    """

    name: str
    tokens: tuple[Token, ...]
    loose: bool = False
    utc: bool = False

    def __post_init__(self) -> None:
        """Check that there is a key, and that fields are parted."""
        if self.role(("request", *TARGET_FIELDS)) is None:
            text = (
                "has no request in it ($request or $request_uri of nginx, %r or %U of Apache), "
                "which is the key"
            )
            raise BadInputError(text, "log_format")
        for before, after in zip(self.tokens, self.tokens[1:], strict=False):
            if before.is_field and after.is_field and after.text not in _URIS:
                text = f"nothing stands between {before.text} and {after.text}"
                raise BadInputError(f"{text}, so that a line can be read in two ways", "log_format")

    @property
    def fields(self) -> tuple[str, ...]:
        """The names for templates of keys."""
        named = [token.text for token in self.tokens if token.is_field]
        more = ("method", "target", "path", "query") if "request" in named else ()
        return tuple(dict.fromkeys((*named, *more)))

    @property
    def time(self) -> str | None:
        """The field of the time."""
        return self.role(TIME_FIELDS)

    @property
    def size(self) -> str | None:
        """The field of the size."""
        return self.role(SIZE_FIELDS)

    @property
    def target(self) -> str | None:
        """The field of the URL, where method, URL and protocol are not one."""
        return None if self.role(("request",)) else self.role(TARGET_FIELDS)

    @property
    def host(self) -> str | None:
        """The field of the server's name."""
        return self.role(HOST_FIELDS)

    @property
    def backend(self) -> str | None:
        """The field of how long the backend took."""
        return self.role(tuple(BACKEND_FIELDS))

    def role(self, names: Sequence[str]) -> str | None:
        """Return the first of some fields that a line has."""
        there = {token.text for token in self.tokens if token.is_field}
        return next((name for name in names if name in there), None)

    def ends_with(self, name: str, others: Sequence[str]) -> bool:
        """Say whether a field stands behind some others; ``request`` is the parts of one too."""
        places = {token.text: i for i, token in enumerate(self.tokens) if token.is_field}
        parts = {"method", "target", "path", "query"} & set(others)
        names = [*others, *(("request",) if parts and "request" in places else ())]
        return all(places[name] > places.get(other, -1) for other in names)

    def regex(self, wanted: Sequence[str], *, tolerant: bool = False) -> str:
        """Return the expression that captures the wanted fields; what follows them is not read.

        Args:
            wanted: Names of `fields`; ``request`` is the method and the URL.
            tolerant: Whether fields may hold what parts them.
        """
        of_request = {"method", "target", "path", "query"} & set(wanted)
        needed = {*wanted, *(("request",) if of_request else ())}
        last = max(i for i, token in enumerate(self.tokens) if token.text in needed)
        parts, seen = ["^"], set()
        for place, token in enumerate(self.tokens[: last + 1]):
            if not token.is_field:
                parts.append(self._blanks(token.text))
                continue
            after = self.tokens[place + 1] if place + 1 < len(self.tokens) else None
            is_told = place == last or self._next_field(place) in (*_UPSTREAM, *_FIXED)
            form = _EACH_BY_COMMA if is_told and not tolerant else _EACH_SERVER
            piece = _piece(token.text, after, tolerant=tolerant, loose=self.loose)
            if token.text in _UPSTREAM:
                piece = form.format(one=_UPSTREAM[token.text])
            is_new = token.text not in seen
            seen.add(token.text)
            if token.text == "request":
                piece = _request(piece, wanted) if is_new else f"{piece}{_PROTOCOL}"
            elif token.text in wanted and is_new:
                piece = f"(?P<{token.text}>{piece})"
            parts.append(piece)
        follows = self.tokens[last + 1].text[:1] if last + 1 < len(self.tokens) else ""
        end = re.escape(follows)
        if follows in ("", " "):
            # The quick one must not end with what the last field may hold.
            by_colon = self.tokens[last].text in _UPSTREAM
            quick = r"\n" if _REST in parts[-1] else r"(?:\n| [^:])" if by_colon else r"[ \n]"
            end = r"(?:\s|$)" if tolerant else quick
        return "".join(parts) + end

    def _next_field(self, place: int) -> str:
        return next((token.text for token in self.tokens[place + 1 :] if token.is_field), "")

    def _blanks(self, text: str) -> str:
        escaped = re.escape(text).replace(r"\ ", " ")
        return re.sub(" +", " +", escaped) if self.loose else escaped


def _request(piece: str, wanted: Sequence[str]) -> str:
    """Return the expression for a request line with the captures that are wanted of it."""
    if "request" in wanted:
        return f"(?P<request>{piece}){_PROTOCOL}"
    target = piece.removeprefix(f"{_METHOD} ")
    method = f"(?P<method>{_METHOD})" if "method" in wanted else _METHOD
    if not {"path", "query"} & set(wanted):
        inner = target
    else:
        path = target.replace("[^ ", "[^? ").replace('[^"', '[^?"')
        query = target[:-1] + "*" if target.endswith("+") else target[:-2] + "*?"
        inner = rf"(?P<path>{path})(?P<query>\?{query})?"
    return f"{method} (?P<target>{inner}){_PROTOCOL}"


def _piece(name: str, after: Token | None, *, tolerant: bool, loose: bool = False) -> str:
    """Return the expression for a field, by what follows it."""
    stop = "" if after is None else "/" if after.is_field else after.text[:1]
    quoted = stop == '"'
    fixed = _FIXED.get(name)
    if fixed is not None:
        return fixed if tolerant or name not in _TIMES else _time(name, stop)
    if name == "request":
        if tolerant:
            return _METHOD + r' (?:[^"\\]|\\.)+?' if quoted else _METHOD + r" [^\n]+?"
        return _METHOD + (r' (?:[^ "\\]|\\.)+' if quoted else r" [^ \n]+")
    if quoted:
        return r'(?:[^"\\]|\\.)*' + ("?" if tolerant else "")
    if tolerant or stop in ("", "\n"):
        return _REST + ("?" if tolerant else "")
    blank = " " if loose and stop != " " else ""
    return rf"[^{re.escape(stop)}{blank}\n]{'+' if stop in (' ', chr(9)) else '*'}"


def _time(name: str, stop: str) -> str:
    """Return an expression by which the next character tells where a time ends."""
    if stop not in ("]", " ", '"', "\t", "|", ","):
        return _TIMES[name]
    parts = {"time_local": 2, "date_time": 2}.get(name, 1) if stop == " " else 1
    if name == "date_time" and stop == "\t":
        parts = 2
    one = rf"[^{re.escape(stop)}\n]+"
    return re.escape(stop).replace(r"\ ", " ").join([one] * parts)
