"""The parts of prefetching: a claimed range, a fetched batch, and the errors."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")


class Nothing(enum.Enum):
    """Stands where no item is left of a batch."""

    NOTHING = 0


NOTHING: Final = Nothing.NOTHING


class FetchTimeoutError(TimeoutError):
    """A fetch took longer than the timeout, and so did its retries."""


class ShortPageError(RuntimeError):
    """A page had fewer items than requested, though it was not the last one."""


class EndOfItems(Exception):  # noqa: N818  (an end is no error)
    """There are no more items; never seen outside of the prefetcher."""


class Worker:
    """One thread's place; `left` once it is one too many, or another has taken its range."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = False


@dataclasses.dataclass(slots=True)
class Claim:
    """A range of items that is being fetched.

    Attributes:
        number: Which batch of the stream, from 0.
        start: The first item.
        stop: The item after the last.
        attempt: Which attempt is the present one, from 1; what an earlier one brings is let go.
        began: When that started, as `time.perf_counter` tells it; 0 where it has not.
        deadline: When it will have taken too long; infinite while it is not being fetched.
        owner: Who fetches it, where somebody must be told that another does now.
    """

    number: int
    start: int
    stop: int
    attempt: int = 1
    began: float = 0.0
    deadline: float = math.inf
    owner: Worker | None = None


@dataclasses.dataclass(slots=True)
class Batch(Generic[T]):
    """What was fetched of a range, or why it could not be.

    Attributes:
        items: The items, in order; fewer than wanted at the end of the stream.
        size: Their bytes, where somebody wants to know.
        wanted: How many were requested: the room that it holds in the buffer.
        error: Raised in place of the items.
        since: When it was there, as `time.perf_counter` tells it.
    """

    items: Sequence[T]
    size: int
    wanted: int
    error: BaseException | None = None
    since: float = 0.0


def as_sequence(items: Iterable[T]) -> Sequence[T]:
    """Return what a fetch returned as a sequence."""
    return items if isinstance(items, (list, tuple)) else list(items)


def as_raised(error: BaseException, claim: Claim, attempts: int) -> BaseException:
    """Return the error that the consumer gets: the source's own, with a note of what was asked.

    An error that would silently end a loop is wrapped, as generators do (PEP 479).
    """
    if isinstance(error, (StopIteration, StopAsyncIteration)):
        wrapped = RuntimeError(f"the fetch raised {type(error).__name__}")
        wrapped.__cause__ = error
        error = wrapped
    times = "once" if attempts == 1 else f"{attempts} times"
    error.add_note(f"while items {claim.start} to {claim.stop} were fetched, tried {times}")
    return error
