"""A client in front of a chain, and calls of what its caches do not hold, in plain Python."""

import math
from collections import deque

from tests.helpers.plain_chain import Chain, Request


class Server:
    """Works on so many calls at once; the next ones queue, and it turns away those beyond."""

    def __init__(self, capacity, queue):
        self.capacity, self.queue, self.slower = capacity, queue, 1.0
        self.at_work, self.line = set(), deque()


class Call:
    """One try of one request's call."""

    def __init__(self, request, number, before):
        self.request, self.number, self.before, self.over = request, number, before, False


class StationChain(Chain):
    """A chain whose requests come through a client, and call before they ask the pool."""

    def __init__(self, requests, n_processes, links, *rest, calls, call_seconds, chances, bare):
        super().__init__(requests, n_processes, links, *rest)
        self.calls, self.call_seconds, self.chances = calls, call_seconds, chances
        self.bare, self.sent, self.gate = bare, 0, -math.inf
        self.server = Server(links.call_capacity, links.call_queue)
        self.calling = [0] * n_processes
        self.call_lines = [deque() for _ in range(n_processes)]
        self.let, self.front_line, self.count = 0, deque(), len(requests)
        self.tries = []

    def chance(self, place, otherwise):
        return self.chances[place % len(self.chances)] if self.chances else otherwise

    def happen(self, kind, value):
        if kind == 4:
            self.server.slower = value
        else:
            super().happen(kind, value)

    # The client in front.

    def arrive(self, request, now):
        if self.links.front_limit is None:
            request.tries_of_client, request.let_in, request.called = [], now, 0.0
            self.enter(request, now)
            return
        request.tries_of_client, request.called = [], 0.0
        if self.let < self.links.front_limit:
            self.let += 1
            self.let_in(request, now)
        else:
            self.front_line.append(request)

    def let_in(self, request, now):
        request.let_in = now
        self.send_try(request, now)

    def send_try(self, request, now):
        one = Request(
            *(request.number, request.time, request.key, request.process),
            *(request.service, request.code, request.ttl),
        )
        one.of, one.open, one.called = request, True, 0.0
        request.tries_of_client.append(one)
        if self.links.front_timeout < math.inf:
            self.later(now + self.links.front_timeout, self.give_up_try, one)
        self.enter(one, now)

    def give_up_try(self, one, now):
        if one.open:
            self.try_over(one, now, 8)

    def try_told(self, one, now):
        if one.open:
            self.try_over(one, now, one.answer)

    def try_over(self, one, now, how):
        links, request, one.open = self.links, one.of, False
        before = len(request.tries_of_client) - 1
        if how >= 5 and before < links.front_retries:
            flight = request.number + self.count * before
            pause = links.front_backoff * 2.0**before * self.chance(2 * flight + 1, 1.0)
            self.later(now + pause, self.send_try, request)
            return
        request.end, request.answer = now, how
        if self.front_line:
            self.let_in(self.front_line.popleft(), now)
        else:
            self.let -= 1

    def enter(self, request, now):
        super().arrive(request, now)
        # Answered at once: by the cache of its process, or written.
        if request.end is not None and hasattr(request, "of"):
            self.later(request.end, self.try_told, request)

    def answer(self, request, now, answer):
        super().answer(request, now, answer)
        if hasattr(request, "of"):
            for one in (request, *reversed(request.joined)):
                self.later(one.end, self.try_told, one)

    # Calls.

    def ask(self, request, now):
        first = request.code == 0 and request.tries == 0 and not hasattr(request, "has_called")
        if self.links.call_limit is not None and first and self.calls[request.number]:
            request.has_called = True
            request.call_began, request.call_tries = now, 0
            place = request.process
            if self.calling[place] < self.links.call_limit:
                self.calling[place] += 1
                self.send(request, now)
            else:
                self.call_lines[place].append(request)
        elif self.bare:
            self.answer(request, now, 3)
        else:
            super().ask(request, now)

    def send(self, request, now):
        self.gate = max(now, self.gate) + self.links.call_gate_seconds
        call = Call(request, self.sent, request.call_tries)
        self.sent += 1
        request.call_tries += 1
        self.later(self.gate, self.reach, call)
        if self.links.call_timeout < math.inf:
            self.later(now + self.links.call_timeout, self.call_out, call)

    def reach(self, call, now):
        server = self.server
        if call.over:
            return
        if server.capacity is None or len(server.at_work) < server.capacity:
            self.work(call, now)
        elif server.queue is not None and len(server.line) >= server.queue:
            self.later(now + self.links.call_delay, self.turned_away, call)
        else:
            server.line.append(call)

    def work(self, call, now):
        self.server.at_work.add(call)
        seconds = self.call_seconds[call.number % len(self.call_seconds)]
        self.later(now + seconds * self.server.slower, self.worked, call)

    def leave_server(self, call, now):
        self.server.at_work.discard(call)
        if self.server.line:
            self.work(self.server.line.popleft(), now)

    def worked(self, call, now):
        if not call.over:
            self.later(now + self.links.call_delay, self.replied, call)
            self.leave_server(call, now)

    def turned_away(self, call, now):
        if not call.over:
            self.settle(call, now, failed=True)

    def replied(self, call, now):
        if not call.over:
            rate = self.links.call_error_rate
            self.settle(call, now, failed=self.chance(2 * call.number, 1.0) < rate)

    def call_out(self, call, now):
        if call.over:
            return
        if call in self.server.line:
            self.server.line.remove(call)
        elif call in self.server.at_work:
            self.leave_server(call, now)
        self.settle(call, now, failed=True)

    def settle(self, call, now, *, failed):
        links, request, call.over = self.links, call.request, True
        place = request.process
        if failed and call.before < links.call_retries:
            share = self.chance(2 * call.number + 1, 1.0)
            self.later(now + links.call_backoff * 2.0**call.before * share, self.send, request)
            return
        request.called = now - request.call_began
        if self.call_lines[place]:
            self.send(self.call_lines[place].popleft(), now)
        else:
            self.calling[place] -= 1
        if failed:
            self.answer(request, now, 7)
        else:
            self.ask(request, now)
