from __future__ import annotations

import asyncio
import threading

import pytest

from perflab.primitives import AsyncSingleFlight


def ask(flights, load, times):
    return asyncio.gather(*(flights.run("k", load) for _ in range(times)), return_exceptions=True)


async def test_two_hundred_tasks_load_once():
    flights = AsyncSingleFlight()
    calls = []

    async def load():
        calls.append(1)
        await asyncio.sleep(0.01)
        return "value"

    assert await ask(flights, load, 200) == ["value"] * 200
    assert len(calls) == 1
    assert not flights._flights
    assert not flights._waiting


async def test_an_error_reaches_all_who_wait():
    flights = AsyncSingleFlight()
    error = LookupError("gone")

    async def load():
        await asyncio.sleep(0.01)
        raise error

    outcomes = await ask(flights, load, 20)
    assert all(outcome is error for outcome in outcomes)


async def test_a_cancelled_loader_hands_over_to_one_who_waits():
    flights = AsyncSingleFlight()
    calls = []

    async def load():
        calls.append(1)
        await asyncio.sleep(60 if len(calls) == 1 else 0)
        return len(calls)

    tasks = [asyncio.create_task(flights.run("k", load)) for _ in range(20)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await asyncio.wait_for(asyncio.gather(*tasks[1:]), 20) == [2] * 19
    assert tasks[0].cancelled()
    assert len(calls) == 2


async def test_cancelling_one_who_waits_leaves_the_load_alone():
    flights = AsyncSingleFlight()
    go_on = asyncio.Event()

    async def load():
        await go_on.wait()
        return "value"

    leader, waiter, other = (asyncio.create_task(flights.run("k", load)) for _ in range(3))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.wait_for(asyncio.gather(leader, other), 20) == ["value"] * 2
    assert waiter.cancelled()


async def test_a_load_that_outlives_its_timeout_hands_over():
    flights = AsyncSingleFlight()
    calls = []

    async def load():
        calls.append(1)
        if len(calls) == 1:
            await asyncio.sleep(60)
        return "value"

    first = asyncio.create_task(asyncio.wait_for(flights.run("k", load), 0.01))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(flights.run("k", load), 20) == "value"
    with pytest.raises(TimeoutError):
        await first


async def test_a_loader_that_asks_for_its_own_key_is_told():
    flights = AsyncSingleFlight()

    async def inner():
        return 1

    async def outer():
        return await flights.run("k", inner)

    with pytest.raises(RuntimeError, match="asks for 'k' again"):
        await flights.run("k", outer)
    assert await flights.run("k", inner) == 1


async def test_loaders_that_would_wait_for_each_other_are_told():
    flights = AsyncSingleFlight()
    both = asyncio.Barrier(2)

    def load(own, other):
        async def leaf():
            return "loaded"

        async def inner():
            await both.wait()
            return await flights.run(other, leaf)

        return flights.run(own, inner)

    outcomes = await asyncio.wait_for(
        asyncio.gather(load("a", "b"), load("b", "a"), return_exceptions=True), 20
    )
    assert any(isinstance(outcome, RuntimeError) for outcome in outcomes)


def test_each_event_loop_loads_for_itself():
    flights = AsyncSingleFlight()
    both = threading.Barrier(2, timeout=20)
    calls = []

    async def load():
        calls.append(1)
        await asyncio.to_thread(both.wait)
        return "value"

    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(asyncio.run(flights.run("k", load))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes == ["value"] * 2
    assert len(calls) == 2
