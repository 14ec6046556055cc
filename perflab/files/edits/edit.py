"""`edit_file`: values replaced in a file, checked by reading it again, and its difference."""

from __future__ import annotations

import codecs
import dataclasses
import difflib
import itertools
import os
from collections.abc import Mapping
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files.checks import check_room
from perflab.files.edits.kinds import Kind, kind_of
from perflab.files.edits.paths import KeyPath, path_text
from perflab.files.edits.spots import Value, line_of, plain_text
from perflab.files.places import place_of
from perflab.files.whole import whole_file

_MOST_BYTES = 4 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Replaced:
    """A value that was replaced.

    Attributes:
        path: Where.
        line: Its line, from 1.
        old: What was there, without quotes.
        new: What is there now, without quotes.
    """

    path: KeyPath
    line: int
    old: str
    new: str


@dataclasses.dataclass(frozen=True, slots=True)
class Edit:
    """A file's content before and after.

    Attributes:
        path: The file as it was named.
        before: Its bytes; None where it is not there yet.
        after: The bytes that it is to have.
        replaced: What differs.
        notes: What a reader must know.
    """

    path: str
    before: bytes | None
    after: bytes
    replaced: tuple[Replaced, ...]
    notes: tuple[str, ...]

    @property
    def difference(self) -> str:
        """The unified difference, as ``diff -u`` and git write it."""
        old = _decoded(self.before or b"", any_bytes=True)[1]
        new = _decoded(self.after, any_bytes=True)[1]
        begun = "/dev/null" if self.before is None else f"a/{self.path}"
        lines = difflib.unified_diff(_lines(old), _lines(new), begun, f"b/{self.path}", lineterm="")
        return "\n".join(line.rstrip("\r\n") for line in lines)

    def write(self) -> None:
        """Write the file; it is whole at every moment, and keeps its mode and its links.

        Raises:
            BadInputError: If somebody has changed it meanwhile, or it cannot be written.
        """
        self.check_unchanged()
        with whole_file(self.path, "wb") as file:
            file.write(self.after)

    def check_unchanged(self) -> None:
        """Refuse a file that is no longer as it was read.

        Raises:
            BadInputError: If it is not.
        """
        place = Path(place_of(self.path).path)
        now = place.read_bytes() if place.is_file() else None
        if now != self.before:
            raise BadInputError("has changed meanwhile; nothing was written", self.path)


def text_edit(path: str, text: str) -> Edit:
    """Return what a file becomes that holds a whole text; nothing is written.

    Raises:
        BadInputError: If it is something else than a file, or cannot be read or written.
    """
    place = place_of(path)
    if place.status is not None and not place.is_file:
        raise BadInputError("is not a file; name one", path)
    check_room(place)
    if place.status is None:
        return Edit(path, None, text.encode(), (), ())
    if not os.access(place.path, os.W_OK):
        raise BadInputError("is write-protected; nothing was written", path)
    try:
        before = place.path.read_bytes()
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", path) from None
    return Edit(path, before, text.encode(), (), ())


def edit_file(path: str, changes: Mapping[KeyPath, Value], kind: str | None = None) -> Edit:
    """Return what a file becomes with some values replaced; nothing is written.

    Args:
        path: The file.
        changes: The values by their paths.
        kind: Its kind; none for what its name tells.

    Raises:
        BadInputError: If it cannot be read, or a value is not there, shared or ambiguous.
        MissingExtraError: What reads this kind of file is not installed.
    """
    place = place_of(path)
    if place.status is None:
        raise BadInputError("there is no such file", path)
    if not place.is_file:
        raise BadInputError("is not a file; name one", path)
    if not os.access(place.path, os.W_OK):
        raise BadInputError("is write-protected; nothing was written", path)
    if place.status.st_size > _MOST_BYTES:
        raise BadInputError("is larger than 4 MiB, which no file of settings is", path)
    try:
        before = place.path.read_bytes()
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", path) from None
    mark, text, encoding = _text_of(path, before, kind)
    try:
        after, replaced, notes = edit_text(text, kind_of(path, text, kind), changes)
    except BadInputError as error:
        where = f"{path}: {error.place}" if error.place not in (None, path) else path
        raise type(error)(error.message, where) from None
    if os.path.islink(os.path.expanduser(path)):  # noqa: PTH111, PTH114 - as place_of reads it
        notes = (f"{path} is a link to {place.path}, which is written", *notes)
    return Edit(path, before, mark + after.encode(encoding), replaced, notes)


def edit_text(
    text: str, kind: Kind, changes: Mapping[KeyPath, Value]
) -> tuple[str, tuple[Replaced, ...], tuple[str, ...]]:
    """Return a text with values replaced, what was replaced, and notes.

    Raises:
        BadInputError: If a value is not there, shared or ambiguous, or if what is read from the
            new text differs in anything else.
    """
    try:
        return _edited(text, kind, changes)
    except RecursionError:
        raise BadInputError("is nested too deeply") from None


def _edited(
    text: str, kind: Kind, changes: Mapping[KeyPath, Value]
) -> tuple[str, tuple[Replaced, ...], tuple[str, ...]]:
    spots = sorted(
        ((kind.find(text, path), path, value) for path, value in changes.items()),
        key=lambda each: each[0].start,
    )
    for (one, path, _), (other, second, _) in itertools.pairwise(spots):
        if other.start < one.end or other.start == one.start:
            raise BadInputError(f"is the same value as {path_text(second)}", path_text(path))
    after, position = "", 0
    for spot, _, value in spots:
        after += text[position : spot.start] + spot.write(value)
        position = spot.end
    after += text[position:]
    _check(kind, text, after, [value for _, _, value in spots])
    replaced = tuple(
        Replaced(path, line_of(text, spot.start), spot.old, plain_text(value))
        for spot, path, value in spots
    )
    notes = dict.fromkeys(note for spot, _, _ in spots for note in spot.notes)
    return after, replaced, tuple(notes)


def _check(kind: Kind, before: str, after: str, values: list[Value]) -> None:
    """Read the new text: it has the same values in the same places, but for those replaced."""
    old, new = kind.leaves(before), kind.leaves(after)
    same_places = [path for path, _ in old] == [path for path, _ in new]
    changed = [
        (was, now) for (_, was), (_, now) in zip(old, new, strict=False) if not _same(was, now)
    ]
    words = [plain_text(value).casefold() for value in values]
    fitting = all(any(word in str(now).casefold() for word in words) for _, now in changed)
    if not same_places or len(changed) > len(values) or not fitting:
        raise BadInputError("cannot be edited without changing something else; do it by hand")


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


def _text_of(path: str, content: bytes, kind: str | None) -> tuple[bytes, str, str]:
    """Return a mark of order, the text behind it, and its encoding."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInputError("is written in UTF-16; write it as UTF-8 first", path)
    mark, text, encoding = _decoded(content, any_bytes=True)
    if encoding != "utf-8" and not kind_of(path, text, kind).any_bytes:
        raise BadInputError("is not UTF-8, so its text cannot be read", path)
    if "\0" in text:
        raise BadInputError("holds zero bytes, so it is not a text", path)
    return mark, text, encoding


def _decoded(content: bytes, *, any_bytes: bool) -> tuple[bytes, str, str]:
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    rest = content[len(mark) :]
    try:
        return mark, rest.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if not any_bytes:
            raise
        return mark, rest.decode("latin-1"), "latin-1"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]
