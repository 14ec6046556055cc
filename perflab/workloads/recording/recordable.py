"""What `record` knows how to wrap, and what only looks like it."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

_MAPPING = ("__getitem__", "__setitem__", "__contains__", "get")
_OF_CACHES = (
    "get",
    "set",
    "delete",
    "put",
    "get_many",
    "set_many",
    "get_or_set",
    "exists",
    "expire",
)
_FUNCTIONS = (
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial),
    *(staticmethod, classmethod, functools.partialmethod),
)


def is_recordable_mapping(target: Any) -> bool:
    """Return whether something is used as a `dict` is: not a class, not awaited, no client."""
    if isinstance(target, type) or hasattr(target, "execute_command"):
        return False
    if not all(hasattr(target, name) for name in _MAPPING):
        return False
    # A cache that is awaited has the names of a mapping, and none of its ways.
    return not any(inspect.iscoroutinefunction(getattr(target, name)) for name in _MAPPING)


def is_recordable_function(target: Any) -> bool:
    """Return whether something is called for its results.

    An object that can be called may be a cache that decorates functions: calling it is no request.
    """
    if isinstance(target, _FUNCTIONS):
        return True
    if isinstance(target, type) or not callable(target):
        return False
    return hasattr(target, "__wrapped__") or not any(hasattr(target, name) for name in _OF_CACHES)
