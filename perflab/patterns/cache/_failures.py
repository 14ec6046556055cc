"""Errors of a cache's loaders, kept so that a failing key is not loaded over and over."""

from __future__ import annotations

import copy
import sys
from types import FrameType, TracebackType
from typing import Any

_MOST_CAUSES = 3
"""How many causes are kept, one behind the other."""


class KeptError:
    """An error without the frames that it went through: type, arguments, attributes, causes.

    Each time it is raised it is a new object, so that nobody's frames are kept with it.

    Attributes:
        size: Its bytes, with those of its arguments and attributes.
        due: The clock's seconds when it expires.
    """

    __slots__ = ("_error", "due", "size")

    def __init__(self, error: Exception) -> None:
        self._error = without_frames(error)
        self.size = _size(self._error)
        self.due = 0.0

    def again(self) -> Exception:
        """Return the error, to be raised."""
        return without_frames(self._error)


def without_frames(error: Exception, causes: int = _MOST_CAUSES) -> Exception:
    """Return a copy of an error that holds no traceback; its constructor is not called.

    Raises:
        Exception: What its class raises, where that allows no copy.
    """
    kind = type(error)
    built_in: Any = next(each for each in kind.__mro__ if each.__module__ == "builtins")
    try:
        _, arguments, *more = built_in.__reduce__(error)
        given = [_bare(value, causes) for value in arguments]
        made = built_in.__new__(kind, *given)
        built_in.__init__(made, *given)
        state = {**more[0]} if more and more[0] else {}
        for name in [*state.keys() - vars(error).keys(), *_slots(kind)]:
            if name != "args" and hasattr(error, name):
                setattr(made, name, _bare(getattr(error, name), causes))
        for name, value in vars(error).items():
            vars(made)[name] = _bare(value, causes)
        made.args = tuple(_bare(value, causes) for value in error.args)
    except Exception:
        # Such as one of an extension, which may copy itself.
        made = copy.copy(error)
        if made is error or type(made) is not kind:
            raise
    made.__traceback__ = None
    made.__context__ = _cause(error.__context__, causes)
    made.__cause__ = _cause(error.__cause__, causes)
    made.__suppress_context__ = error.__suppress_context__
    return made  # type: ignore[no-any-return]


def _cause(error: BaseException | None, causes: int) -> Exception | None:
    if not isinstance(error, Exception) or not causes:
        return None
    try:
        return without_frames(error, causes - 1)
    except Exception:  # noqa: BLE001 - the error itself is worth keeping without its cause
        return None


def _bare(value: Any, causes: int) -> Any:
    """Return an argument or attribute without the frames that it leads to at once."""
    if isinstance(value, BaseException):
        return _cause(value, causes)
    if isinstance(value, (FrameType, TracebackType)):
        return None
    if type(value) in (list, tuple) and any(isinstance(each, BaseException) for each in value):
        return type(value)(_bare(each, causes) for each in value)
    return value


def _slots(kind: type) -> list[str]:
    """Return the names of attributes that a class keeps outside of its dictionary."""
    names = []
    for each in kind.__mro__:
        if each.__module__ != "builtins":
            declared = each.__dict__.get("__slots__", ())
            names += [declared] if isinstance(declared, str) else list(declared)
    return [name for name in names if not name.startswith("__")]


def _size(error: BaseException, causes: int = _MOST_CAUSES) -> int:
    parts = [error, *error.args, *vars(error).values()]
    size = sum(sys.getsizeof(part, 0) for part in parts)
    for cause in (error.__cause__, error.__context__):
        if cause is not None and causes:
            size += _size(cause, causes - 1)
    return size
