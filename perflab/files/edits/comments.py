"""Comments and trailing commas of JSON, as VS Code and TypeScript take them, blanked in place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perflab.errors import BadInputError
from perflab.files.edits.spots import line_of

NOTE = "has comments or trailing commas, which strict JSON does not allow; they stay"
"""The note for a file that has them."""

_TOKEN = re.compile(
    r"""
    (?P<string> "(?:[^"\\]|\\.)*+"?)
    | (?P<comment> //[^\r\n\u2028\u2029]*+ | /\*.*?(?:\*/|\Z))
    | (?P<blank> [ \t\r\n]++)
    | (?P<sign> [\[\]{},:])
    | (?P<other> [^"/\[\]{},: \t\r\n]++ | /)
    """,
    re.DOTALL | re.VERBOSE,
)
_NOT_A_LINE_END = re.compile(r"[^\r\n]")
_SHORTEST = len("/**/")


def without_comments(text: str) -> str:
    """Return a text with blanks for comments and trailing commas, each character in its place.

    A comma is trailing where a value stands before it and the end of an array or an object behind
    it. Anything else that is not JSON stays, for the parser to refuse.

    Raises:
        BadInputError: If a comment does not end.
    """
    pieces, position = [], 0
    for start, end in _left_out(text):
        pieces += [text[position:start], _NOT_A_LINE_END.sub(" ", text[start:end])]
        position = end
    return "".join(pieces) + text[position:]


def _left_out(text: str) -> Iterator[tuple[int, int]]:
    """Yield where comments and trailing commas begin and end, in their order."""
    before, comma = "", -1
    waiting: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "comment":
            _check_end(text, token)
            waiting.append(token.span())
        if kind in ("comment", "blank"):
            continue
        sign = token[0] if kind == "sign" else "value"
        if comma >= 0 and sign in ("]", "}"):
            yield comma, comma + 1
        yield from waiting
        waiting = []
        comma = token.start() if sign == "," and before in ("value", "]", "}") else -1
        before = sign
    yield from waiting


def _check_end(text: str, token: re.Match[str]) -> None:
    comment = token[0]
    ended = comment.endswith("*/") and len(comment) >= _SHORTEST
    if comment.startswith("/*") and not ended:
        line = line_of(text, token.start())
        raise BadInputError(f"is not valid JSON (line {line}: the comment does not end)")
