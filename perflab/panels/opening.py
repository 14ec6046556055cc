"""`workbench`: the panel of a pattern, by the pattern's name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perflab.errors.extras import naming_extra

if TYPE_CHECKING:
    pass

with naming_extra("lab"):
    from perflab.bench import load_bench
    from perflab.panels.session.document import SavedSession, workload_of
    from perflab.panels.workbench import Workbench


@naming_extra("lab")
def workbench(
    pattern: str = "cache",
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    *,
    session: str | os.PathLike[str] | None = None,
) -> Workbench:
    """Return the panel of a pattern; as a cell's last line it is shown.

    Args:
        pattern: A pattern's name.
        workload: A name with parameters, a file's path, or one that is read, such as a `Trace`;
            none for the bench's own.
        settings: Keys of the pattern and of the load, over the panel's defaults.
        session: A file that `Workbench.save` wrote, or that a panel kept by itself; its pattern
            and workload count where none is given.

    Raises:
        BadInputError: If there is no such pattern, a setting is unknown or out of bounds, or the
            session cannot be read.
    """
    if session is not None:
        saved = SavedSession.read(os.fspath(session))
        panel = Workbench(load_bench(saved.pattern), workload or workload_of(saved), settings)
        panel.lasting.open(saved)
        return panel
    return Workbench(load_bench(pattern), workload, settings)
