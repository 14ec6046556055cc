"""`record`: wraps a cache of a running service, so that what is asked of it becomes a trace."""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar, cast

from perflab.errors import BadInputError
from perflab.primitives.callables import inside_descriptor
from perflab.workloads.recording.calls import recorded_function
from perflab.workloads.recording.keys import size_of
from perflab.workloads.recording.mapping import RecordedMapping
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.redis_client import is_redis_client, recorded_client

T = TypeVar("T")

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


def record(
    cache_or_function: T,
    path: str | os.PathLike[str] | Recording,
    sample: float = 1.0,
    *,
    key: Callable[..., Any] | None = None,
    size: Callable[[Any], int | None] = size_of,
    max_bytes: int | str = "64MiB",
    secret: bytes = b"",
) -> T:
    """Return a cache or function that does the same, and records its requests into a folder.

    `read_trace` reads the folder, while it is written too, and after the process was killed: all
    but the last second is there. Its trace knows the rate of its sample: predictions and settings
    from it are for all keys. What is written, renewed and removed is replayed; its trace
    says by name and number what is not. ``.recording`` of what is returned has ``stop()``,
    ``stats()`` and is a context manager.

    Args:
        cache_or_function: A function, such as one with `functools.lru_cache`; a cache of
            `cachetools`, a `dict` or what is used like one; or a redis-py client. A cache that
            decorates functions, such as perflab's, does so recorded too.
        path: The folder, which later runs and other processes add to; or a `Recording`.
        sample: The share of keys, chosen by their hash; 0.01 costs less than 1 µs a request.
        key: For a function: makes the key of its arguments. Without it, arguments are told apart
            by type and value, or as `functools.lru_cache` does by the object, a method's `self`
            among them; a call with others passes through, and is counted as unkeyed.
        size: Gives the bytes of a value, or None.
        max_bytes: The most that the folder takes; the rate is halved whenever it is reached.
        secret: Bytes that the hashes of keys depend on; see `Recording`.

    Raises:
        BadInputError: If it is nothing that can be recorded, a value is out of bounds, or the
            folder cannot be written.
    """
    target: Any = cache_or_function
    is_client = is_redis_client(target)
    is_mapping = not is_client and _is_recordable_mapping(target)
    is_function = not is_client and not is_mapping and _is_recordable_function(target)
    if not is_client and not is_mapping and not is_function:
        kind = target.__qualname__ if isinstance(target, type) else type(target).__qualname__
        text = f"{'the class' if isinstance(target, type) else 'a'} {kind} is neither a function, "
        text += "a mapping nor a Redis client that can be recorded; wrap the function that asks it"
        raise BadInputError(text, "cache_or_function")
    if key is not None and not is_function:
        raise BadInputError("is for functions; a cache has its keys", "key")
    if key is not None and not callable(key):
        raise BadInputError("must be a function of the same arguments", "key")
    if not isinstance(path, Recording):
        path = Recording(path, sample, max_bytes, secret)
    path.users += 1
    if is_client:
        return cast("T", recorded_client(target, path))
    if is_mapping:
        return cast("T", RecordedMapping(cast("MutableMapping[Any, Any]", target), path, size))
    inside = inside_descriptor(target, lambda inner: recorded_function(inner, path, key, size))
    return cast("T", inside or recorded_function(target, path, key, size))


def _is_recordable_mapping(target: object) -> bool:
    """Return whether something is used as a `dict` is: not a class, not awaited, no client."""
    if isinstance(target, type) or hasattr(target, "execute_command"):
        return False
    if not all(hasattr(target, name) for name in _MAPPING):
        return False
    # A cache that is awaited has the names of a mapping, and none of its ways.
    return not any(inspect.iscoroutinefunction(getattr(target, name)) for name in _MAPPING)


def _is_recordable_function(target: object) -> bool:
    """Return whether something is called for its results.

    An object that can be called may be a cache that decorates functions: calling it is no request.
    """
    if isinstance(target, _FUNCTIONS):
        return True
    if isinstance(target, type) or not callable(target):
        return False
    return hasattr(target, "__wrapped__") or not any(hasattr(target, name) for name in _OF_CACHES)
