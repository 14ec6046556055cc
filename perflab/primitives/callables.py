"""What a callable is called by every process, what it brings along, and whether it is async."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from perflab.errors import BadInputError

GIVE_NAME = "pass name=, a name that no other function has, or key="

_MOST_WRAPPERS = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """A function with the arguments that a callable brings along.

    Attributes:
        function: The function itself.
        args: Positional arguments before those of a call: the object of a bound method, and what
            `functools.partial` holds.
        kwargs: Named arguments, which those of a call replace.
    """

    function: Callable[..., object]
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = dataclasses.field(default_factory=dict)


def unbound(function: Callable[..., object]) -> Bound:
    """Return the function behind bound methods and `functools.partial`, with their arguments."""
    if isinstance(function, functools.partial):
        inner = unbound(function.func)
        args, kwargs = (*inner.args, *function.args), {**inner.kwargs, **function.keywords}
        return Bound(inner.function, args, kwargs)
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        return Bound(function)
    if isinstance(function, types.MethodType):
        inner = unbound(function.__func__)
        return Bound(inner.function, (*inner.args, owner), inner.kwargs)
    return Bound(function, (owner,))


def function_name(function: Callable[..., object]) -> str:
    """Return the name by which another process knows a function too.

    Raises:
        BadInputError: If it has none: a lambda, a function inside another one, one of a script
            or a notebook, one whose name another function has now, or a callable object.
    """
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if not isinstance(name, str) or not isinstance(module, str):
        raise BadInputError(f"has no name of its own; {GIVE_NAME}", type(function).__name__)
    if "<" in name:
        where = "is a lambda" if name.endswith("<lambda>") else "is defined inside a function"
        text = f"{where}, so others may have its name too; {GIVE_NAME}"
        raise BadInputError(text, f"{module}.{name}")
    if module == "__main__":
        text = f"belongs to a script or notebook, so other programs may have its name; {GIVE_NAME}"
        raise BadInputError(text, name)
    if _is_replaced(function, module, name):
        text = f"is not the one function that its module has under this name; {GIVE_NAME}"
        raise BadInputError(text, f"{module}.{name}")
    return f"{module}.{name}"


def named(module: str, qualified_name: str) -> object:
    """Return what a module has under a name such as ``Shop.price``; None where there is none."""
    found: object = sys.modules.get(module)
    for name in qualified_name.split("."):
        held = getattr(found, "__dict__", {})
        # In a class, a name such as __price stands under the class's name too.
        private = f"_{getattr(found, '__name__', '').lstrip('_')}{name}"
        found = held.get(name, held.get(private))
    return found


def shown_name(function: Callable[..., object]) -> str:
    """Return what a callable is called in an error."""
    name = getattr(unbound(function).function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__name__


def wraps_async(function: Callable[..., object]) -> bool:
    """Return whether a function is async, or says by ``__wrapped__`` that it calls one that is."""
    for _ in range(_MOST_WRAPPERS):
        if is_async(function):
            return True
        function = getattr(unbound(function).function, "__wrapped__", None)  # type: ignore[assignment]
        if function is None:
            break
    return False


def is_async(function: Callable[..., object]) -> bool:
    """Return whether a call returns a coroutine: also of a partial, a bound method, an object."""
    return _is(function, inspect.iscoroutinefunction)


def makes_generators(function: Callable[..., object]) -> bool:
    """Return whether a call returns a generator, which can be gone through only once."""
    return _is(function, inspect.isgeneratorfunction) or _is(function, inspect.isasyncgenfunction)


def inside_descriptor(
    function: object, decorate: Callable[[Callable[..., object]], Callable[..., object]]
) -> Any:
    """Return a static, class or partial method of a decorated function; None for anything else."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(decorate(function.__func__))
    if isinstance(function, functools.partialmethod):
        inner = decorate(function.func)
        return functools.partialmethod(inner, *function.args, **function.keywords)
    return None


def _is(function: Callable[..., object], test: Callable[[object], bool]) -> bool:
    plain = unbound(function).function
    if test(plain):
        return True
    call = getattr(type(plain), "__call__", None)  # noqa: B004 - of an object that is callable
    return not isinstance(plain, types.FunctionType) and call is not None and test(call)


def _is_replaced(function: Callable[..., object], module: str, name: str) -> bool:
    """Return whether another function may have the name.

    The module has another one under it now, as after two ``def _``; or the function was given
    the name, as by `functools.wraps`, and so may others.
    """
    found = _inside(named(module, name))
    behind = [found]
    while hasattr(behind[-1], "__wrapped__") and len(behind) < _MOST_WRAPPERS:
        behind.append(_inside(behind[-1].__wrapped__))
    if any(one is function for one in behind):
        return False
    if isinstance(function, types.FunctionType):
        is_own = function.__code__.co_qualname == name
    else:
        is_own = not hasattr(function, "__wrapped__")
    # A decorator may return an object of its own that does not say what it calls.
    names = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    return not is_own or names == (module, name)


def _inside(found: object) -> object:
    """Return the function inside a descriptor of a class."""
    if isinstance(found, (staticmethod, classmethod)):
        return found.__func__
    if isinstance(found, property):
        return found.fget
    if isinstance(found, (functools.cached_property, functools.partialmethod)):
        return found.func
    return found
