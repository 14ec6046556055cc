"""`load_items`: numbered items by their name, a folder of files, or a list of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.patterns.prefetching.items import Items
from perflab.settings import Settings, setting
from perflab.workloads.guard import bad_input_only
from perflab.workloads.registry.kind import WorkloadKind, register
from perflab.workloads.registry.named import WorkloadInfo, is_file, read_parameters

NAME = "items"
_SHOWN = 80
_TIMES = 8


class NumberedItems(Settings):
    """The parameters of numbered items."""

    count: int = setting(
        100_000,
        "Number of items.",
        unit="items",
        low=1,
        high=1_000_000_000_000,
        span=(1_000, 10_000_000),
        scale="log",
    )

    @property
    def spec(self) -> str:
        """The text that makes them again, such as ``items:count=100k``."""
        for suffix, factor in (("M", 1_000_000), ("k", 1_000)):
            if self.count % factor == 0:
                return f"{NAME}:count={self.count // factor}{suffix}"
        return f"{NAME}:count={self.count}"


ITEMS: dict[str, WorkloadInfo] = {
    NAME: WorkloadInfo(
        NAME,
        "the source's own: rows of a table, files, HTTP items, or those of your function",
        NumberedItems.infos(),
        NumberedItems().spec,
    )
}


def load_items(spec: str | os.PathLike[str] | Items) -> Items:
    """Return the items that a run goes through.

    Args:
        spec: ``items:count=100k``, a folder (its files, in order of their names), a text file with
            the path of one file per line, or items.

    Raises:
        BadInputError: If there is neither such a name nor such a folder or file, or it is wrong.
    """
    if isinstance(spec, Items):
        return spec
    if not isinstance(spec, (str, os.PathLike)):
        raise BadInputError(f"{type(spec).__name__} is not what a prefetcher goes through", NAME)
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    if isinstance(spec, str) and name.strip() == NAME:
        try:
            made = NumberedItems.read(read_parameters(rest))
        except BadInputError as error:
            raise BadInputError(str(error), text) from None
        return Items(made.spec, made.count, source=made.spec)
    if is_file(spec):
        with bad_input_only(text, "a list of files"):
            place = _place(text)
            return _folder(place, text) if place.is_dir() else _listed(place, text)
    hint = nearest(name, ITEMS)
    raise BadInputError(f"is neither items, nor a folder, nor a file{hint}", text or "workload")


def _place(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise BadInputError(f"is not the name of a file ({error})", text) from None


def _folder(place: Path, text: str) -> Items:
    """Return the files below a folder; what begins with a dot is left out."""
    found = []
    for folder, inner, names in os.walk(place):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        found += [os.path.join(folder, name) for name in names if not name.startswith(".")]  # noqa: PTH118  (many files)
    if not found:
        raise BadInputError("has no files", text)
    paths = tuple(os.path.abspath(path) for path in sorted(found))  # noqa: PTH100  (many files)
    return Items(place.resolve().name, len(paths), paths, source=text)


def _lines(text: str) -> list[str]:
    """Return the lines of a list, unpacked where it is; names that are not UTF-8 stay as they are.

    Raises:
        BadInputError: If it is no text.
    """
    from perflab.workloads.importers.source import Source  # loads pyarrow
    from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK

    content = Source(text).whole(_TIMES, text=False).removeprefix(BYTE_ORDER_MARK)
    if b"\0" in content:
        wanted = "a folder of files, or a text file with the path of one file per line"
        raise BadInputError(f"is not text; name {wanted}", text)
    return [os.fsdecode(line) for line in content.replace(b"\r\n", b"\n").split(b"\n")]


def _listed(place: Path, text: str) -> Items:
    """Return the files that a text file lists, from where it is."""
    try:
        lines = _lines(text)
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror or error})", text) from None
    paths = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            path = place.parent / Path(line.strip()).expanduser()
            found = str(path.resolve()) if path.is_file() else None
        except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or nobody's home
            found = None
        if found is None:
            shown = repr(line.strip()[:_SHOWN])
            raise BadInputError(f"there is no file {shown}", f"{text}:{number}")
        paths.append(found)
    if not paths:
        raise BadInputError("lists no files", text)
    return Items(place.name, len(paths), tuple(paths), source=text)


def _load(
    spec: str | os.PathLike[str] | Items,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Items:
    del progress
    if format is not None or columns:
        raise BadInputError("a format and columns are not for items", str(spec))
    return load_items(spec)


ITEM_KIND = register(
    WorkloadKind("items", Items, _load, Items.save, Items.open, Items.summary, Items.facts, ITEMS)
)
