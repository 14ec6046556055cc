"""`workbench`: the panel of a pattern, by the pattern's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from perflab.errors.extras import naming_extra

if TYPE_CHECKING:
    pass

with naming_extra("lab"):
    from perflab.bench import load_bench
    from perflab.panels.workbench import Workbench


@naming_extra("lab")
def workbench(
    pattern: str = "cache",
    workload: object = None,
    settings: Mapping[str, object] | None = None,
) -> Workbench:
    """Return the panel of a pattern; as a cell's last line it is shown.

    Args:
        pattern: A pattern's name.
        workload: A name with parameters, a file's path, or one that is read, such as a `Trace`;
            none for the bench's own.
        settings: Keys of the pattern and of the load, over the panel's defaults.

    Raises:
        BadInputError: If there is no such pattern, or a setting is unknown or out of bounds.
    """
    return Workbench(load_bench(pattern), workload, settings)
