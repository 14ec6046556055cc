"""What is found of a workload once, as it takes a pass over all its requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

W = TypeVar("W")


def found_once(find: Callable[[W], dict[str, Any]]) -> Callable[[W], dict[str, Any]]:
    """Return a function that computes its answer once for each workload.

    Workloads do not change, and are told apart by identity. The answer is held by a weak
    reference to the workload, so that it goes when the workload does; callers get a copy.
    """
    known: WeakKeyDictionary[W, dict[str, Any]] = WeakKeyDictionary()

    @wraps(find)
    def found(workload: W) -> dict[str, Any]:
        answer = known.get(workload)
        if answer is None:
            answer = known[workload] = find(workload)
        return dict(answer)

    return found
