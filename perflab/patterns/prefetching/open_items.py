"""`open_items`: the source of items that the settings of a load name."""

from __future__ import annotations

from typing import cast

from perflab.patterns.prefetching.item_sources import (
    Fetch,
    FileSource,
    FunctionSource,
    ItemSource,
    NumberSource,
    check_items,
    own_files,
)
from perflab.patterns.prefetching.items import Items
from perflab.servers.call_cap import CallCap, is_function, most_calls
from perflab.servers.lookup import users_function
from perflab.settings import LoadSettings


def open_items(load: LoadSettings, items: Items) -> ItemSource:
    """Return the source that the load settings name.

    Raises:
        BadInputError: If it names a function that cannot be imported, the items are files and it
            is something else, or its server does not come up.
    """
    from perflab.patterns.prefetching.item_servers import SOURCES  # loads clients of servers

    check_items(load, items)
    seconds = load.backend_seconds
    if is_function(load):
        function = cast("Fetch", users_function(load.backend))
        return FunctionSource(function, seconds, CallCap(most_calls(load)))
    if load.backend == "delay":
        return NumberSource(seconds)
    if load.backend == "files":
        return FileSource(items.paths or own_files(), seconds)
    return SOURCES[str(load.backend)](seconds)
