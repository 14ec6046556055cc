"""Where a path leads to in a text in HCL: through blocks, objects and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from perflab.errors import BadInputError
from perflab.files.edits.hcl.scan import Block, Expression, quoted, scan, unquoted
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

_RESOURCE = "resource"
_NAME, _VALUE = "name", "value"


def find(text: str, path: KeyPath) -> Spot:
    """Return where a value is.

    Blocks are named as Terraform's addresses do: ``aws_db_instance.main.port``, ``var.pool`` (its
    default), ``local.pool``, or by all of their words: ``resource.aws_db_instance.main.port``. The
    last label may be left out where one block fits. Of blocks that are there several times one is
    taken by its number, as ``parameter[0]``, or by what its ``name`` is set to.

    Raises:
        BadInputError: If it is not HCL, or the value is not there, ambiguous or computed.
    """
    return _Walk(text, _whole(path)).body(scan(text), 0)


def leaves(text: str) -> list[Leaf]:
    """Return all values of a text with their paths, in their order; what computes as it stands."""
    return list(_of_block(text, scan(text), ""))


def _whole(path: KeyPath) -> KeyPath:
    """Return a path with the words of blocks for Terraform's short ones."""
    match path:
        case ("var", str() as name):
            return ("variable", name, "default")
        case ("local", *rest) if rest:
            return ("locals", *rest)
        case _:
            return path


