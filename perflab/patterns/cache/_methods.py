"""Methods whose results a cache keeps: bound to their object, `forget` and the rest included."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any


class MemoizedMethod(functools.partial[Any]):
    """A memoized function of a class; an object's attribute is bound to the object.

    It is the wrapper with no argument given yet, so that calling it costs no frame and
    `inspect.iscoroutinefunction` looks through it.
    """

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self.func if instance is None else _BoundMethod(self.func, instance)


class MemoizedClassMethod(MemoizedMethod):
    """A memoized class method."""

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return _BoundMethod(self.func, type(instance) if owner is None else owner)


class _BoundMethod(functools.partial[Any]):
    # A memoized method of one object, as `types.MethodType` is one of a plain function.

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.func.__doc__

    @property
    def __self__(self) -> object:
        """The object."""
        return self.args[0]

    @property
    def __func__(self) -> Callable[..., Any]:
        """The memoized function."""
        return self.func

    @property
    def __wrapped__(self) -> Any:
        """The method as it was written, bound to the object."""
        return self.func.__wrapped__.__get__(self.__self__)  # type: ignore[attr-defined]

    def forget(self, *args: object, **kwargs: object) -> None:
        """Forget the object's result for these arguments, if it is kept."""
        self.func.forget(self.__self__, *args, **kwargs)  # type: ignore[attr-defined]

    def cache_clear(self) -> None:
        """Forget all results of the object."""
        self.func.clear_of(self.__self__)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _BoundMethod)
            and self.func is other.func
            and self.__self__ is other.__self__
        )

    def __hash__(self) -> int:
        return hash((id(self.__self__), self.func))

    def __reduce__(self) -> tuple[object, tuple[object, str]]:
        return getattr, (self.__self__, self.func.__name__)

    def __repr__(self) -> str:
        return f"<bound method {self.func.__qualname__} of {self.__self__!r}>"


def is_of_class(function: Callable[..., object]) -> bool:
    """Say whether a function was written in the body of a class, by its qualified name."""
    where = getattr(function, "__qualname__", "").rpartition(".")[0]
    return isinstance(function, FunctionType) and where != "" and not where.endswith("<locals>")


def plain_function(descriptor: Any) -> Callable[..., Any]:
    """Return a function of an object and arguments that does what a descriptor's method does."""

    def method(instance: object, /, *args: object, **kwargs: object) -> Any:
        return descriptor.__get__(instance, type(instance))(*args, **kwargs)

    async def coroutine_method(instance: object, /, *args: object, **kwargs: object) -> Any:
        return await descriptor.__get__(instance, type(instance))(*args, **kwargs)

    function = getattr(descriptor, "func", None)
    made = coroutine_method if inspect.iscoroutinefunction(function) else method
    if function is not None:
        functools.update_wrapper(made, function)
    return made
