"""A clock, and places that are taken and given back, in plain Python."""

from __future__ import annotations

import heapq
import itertools
from collections import deque


class Moments:
    """Does what is to be done, in order of time."""

    def __init__(self):
        self.now, self.todo, self.count = 0.0, [], itertools.count()

    def at(self, moment, act, *told):
        heapq.heappush(self.todo, (moment, next(self.count), act, told))

    def after(self, seconds, act, *told):
        self.at(self.now + seconds, act, *told)

    def run(self):
        while self.todo:
            self.now, _, act, told = heapq.heappop(self.todo)
            act(*told)


class Places:
    """So many places; who finds none waits, in order, as long as it may."""

    def __init__(self, moments, free):
        self.moments, self.free, self.line = moments, free, deque()

    def take(self, then, timeout=None, otherwise=None):
        if self.free:
            self.free -= 1
            then()
            return
        self.line.append(then)
        if timeout is not None:
            self.moments.after(timeout, self._leave, then, otherwise)

    def give(self):
        if self.line:
            self.line.popleft()()
        else:
            self.free += 1

    def _leave(self, then, otherwise):
        if then in self.line:
            self.line.remove(then)
            otherwise()
