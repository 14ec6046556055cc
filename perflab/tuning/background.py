"""What is computed most wanted first, until it is no longer wanted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError

Item = TypeVar("Item")


def compute_in_order(
    compute: Callable[[Item], object],
    items: Iterable[Item],
    changed: Progress,
    cancelled: Cancelled,
) -> bool:
    """Compute items in their order, one core left to drawing and to a newer wish.

    Args:
        compute: Computes one item; called in threads. One that it refuses as bad input is passed
            over.
        items: In the order in which they are wanted.
        changed: Called with the number of items done and of all, when some have come.
        cancelled: Asked between two items; when it says so, the rest is left.

    Returns:
        Whether it came to the end.
    """
    missing = list(items)
    done, total = 0, len(missing)
    changed(done, total)
    threads = max(1, (os.cpu_count() or 1) - 1)
    pool = ThreadPoolExecutor(threads)
    going: set[Future[object]] = set()
    try:
        while (missing or going) and not cancelled():
            while missing and len(going) < threads:
                going.add(pool.submit(compute, missing.pop(0)))
            finished, going = wait(going, timeout=0.01, return_when=FIRST_COMPLETED)
            for error in filter(None, (each.exception() for each in finished)):
                if not isinstance(error, BadInputError):
                    raise error
            if finished:
                done += len(finished)
                changed(done, total)
    finally:
        # What is being computed ends by itself; who moved a slider does not wait for it.
        pool.shutdown(wait=False, cancel_futures=True)
    return not missing and not going


def compute_one_by_one(
    compute: Callable[[Item], object],
    items: Sequence[Item],
    changed: Progress,
    cancelled: Cancelled,
) -> bool:
    """Compute items that are quick, in the thread of who calls.

    Args and result are those of `compute_in_order`; `changed` is called after each item.
    """
    for done, item in enumerate(items, start=1):
        if cancelled():
            return False
        with contextlib.suppress(BadInputError):
            compute(item)
        changed(done, len(items))
    return True
