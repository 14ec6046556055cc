"""Real traces, and plain Python caches that the kernels must agree with."""

from __future__ import annotations

import importlib.util
import lzma
import math
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import settings

from perflab.kernels import compile_all

# The length of a test depends on how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.register_profile("uncompiled", deadline=None, max_examples=10)
settings.load_profile("uncompiled" if numba.config.DISABLE_JIT else "unhurried")

spec = importlib.util.spec_from_file_location(
    "plain_adaptive", Path(__file__).with_name("plain_adaptive.py")
)
adaptive = importlib.util.module_from_spec(spec)
spec.loader.exec_module(adaptive)


class PlainCache:
    """One list from tail to head, and every rule of the bounded caches written out."""

    def __init__(
        self, policy: str, max_entries: int, max_bytes: int, *, eager: bool = False
    ) -> None:
        self.policy = policy
        self.eager = eager
        self.clock = 0
        self.written: dict[int, int] = {}
        self.used: dict[int, tuple[int, int]] = {}
        self.draws = 3
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.queue: list[int] = []
        self.size: dict[int, int] = {}
        self.deadline: dict[int, float] = {}
        self.visited: set[int] = set()
        self.hand: int | None = None
        self.hits = self.misses = self.evictions = self.expirations = self.hit_bytes = 0

    def request(self, key: int, size: int, now: float, life: float) -> bool:
        self.clock += 1
        if self.eager:
            self.sweep(now)
        if key in self.size:
            if now < self.deadline[key]:
                self.hits += 1
                self.hit_bytes += size
                self.use(key)
                return True
            self.expirations += 1
            self.remove(key)
        self.misses += 1
        if self.max_entries < 1 or (self.max_bytes > 0 and size > self.max_bytes):
            return False
        while not self.has_room(size):
            self.evict(now)
        self.queue.append(key)
        self.size[key] = size
        self.deadline[key] = now + life
        self.written[key] = self.clock
        self.used[key] = (1, self.clock)
        return False

    def write(self, key: int, size: int, now: float, life: float, *, fill: bool) -> None:
        """Use and change what is there, or insert as after a miss."""
        if self.is_live(key, now):
            fits = not 0 < self.max_bytes < size
            if fits and not fill:
                self.use(key)
            self.renew(key, size, now, life)
            if not fits or key in self.size:
                return
        self.request(key, size, now, life)
        self.misses -= 1

    def use(self, key: int) -> None:
        self.visited.add(key)
        self.used[key] = (self.used[key][0] + 1, self.clock)
        if self.policy == "lru":
            self.queue.remove(key)
            self.queue.append(key)

    def take(self, key: int, now: float) -> None:
        if self.is_live(key, now):
            self.remove(key)

    def renew(self, key: int, size: int | None, now: float, life: float) -> None:
        """Change lifetime and, where one is given, size; what then is too much makes room."""
        if not self.is_live(key, now):
            return
        if size is not None and 0 < self.max_bytes < size:
            self.remove(key)
            return
        self.deadline[key], self.written[key] = now + life, self.clock
        self.size[key] = self.size[key] if size is None else size
        while 0 < self.max_bytes < sum(self.size.values()):
            self.evict(now)

    def is_live(self, key: int, now: float) -> bool:
        """Say whether a key is held; an expired entry leaves."""
        self.clock += 1
        if self.eager:
            self.sweep(now)
        if key in self.size and now >= self.deadline[key]:
            self.expirations += 1
            self.remove(key)
        return key in self.size

    def evict(self, now: float) -> None:
        victim = self.victim()
        if now < self.deadline[victim]:
            self.evictions += 1
        else:
            self.expirations += 1
        self.remove(victim)

    def sweep(self, now: float) -> None:
        expired = [key for key in self.queue if self.deadline[key] <= now]
        for key in sorted(expired, key=lambda key: (self.deadline[key], self.written[key])):
            self.expirations += 1
            self.remove(key)

    def has_room(self, size: int) -> bool:
        if len(self.queue) >= self.max_entries:
            return False
        return self.max_bytes <= 0 or sum(self.size.values()) + size <= self.max_bytes

    def victim(self) -> int:
        if self.policy == "random":
            return self.queue[self.draw(len(self.queue))]
        if self.policy == "lfu":
            return min(self.queue, key=self.used.__getitem__)
        if self.policy == "clock":
            while self.queue[0] in self.visited:
                self.visited.remove(self.queue[0])
                self.queue.append(self.queue.pop(0))
        if self.policy != "sieve":
            return self.queue[0]
        if self.hand is None:
            self.hand = 0
        while self.queue[self.hand] in self.visited:
            self.visited.remove(self.queue[self.hand])
            self.hand = (self.hand + 1) % len(self.queue)
        return self.queue[self.hand]

    def remove(self, key: int) -> None:
        index = self.queue.index(key)
        if self.policy == "random":
            self.queue[index] = self.queue[-1]
            index = len(self.queue) - 1
        del self.queue[index], self.size[key], self.deadline[key]
        self.visited.discard(key)
        if self.hand is not None:
            if index < self.hand:
                self.hand -= 1
            if self.hand == len(self.queue):
                self.hand = None

    def draw(self, choices: int) -> int:
        """Marsaglia's xorshift with shifts 13, 7 and 17, its high half scaled to the choices."""
        for shift in (13, -7, 17):
            moved = self.draws << shift if shift > 0 else self.draws >> -shift
            self.draws = (self.draws ^ moved) % 2**64
        return (self.draws >> 32) * choices >> 32

    def reset_counts(self) -> None:
        self.hits = self.misses = self.evictions = self.expirations = self.hit_bytes = 0

    def counts(self) -> tuple[int, ...]:
        events = (self.hits, self.misses, self.evictions, self.expirations, self.hit_bytes)
        return (*events, len(self.queue), sum(self.size.values()))


