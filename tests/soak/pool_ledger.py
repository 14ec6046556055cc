"""What a soak of the connection pool has seen, and the rules that it has found broken."""

from __future__ import annotations

import collections
import threading
import weakref

import psycopg
from psycopg.pq import TransactionStatus


class Ledger:
    """What was seen and what must be true at the end; each thread adds, under one lock."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.lock = threading.Lock()
        self.counts: collections.Counter[str] = collections.Counter()
        self.broken: list[str] = []
        self.sure: set[int] = set()
        self.absent: set[int] = set()
        self.holders: dict[int, int] = {}
        self.open: dict[int, weakref.finalize] = {}
        self.making = 0
        self.most = 0

    def count(self, name: str) -> None:
        with self.lock:
            self.counts[name] += 1

    def breaks(self, rule: str) -> None:
        with self.lock:
            self.broken.append(rule)

    def begins(self) -> None:
        with self.lock:
            self.making += 1
            self.most = max(self.most, self.making + len(self.open))
            if self.most > self.bound:
                self.broken.append(f"{self.most} connections at a maximum of {self.bound}")

    def made(self, connection: psycopg.Connection | None) -> None:
        with self.lock:
            self.making -= 1
            if connection is not None:
                key = id(connection)
                self.open[key] = weakref.finalize(connection, self.open.pop, key, None)
                self.open[key].atexit = False

    def closed(self, connection: psycopg.Connection) -> None:
        with self.lock:
            found = self.open.pop(id(connection), None)
            if found is not None:
                found.detach()

    def takes(self, connection: psycopg.Connection) -> None:
        status = connection.pgconn.transaction_status
        if status != TransactionStatus.IDLE:
            self.breaks(f"handed out with status {TransactionStatus(status).name}")
        me = threading.get_ident()
        with self.lock:
            other = self.holders.setdefault(id(connection), me)
        if other != me:
            self.breaks("a connection with two users")

    def returns(self, connection: psycopg.Connection) -> None:
        with self.lock:
            self.holders.pop(id(connection), None)
