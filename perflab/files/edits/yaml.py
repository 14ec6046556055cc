"""Values in YAML: found by ruamel.yaml's parser, which knows where each begins and ends.

Nothing is guessed: a value that several places share by an anchor, a key that is there twice, and a
path that two documents have are refused, since the change would be elsewhere too.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.files.edits import lines
from perflab.files.edits.paths import KeyPath, names_of, path_text
from perflab.files.edits.spots import (
    Leaf,
    NotThereError,
    Spot,
    Value,
    line_of,
    not_there,
    one_of,
    plain_text,
)

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

_PROPERTIES = re.compile(r"(?:[!&]\S*(?:\s+|$))*")
_BARE_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_MEANS_MORE = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_ASSIGNED = re.compile(r"([\w.-]+)=(.*)", re.DOTALL)
_MERGE = "<<"


def find(text: str, path: KeyPath) -> Spot:
    """Return where a value is.

    A step that is a name leads through a list too: to the item whose ``name`` it is, as in a list
    of environment variables, or to the item ``NAME=value``. Under a block of lines the rest of
    the path names a line in it, as in a ConfigMap with a whole ``redis.conf``.

    Raises:
        BadInputError: If it is not YAML, or the value is not there, shared or ambiguous.
        MissingExtraError: ruamel.yaml is not installed.
    """
    documents = _documents(text)
    shared = _aliases(text)
    found: list[Spot] = []
    missing: list[NotThereError] = []
    for document in documents:
        try:
            found.append(_Walk(text, path, shared).to(document, 0))
        except NotThereError as error:
            missing.append(error)
    if len(found) > 1:
        numbers = " and ".join(str(line_of(text, spot.start)) for spot in found)
        raise BadInputError(
            f"is in {len(found)} documents of the file, in lines {numbers}; leave it in one, or "
            "edit it by hand",
            path_text(path),
        )
    if found:
        return found[0]
    if not missing:
        raise NotThereError("the file is empty", path_text(path))
    raise max(missing, key=lambda error: error.depth)


def leaves(text: str) -> list[Leaf]:
    """Return all values of a text, each with its tag, in their order."""
    found: list[Leaf] = []
    for number, document in enumerate(_documents(text)):
        found += _leaves(document, f"{number}:", set())
    return found


def _leaves(node: Node, path: str, seen: set[int]) -> Iterator[Leaf]:
    """Yield the values below a node; what aliases repeat is there once, or it would never end."""
    value: Any = node.value
    if isinstance(value, str):
        yield path, value
    elif id(node) in seen:
        yield path, "*"
    else:
        seen.add(id(node))
        for place, each in enumerate(value):
            for part in each if isinstance(each, tuple) else (each,):
                yield from _leaves(part, f"{path}{place}/", seen)


@naming_extra("cli")
def _documents(text: str) -> list[Node]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an anchor that is there twice is allowed
        try:
            return [node for node in YAML(pure=True).compose_all(text) if node is not None]
        except YAMLError as error:
            raise BadInputError(_wrong(error, text)) from None
        except RecursionError:
            raise BadInputError("is nested too deeply") from None


def _wrong(error: Exception, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    # A sign that YAML forbids has a reason and a place, but no mark.
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    problem = problem or "it cannot be read"
    place = getattr(error, "position", None)
    line = mark.line + 1 if mark is not None else line_of(text, place) if place is not None else 0
    where = f"line {line}: " if line else ""
    if "{{" in text:
        return (
            f"is not valid YAML ({where}{problem}); a template of Helm is not, edit its values file"
        )
    return f"is not valid YAML ({where}{problem})"


def _aliases(text: str) -> dict[str, int]:
    """Return the line of the first alias of each name."""
    from ruamel.yaml import YAML
    from ruamel.yaml.tokens import AliasToken

    found: dict[str, int] = {}
    for token in YAML(pure=True).scan(text):
        if isinstance(token, AliasToken):
            found.setdefault(str(token.value), token.start_mark.line + 1)
    return found


class _Walk:
    """The way to one value through the nodes of a document."""

    def __init__(self, text: str, path: KeyPath, shared: dict[str, int]) -> None:
        self._text = text
        self._path = path
        self._shared = shared
        self._key_end: int | None = None

    def to(self, node: Node, depth: int) -> Spot:
        """Return the spot below a node, after so many steps of the path."""
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        self._refuse_shared(node, depth)
        if depth == len(self._path):
            return self._spot(node)
        if isinstance(node, MappingNode):
            return self._in_mapping(node, depth)
        if isinstance(node, SequenceNode):
            return self._in_sequence(node, depth)
        return self._in_block(node, depth)

    def _in_mapping(self, node: Node, depth: int) -> Spot:
        pairs = [(key, value) for key, value in node.value if isinstance(key.value, str)]
        named = [(key.value, (key, value)) for key, value in pairs]
        ways = []
        # A key may have dots of its own, as redis.conf in a ConfigMap.
        for end in range(depth + 1, len(self._path) + 1):
            joined = names_of(self._path[depth:end])
            with_line = one_of(joined, named, lambda pair: int(pair[0].start_mark.line) + 1)
            if with_line is not None:
                ways.append((end, *with_line))
        if len(ways) > 1:
            names = " and ".join(repr(key.value) for _, key, _ in ways)
            raise BadInputError(f"{names} may both be meant; write the key in quotes")
        if not ways:
            self._refuse_merged(pairs, depth)
            raise not_there(self._path, depth, [name for name, _ in named if name != _MERGE])
        end, key, value = ways[0]
        if value.start_mark.index < key.start_mark.index:
            self._refuse_alias(key, value)
        self._key_end = int(key.end_mark.index)
        return self.to(value, end)

    def _in_sequence(self, node: Node, depth: int) -> Spot:
        self._key_end = None
        step = self._path[depth]
        items: list[Any] = node.value
        if isinstance(step, int):
            if step >= len(items):
                raise not_there(self._path, depth, ())
            item = items[step]
            before = items[step - 1].start_mark.index if step else node.start_mark.index - 1
            if item.start_mark.index <= before:
                self._refuse_alias(None, item)
            return self.to(item, depth + 1)
        assigned = [
            (match[1], (item, match))
            for item in items
            if isinstance(item.value, str) and (match := _ASSIGNED.fullmatch(item.value))
        ]
        one = one_of(step, assigned, lambda pair: int(pair[0].start_mark.line) + 1)
        if one is not None and depth + 1 == len(self._path):
            return self._assigned(*one)
        named = [
            (key_value.value, item)
            for item in items
            if not isinstance(item.value, str)
            for pair in item.value
            if isinstance(pair, tuple)
            for key, key_value in (pair,)
            if key.value == "name" and isinstance(key_value.value, str)
        ]
        item = one_of(step, named, lambda each: int(each.start_mark.line) + 1)
        if item is None:
            raise not_there(self._path, depth, [name for name, _ in (*named, *assigned)])
        if depth + 1 < len(self._path):
            return self.to(item, depth + 1)
        return _Walk(self._text, (*self._path, "value"), self._shared).to(item, depth + 1)

    def _assigned(self, node: Node, match: re.Match[str]) -> Spot:
        """Return the part of ``NAME=value`` behind the sign."""
        raw = self._raw(node)
        position = raw.find(f"{match[1]}=")
        quoted = raw[:1] in "\"'"
        if position != (1 if quoted else 0) or "\n" in raw or "\\" in raw or "''" in raw:
            raise BadInputError("is written in a way that only its author can change")
        start = self._start(node) + position + len(match[1]) + 1
        return Spot(start, start + len(match[2]), match[2], _word)

    def _in_block(self, node: Node, depth: int) -> Spot:
        """Return a line's value in a block of lines, which is a file in the file."""
        rest = self._path[depth:]
        raw = self._raw(node)
        head, newline, body = raw.partition("\n")
        if getattr(node, "style", None) != "|" or not newline:
            raise NotThereError(
                f"{path_text(self._path[:depth])} is one value, which has no {rest[0]!r}",
                path_text(self._path),
                depth,
            )
        start = self._start(node) + len(head) + 1
        try:
            found = lines.find_in_block(body, rest)
        except NotThereError as error:
            above = path_text(self._path[:depth])
            raise NotThereError(f"{above}: {error.message}", error.place, depth) from None
        return Spot(start + found.start, start + found.end, found.old, found.write, found.notes)

    def _spot(self, node: Node) -> Spot:
        if not isinstance(node.value, str):
            raise BadInputError("names several values; name one of them", path_text(self._path))
        style = getattr(node, "style", None) or ""
        if style in ("|", ">"):
            raise BadInputError("is a block of lines, not one value", path_text(self._path))
        raw, start = self._raw(node), self._start(node)
        if not raw and self._text[node.start_mark.index : start].strip():
            raise BadInputError("has no value to replace; write one", path_text(self._path))
        if not raw and self._key_end is not None:
            # The parser puts an empty value where the next one begins.
            start = self._text.find(":", self._key_end) + 1
        write = _writer(style, empty=not raw)
        if "!" in self._text[node.start_mark.index : start]:
            write = _tagged(str(node.tag).rpartition(":")[2], write)
        return Spot(start, start + len(raw), node.value, write)

    def _start(self, node: Node) -> int:
        """Return where a scalar begins, behind its anchor and tag."""
        begin = int(node.start_mark.index)
        raw = self._text[begin : node.end_mark.index]
        properties = _PROPERTIES.match(raw)
        return begin + (properties.end() if properties else 0)

    def _raw(self, node: Node) -> str:
        return self._text[self._start(node) : node.end_mark.index]

    def _refuse_shared(self, node: Node, depth: int) -> None:
        anchor = getattr(node, "anchor", None)
        if anchor is not None and str(anchor) in self._shared:
            raise BadInputError(
                f"has the anchor &{anchor}, which line {self._shared[str(anchor)]} uses too, so "
                "the change would count there as well; edit it by hand",
                path_text(self._path[:depth]) or None,
            )

    def _refuse_alias(self, key: Node | None, value: Node) -> None:
        anchor = str(getattr(value, "anchor", ""))
        line = self._shared.get(anchor, 0) if key is None else key.start_mark.line + 1
        raise BadInputError(
            f"goes through an alias in line {line}; what it stands for is in "
            f"line {value.start_mark.line + 1} and may count elsewhere too; edit it by hand",
            path_text(self._path),
        )

    def _refuse_merged(self, pairs: list[tuple[Any, Any]], depth: int) -> None:
        name = str(self._path[depth])
        for key, value in pairs:
            if key.value != _MERGE:
                continue
            merged = value.value if value.tag.endswith(":seq") else [value]
            for each in merged:
                # A merge of something else than a mapping is wrong, and merges nothing.
                if any(isinstance(pair, tuple) and pair[0].value == name for pair in each.value):
                    raise BadInputError(
                        f"comes from the merge (<<) in line {key.start_mark.line + 1}, which may "
                        f"count elsewhere too; write {name!r} here first, or edit it by hand",
                        path_text(self._path),
                    )


