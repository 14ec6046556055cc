import asyncio

import pytest

from perflab.servers.http.station import FullError, Station


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_are_served_at_once_than_there_is_capacity():
    station = Station(capacity=3, queue=100)
    most = 0

    async def one():
        nonlocal most
        serving = asyncio.ensure_future(station.serve(0.01))
        await asyncio.sleep(0)
        most = max(most, station.busy)
        await serving

    await asyncio.gather(*(one() for _ in range(10)))
    assert most == 3
    assert station.busy == station.waiting == 0


async def test_a_full_queue_refuses():
    station = Station(capacity=1, queue=1)
    first, second = (asyncio.ensure_future(station.serve(0.05)) for _ in range(2))
    await settle()
    with pytest.raises(FullError):
        await station.serve(0.05)
    await asyncio.gather(first, second)


async def test_services_that_follow_each_other_lose_no_time_between():
    """Lateness of timers does not add up: the last of 50 ends when 50 services are over."""
    station = Station(capacity=1, queue=100)
    loop = asyncio.get_running_loop()
    started = loop.time()
    ends = []

    async def one():
        await station.serve(0.002)
        ends.append(loop.time() - started)

    await asyncio.gather(*(one() for _ in range(50)))
    late = [end - 0.002 * (i + 1) for i, end in enumerate(ends)]
    assert min(late) >= 0
    assert station.busy == 0


async def test_one_who_leaves_the_queue_takes_no_turn():
    station = Station(capacity=1, queue=10)
    first, leaver, last = (asyncio.ensure_future(station.serve(0.02)) for _ in range(3))
    await settle()
    leaver.cancel()
    await asyncio.gather(first, last)
    with pytest.raises(asyncio.CancelledError):
        await leaver
    assert station.busy == station.waiting == 0


async def test_one_who_leaves_while_served_frees_its_place():
    station = Station(capacity=1, queue=10)
    leaver = asyncio.ensure_future(station.serve(600))
    waiting = asyncio.ensure_future(station.serve(0.001))
    await settle()
    leaver.cancel()
    await asyncio.wait_for(waiting, 30)
    assert station.busy == station.waiting == 0


async def test_one_who_leaves_in_the_moment_of_its_turn_hands_it_on():
    station = Station(capacity=1, queue=10)
    first = asyncio.ensure_future(station.serve(600))
    leaver = asyncio.ensure_future(station.serve(600))
    last = asyncio.ensure_future(station.serve(0.001))
    await settle()
    first.cancel()
    await asyncio.sleep(0)  # the turn is given, and not taken yet
    leaver.cancel()
    await asyncio.wait_for(last, 30)
    assert station.busy == station.waiting == 0


async def test_more_capacity_takes_in_those_who_wait():
    station = Station(capacity=1, queue=10)
    serving = [asyncio.ensure_future(station.serve(0.02)) for _ in range(4)]
    await settle()
    assert (station.busy, station.waiting) == (1, 3)
    station.capacity = 3
    station.fit()
    assert (station.busy, station.waiting) == (3, 1)
    await asyncio.gather(*serving)
    assert station.busy == station.waiting == 0


async def test_less_capacity_lets_those_at_work_end_first():
    station = Station(capacity=3, queue=10)
    serving = [asyncio.ensure_future(station.serve(0.02 * (i + 1))) for i in range(6)]
    await settle()
    station.capacity = 1
    await asyncio.gather(*serving[:3])
    assert station.busy <= 1
    await asyncio.gather(*serving)
    assert station.busy == station.waiting == 0
