"""How servers describe their logs: nginx's `log_format` and Apache's `LogFormat` as `LogFormat`."""

from __future__ import annotations

import re

from perflab.errors import BadInputError
from perflab.workloads.importers.log_format import LogFormat, Token

_NGINX = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_APACHE = re.compile(r"%(?:[<>]|!?\d{3}(?:,\d{3})*)*(?:\{([^}]*)\})?[<>]?(\^?[A-Za-z]{1,2}|%)")
_STATEMENT = re.compile(r"\s*log_format\s+\S+\s+(?:escape=\w+\s+)?(?=['\"])")
_DIRECTIVE = re.compile(r"\s*(?:LogFormat|CustomLog\s+\S+)\s+(?=\")", re.IGNORECASE)
_PIECES = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
# What nginx and Apache call alike, by one name.
_NGINX_NAMES = {
    "query_string": "args",
    "document_uri": "uri",
    "bytes": "body_bytes_sent",
    "method": "request_method",
    "time": "time_iso8601",
}
_APACHE_NAMES = {
    "r": "request",
    "s": "status",
    "m": "request_method",
    "b": "body_bytes_sent",
    "B": "body_bytes_sent",
    "O": "bytes_sent",
    "I": "request_length",
    "h": "remote_addr",
    "a": "remote_addr",
    "l": "ident",
    "u": "remote_user",
    "U": "uri",
    "q": "args",
    "v": "server_name",
    "V": "server_name",
    "p": "server_port",
    "D": "duration_us",
    "T": "request_time",
    "H": "server_protocol",
    "k": "keepalive",
    "P": "pid",
    "X": "connection_status",
    "f": "filename",
    "A": "local_addr",
    "L": "log_id",
    "S": "bytes_total",
    "R": "handler",
    "t": "time",
}
_APACHE_DURATIONS = {"s": "request_time", "ms": "duration_ms", "us": "duration_us"}
_EPOCHS = ("sec", "msec", "usec", "begin:sec", "end:sec", "begin:msec", "end:msec")
_STRFTIME = {
    "%d/%b/%Y:%H:%M:%S %z": "time_local",
    "%d/%b/%Y:%T %z": "time_local",
    "%d/%b/%Y:%H:%M:%S": "time_local",
    "%Y-%m-%dT%H:%M:%S%z": "time_iso8601",
    "%Y-%m-%dT%H:%M:%SZ": "time_iso8601",
    "%Y-%m-%dT%H:%M:%S": "time_iso8601",
    "%FT%T%z": "time_iso8601",
    "%FT%TZ": "time_iso8601",
    "%FT%T": "time_iso8601",
    "%Y-%m-%d %H:%M:%S": "date_time",
    "%F %T": "date_time",
    "%s": "msec",
}


def parse_log_format(text: str, name: str | None = None) -> LogFormat:
    r"""Return the form that nginx's or Apache's own words describe, whole statements included.

    Args:
        text: Such as ``$remote_addr [$time_local] "$request" $status $body_bytes_sent`` or
            ``%h %l %u %t \"%r\" %>s %b``.
        name: What it is called; "of the log format given" where not.

    Raises:
        BadInputError: If it has no request, or a variable that cannot be understood.
    """
    plain = _unquoted(text)
    tokens = _nginx(plain) if _NGINX.search(plain) else _apache(plain)
    if not any(token.is_field for token in tokens):
        said = f"{text!r} has no variable of nginx ($request ...) or Apache (%r ...)"
        raise BadInputError(f"{said}, and is not the name of a format", "log_format")
    return LogFormat(name or "of the log format given", _merged(tokens), "  " in plain)


def _unquoted(text: str) -> str:
    """Return the format itself of a whole statement, whose pieces are one text."""
    for statement in (_STATEMENT, _DIRECTIVE):
        found = statement.match(text)
        if found is None:
            continue
        pieces = _PIECES.findall(text[found.end() :])
        if statement is _DIRECTIVE:
            pieces = pieces[:1]
        return _unescaped("".join(one or two for one, two in pieces))
    return _unescaped(text.strip("\r\n"))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\"'\\])", r"\1", text).replace("\\t", "\t")


def _nginx(text: str) -> list[Token]:
    tokens, end = [], 0
    for match in _NGINX.finditer(text):
        name = match[1] or match[2]
        tokens += [Token(text[end : match.start()]), Token(_NGINX_NAMES.get(name, name), True)]
        end = match.end()
    return [token for token in (*tokens, Token(text[end:])) if token.text]


def _apache(text: str) -> list[Token]:
    tokens, end = [], 0
    for match in _APACHE.finditer(text):
        tokens += [Token(text[end : match.start()]), *_directive(match[1], match[2].lstrip("^"))]
        end = match.end()
    return [token for token in (*tokens, Token(text[end:])) if token.text]


def _directive(inner: str | None, letter: str) -> list[Token]:
    if letter == "%":
        return [Token("%")]
    if letter == "t":
        return _apache_time(inner)
    if letter == "T" and inner in _APACHE_DURATIONS:
        return [Token(_APACHE_DURATIONS[inner], True)]
    if inner is not None and letter != "p":
        field = re.sub(r"\W", "_", inner.lower())
        return [
            Token("http_host" if (field, letter) == ("host", "i") else f"{letter}_{field}", True)
        ]
    name = _APACHE_NAMES.get(letter)
    if name is None:
        raise BadInputError(f"%{letter} is not known of Apache's LogFormat", "log_format")
    return [Token(name, True)]


def _apache_time(inner: str | None) -> list[Token]:
    if not inner:
        return [Token("["), Token("time_local", True), Token("]")]
    if inner in _EPOCHS:
        return [Token("msec", True)]
    open_, close = inner.startswith("["), inner.endswith("]")
    kind = _STRFTIME.get(inner.removeprefix("[").removesuffix("]").removeprefix("begin:"))
    if kind is None:
        known = ", ".join(dict.fromkeys(_STRFTIME))
        raise BadInputError(f"the time %{{{inner}}}t is not known; known are {known}", "log_format")
    ends = [Token("[")] if open_ else [], [Token("]")] if close else []
    return [*ends[0], Token(kind, True), *ends[1]]


def _merged(tokens: list[Token]) -> tuple[Token, ...]:
    """Return tokens with texts joined, and a path with its query as one field."""
    merged: list[Token] = []
    for token in tokens:
        before = merged[-1] if merged else None
        if before is None:
            merged.append(token)
        elif not token.is_field and not before.is_field:
            merged[-1] = Token(before.text + token.text)
        elif token.text in ("is_args", "args") and before.text in ("uri", "uri_args"):
            merged[-1] = Token("uri_args", True)
        elif (token.text, before.text) == ("args", "?") and merged[-2:-1] == [Token("uri", True)]:
            merged[-2:] = [Token("uri_args", True)]
        else:
            merged.append(token)
    return tuple(merged)
