"""Items written into a folder, and read back."""

from __future__ import annotations

import json
import os
from typing import Annotated

from pydantic import Field

from perflab.files import whole_folder
from perflab.workloads.kinds.items import Items
from perflab.workloads.kinds.workload import MOST_REQUESTS
from perflab.workloads.storage.description import Description, describe, read_described
from perflab.workloads.storage.saved import is_saved, register_description

DESCRIPTION = register_description("items.json")


class _ItemsDescription(Description):
    count: Annotated[int, Field(ge=1, le=MOST_REQUESTS)]
    paths: list[str]


def save_items(items: Items, folder: str | os.PathLike[str]) -> None:
    """Write items into a folder, which `open_items` reads.

    Raises:
        BadInputError: If the folder cannot be written, or holds something else.
    """
    with whole_folder(folder, is_saved) as scratch:
        content = describe(items, count=items.count, paths=items.paths, files={})
        (scratch / DESCRIPTION).write_text(json.dumps(content), encoding="utf-8")


def open_items(folder: str | os.PathLike[str]) -> Items:
    """Read a folder of `save_items`.

    Raises:
        BadInputError: If it is not such a folder, or of a later version.
    """
    otherwise = "is not the folder of items"
    said = read_described(_ItemsDescription, folder, DESCRIPTION, otherwise)
    return Items(count=said.count, paths=tuple(said.paths), **said.origin())
