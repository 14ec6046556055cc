"""Removals from caches: from mappings, and by the methods of cached functions."""

from __future__ import annotations

import functools
from collections.abc import (
    Callable,
    ItemsView,
    Iterator,
    KeysView,
    Mapping,
    MutableMapping,
    ValuesView,
)
from typing import Any, Self, TypeVar

from perflab.operations import Operation
from perflab.workloads.recording.recording import Recording

_ABSENT = object()
K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
# Methods by which mappings other than a `dict`, and cached functions, let go of an entry: that of
# a key, or of a call's arguments.
OF_A_KEY = frozenset(
    (
        *("cache_delete", "cache_invalidate", "cache_pop", "cache_remove", "delete", "discard"),
        *("evict", "forget", "invalidate", "remove"),
    )
)
# Those by which they let go of several, and of all.
OF_KEYS = frozenset(("delete_many",))
OF_ALL = frozenset(("cache_clear", "invalidate_all", "purge"))
REMOVING = OF_A_KEY | OF_KEYS | OF_ALL
Place = Callable[[tuple[object, ...], Mapping[str, object]], tuple[bytes, int]]


class WatchedMapping(MutableMapping[K, V]):
    """Does what a mapping does, and counts what is removed from it. Attributes are the mapping's.

    Its keys need not be those that are recorded, such as those which a decorator makes of
    arguments: only a removal of all is one for a trace.

    Args:
        mapping: The cache.
        recording: Where removals go.
    """

    def __init__(self, mapping: MutableMapping[K, V], recording: Recording) -> None:
        self.recording = recording
        self._mapping = mapping

    def __getitem__(self, key: K) -> V:
        return self._mapping[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._mapping[key] = value

    def __delitem__(self, key: K) -> None:
        del self._mapping[key]
        self._note_removal(key, "del")

    def __contains__(self, key: object) -> bool:
        return key in self._mapping

    def __iter__(self) -> Iterator[K]:
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

    def keys(self) -> KeysView[K]:
        """Return the mapping's keys."""
        return self._mapping.keys()

    def values(self) -> ValuesView[V]:
        """Return the mapping's values."""
        return self._mapping.values()

    def items(self) -> ItemsView[K, V]:
        """Return the mapping's pairs."""
        return self._mapping.items()

    def pop(self, key: Any, *default: Any) -> Any:
        """Take a key out."""
        if not default:
            value: object = self._mapping.pop(key)
        elif (value := self._mapping.pop(key, _ABSENT)) is _ABSENT:
            return default[0]
        self._note_removal(key, "pop")
        return value

    def popitem(self, *args: object, **options: object) -> tuple[K, V]:
        """Take a pair out, as the mapping chooses: an eviction, for all that can be told."""
        pair = self._mapping.popitem(*args, **options)
        self.recording.leave_out("eviction", "popitem")
        return pair

    def clear(self) -> None:
        """Take everything out."""
        removes = len(self._mapping) > 0
        self._mapping.clear()
        if removes:
            self.recording.flush_keys("clear")

    def __or__(self, other: Any) -> Any:
        return self._mapping | other

    def __ror__(self, other: Any) -> Any:
        return other | self._mapping

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def _note_removal(self, key: object, name: str) -> None:  # noqa: ARG002 - others take it
        """Take a removal of a key.

        Args:
            key: The mapping's.
            name: What removed it.
        """
        self.recording.leave_out("removal", name)


def watched_method(
    name: str, found: Any, recording: Recording, place_of: Place | None = None
) -> Any:
    """Return an attribute of a cache or a cached function; the calls of one that removes are taken.

    Args:
        name: Its name.
        found: What it is.
        recording: Where removals go.
        place_of: Makes the recorded key of the arguments; without it calls are only counted.
    """
    if name == "cache" and isinstance(found, MutableMapping):
        return WatchedMapping(found, recording)
    if name in REMOVING and callable(found):
        return _taken(name, found, recording, place_of)
    return found


def _taken(
    name: str, removes: Callable[..., T], recording: Recording, place_of: Place | None
) -> Callable[..., T]:
    @functools.wraps(removes)
    def call(*args: object, **kwargs: object) -> T:
        answer = removes(*args, **kwargs)
        # Told that there was nothing to remove.
        if answer is not False and not (answer == 0 and isinstance(answer, int)):
            _note(name, recording, place_of, args, kwargs)
        return answer

    return call


def _note(
    name: str,
    recording: Recording,
    place_of: Place | None,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> None:
    """Take a removal by a method; of what it removes nothing is known where it has other keys."""
    if name in OF_ALL and not args and not kwargs:
        recording.flush_keys(name)
    elif place_of is not None and name in OF_A_KEY:
        note_removal(recording, *place_of(args, kwargs))
    elif place_of is not None and len(args) == 1 and isinstance(args[0], list | tuple | set):
        for key in args[0]:
            note_removal(recording, *place_of((key,), {}))
    else:
        recording.leave_out("removal", name)


def note_removal(recording: Recording, data: bytes, place: int) -> None:
    """Take a removal of a key, where it is in the sample."""
    if place < recording.limit:
        recording.add(data, place, code=Operation.DELETE)
