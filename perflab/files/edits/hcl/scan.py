"""`scan`: blocks, attributes and expressions of a text in HCL, each with its place.

Source: HCL's *Native Syntax Specification* (https://github.com/hashicorp/hcl, hclsyntax/spec.md).
An expression that is more than one literal, an object or a list is one piece, whatever it computes.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Literal

from perflab.errors import BadInputError
from perflab.files.edits.spots import line_of

_BLANK = re.compile(r"(?:[ \t\r]+|\#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)+")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)+")
_NAME = re.compile(r"[^\W\d][\w-]*")
_WORD = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?![\w.(\[-])")
_FOR = re.compile(r"\s*for\s")
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\r?\n")
_PLAIN = re.compile(r"[^\"'\\\n$%]+")
_OPENING, _CLOSING = "([{", ")]}"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclasses.dataclass(slots=True)
class Expression:
    """What an attribute, a key of an object or an item of a list is set to.

    Attributes:
        start: Its first character.
        end: One past its last.
        kind: A literal in quotes, another literal, an object, a list, or anything that computes.
        items: Of an object by their keys, of a list with None.
    """

    start: int
    end: int
    kind: Literal["quoted", "word", "object", "list", "other"]
    items: list[tuple[str | None, Expression]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Block:
    """A block, or the whole text.

    Attributes:
        start: Its first character.
        words: Its type and its labels.
        attributes: By their names.
        blocks: Those in it.
    """

    start: int
    words: tuple[str, ...]
    attributes: list[tuple[str, Expression]] = dataclasses.field(default_factory=list)
    blocks: list[Block] = dataclasses.field(default_factory=list)


def scan(text: str) -> Block:
    """Return the whole of a text.

    Raises:
        BadInputError: If it is not HCL, with the line.
    """
    scanner = _Scanner(text)
    found = Block(0, ())
    scanner.body(found)
    if scanner.position < len(text):
        raise scanner.wrong("a bracket closes what none has opened")
    return found


def unquoted(text: str) -> str:
    """Return what a literal in quotes stands for."""
    plain = re.sub(
        r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))",
        lambda sign: (
            chr(int(sign[1] or sign[2], 16)) if sign[3] is None else _ESCAPES.get(sign[3], sign[3])
        ),
        text[1:-1],
    )
    return plain.replace("$${", "${").replace("%%{", "%{")


def quoted(text: str) -> str:
    """Return a text as a literal in quotes, in which nothing is computed."""
    inner = json.dumps(text, ensure_ascii=False).replace("\\b", "\\u0008").replace("\\f", "\\u000c")
    return inner.replace("${", "$${").replace("%{", "%%{")


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self.position = 0

    def wrong(self, what: str) -> BadInputError:
        line = line_of(self._text, self.position)
        return BadInputError(f"is not valid HCL (line {line}: {what})")

    def body(self, block: Block) -> None:
        """Read attributes and blocks up to a closing bracket or the end."""
        while True:
            self._skip(lines=True)
            if self._next() in ("", "}"):
                return
            begin = self.position
            name = self._name()
            self._skip()
            if self._next() == "=" and self._text[self.position + 1 : self.position + 2] != "=":
                self.position += 1
                self._skip()
                block.attributes.append((name, self._expression(lines=False)))
                continue
            inner = Block(begin, (name, *self._labels()))
            self._take("{")
            self.body(inner)
            self._take("}")
            block.blocks.append(inner)

    def _labels(self) -> list[str]:
        found: list[str] = []
        while (sign := self._next()) != "{":
            begin = self.position
            if sign == '"':
                self._string()
                found.append(unquoted(self._text[begin : self.position]))
            else:
                found.append(self._name())
            self._skip()
        return found

    def _expression(self, *, lines: bool) -> Expression:
        """Read an expression.

        Args:
            lines: Whether it goes on over line ends, as in a list.
        """
        found = self._literal()
        end = self.position
        self._skip(lines=lines)
        if self._ends(lines=lines):
            if end == found.start:
                raise self.wrong("a value is missing")
            found.end = end
            return found
        found.kind, found.items = "other", []
        while not self._ends(lines=lines):
            self._piece()
            found.end = self.position
            self._skip(lines=lines)
        return found

    def _literal(self) -> Expression:
        """Read a literal, an object or a list; of anything else nothing."""
        begin, text = self.position, self._text
        sign = self._next()
        if sign == '"':
            kind: Literal["quoted", "other"] = "other" if self._string() else "quoted"
            return Expression(begin, self.position, kind)
        if sign in ("{", "[") and _FOR.match(text, begin + 1) is None:
            self.position += 1
            items = self._object() if sign == "{" else self._list()
            return Expression(begin, self.position, "object" if sign == "{" else "list", items)
        word = _WORD.match(text, begin)
        self.position = begin if word is None else word.end()
        return Expression(begin, self.position, "other" if word is None else "word")

    def _object(self) -> list[tuple[str | None, Expression]]:
        found: list[tuple[str | None, Expression]] = []
        while True:
            self._skip(lines=True)
            if self._next() == "}":
                self.position += 1
                return found
            key = self._key()
            self._skip()
            if self._next() not in ("=", ":"):
                raise self.wrong("= is missing behind a key")
            self.position += 1
            self._skip()
            found.append((key, self._expression(lines=False)))
            self._comma("}")

    def _list(self) -> list[tuple[str | None, Expression]]:
        found: list[tuple[str | None, Expression]] = []
        while True:
            self._skip(lines=True)
            if self._next() == "]":
                self.position += 1
                return found
            found.append((None, self._expression(lines=True)))
            self._comma("]")

    def _comma(self, closing: str) -> None:
        self._skip()
        if self._next() == ",":
            self.position += 1
        elif self._next() not in ("\n", closing):
            raise self.wrong("a bracket is not closed")

    def _key(self) -> str:
        """Read a key; what is computed is its own text."""
        begin = self.position
        while self._next() not in ("=", ":", "\n", ""):
            self._piece()
        written = self._text[begin : self.position].strip()
        return unquoted(written) if written.startswith('"') else written

    def _piece(self) -> None:
        """Go past a text, a bracket with all in it, or one other sign."""
        sign = self._next()
        heredoc = _HEREDOC.match(self._text, self.position) if sign == "<" else None
        if sign == '"':
            self._string()
        elif heredoc is not None:
            self._heredoc(heredoc)
        elif sign and sign in _OPENING:
            self.position += 1
            while self._next() and self._next() not in _CLOSING:
                self._piece()
                self._skip(lines=True)
            self._take(_CLOSING[_OPENING.index(sign)])
        elif sign and sign in _CLOSING:
            raise self.wrong("a bracket closes what none has opened")
        else:
            name = _NAME.match(self._text, self.position)
            self.position = self.position + 1 if name is None else name.end()

    def _string(self) -> bool:
        """Go past a text in quotes; say whether something in it is computed."""
        text, computed = self._text, False
        self.position += 1
        while (sign := self._next()) != '"':
            if sign in ("", "\n"):
                raise self.wrong("a text in quotes is not closed")
            plain = _PLAIN.match(text, self.position)
            if plain is not None:
                self.position = plain.end()
            elif sign == "\\":
                self.position += 2
            elif text.startswith(("$${", "%%{"), self.position):
                self.position += 3
            elif text.startswith(("${", "%{"), self.position):
                computed = True
                self.position += 1
                self._piece()
            else:
                self.position += 1
        self.position += 1
        return computed

    def _heredoc(self, head: re.Match[str]) -> None:
        closing = re.compile(rf"^[ \t]*{re.escape(head[1])}(?=\r?$)", re.MULTILINE)
        end = closing.search(self._text, head.end())
        if end is None:
            raise self.wrong(f"{head[1]} does not come again")
        self.position = end.end()

    def _ends(self, *, lines: bool) -> bool:
        """Say whether an expression is over."""
        sign = self._next()
        return sign in ("", ",", *_CLOSING) or (sign == "\n" and not lines)

    def _name(self) -> str:
        found = _NAME.match(self._text, self.position)
        if found is None:
            raise self.wrong(f"{self._next() or 'the end'!r} is not a name")
        self.position = found.end()
        return found[0]

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise self.wrong(f"{sign} is missing")
        self.position += 1

    def _next(self) -> str:
        return self._text[self.position : self.position + 1]

    def _skip(self, *, lines: bool = False) -> None:
        found = (_BLANK_LINES if lines else _BLANK).match(self._text, self.position)
        if found is not None:
            self.position = found.end()
