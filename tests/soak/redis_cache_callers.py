"""Random operations on one cache, threaded or asyncio, each checked against the truth."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from redis_cache_truth import KEYS, Truth

REFUSED = 3 + 4j
"""A value that no serializer writes."""


class Caller:
    """One thread or task that does operations, and counts what the cache should have counted.

    Args:
        cache: What is called.
        truth: What is true in its namespace.
        rng: Where choices come from.
        is_async: Whether the cache is awaited.
        is_strict: Whether it always locks, so that ages and loads are checked.
    """

    def __init__(
        self, cache: Any, truth: Truth, rng: random.Random, *, is_async: bool, is_strict: bool
    ) -> None:
        self.cache = cache
        self.truth = truth
        self.rng = rng
        self.is_async = is_async
        self.is_strict = is_strict
        self.done = self.lookups = self.loads = self.load_errors = self.values_refused = 0
        self._kinds: list[Callable[[], Any]] = [
            *[self.load] * 40,
            *[self.read] * 20,
            *[self.read_many] * 8,
            *[self.load_many] * 8,
            *[self.remove] * 10,
            *[self.write] * 6,
            *[self.write_many] * 3,
            *[self.call] * 4,
            *[self.load_nothing] * 2,
            *[self.load_refused, self.load_failing] * 2,
        ]
        self._square = self._memoized()

    def do_now(self) -> None:
        """Do one operation on a threaded cache."""
        steps = self.do()
        try:
            steps.send(None)
        except StopIteration:
            return
        raise AssertionError("a threaded cache awaits nothing")

    async def do(self) -> None:
        """Do one operation."""
        kind = self.clear if self.rng.random() < 0.0005 else self.rng.choice(self._kinds)
        self.done += 1
        await kind()

    async def read(self) -> None:
        """Ask for the value of a key."""
        (key,) = self._keys(1)
        least = self._least(None, [key])
        self.lookups += 1
        value = await self._answer(self.cache.get(key))
        if value is not None:
            self.truth.check(key, value, least[key])

    async def read_many(self) -> None:
        """Ask for the values of several keys."""
        keys = self._keys(8)
        least = self._least(None, keys)
        self.lookups += len(keys)
        for key, value in (await self._answer(self.cache.get_many(keys))).items():
            self.truth.check(key, value, least[key])

    async def load(self) -> None:
        """Ask for the value of a key, or its load."""
        (key,) = self._keys(1)
        least = self._least(self.cache, [key])
        self.lookups += 1
        value = await self._answer(self.cache.get_or_load(key, self._loader(key)))
        self.truth.check(key, value, least[key])

    async def load_many(self) -> None:
        """Ask for the values of several keys, or one load of those that are missing."""
        keys = self._keys(8)
        least = self._least(self.cache, keys)
        self.lookups += len(keys)
        values = await self._answer(self.cache.get_or_load_many(keys, self._loader_of_many()))
        if sorted(values) != sorted(keys):
            self.truth.broken.append(f"{keys} were answered by {sorted(values)}")
        for key, value in values.items():
            self.truth.check(key, value, least[key])

    async def remove(self) -> None:
        """Change a key in the database and remove it from the cache."""
        await self._change(self._keys(1), lambda keys: self.cache.delete(*keys))

    async def write(self) -> None:
        """Change a key in the database and write it."""
        await self._change(
            self._keys(1), lambda keys: self.cache.set(*keys, self.truth.value(*keys))
        )

    async def write_many(self) -> None:
        """Change several keys in the database and write them."""

        def write(keys: list[str]) -> Any:
            return self.cache.set_many({key: self.truth.value(key) for key in keys})

        await self._change(self._keys(8), write)

    async def clear(self) -> None:
        """Change all keys in the database and clear the cache."""
        await self._change(list(KEYS), lambda _: self.cache.clear())

    async def call(self) -> None:
        """Call a function whose results are kept."""
        number = self.rng.randrange(50)
        self.lookups += 1
        value = await self._answer(self._square(number))
        if value != number * number:
            self.truth.broken.append(f"the square of {number} was answered by {value!r}")

    async def load_nothing(self) -> None:
        """Ask for what the database has not."""
        await self._expect("nothing", None)

    async def load_refused(self) -> None:
        """Ask for what no serializer writes."""
        await self._expect("refused", REFUSED)

    async def load_failing(self) -> None:
        """Ask for what the database fails to give."""
        try:
            await self._expect("failing", ZeroDivisionError("of the loader"))
        except ZeroDivisionError:
            return
        self.truth.broken.append("an error of a loader did not reach its caller")

    async def _expect(self, key: str, brought: Any) -> None:
        self.lookups += 1

        def load() -> Any:
            return self._brought(brought)

        async def load_async() -> Any:
            await asyncio.sleep(0)
            return self._brought(brought)

        loader = load_async if self.is_async else load
        value = await self._answer(self.cache.get_or_load(key, loader))
        if value != brought:
            self.truth.broken.append(f"{key} was answered by {value!r}")

    def _brought(self, value: Any) -> Any:
        self.loads += 1
        if isinstance(value, Exception):
            self.load_errors += 1
            raise value
        self.values_refused += value == REFUSED
        return value

    async def _change(self, keys: list[str], tell: Callable[[list[str]], Any]) -> None:
        """Change keys that nobody else is changing, and tell the cache."""
        mine = [key for key in keys if self.truth.writing[key].acquire(blocking=False)]
        try:
            if not mine or len(mine) < len(keys):
                return
            troubles = self.truth.troubles()
            versions = self.truth.change(mine)
            await self._answer(tell(mine))
            self.truth.changed(self.cache, versions, troubles)
        finally:
            for key in mine:
                self.truth.writing[key].release()

    async def _answer(self, result: Any) -> Any:
        return await result if self.is_async else result

    def _keys(self, most: int) -> list[str]:
        """Return some keys, a few of them much more often than the others."""
        numbers = (int(self.rng.expovariate(0.1)) for _ in range(self.rng.randint(1, most)))
        return sorted({KEYS[min(number, len(KEYS) - 1)] for number in numbers})

    def _least(self, cache: Any, keys: list[str]) -> dict[str, int]:
        return self.truth.bounds(cache, keys) if self.is_strict else dict.fromkeys(keys, 1)

    def _loader(self, key: str) -> Callable[[], Any]:
        asked = self.truth.asked(key) if self.is_strict else None
        seconds = self.rng.choice((0.0, 0.0, 0.001, 0.003))

        def load() -> Any:
            noted = self.truth.begin_load(key, asked)
            value = self.truth.value(key)
            time.sleep(seconds)
            self.truth.end_load(key, noted)
            self.loads += 1
            return value

        async def load_async() -> Any:
            noted = self.truth.begin_load(key, asked)
            value = self.truth.value(key)
            await asyncio.sleep(seconds)
            self.truth.end_load(key, noted)
            self.loads += 1
            return value

        return load_async if self.is_async else load

    def _loader_of_many(self) -> Callable[[list[str]], Any]:
        seconds = self.rng.choice((0.0, 0.001))

        def load(keys: list[str]) -> Any:
            values = {key: self.truth.value(key) for key in keys}
            time.sleep(seconds)
            self.loads += 1
            return values

        async def load_async(keys: list[str]) -> Any:
            values = {key: self.truth.value(key) for key in keys}
            await asyncio.sleep(seconds)
            self.loads += 1
            return values

        return load_async if self.is_async else load

    def _memoized(self) -> Callable[[int], Any]:
        def square(number: int) -> int:
            self.loads += 1
            return number * number

        async def square_async(number: int) -> int:
            await asyncio.sleep(0)
            return square(number)

        keep = self.cache.memoize(name="square", version=1)
        return keep(square_async if self.is_async else square)  # type: ignore[no-any-return]
