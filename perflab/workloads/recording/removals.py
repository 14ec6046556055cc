"""Caches whose removals a recording counts: mappings, and the methods of cached functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, ItemsView, Iterator, KeysView, MutableMapping, ValuesView
from typing import Any

from perflab.workloads.recording.recording import Recording

_ABSENT = object()
# Methods by which mappings other than a `dict`, and cached functions, let go of entries.
REMOVING = frozenset(
    (
        *("cache_clear", "cache_delete", "cache_invalidate", "cache_pop", "cache_remove"),
        *("delete", "delete_many", "discard", "evict", "forget", "invalidate", "invalidate_all"),
        *("purge", "remove"),
    )
)


class WatchedMapping(MutableMapping[Any, Any]):
    """Does what a mapping does, and counts what is removed from it. Attributes are the mapping's.

    Args:
        mapping: The cache.
        recording: Where removals are counted.
    """

    def __init__(self, mapping: MutableMapping[Any, Any], recording: Recording) -> None:
        self.recording = recording
        self._mapping = mapping

    def __getitem__(self, key: Any) -> Any:
        return self._mapping[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._mapping[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._mapping[key]
        self.recording.leave_out("removal", "del")

    def __contains__(self, key: object) -> bool:
        return key in self._mapping

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping)

    def __len__(self) -> int:
        return len(self._mapping)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping!r})"

    def __getattr__(self, name: str) -> Any:
        if name == "_mapping":  # of one that is being unpickled
            raise AttributeError(name)
        return watched_method(name, getattr(self._mapping, name), self.recording)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        return self._mapping.get(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key; where there is none, set the default."""
        return self._mapping.setdefault(key, default)

    def keys(self) -> KeysView[Any]:
        """Return the mapping's keys."""
        return self._mapping.keys()

    def values(self) -> ValuesView[Any]:
        """Return the mapping's values."""
        return self._mapping.values()

    def items(self) -> ItemsView[Any, Any]:
        """Return the mapping's pairs."""
        return self._mapping.items()

    def pop(self, key: Any, *default: Any) -> Any:
        """Take a key out."""
        if not default:
            value = self._mapping.pop(key)
        elif (value := self._mapping.pop(key, _ABSENT)) is _ABSENT:
            return default[0]
        self.recording.leave_out("removal", "pop")
        return value

    def popitem(self, *args: Any, **options: Any) -> tuple[Any, Any]:
        """Take a pair out, as the mapping chooses: an eviction, for all that can be told."""
        pair = self._mapping.popitem(*args, **options)
        self.recording.leave_out("eviction", "popitem")
        return pair

    def clear(self) -> None:
        """Take everything out."""
        removes = len(self._mapping) > 0
        self._mapping.clear()
        if removes:
            self.recording.leave_out("removal", "clear")


def watched_method(name: str, found: Any, recording: Recording) -> Any:
    """Return an attribute of a cache or a cached function; one that removes counts its calls.

    Args:
        name: Its name.
        found: What it is.
        recording: Where calls are counted.
    """
    if name == "cache" and isinstance(found, MutableMapping):
        return WatchedMapping(found, recording)
    if name in REMOVING and callable(found):
        return _counted(name, found, recording)
    return found


def _counted(name: str, removes: Callable[..., Any], recording: Recording) -> Callable[..., Any]:
    @functools.wraps(removes)
    def call(*args: Any, **kwargs: Any) -> Any:
        answer = removes(*args, **kwargs)
        # Told that there was nothing to remove.
        if answer is not False and not (answer == 0 and isinstance(answer, int)):
            recording.leave_out("removal", name)
        return answer

    return call
