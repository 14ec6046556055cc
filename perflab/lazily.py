"""`names_of`: names of a package that load when they are first used, and old ones that warn."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from perflab.errors.extras import naming_extra


def names_of(
    package: str,
    places: Mapping[str, str],
    old: Mapping[str, str] | None = None,
    extra: str | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's ``__getattr__`` and ``__dir__`` (PEP 562).

    Args:
        package: Its name.
        places: The module of each name; after a colon, what the name is called there.
        old: Names that have moved, with the place that they are to be imported from now: they
            still work, with a `DeprecationWarning`.
        extra: The extra that brings what the names need; a package that is not installed is said
            to come with it.
    """
    moved = old or {}

    def load(name: str) -> Any:
        place = places.get(name) or moved.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = place.partition(":")
        with naming_extra(extra):
            value = getattr(importlib.import_module(module), attribute or name)
        if name in moved:
            text = f"{package}.{name} has moved: import {attribute or name} from {module}"
            warnings.warn(text, DeprecationWarning, stacklevel=2)
        else:
            setattr(sys.modules[package], name, value)
        return value

    def known() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return load, known