class _Walk:
    def __init__(self, text: str, path: KeyPath) -> None:
        self._text = text
        self._path = path

    def body(self, block: Block, depth: int) -> Spot:
        """Return the spot in a block, after so many steps of the path."""
        path = self._path
        if depth == len(path):
            raise BadInputError("names several values; name one of them", path_text(path))
        step = path[depth]
        if isinstance(step, str):
            set_to = one_of(step, block.attributes, self._line)
            if set_to is not None:
                return self.expression(set_to, depth + 1)
        fitting = self._blocks(block, depth)
        if not fitting:
            raise self._missing(block, depth)
        return self._only(fitting)

    def _missing(self, block: Block, depth: int) -> NotThereError:
        """Return the error for a step that leads to nothing, or to a type without such a label."""
        step = self._path[depth]
        words = [
            each.words[1:] if each.words[0] == _RESOURCE else each.words for each in block.blocks
        ]
        labels = [name[1] for name in words if len(name) > 1 and name[0] == step]
        if labels and depth + 1 < len(self._path):
            return not_there(self._path, depth + 1, labels)
        known = [name for name, _ in block.attributes]
        return not_there(self._path, depth, [*known, *(name[0] for name in words if name)])

    def _only(self, fitting: Sequence[tuple[Block, int]]) -> Spot:
        """Return the spot that one of several blocks has.

        Raises:
            BadInputError: If none has it, or more than one.
        """
        found: list[Spot] = []
        missing: list[NotThereError] = []
        for block, end in fitting:
            try:
                found.append(self._block(block, end))
            except NotThereError as error:
                missing.append(error)
        if len(found) > 1:
            numbers = " and ".join(str(line_of(self._text, spot.start)) for spot in found)
            raise BadInputError(
                f"is in {len(found)} blocks, in lines {numbers}; name one of them, or its number "
                "as in parameter[0]",
                path_text(self._path),
            )
        if not found:
            furthest = max(missing, key=lambda error: error.depth)
            end = fitting[0][1]
            labels = [block.words[-1] for block, _ in fitting if len(block.words) > 1]
            if labels and furthest.depth == end:
                names = [name for block, _ in fitting for name, _ in block.attributes]
                raise not_there(self._path, end, [*labels, *names])
            raise furthest
        return found[0]

    def _block(self, block: Block, end: int) -> Spot:
        """Return the spot in a block, which a step may name by what its ``name`` is set to."""
        path = self._path
        if end < len(path) and path[end] == self._name(block.attributes):
            rest = path if end + 1 < len(path) else (*path, _VALUE)
            return _Walk(self._text, rest).body(block, end + 1)
        return self.body(block, end)

    def _blocks(self, inside: Block, depth: int) -> list[tuple[Block, int]]:
        """Return the blocks that the next steps name, and where each one's name ends."""
        exact: list[tuple[Block, int]] = []
        shorter: list[tuple[Block, int]] = []
        for block in inside.blocks:
            words = block.words
            names = [words, words[1:]] if words[0] == _RESOURCE else [words]
            for name in names:
                if self._begins(name, depth):
                    exact.append((block, depth + len(name)))
                elif len(name) > 1 and self._begins(name[:-1], depth):
                    shorter.append((block, depth + len(name) - 1))
        fitting = exact or shorter
        if not fitting or not all(self._number(end) is not None for _, end in fitting):
            return fitting
        number = self._number(fitting[0][1]) or 0
        if number >= len(fitting):
            raise not_there(self._path, fitting[0][1], ())
        return [(fitting[number][0], fitting[number][1] + 1)]

    def _begins(self, words: Sequence[str], depth: int) -> bool:
        return bool(words) and self._path[depth : depth + len(words)] == tuple(words)

    def _number(self, depth: int) -> int | None:
        step = self._path[depth] if depth < len(self._path) else None
        return step if isinstance(step, int) else None

    def expression(self, set_to: Expression, depth: int) -> Spot:
        """Return the spot in what is set, after so many steps of the path."""
        path = self._path
        if depth == len(path):
            return self._spot(set_to)
        if set_to.kind == "object":
            return self._in_object(set_to, depth)
        if set_to.kind == "list":
            return self._in_list(set_to, depth)
        raise NotThereError(
            f"{path_text(path[:depth])} is one value, which has no {path[depth]!r}",
            path_text(path),
            depth,
        )

    def _in_object(self, set_to: Expression, depth: int) -> Spot:
        path = self._path
        items = [(str(key), value) for key, value in set_to.items]
        ways = []
        # A key may have dots of its own.
        for end in range(depth + 1, len(path) + 1):
            value = one_of(names_of(path[depth:end]), items, self._line)
            if value is not None:
                ways.append((value, end))
        if len(ways) > 1:
            told = "may be meant in two ways; write the key in quotes"
            raise BadInputError(told, path_text(path))
        if not ways:
            raise not_there(path, depth, [name for name, _ in items])
        return self.expression(*ways[0])

    def _in_list(self, set_to: Expression, depth: int) -> Spot:
        path, step = self._path, self._path[depth]
        if isinstance(step, int):
            if step >= len(set_to.items):
                raise not_there(path, depth, ())
            return self.expression(set_to.items[step][1], depth + 1)
        named = [(name, item) for _, item in set_to.items if (name := self._name(item.items))]
        item = one_of(step, named, self._line)
        if item is None:
            raise not_there(path, depth, [name for name, _ in named])
        rest = path if depth + 1 < len(path) else (*path, _VALUE)
        return _Walk(self._text, rest).expression(item, depth + 1)

    def _name(self, items: Sequence[tuple[str | None, Expression]]) -> str | None:
        """Return what a ``name`` among attributes or keys is set to."""
        for key, value in items:
            if key == _NAME and value.kind == "quoted":
                return unquoted(self._text[value.start : value.end])
        return None

    def _spot(self, set_to: Expression) -> Spot:
        place = path_text(self._path)
        if set_to.kind in ("object", "list"):
            raise BadInputError("names several values; name one of them", place)
        if set_to.kind == "other":
            raise BadInputError("is computed and not one value; edit it by hand", place)
        raw = self._text[set_to.start : set_to.end]
        in_quotes = set_to.kind == "quoted"
        return Spot(
            set_to.start,
            set_to.end,
            unquoted(raw) if in_quotes else raw,
            _writer(in_quotes=in_quotes),
        )

    def _line(self, item: Any) -> int:
        return line_of(self._text, item.start)


def _writer(*, in_quotes: bool) -> Callable[[Value], str]:
    def write(value: Value) -> str:
        if in_quotes or isinstance(value, str):
            return quoted(plain_text(value))
        return plain_text(value)

    return write


def _of_block(text: str, block: Block, path: str) -> Iterator[Leaf]:
    for name, set_to in block.attributes:
        yield from _of_value(text, set_to, f"{path}/{name}")
    for number, each in enumerate(block.blocks):
        yield from _of_block(text, each, f"{path}/{number}:{' '.join(each.words)}")


def _of_value(text: str, set_to: Expression, path: str) -> Iterator[Leaf]:
    if set_to.kind in ("object", "list"):
        for number, (key, value) in enumerate(set_to.items):
            yield from _of_value(text, value, f"{path}/{number}:{key}")
        return
    raw = text[set_to.start : set_to.end]
    # A literal without quotes is another value than the same in quotes.
    yield path, unquoted(raw) if set_to.kind == "quoted" else (raw,)
