"""The pool against a plain model, by a machine that checks out, returns, kills and resizes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from perflab.patterns.connection_pool import ConnectionPool, PoolTimeoutError
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings


class Connection:
    open = 0

    def __init__(self) -> None:
        Connection.open += 1
        self.closed = self.dead = False

    def ask(self) -> None:
        if self.dead:
            raise ConnectionError("dead")

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True
        Connection.open -= 1


class PoolMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        Connection.open = 0
        plain = ConnectionPoolSettings(min_connections=0, max_connections=3)
        self.pool = ConnectionPool(Connection, plain, check=Connection.ask)
        self.most = 3
        self.held: list[Connection] = []
        self.checkouts = 0

    def teardown(self) -> None:
        for one in self.held:
            self.pool.putconn(one)
        self.pool.close()
        assert Connection.open == 0

    @precondition(lambda self: len(self.held) < self.most)
    @rule()
    def check_out(self) -> None:
        one = self.pool.getconn(timeout=1)
        assert one not in self.held
        assert not one.dead
        assert not one.closed
        self.held.append(one)
        self.checkouts += 1

    @precondition(lambda self: len(self.held) >= self.most)
    @rule()
    def check_out_in_vain(self) -> None:
        try:
            self.pool.getconn(timeout=0.001)
        except PoolTimeoutError:
            return
        raise AssertionError("more than the maximum")

    @precondition(lambda self: self.held)
    @rule(data=st.data(), dead=st.booleans())
    def give_back(self, data: st.DataObject, dead: bool) -> None:
        one = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        one.dead = dead
        self.pool.putconn(one)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        one = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        self.pool.discard(one)
        assert one.closed

    @rule()
    def drain(self) -> None:
        self.pool.drain()
        assert self.pool.stats()["connections_idle"] == 0

    @rule()
    def check(self) -> None:
        assert self.pool.check() >= 0
        assert all(not slot.held.dead for slot in [*self.pool._idle])

    @rule(order=st.sampled_from(["lifo", "fifo"]), waiting=st.none() | st.integers(1, 3))
    def change(self, order: str, waiting: int | None) -> None:
        self.pool.apply(self.pool.settings.change(order=order, max_waiting=waiting))

    @rule(most=st.integers(1, 5))
    def resize(self, most: int) -> None:
        self.most = most
        self.pool.apply(self.pool.settings.change(max_connections=most))

    @invariant()
    def the_numbers_agree(self) -> None:
        stats = self.pool.stats()
        assert stats["connections_in_use"] == len(self.held)
        assert stats["checkouts"] == self.checkouts
        assert stats["requests_waiting"] == stats["callers_refused"] == 0
        assert stats["connections_open"] <= max(self.most, len(self.held), 5)


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
