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


async def test_an_error_reaches_all_who_wait():
    flights = AsyncSingleFlight()
    error = LookupError("gone")

    async def load():
        await asyncio.sleep(0.01)
        raise error

    outcomes = await ask(flights, load, 20)
    assert all(outcome is error for outcome in outcomes)


async def test_a_cancelled_caller_hands_its_load_to_those_who_wait():
    flights = AsyncSingleFlight()
    calls, go_on = [], asyncio.Event()

    async def load():
        calls.append(1)
        await go_on.wait()
        return len(calls)

    tasks = [asyncio.create_task(flights.run("k", load)) for _ in range(20)]
    await asyncio.sleep(0.01)
    for task in tasks[:10]:
        task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.wait_for(asyncio.gather(*tasks[10:]), 20) == [1] * 10
    assert all(task.cancelled() for task in tasks[:10])
    assert not flights._flights


async def test_the_last_caller_takes_the_load_along():
    flights = AsyncSingleFlight()
    cleaned = []

    async def load():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(1)

    tasks = [asyncio.create_task(flights.run("k", load)) for _ in range(3)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=20)
    assert all(task.cancelled() for task in tasks)
    assert cleaned == [1]
    assert not flights._flights
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_comes_while_a_load_is_given_up_loads_anew():
    flights = AsyncSingleFlight()
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def stubborn():
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await may_end.wait()

    async def quick():
        return "new"

    given_up = asyncio.create_task(flights.run("k", stubborn))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait_for(ending.wait(), 20)
    assert await asyncio.wait_for(flights.run("k", quick), 20) == "new"
    may_end.set()
    await asyncio.wait([given_up], timeout=20)
    assert given_up.cancelled()
    assert not flights._flights


async def test_a_caller_cancelled_before_its_load_began_leaves_nothing():
    flights = AsyncSingleFlight()

    async def load():
        return "value"

    task = asyncio.create_task(flights.run("k", load))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=20)
    await asyncio.sleep(0)
    assert not flights._flights
    assert await flights.run("k", load) == "value"


async def test_a_load_that_cancels_itself_is_loaded_by_one_who_waits():
    flights = AsyncSingleFlight()
    calls = []

    async def load():
        calls.append(1)
        await asyncio.sleep(0.001)
        if len(calls) == 1:
            raise asyncio.CancelledError
        return len(calls)

    outcomes = await ask(flights, load, 5)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [2] * 4
    assert len(calls) == 2


async def test_who_asks_after_a_removal_starts_a_new_load():
    flights = AsyncSingleFlight()
    first_may_end = asyncio.Event()

    async def old():
        await first_may_end.wait()
        return "old"

    async def new():
        return "new"

    first, joined = (asyncio.create_task(flights.run("k", old)) for _ in range(2))
    await asyncio.sleep(0.001)
    flights.part("k", "other")
    assert await asyncio.wait_for(flights.run("k", new), 20) == "new"
    first_may_end.set()
    assert await asyncio.wait_for(asyncio.gather(first, joined), 20) == ["old"] * 2
    assert not flights._flights


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


async def test_a_load_outlives_the_timeout_of_one_caller():
    flights = AsyncSingleFlight()
    calls, go_on = [], asyncio.Event()

    async def load():
        calls.append(1)
        await go_on.wait()
        return len(calls)

    first = asyncio.create_task(asyncio.wait_for(flights.run("k", load), 0.01))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.run("k", load))
    with pytest.raises(TimeoutError):
        await first
    go_on.set()
    assert await asyncio.wait_for(second, 20) == 1


@pytest.mark.parametrize("way", ["task", "gather", "task group", "deeper"])
async def test_a_task_that_a_loader_awaits_for_its_own_key_is_refused(way):
    flights = AsyncSingleFlight()

    async def outer():
        if way == "task":
            return await asyncio.create_task(flights.run("k", outer))
        if way == "gather":
            return await asyncio.gather(flights.run("k", outer), flights.run("other", leaf))
        if way == "deeper":
            return await asyncio.create_task(flights.run("middle", middle))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(flights.run("k", outer))
        return await task

    async def middle():
        return await asyncio.gather(flights.run("k", outer))

    async def leaf():
        return 1

    with pytest.raises((RuntimeError, ExceptionGroup)) as caught:
        await asyncio.wait_for(flights.run("k", outer), 20)
    error = caught.value
    error = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    assert "'k' asks for 'k' again" in str(error)
    assert await flights.run("k", leaf) == 1


async def test_a_task_left_behind_by_a_loader_may_ask_for_its_key():
    flights = AsyncSingleFlight()
    left = []

    async def again():
        return 2

    async def later():
        await asyncio.sleep(0.01)
        return await flights.run("k", again)

    async def load():
        left.append(asyncio.create_task(later()))
        return 1

    assert await flights.run("k", load) == 1
    assert await asyncio.wait_for(left[0], 20) == 2


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
