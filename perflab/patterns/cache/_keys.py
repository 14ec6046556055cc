"""The keys of a memoized function: what its arguments are looked up by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from reprlib import Repr
from types import FunctionType
from typing import Any, cast

from perflab.errors import BadInputError

_KEYWORDS = object()
"""Stands in a key between the positional arguments and the named ones."""

_TYPES = object()
"""Stands in a key between the arguments and their types."""

_short = Repr()
_short.maxstring = _short.maxother = 80


class KeyMaker:
    """Makes the key of a call, and knows what call a key is of.

    As with `functools.lru_cache`, arguments that are equal are one key (1, 1.0 and True) unless
    `typed`; other than there, the order of named arguments does not matter. A function of one
    parameter has its argument itself as a key, so that ``f(5)`` and ``f(x=5)`` are one.

    Attributes:
        of: Returns the key of a call's arguments.
        parameter: The name of the only parameter, where the argument itself is the key.
        custom: Whether the user's own function makes the keys.
        always: Whether `of` is needed without named arguments too; else their tuple is the key.
    """

    def __init__(
        self, function: Callable[..., object], key: Callable[..., Hashable] | None, *, typed: bool
    ) -> None:
        if key is not None and typed:
            raise BadInputError(
                "has no effect with key=, which makes the keys; leave it out", "typed"
            )
        if key is not None and not callable(key):
            raise BadInputError(f"{key!r} is not a function of the call's arguments", "key")
        self._name = getattr(function, "__qualname__", None) or type(function).__qualname__
        self.custom = key is not None
        self.always = typed or self.custom
        self.parameter: str | None = None
        self.of: Callable[..., Hashable]
        if key is not None:
            self.of = key
        elif typed:
            self.of = _typed_key
        else:
            self.of = argument_key
            self.parameter = _only_parameter(function)
            if self.parameter is not None:
                self.of = with_parameter_of(function, self.parameter, lambda argument: argument)

    def is_of(self, key: Hashable, instance: object) -> bool:
        """Say whether a key is of a call with this object as the first argument."""
        if self.parameter is None:
            args, _ = _parts(key)
            if not args:
                return False
            first = args[0]
        else:
            first = key
        return first is instance or bool(first == instance)

    def describe(self, key: Hashable) -> str:
        """Return a call in short, such as ``fetch(5, depth=2)``, from its key."""
        if self.parameter is not None:
            return f"{self._name}({_short.repr(key)})"
        args, named = _parts(key)
        said = [_short.repr(value) for value in args]
        said += [f"{name}={_short.repr(value)}" for name, value in named]
        return f"{self._name}({', '.join(said)})"


def argument_key(*args: object, **kwargs: object) -> Hashable:
    """Return a function's arguments as a key; without named ones, just their tuple."""
    return (args, _KEYWORDS, *sorted(kwargs.items())) if kwargs else args


def with_parameter_of(
    function: Callable[..., object], name: str, wrapper: Callable[[Hashable], object]
) -> FunctionType:
    """Return a function of one parameter with the name and default of another's."""
    plain = cast("FunctionType", wrapper)
    code = plain.__code__.replace(co_varnames=(name, *plain.__code__.co_varnames[1:]))
    defaults = getattr(function, "__defaults__", None)
    return FunctionType(code, plain.__globals__, name, defaults, plain.__closure__)


def _typed_key(*args: object, **kwargs: object) -> Hashable:
    named = sorted(kwargs.items())
    types = [type(value) for value in args] + [type(value) for _, value in named]
    if named:
        return (args, _KEYWORDS, *named, _TYPES, *types)
    return (args, _TYPES, *types)


def _parts(key: Any) -> tuple[tuple[object, ...], list[tuple[str, object]]]:
    """Return the positional and the named arguments that a key was made of."""
    if len(key) < 2 or (key[1] is not _KEYWORDS and key[1] is not _TYPES):
        return key, []
    named = []
    for pair in key[2:] if key[1] is _KEYWORDS else ():
        if pair is _TYPES:
            break
        named.append(pair)
    return key[0], named


def _only_parameter(function: Callable[..., object]) -> str | None:
    """Return the name of a plain function's parameter where it has exactly one, else None."""
    if not isinstance(function, FunctionType):
        return None
    parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    if len(parameters) != 1 or parameters[0].kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
        return None
    return parameters[0].name