class PlainS3Fifo(PlainCache):
    """A small and a main queue of one cache, and a ghost; each bound is shared out in tenths."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.small: list[int] = []
        self.main: list[int] = []
        self.ghost: dict[int, int] = {}
        self.uses: dict[int, int] = {}
        self.evicted = False

    def full(self, queue: list[int], tenths: int, *, above: bool) -> bool:
        most, most_bytes = int(self.max_entries * 0.1) or 1, int(self.max_bytes * 0.1) or 1
        if tenths == 9:
            most, most_bytes = self.max_entries - most, self.max_bytes - most_bytes
        held = sum(self.size[key] for key in queue)
        return len(queue) >= most + above or (self.max_bytes > 0 and held >= most_bytes + above)

    def request(self, key: int, size: int, now: float, life: float) -> bool:
        self.asked, self.remembered = key, False
        hit = super().request(key, size, now, life)
        if not hit and key in self.queue:
            early = not self.evicted and self.full(self.small, 1, above=False)
            (self.main if self.remembered or early else self.small).append(key)
            self.uses[key] = 0
        return hit

    def use(self, key: int) -> None:
        self.uses[key] = min(3, self.uses[key] + 1)

    def has_room(self, size: int) -> bool:
        if self.ghost.pop(self.asked, None) is not None:
            self.remembered = True
        return super().has_room(size)

    def victim(self) -> int:
        self.evicted = True
        if self.small and not self.full(self.main, 9, above=True):
            while self.small:
                key = self.small[0]
                if self.uses[key] < 2:
                    self.haunt(key)
                    return key
                self.main.append(self.small.pop(0))
                self.uses[key] = 0
        while self.uses[self.main[0]] > 0:
            self.uses[self.main[0]] -= 1
            self.main.append(self.main.pop(0))
        return self.main[0]

    def haunt(self, key: int) -> None:
        most, most_bytes = int(self.max_entries * 0.9), int(self.max_bytes * 0.9)
        size = self.size[key]
        if most < 1 or (self.max_bytes > 0 and size > most_bytes):
            return
        while len(self.ghost) == most or (
            self.max_bytes > 0 and sum(self.ghost.values()) + size > most_bytes
        ):
            del self.ghost[next(iter(self.ghost))]
        self.ghost[key] = size

    def remove(self, key: int) -> None:
        super().remove(key)
        (self.small if key in self.small else self.main).remove(key)


PLAIN_BITS = {
    "popcount": lambda word: int(word).bit_count(),
    "highest_bit": lambda word: int(word).bit_length() - 1,
    "prefetch": lambda _array, _index: None,
}
PLAIN = {"s3fifo": PlainS3Fifo, **adaptive.PLAIN}


def run_plain(
    policy: str,
    ids: Sequence[int],
    n_keys: int,
    max_entries: int,
    *,
    sizes: Sequence[int] = (),
    max_bytes: int = 0,
    times: Sequence[float] = (),
    ttl: float = math.inf,
    ttls: Sequence[float] = (),
    start: int = 0,
    eager: bool = False,
    operations: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Return what a bounded kernel must count."""
    cache = PLAIN.get(policy, PlainCache)(policy, max_entries, max_bytes, eager=eager)
    if policy == "wtinylfu":
        fitting = min(max_entries, n_keys)
        if max_bytes > 0:
            codes = operations if operations is not None else [0] * len(ids)
            loads = [size for t, size in enumerate(sizes) if codes[t] < 2]
            fitting = min(fitting, int(max_bytes / max(1.0, np.mean(loads) if loads else 1.0)))
        cache.sketch = adaptive.PlainSketch(max(1, fitting))
    loaded: set[int] = set()
    for t, key in enumerate(ids):
        if t == start:
            cache.reset_counts()
        life = ttl
        if len(ttls) and not math.isnan(ttls[t]):
            life = ttls[t]
        now = times[t] if len(times) else 0.0
        size, life = sizes[t] if len(sizes) else 1, life if len(times) else math.inf
        operate(cache, 0 if operations is None else operations[t], key, size, now, life, loaded)
    if start >= len(ids):
        cache.reset_counts()
    return cache.counts()


