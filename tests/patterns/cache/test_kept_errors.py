"""Errors of loaders that are kept: within all bounds, for their time, without what they held."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import traceback
import weakref

import aiohttp
import pydantic
import pytest

from perflab.errors import BadInputError
from perflab.patterns.cache import Cache
from perflab.patterns.cache._failures import without_frames
from perflab.primitives import VirtualClock


class Body(bytearray):
    """Something large in a local variable of a loader."""


class OddError(Exception):
    """Its constructor takes other arguments than it hands on, and must not be called again."""

    made = 0

    def __init__(self, status, *, reason):
        super().__init__(f"{status} {reason}")
        OddError.made += 1
        self.status, self.reason = status, reason


class SlottedError(OSError):
    """It keeps an attribute outside of its dictionary."""

    __slots__ = ("host",)

    def __init__(self, host):
        super().__init__(113, "no route")
        self.host = host


def raised(make):
    """Return an error that was raised, with a traceback and locals behind it."""
    body = Body(10)
    try:
        throw(make() if not isinstance(make, Exception) else make)
    except Exception as error:  # noqa: BLE001 - it is what is wanted
        assert body is not None
        return error


def throw(error):
    raise error


def of_json():
    json.loads("{")


def of_pydantic():
    class Model(pydantic.BaseModel):
        number: int

    Model(number="x")


ERRORS = {
    "plain": lambda: ValueError("not found", 404),
    "key": lambda: KeyError("k"),
    "file": lambda: FileNotFoundError(2, "no such file", "name"),
    "unicode": "\udc80".encode,
    "json": of_json,
    "pydantic": of_pydantic,
    "odd": lambda: OddError(404, reason="gone"),
    "slotted": lambda: SlottedError("example"),
    "import": lambda: __import__("no_such_module_at_all"),
    "group": lambda: ExceptionGroup("several", [raised(ValueError("a")), raised(KeyError("b"))]),
    "ours": lambda: BadInputError("wrong", "place"),
    "aiohttp": lambda: aiohttp.ClientConnectionError("refused"),
    "stop": lambda: StopAsyncIteration(5),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_kept_as_it_was(name):
    made = OddError.made
    error = raised(ERRORS[name])
    kept = without_frames(error)
    assert type(kept) is type(error)
    assert kept is not error
    assert str(kept) == str(error)
    assert name == "pydantic" or repr(kept.args) == repr(error.args)
    assert repr(vars(kept)) == repr(vars(error))
    assert kept.__traceback__ is None
    assert OddError.made == made + (name == "odd")
    if isinstance(error, OSError):
        assert (kept.errno, kept.strerror, kept.filename) == (
            error.errno,
            error.strerror,
            error.filename,
        )
    assert getattr(kept, "host", None) == getattr(error, "host", None)
    assert getattr(kept, "name", None) == getattr(error, "name", None)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("expiry", ["lazy", "eager"])
def test_a_kept_error_holds_nothing_of_the_load(name, expiry):
    cache = Cache(negative_ttl_seconds=60, expiry=expiry)
    alive = []

    @cache
    def fetch(key):
        body = Body(1000)
        alive.append(weakref.ref(body))
        raise raised(ERRORS[name])

    for key in range(5):
        with pytest.raises(Exception):  # noqa: B017, PT011 - whichever it is
            fetch(key)
    gc.collect()
    assert [body() for body in alive] == [None] * 5
    assert cache.stats()["entries"] == 5
    for key in range(5):
        with pytest.raises(Exception):  # noqa: B017, PT011 - whichever it is
            fetch(key)
    assert cache.stats()["negative_hits"] == 5


def test_causes_are_kept_without_their_frames():
    cache = Cache(negative_ttl_seconds=60)
    alive = []

    def inner():
        body = Body(1000)
        alive.append(weakref.ref(body))
        raise OSError("cause")

    def load(key):
        try:
            inner()
        except OSError as error:
            raise LookupError(key) from error

    for _ in range(2):
        with pytest.raises(LookupError) as caught:
            cache.get_or_load("k", load)
    assert repr(caught.value.__cause__) == "OSError('cause')"
    assert caught.value.__cause__.__traceback__ is None
    del caught
    gc.collect()
    assert alive[0]() is None


def test_errors_count_among_entries_and_bytes_and_leave_with_them():
    gone = []
    cache = Cache(
        max_cache_size=10, negative_ttl_seconds=60, on_evict=lambda *about: gone.append(about)
    )
    cache["value"] = 1
    alone = cache.stats()["bytes"]
    for key in range(5):
        fail(cache, key)
    stats = cache.stats()
    assert stats["entries"] == len(cache) == 6
    assert stats["bytes"] > alone + 5 * 100
    assert dict(cache.items()) == {"value": 1}
    for key in range(100, 108):
        cache[key] = key
    assert cache.stats()["entries"] == 10
    assert cache.stats()["evictions"] == 4
    assert gone == [("value", 1, "evicted")]
    cache.clear()
    assert (cache.stats()["entries"], cache.stats()["bytes"]) == (0, 0)


def test_errors_are_within_the_bound_of_bytes():
    cache = Cache(max_bytes="64KiB", negative_ttl_seconds=60)
    for key in range(500):
        fail(cache, key, "x" * 1000)
        assert cache.stats()["bytes"] <= 65536
    assert cache.stats()["entries"] > 20


def test_an_error_larger_than_the_cache_is_not_kept():
    cache = Cache(max_bytes=500, negative_ttl_seconds=60)
    cache.put("value", 1)
    fail(cache, "k", "x" * 1000)
    stats = cache.stats()
    assert (stats["entries"], stats["rejected"]) == (1, 1)
    fail(cache, "k", "x" * 1000)
    assert cache.stats()["loads"] == 2


def fail(cache, key, text="gone"):
    def load(_):
        raise LookupError(text)

    with pytest.raises(LookupError):
        cache.get_or_load(key, load)


@pytest.mark.parametrize("expiry", ["lazy", "eager"])
def test_errors_leave_when_their_time_is_over(expiry):
    clock = VirtualClock()
    cache = Cache(clock=clock, ttl_seconds=1000, negative_ttl_seconds=5, expiry=expiry)
    for key in range(10):
        fail(cache, key)
    clock.set(4.9)
    fail(cache, 0)
    assert cache.stats()["loads"] == 10
    clock.set(5)
    cache["value"] = 1
    if expiry == "lazy":
        for key in range(10):
            assert cache.get(key) is None
    assert cache.stats()["entries"] == 1
    assert cache.stats()["expirations"] == 10
    assert cache.get_or_load(0, str) == "0"


@pytest.mark.parametrize("expiry", ["lazy", "eager"])
def test_a_new_lifetime_of_errors_counts_from_when_they_were_kept(expiry):
    clock = VirtualClock()
    cache = Cache(clock=clock, negative_ttl_seconds=5, expiry=expiry)
    fail(cache, "k")
    clock.set(4)
    cache.apply(negative_ttl_seconds=20)
    clock.set(19)
    fail(cache, "k")
    assert cache.stats()["negative_hits"] == 1
    cache.apply(negative_ttl_seconds=10)
    assert cache.get_or_load("k", str) == "k"


def test_an_error_is_new_each_time_it_is_raised():
    cache = Cache(negative_ttl_seconds=60)
    caught = []
    for _ in range(4):
        with pytest.raises(LookupError) as error:
            cache.get_or_load("k", lambda key: {}[key])
        caught.append(error.value)
    assert len({id(error) for error in caught}) == 4
    depths = [len(traceback.extract_tb(error.__traceback__)) for error in caught[1:]]
    assert len(set(depths)) == 1
    assert copy.copy(caught[0]).args == caught[3].args


async def test_an_error_of_a_task_is_kept_too():
    cache = Cache(negative_ttl_seconds=60)
    calls, alive = [], []

    @cache
    async def fetch(key):
        body = Body(1000)
        alive.append(weakref.ref(body))
        calls.append(key)
        await asyncio.sleep(0)
        raise OddError(404, reason=key)

    for _ in range(3):
        with pytest.raises(OddError, match="404 k") as caught:
            await fetch("k")
        assert (caught.value.status, caught.value.reason) == (404, "k")
    del caught
    await asyncio.sleep(0)  # The step that was woken by the load's end holds it.
    gc.collect()
    assert calls == ["k"]
    assert alive[0]() is None


def test_an_error_that_allows_no_copy_is_the_callers_and_not_kept():
    class StubbornError(Exception):
        def __new__(cls, *args):
            raised_once.append(args)
            return super().__new__(cls, *args)

        def __setattr__(self, name, value):
            raise TypeError("as it is")

        def __reduce_ex__(self, protocol):
            raise TypeError("as it is")

    raised_once, calls = [], []
    cache = Cache(negative_ttl_seconds=60)

    def load(key):
        calls.append(key)
        error = StubbornError(key)
        error.__dict__["attribute"] = 1
        raise error

    for _ in range(2):
        with pytest.raises(StubbornError):
            cache.get_or_load("k", load)
    assert len(cache) in (0, 1)
    assert len(calls) in (1, 2)
