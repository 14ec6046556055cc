"""`edited`: a file of the user's with the values of an export in it."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from perflab.bench.parts import Export, Scalar
from perflab.errors import BadInputError
from perflab.files.edits import Edit, KeyPath, NotThereError, edit_file, parse_path, path_text
from perflab.tuning.exports import changes_for

_WITH_UNIT = re.compile(r"\d[\d_.]*\s*[A-Za-zµ%]+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_WHERE = (
    "Add it there, say where the file has it by --at KEY=PATH, or choose other values by --only"
)


def edited(
    export: Export,
    into: str,
    at: Sequence[str] = (),
    only: Sequence[str] = (),
    kind: str | None = None,
) -> Edit:
    """Return a file with the values of an export in it; nothing is written.

    Args:
        export: With values.
        into: The file.
        at: Where it has them; see `changes_for`.
        only: The keys to replace; all where none is named.
        kind: The kind of the file; none for what its name tells.

    Raises:
        BadInputError: If the file cannot be read, or a value is not there, shared or ambiguous.
    """
    return with_notes(edited_at(into, changes_in(export, into, at, only, kind), kind), export)


def changes_in(
    export: Export,
    into: str,
    at: Sequence[str] = (),
    only: Sequence[str] = (),
    kind: str | None = None,
) -> dict[KeyPath, Scalar]:
    """Return the values of an export by the paths at which a file has them.

    The path of all values may lead to the one value itself.

    Raises:
        BadInputError: If a key is unknown, or a text is not a path.
    """
    changes = changes_for(export, at, only)
    if len(changes) == 1 and len(at) == 1 and "=" not in at[0]:
        itself: dict[KeyPath, Scalar] = {parse_path(at[0]): next(iter(changes.values()))}
        with contextlib.suppress(BadInputError):
            edit_file(into, itself, kind)
            return itself
    return changes


def edited_at(into: str, changes: Mapping[KeyPath, Scalar], kind: str | None = None) -> Edit:
    """Return a file with values at paths; an error of a missing one says what to do.

    Raises:
        BadInputError: If the file cannot be read, or a value is not there, shared or ambiguous.
    """
    with _saying_where():
        return edit_file(into, changes, kind)


def with_notes(edit: Edit, *exports: Export) -> Edit:
    """Return an edit with a note for each number that has no unit where one was."""
    titles = " or ".join(dict.fromkeys(export.title for export in exports))
    return dataclasses.replace(edit, notes=(*edit.notes, *_lost_units(edit, titles)))


def _lost_units(edit: Edit, title: str) -> Iterator[str]:
    for each in edit.replaced:
        if _WITH_UNIT.fullmatch(each.old) and _NUMBER.fullmatch(each.new):
            yield (
                f"{path_text(each.path)} was {each.old!r} and has no unit now: {each.new} counts "
                f"as in {title}; see that what reads the file does too"
            )


@contextlib.contextmanager
def _saying_where() -> Iterator[None]:
    try:
        yield
    except NotThereError as error:
        stop = "" if error.message.endswith("?") else "."
        raise BadInputError(f"{error.message}{stop} {_WHERE}", error.place) from None
