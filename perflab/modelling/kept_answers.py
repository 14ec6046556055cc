"""`KeptAnswers`: what a model has computed, as long as there is room for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MOST_ANSWERS = 10_000
"""So many answers over a whole workload are kept: those of all that a panel shows, many times."""

MOST_SLICES = 64
"""So many answers over slices are kept: a run asks for a longer one each time, and none again."""

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class KeptAnswers(Generic[Key, Answer]):
    """Answers by what was asked; the one not asked for longest goes first. Safe to share.

    Args:
        most: So much they may weigh together; the newest stays, whatever it weighs.
        weigh: What an answer weighs; one each where nothing is given.
    """

    def __init__(
        self, most: int = MOST_ANSWERS, weigh: Callable[[Answer], int] = lambda _: 1
    ) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, Answer] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._answers

    def __len__(self) -> int:
        with self._lock:
            return len(self._answers)

    def get(self, key: Key) -> Answer | None:
        """Return an answer, which then is the last to go; none where it is not kept."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer, in place of the one that was kept."""
        with self._lock:
            if key in self._answers:
                self._weight -= self._weigh(self._answers.pop(key))
            self._answers[key] = answer
            self._weight += self._weigh(answer)
            while self._weight > self._most and len(self._answers) > 1:
                self._weight -= self._weigh(self._answers.popitem(last=False)[1])

    def answer(self, key: Key, compute: Callable[[], Answer]) -> Answer:
        """Return the answer that is kept, or compute it and keep it.

        Nothing is locked meanwhile: two threads that ask for the same at once both compute it.
        """
        found = self.get(key)
        if found is None:
            found = compute()
            self.keep(key, found)
        return found