def operate(
    cache: Any, operation: int, key: int, size: int, now: float, life: float, loaded: set[int]
) -> bool:
    """Do what a row says; return whether it hits. `loaded` are keys whose last get missed."""
    if operation == 0:
        hit = cache.request(key, size, now, life)
        (loaded.discard if hit else loaded.add)(key)
        return bool(hit)
    fill = key in loaded and operation in (1, 4)
    loaded.discard(key)
    if operation == 2:
        cache.renew(key, None, now, life)
    elif operation == 1:
        cache.write(key, size, now, life, fill=fill)
    elif operation == 4 and fill:
        cache.renew(key, size, now, life)
    else:
        cache.take(key, now)
    return False


def run_flags(policy: str, ids: Sequence[int], capacity: int) -> list[int]:
    """Return 1 for every request that hits, 0 otherwise, of a cache without bytes or expiry."""
    if policy == "opt":
        return belady_flags(ids, capacity)
    if policy == "lru":
        return ordered_flags(ids, capacity)
    cache = PLAIN.get(policy, PlainCache)(policy, capacity, 0)
    return [int(cache.request(key, 1, 0.0, math.inf)) for key in ids]


def ordered_flags(ids: Sequence[int], capacity: int) -> list[int]:
    resident: OrderedDict[int, None] = OrderedDict()
    flags = []
    for key in ids:
        flags.append(int(key in resident))
        if key in resident:
            resident.move_to_end(key)
        elif capacity > 0:
            if len(resident) == capacity:
                resident.popitem(last=False)
            resident[key] = None
    return flags


def belady_flags(ids: Sequence[int], capacity: int) -> list[int]:
    resident: set[int] = set()
    flags = []
    for t, key in enumerate(ids):
        flags.append(int(key in resident))
        if key in resident or capacity < 1:
            continue
        if len(resident) == capacity:
            later = [*ids[t + 1 :]]
            resident.remove(
                max(resident, key=lambda k: later.index(k) if k in later else len(later))
            )
        resident.add(key)
    return flags


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Compile all kernels; or, with NUMBA_DISABLE_JIT=1, let plain Python stand in for LLVM's."""
    if not numba.config.DISABLE_JIT:
        compile_all()
        return
    loaded = [module for name, module in sys.modules.items() if name.startswith("perflab.kernels")]
    for module in loaded:
        for name, stands_in in PLAIN_BITS.items():
            if hasattr(module, name):
                setattr(module, name, stands_in)


@pytest.fixture(scope="session")
def plain() -> Callable[..., tuple[int, ...]]:
    return run_plain


@pytest.fixture(scope="session")
def flags() -> Callable[[str, Sequence[int], int], list[int]]:
    return run_flags


@pytest.fixture(scope="session")
def read_trace() -> Callable[[str], tuple[np.ndarray, int]]:
    """Return a function that reads a real trace by name: dense ids and how many there are."""
    folder = os.environ.get("PERFLAB_TRACES")
    if not folder:
        pytest.skip("PERFLAB_TRACES does not name a folder with the cache2k traces")
    read: dict[str, tuple[np.ndarray, int]] = {}

    def trace(name: str) -> tuple[np.ndarray, int]:
        if name not in read:
            packed = Path(folder, f"cache2k_{name}.trace.xz").read_bytes()
            keys = np.frombuffer(lzma.decompress(packed), ">i4")
            unique, ids = np.unique(keys, return_inverse=True)
            read[name] = ids.astype(np.int32), len(unique)
        return read[name]

    return trace
