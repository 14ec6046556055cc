"""A chain in plain Python: objects, dictionaries and callbacks, for tests.

A client in front, and outgoing calls, are in `plain_stations`.
"""

import heapq
import math
from collections import OrderedDict, deque


class Cache:
    """Least recently used entries, each until its end; no capacity is no cache."""

    def __init__(self, capacity, ttl):
        self.capacity, self.ttl, self.ends = capacity, ttl, OrderedDict()

    def get(self, key, now):
        end = self.ends.get(key)
        if end is not None and end <= now:
            del self.ends[key]
            end = None
        if end is not None:
            self.ends.move_to_end(key)
        return end is not None

    def there(self, key, now):
        if self.ends.get(key, math.inf) <= now:
            del self.ends[key]
        return key in self.ends

    def put(self, key, now, ttl):
        if self.capacity is None:
            return
        if key not in self.ends and len(self.ends) >= self.capacity:
            if not self.capacity:
                return
            self.ends.popitem(last=False)
        self.ends[key] = now + (self.ttl if ttl is None else ttl)
        self.ends.move_to_end(key)

    def write(self, code, key, now, ttl):
        if code == 1:
            self.put(key, now, ttl)
        elif self.there(key, now):
            if code == 2:
                self.ends[key] = now + (self.ttl if ttl is None else ttl)
            else:
                del self.ends[key]


class Request:
    def __init__(self, number, time, key, process, service, code, ttl):
        self.number, self.time, self.key, self.process = number, time, key, process
        self.service, self.code, self.ttl = service, code, ttl
        self.joined, self.tries, self.wait = [], 0, 0.0
        self.start = self.lasted = math.nan
        self.end = self.answer = None


class Chain:
    def __init__(self, requests, n_processes, links, single_flight, factors, happenings):
        self.links, self.single_flight, self.factors = links, single_flight, factors
        self.remote = Cache(links.remote_entries, links.remote_ttl)
        self.locals = [Cache(links.local_entries, links.local_ttl) for _ in range(n_processes)]
        self.up, self.slower, self.busy, self.put = True, 1.0, 0, 0
        self.flights, self.events = {}, []
        self.used = [0] * n_processes
        self.lines = [deque() for _ in range(n_processes)]
        self.shared_used, self.shared_line = 0, deque()
        steps = [(when, 0, at, kind, value) for at, (when, kind, value) in enumerate(happenings)]
        arrivals = [(request.time, 2, request.number, request) for request in requests]
        self.todo = sorted(steps + arrivals, key=lambda step: step[:3])

    def run(self):
        for step in self.todo:
            first = (step[0], step[1])
            while self.events and (self.events[0][0], 1) < first:
                when, _, act, request = heapq.heappop(self.events)
                act(request, when)
            if step[1] == 0:
                self.happen(*step[3:])
            else:
                self.arrive(step[3], step[0])
        while self.events:
            when, _, act, request = heapq.heappop(self.events)
            act(request, when)

    def later(self, when, act, request):
        heapq.heappush(self.events, (when, self.put, act, request))
        self.put += 1

    def happen(self, kind, value):
        if kind in (0, 1):
            self.up = kind == 1
            self.remote.ends.clear()
        elif kind == 2:
            self.locals[int(value)].ends.clear()
        else:
            self.slower = value

    def flight_of(self, request):
        by = {"process": (request.process, request.key), "service": request.key}
        return by.get(self.single_flight)

    def arrive(self, request, now):
        links, local = self.links, self.locals[request.process]
        look = links.remote_seconds if self.up else links.remote_down_seconds
        if request.code == 0:
            if local.get(request.key, now):
                request.end, request.answer = now + links.local_seconds, 0
                return
            flight = self.flight_of(request)
            if flight is not None:
                if flight in self.flights:
                    self.flights[flight].joined.append(request)
                    return
                self.flights[flight] = request
            if links.remote_entries is not None:
                self.later(now + look, self.looked, request)
                return
            self.ask(request, now)
            return
        local.write(request.code, request.key, now, request.ttl)
        if links.remote_entries is not None and self.up:
            self.remote.write(request.code, request.key, now, request.ttl)
        if request.code == 4:
            self.ask(request, now)
            return
        trip = look if links.remote_entries is not None else 0.0
        request.end, request.answer = now + (links.local_seconds + trip), 4

    def looked(self, request, now):
        if self.up and self.remote.get(request.key, now):
            self.answer(request, now, 2)
        else:
            self.ask(request, now)

    def ask(self, request, now):
        links, place = self.links, request.process
        request.tries += 1
        request.asked = now
        if links.connections is None or self.used[place] < links.connections:
            self.connect(request, now)
        elif links.max_waiting is not None and len(self.lines[place]) >= links.max_waiting:
            self.fail(request, now, 6)
        else:
            self.lines[place].append(request)
            if links.timeout < math.inf:
                self.later(now + links.timeout, self.give_up, request)

    def give_up(self, request, now):
        if request in self.lines[request.process]:
            self.lines[request.process].remove(request)
            request.wait += now - request.asked
            self.fail(request, now, 5)

    def fail(self, request, now, why):
        if request.tries <= self.links.retries:
            pause = self.links.backoff * 2.0 ** (request.tries - 1)
            self.later(now + pause, self.ask, request)
        else:
            self.answer(request, now, why)

    def connect(self, request, now):
        self.used[request.process] += 1
        if self.links.shared is not None and self.shared_used >= self.links.shared:
            self.shared_line.append(request)
            return
        self.query(request, now)

    def query(self, request, now):
        self.shared_used += 1
        self.busy += 1
        seconds = request.service * self.slower
        if self.factors:
            seconds *= self.factors[min(self.busy, len(self.factors)) - 1]
        request.wait += now - request.asked
        request.start, request.lasted = now, seconds
        self.later(now + seconds, self.served, request)

    def served(self, request, now):
        self.busy -= 1
        self.shared_used -= 1
        self.used[request.process] -= 1
        if self.shared_line:
            self.query(self.shared_line.popleft(), now)
        line = self.lines[request.process]
        if line and self.links.connections is not None:
            self.connect(line.popleft(), now)
        self.answer(request, now, 3)

    def answer(self, request, now, answer):
        end = now + self.links.local_seconds
        if request.code == 0 and answer < 5:
            self.locals[request.process].put(request.key, now, request.ttl)
            if self.links.remote_entries is not None and self.up and answer == 3:
                end += self.links.remote_write_seconds
                self.remote.put(request.key, now, request.ttl)
        request.end, request.answer = end, answer
        if request.code == 0:
            self.flights.pop(self.flight_of(request), None)
            for other in request.joined:
                other.end, other.answer = end, answer if answer >= 5 else 1