def _tagged(tag: str, write: Callable[[Value], str]) -> Callable[[Value], str]:
    """Return what writes a value behind a tag, if it is of the tag's type."""

    def fitting(value: Value) -> str:
        kind = "bool" if isinstance(value, bool) else type(value).__name__
        if tag not in ("str", kind) and (tag, kind) != ("float", "int"):
            raise BadInputError(f"has the tag {tag}, which {value!r} is not; edit it by hand")
        return write(value)

    return fitting


def _writer(style: str, *, empty: bool) -> Callable[[Value], str]:
    if style == "'":
        return _single
    if style == '"':
        return lambda value: _double(plain_text(value))
    if empty:
        return lambda value: f" {_plain(value)}"
    return _plain


def _plain(value: Value) -> str:
    if not isinstance(value, str):
        return plain_text(value)
    return _word(value) if _is_word(value) else _double(value)


def _word(value: Value) -> str:
    text = plain_text(value)
    if "\n" in text or any(sign in text for sign in "\"'#:{}[],&*!|>%@`"):
        raise BadInputError(f"{text!r} cannot be written there; edit it by hand")
    return text


def _is_word(text: str) -> bool:
    return bool(_BARE_WORD.fullmatch(text)) and text.lower() not in _MEANS_MORE


def _single(value: Value) -> str:
    text = plain_text(value)
    if not text.isprintable():
        return _double(text)
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return _ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))
