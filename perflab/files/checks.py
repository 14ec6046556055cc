"""`check_output`: whether an output may be written, before the work for it is done."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files.places import Place, place_of, unwritable

_HEAD_BYTES = _TAIL_BYTES = 4096
_KINDS = (
    b"run|predictions|recommendation|advice|comparisons?|calibration|report|check|session|"
    b"scenario|survival|service (?:prediction|budget|fleet|run|session)"
)
_RESULT = re.compile(rb'\s*\{\s*"kind"\s*:\s*"(?:%s)"\s*,\s*"format"\s*:\s*\d+\s*,' % _KINDS)
_PAGE = re.compile(rb'\s*<!DOCTYPE html>.*?<meta name="generator" content="perflab ', re.DOTALL)
_XML = re.compile(rb"<\?xml [^>]*\?>\s*<!-- Made with perflab [^<>]* -->")
_TEXT = re.compile(rb"<!-- Made with perflab [^<>]* -->\s*\Z")


def markdown_mark() -> str:
    """Return a line for the end of Markdown or the head of XML, which readers do not see."""
    from importlib.metadata import version  # slow to load, and only reports need it

    return f"<!-- Made with perflab {version('perflab')} -->"


def bears_mark(path: str | os.PathLike[str]) -> bool:
    """Say whether perflab wrote a file: a result, or a report as page, text, XML or JSON.

    What cannot be read is taken for the user's.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return False
    return bool(_RESULT.match(head) or _PAGE.match(head) or _XML.match(head) or _TEXT.search(tail))


NOT_OURS = (
    "exists and was not written by perflab; name another file, or replace it with --force "
    "(force=True in Python)"
)
IS_INPUT = "is the input itself; name another file"


def check_output(
    path: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    force: bool = False,
    ours: Callable[[Path], bool] = bears_mark,
) -> None:
    """Refuse an output that could not be written, or that would cost the user a file.

    Args:
        path: The file.
        inputs: What is read; never an output, by whatever name or link.
        force: Whether a file may be replaced that perflab did not write.
        ours: Says of a file whether perflab wrote it.

    Raises:
        BadInputError: With the reason.
    """
    place = place_of(path)
    if place.is_folder:
        raise BadInputError("is a folder; name a file", place.given)
    refuse_input(place, inputs)
    if place.is_stream:
        return
    if place.is_file and not force:
        if place.status is not None and place.status.st_size and not ours(place.path):
            raise BadInputError(NOT_OURS, place.given)
        if not os.access(place.path, os.W_OK):
            raise BadInputError("is write-protected; name another file", place.given)
    check_room(place)


def refuse_input(place: Place, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse a place that is one of the inputs, or that lies inside one that is a folder.

    Raises:
        BadInputError: If it is.
    """
    if place.status is None or stat.S_ISCHR(place.status.st_mode):
        return
    real = Path(os.path.realpath(place.path))
    for each in inputs:
        try:
            known = os.stat(os.path.expanduser(each))  # noqa: PTH111, PTH116 - any text
        except (OSError, ValueError):
            continue
        if os.path.samestat(known, place.status):
            raise BadInputError(IS_INPUT, place.given)
        folder = Path(os.path.realpath(os.path.expanduser(each)))  # noqa: PTH111 - any text
        if stat.S_ISDIR(known.st_mode) and folder in real.parents:
            raise BadInputError(f"is part of an input ({os.fspath(each)})", place.given)


def check_room(place: Place) -> None:
    """Refuse a place where no file can be made.

    Raises:
        BadInputError: With the reason.
    """
    try:
        above = place.path if place.is_folder else place.path.parent
        while not above.exists():
            above = above.parent
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise unwritable(place.given, error) from None
