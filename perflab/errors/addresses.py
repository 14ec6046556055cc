"""How an address may be shown: without user, password and token, whatever its form."""

from __future__ import annotations

import re
from pathlib import Path

HIDDEN = "***"
WEB = ("http", "https")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_ENDS = re.compile(r"[?#;]")
_HOST = r"(?:\[[0-9A-Fa-f:.]{2,45}(?:%\w{1,16})?\]|[\w.-]{0,253})(?::\d{1,5})?"
_PLACES = re.compile(rf"({_HOST}(?:,{_HOST})*)(/.*)?", re.DOTALL)
_PORT = re.compile(r":(\d+)(?=,|$)")
_CUT = "\0\0"
_EXAMPLE = "://user:PASSWORD@"
_MARK = "://\0\1"
"""What stands in the forms that errors give, and in place of it."""
_MOST_PORT = 65_535
_PATHS = {
    **dict.fromkeys(WEB, re.compile(r"[^\s@]*")),
    **dict.fromkeys(("redis", "rediss"), re.compile(r"/\d*")),
    "unix": re.compile(r"/[^\s:@]*"),
}
_OTHER_PATH = re.compile(r"/[\w.%+$-]*")

_WEB_ADDRESS = re.compile(r"https?://([^\s'\"<>]+)", re.IGNORECASE)
_FIRST_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:/{1,2}")
_TOKEN = re.compile(r"[^\s'\"<>()]+")
_PARAMETER = re.compile(
    r"(?i)((?:^|[?&;/#])[\w.%-]*(?:token|secret|passw|pwd|key|sig|signature|credential|auth|session|"
    r"code|jwt)[\w.%-]*=)[^&;#]*"
)
_WORDS = re.compile(
    r"(?i)\b((?:ssl)?password|passwd|pwd|passphrase|secret|(?:access[_-]?|auth[_-]?)?token|"
    r"api[_-]?key)(['\"]?\s*[=:]\s*)('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&,;'\"]+)"
)
_BEARER = re.compile(
    r"(?i)\b(authorization\s*[:=]\s*(?:\w+\s+)?|bearer\s+|basic\s+)([\w.~+/=-]{8,})"
)


def redact(address: str) -> str:
    """Return an address as it may be shown: scheme, host, port and database or path.

    All between ``://`` and the last ``@`` is cut out, and so is what follows the path. What does
    not read as an address is hidden as a whole, since nobody can tell which part is the password.
    """
    text = address.strip()
    found = _SCHEME.match(text)
    if found is None:
        return HIDDEN
    scheme, rest = found[1].lower(), text[found.end() :]
    user = ""
    if "@" in rest and not (scheme in WEB and _is_only_in_query(rest)):
        rest = rest.rpartition("@")[2]
        user = f"{HIDDEN}@"
    head = _ENDS.split(rest, maxsplit=1)[0]
    cut = f"?{HIDDEN}" if scheme in WEB and len(head) + 1 < len(rest) else ""
    if not head.isprintable() or not _reads(scheme, head):
        return HIDDEN
    return f"{scheme}://{user}{head}{cut}"


def shown_address(value: str) -> str:
    """Return a setting that holds an address, or the path of a file of them, as it may be shown."""
    if "://" in value:
        return redact(value)
    if _is_file(value):
        return value
    if "@" in value:
        value = f"{HIDDEN}@{value.rpartition('@')[2]}"
    head = re.split(r"[?#]", value, maxsplit=1)[0]
    return f"{head}?{HIDDEN}" if len(head) + 1 < len(value) else value


def shown_with_query(url: str) -> str:
    """Return a web address that tells one request from another: only what names a secret is cut.

    Users, queries that are no parameters, and the values of parameters such as ``token``,
    ``api_key`` and ``X-Amz-Signature``.
    """
    scheme, mark, rest = url.partition("://")
    if not mark or not set(rest) & set("@=?"):
        return url
    place, cut, tail = rest, "", ""
    if found := re.search(r"[/?#]", rest):
        place, cut, tail = rest[: found.start()], found[0], rest[found.end() :]
    user = f"{HIDDEN}@" if "@" in place else ""
    tail = _PARAMETER.sub(rf"\1{HIDDEN}", tail)
    path, mark, query = f"{cut}{tail}".partition("?")
    if mark and "=" not in query:
        query = HIDDEN
    return f"{scheme}://{user}{place.rpartition('@')[2]}{path}{mark}{query}"


def without_secrets(text: str) -> str:
    """Return a message without what may be a secret in it: user information, queries, passwords.

    It cuts too much rather than too little: all of a line from ``://`` to the last ``@``.
    """
    text = _WEB_ADDRESS.sub(lambda m: redact(m[0]) if _is_only_in_query(m[1]) else m[0], text)
    # The form that an error gives is no secret; it would hide all between an address and itself.
    text = text.replace(_EXAMPLE, _MARK)
    if "@" in text:
        text = _TOKEN.sub(_without_user, _without_users(text))
    text = text.replace(_MARK, _EXAMPLE)
    text = _WEB_ADDRESS.sub(_without_query, text)
    text = _WORDS.sub(rf"\1\2{HIDDEN}", text)
    return _BEARER.sub(rf"\1{HIDDEN}", text)


def _without_users(text: str) -> str:
    """Cut what stands between the first ``://`` and the last ``@``; spaces may be of a password.

    What is cut already is no reason to cut what a message says between two addresses.
    """
    text = text.replace(f"://{HIDDEN}@", f"://{_CUT}")
    return _without_last_users(text).replace(_CUT, f"{HIDDEN}@")


def _without_last_users(text: str) -> str:
    before, _, after = text.rpartition("@")
    scheme = _FIRST_SCHEME.search(before)
    if scheme is None:
        return text
    return f"{before[: scheme.end()]}{HIDDEN}@{after}"


def _without_user(token: re.Match[str]) -> str:
    """Cut ``user:password@`` where no scheme stands before it."""
    before, at, after = token[0].rpartition("@")
    return f"{HIDDEN}@{after}" if at and ":" in before and "://" not in before else token[0]


def _without_query(address: re.Match[str]) -> str:
    head = _ENDS.split(address[0], maxsplit=1)[0]
    return f"{head}?{HIDDEN}" if len(head) + 1 < len(address[0]) else address[0]


def _is_only_in_query(rest: str) -> bool:
    """Say whether the first @ is within the value of a query, such as ``?mail=me@example.org``."""
    head, mark, query = rest.partition("?")
    return bool(mark) and "@" in query and "@" not in head and "=" in query.partition("@")[0]


def _reads(scheme: str, head: str) -> bool:
    found = _PLACES.fullmatch(head)
    if found is None:
        return False
    places, path = found[1], found[2] or ""
    if any(int(port) > _MOST_PORT for port in _PORT.findall(places)):
        return False
    if (scheme in WEB and not places) or (scheme == "unix" and places):
        return False
    return not path or _PATHS.get(scheme, _OTHER_PATH).fullmatch(path) is not None


def _is_file(value: str) -> bool:
    try:
        return Path(value).is_file()
    except (OSError, ValueError):
        return False
