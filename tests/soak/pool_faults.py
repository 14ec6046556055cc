"""What happens around a pool in a soak: settings change, connections and the server fail."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import psutil
import psycopg

from perflab.patterns.connection_pool import PoolError

NAME = "perflab_soak"


class Disturber:
    """Does something at random after every so many operations, until the soak is done."""

    def __init__(self, soak) -> None:
        self.soak, self.pool, self.server = soak, soak.pool, soak.server
        self.ledger = soak.ledger
        self.chance = random.Random(soak.seed)

    def run(self) -> None:
        step = max(1, self.soak.operations // 120)
        at = self.soak.operations - step
        faults = [self.resize] * 8 + [self.kill] * 8 + [self.pool.drain, self.pool.check] * 2
        faults += [self.pause] * 2 + [self.fork] * 4 + [self.restart]
        while not self.soak.done.wait(0.005):
            if self.soak.left > at:
                continue
            at -= step
            fault = self.chance.choice(faults)
            self.ledger.count(f"fault {fault.__name__}")
            try:
                fault()
            except psycopg.Error as error:
                self.ledger.count(f"fault {type(error).__name__}")
            except Exception as error:  # noqa: BLE001  (whatever it is, it should not be)
                self.ledger.breaks(f"{fault.__name__}: {error!r}")

    def resize(self) -> None:
        self.pool.apply(self.soak.settings())

    def kill(self) -> None:
        with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = %s AND random() < 0.5",
                (NAME,),
            )

    def pause(self) -> None:
        first = psutil.Process(self.server.pid)
        stopped = [first, *first.children(recursive=True)]
        for process in stopped:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGSTOP)
        try:
            self.soak.done.wait(self.chance.uniform(0.05, 0.4))
        finally:
            for process in stopped:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        self.server.restart()

    def fork(self) -> None:
        child = os.fork()
        if child == 0:
            wrong = 1
            with contextlib.suppress(BaseException):
                wrong = self.in_child()
            os._exit(wrong)
        end = time.monotonic() + 60
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                self.ledger.breaks("a child hangs")
                return
            time.sleep(0.01)
        if os.waitstatus_to_exitcode(status):
            self.ledger.breaks(f"a child ended with {os.waitstatus_to_exitcode(status)}")

    def in_child(self) -> int:
        """Ask through the pool of the parent; 0 if all answers are this child's own."""
        self.pool._connect = lambda: psycopg.connect(self.server.conninfo)
        self.pool._close_one = lambda connection: connection.close()
        for turn in range(5):
            number = os.getpid() * 10 + turn
            try:
                with self.pool.connection(60) as connection:
                    found = connection.execute("SELECT %s::bigint", (number,)).fetchone()
            except (psycopg.Error, PoolError):
                continue  # the server was disturbed
            if found != (number,):
                return 2
        self.pool.close()
        return 0
