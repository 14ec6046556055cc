"""memcached's -vv log: against a plain server that prints what memcached 1.6 prints."""

from __future__ import annotations

import base64
import json
import random

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace

START = (
    "slab class   1: chunk size        96 perslab   10922\n"
    "slab class   2: chunk size       120 perslab    8738\n"
    "<26 server listening (auto-negotiate)\n"
    "<28 new auto-negotiating client connection\n"
    "28: Client using the ascii protocol\n"
)


class Server:
    """A server without bounds: prints its log, and counts what its reads find."""

    def __init__(self):
        self.lines = [START]
        self.values = {}
        self.hits = self.reads = 0

    def ask(self, client, command):
        """Do a command and print it with its answers; those of meta commands are not printed."""
        name, *words = command.split()
        quiet = words[-1:] == ["noreply"]
        self.say(f"<{client} {command}")
        answers = getattr(self, f"do_{name}")(name, *[word for word in words if word != "noreply"])
        for answer in answers:
            self.say(f">{client} {'NOREPLY ' if quiet else ''}{answer}")

    def say(self, line):
        self.lines.append(f"{line}\n")

    def find(self, *keys):
        self.reads += len(keys)
        found = [key for key in keys if key in self.values]
        self.hits += len(found)
        return [*(f"sending key {key}" for key in found), "END"]

    def do_get(self, name, *keys):
        return self.find(*keys)

    def do_gat(self, name, exptime, *keys):
        found = self.find(*keys)
        if exptime == "-1":
            for key in keys:
                self.values.pop(key, None)
        return found

    def do_set(self, name, key, flags, exptime, size):
        self.values[key] = int(size)
        if exptime == "-1":
            del self.values[key]
        return ["STORED"]

    def do_add(self, name, key, *rest):
        return ["NOT_STORED"] if key in self.values else self.do_set(name, key, *rest)

    def do_replace(self, name, key, *rest):
        return self.do_set(name, key, *rest) if key in self.values else ["NOT_STORED"]

    def do_append(self, name, key, flags, exptime, size):
        if key not in self.values:
            return ["NOT_STORED"]
        self.values[key] += int(size)
        return ["STORED"]

    def do_cas(self, name, key, flags, exptime, size, unique):
        if key not in self.values:
            return ["NOT_FOUND"]
        return ["EXISTS"] if unique == "1" else self.do_set(name, key, flags, exptime, size)

    def do_incr(self, name, key, delta):
        return ["12"] if key in self.values else ["NOT_FOUND"]

    def do_delete(self, name, key):
        return ["NOT_FOUND"] if self.values.pop(key, None) is None else ["DELETED"]

    def do_touch(self, name, key, exptime):
        return ["TOUCHED"] if key in self.values else ["NOT_FOUND"]

    def do_flush_all(self, name):
        self.values.clear()
        return ["OK"]

    def do_mg(self, name, key, *flags):
        self.find(key)
        return []

    def do_ms(self, name, key, size, *flags):
        there = key in self.values
        if there == ("ME" in flags) and ("ME" in flags or "MR" in flags):
            return []
        self.values[key] = int(size)
        return []

    def do_md(self, name, key, *flags):
        self.values.pop(key, None)
        return []


def replayed(trace):
    """Return hits, reads, and the last size of each key, of a plain cache without bounds.

    A miss loads nothing, as the log's own sets say what was stored.
    """
    held, hits, reads = {}, 0, 0
    for key, code, size in zip(trace.ids, trace.operations, trace.sizes, strict=True):
        name = trace.key_of(key)
        if code == Operation.GET:
            reads += 1
            hits += name in held
        elif code == Operation.SET:
            held[name] = int(size)
        elif code == Operation.DELETE:
            held.pop(name, None)
    return hits, reads, held


def commands(seed, count=400):
    dice = random.Random(seed)
    # What a meta command did is not printed: it is known where the key's last command is.
    yield from (f"set item:{number} 0 0 7" for number in range(25))
    for _ in range(count):
        key, size = f"item:{dice.randrange(25)}", dice.randrange(1, 4000)
        ttl = dice.choice([0, 0, 90, -1, 2_592_000])
        noreply = dice.choice(["", " noreply"])
        yield dice.choice(
            [
                f"get {key}",
                f"get {key} item:{dice.randrange(25)}",
                f"gat 60 {key} item:{dice.randrange(25)}",
                f"set {key} 0 {ttl} {size}{noreply}",
                f"add {key} 7 0 {size}",
                f"replace {key} 0 0 {size}{noreply}",
                f"append {key} 0 0 {size}",
                f"cas {key} 0 0 {size} {dice.randrange(1, 4)}",
                f"incr {key} 5",
                f"delete {key}{noreply}",
                f"touch {key} 30",
                f"mg {key} v t",
                f"ms {key} {size} T90 {dice.choice(['ME', 'MR', 'MS', 'I'])}",
                f"md {key} q",
                *(["flush_all"] if dice.random() < 0.05 else []),
            ]
        )


@pytest.mark.parametrize("seed", range(6))
def test_replayed_reads_find_what_the_server_found(seed, write):
    server, dice = Server(), random.Random(seed)
    for command in commands(seed):
        server.ask(dice.choice([28, 29, 31]), command)
    trace = read_trace(write("memcached.log", "".join(server.lines)))
    hits, reads, held = replayed(trace)
    assert (hits, reads) == (server.hits, server.reads)
    assert held == {key: size + len(key) for key, size in server.values.items()}
    assert trace.times is None


def test_interleaved_answers_go_to_their_own_client(write):
    lines = ["<30 add a 0 0 4", "<31 add b 0 0 5", ">31 NOT_STORED", ">30 STORED", "<30 get a b"]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert [trace.key_of(key) for key in trace.ids] == ["a", "a", "b"]
    assert trace.operations.tolist() == [Operation.SET, Operation.GET, Operation.GET]
    assert "left out, since the server did not do them: add 1" in trace.notes


def test_an_add_after_an_eviction_is_a_set_as_answered(write):
    lines = ["<30 set a 0 0 4", ">30 STORED", "<30 add a 0 0 9", ">30 STORED", "<30 get a"]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert trace.operations.tolist() == [Operation.SET, Operation.SET, Operation.GET]
    assert trace.sizes.tolist() == [5, 10, 10]


def test_an_exptime_is_none_relative_a_moment_or_over(write):
    kinds = {"never": "0", "soon": "45", "month": "2592000", "moment": "2592001", "over": "-5"}
    lines = [f"<30 set {key} 0 {exptime} 4\n>30 STORED" for key, exptime in kinds.items()]
    lines += [f"<30 get {key}\n>30 END" for key in kinds]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert trace.operations.tolist()[:5] == [*[Operation.SET] * 4, Operation.DELETE]
    assert trace.ttls.tolist()[:4] == [np.inf, 45.0, 2_592_000.0, np.inf]
    note = "1 TTL is a moment since 1970, and the log has no times; read as no TTL"
    assert note in trace.notes


def test_a_value_too_large_removes_the_old_one(write):
    lines = ["<30 set a 0 0 4", ">30 STORED", "<30 set a 0 0 99999999"]
    lines += [">30 SERVER_ERROR object too large for cache", "<30 get a", ">30 END"]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert trace.operations.tolist() == [Operation.SET, Operation.DELETE, Operation.GET]


def test_meta_keys_in_base64_are_those_of_the_text(write):
    key = base64.b64encode(b"cart:7").decode()
    lines = [f"<30 ms {key} 3 b T60", "<30 mg cart:7 v", "<30 ma cart:7 N20", "<30 md cart:7 I T5"]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert trace.n_keys == 1
    assert trace.key_of(0) == "cart:7"
    assert trace.ttls.tolist()[:2] == [60.0, 60.0]


BINARY = """\
28: Client using the binary protocol
<28 Read binary protocol data:
<28    0x80 0x01 0x00 0x06
<28    0x08 0x00 0x00 0x00
<28 SET user 4 Value len is 11
>28 Writing bin response:
>28   0x81 0x01 0x00 0x00
<28 Read binary protocol data:
<28    0x80 0x00 0x00 0x06
<28 GET user 4
>28 Writing bin response:
<28 Read binary protocol data:
<28    0x80 0x1d 0x00 0x06
<28 TOUCH user 4
>28 Writing bin response:
<28 Read binary protocol data:
<28    0x80 0x1c 0x00 0x06
<28 TOUCH user 4
>28 Writing an error: Not found
<28 Read binary protocol data:
<28    0x80 0x02 0x00 0x06
<28 ADD user 4 Value len is 2
>28 Writing an error: Data exists for key.
<28 Read binary protocol data:
<28    0x80 0x0e 0x00 0x06
Value len is 2
<28 Read binary protocol data:
<28    0x80 0x04 0x00 0x06
Deleting user 4
<28 Read binary protocol data:
<28    0x80 0x05 0x00 0x04
incr hits 1, 5, 60
>28 Writing bin response:
"""


def test_the_binary_protocol_is_read_as_far_as_it_is_printed(write):
    trace = read_trace(write("log", START + BINARY))
    names = [trace.key_of(key) for key in trace.ids]
    assert names == ["user 4"] * 4 + ["hits"]
    wanted = [Operation.SET, Operation.GET, Operation.GET, Operation.DELETE, Operation.SET]
    assert trace.operations.tolist() == wanted
    assert trace.sizes.tolist()[:3] == [17] * 3
    assert "left out, since the log does not say all: append 1" in trace.notes
    assert any("does not say the TTLs of 4 of the binary" in note for note in trace.notes)


WRAPPED = {
    "compose": "cache-1  | {}\n",
    "syslog": "Jun 10 06:13:00 web memcached[77]: {}\n",
    "kubernetes": "2024-06-10T06:13:00.1Z stderr F {}\n",
}


@pytest.mark.parametrize("wrapper", sorted(WRAPPED))
def test_what_stands_around_each_line_is_taken_off(wrapper, write):
    plain = [*START.splitlines(), "<30 set a 0 60 4", ">30 STORED", "<30 get a", ">30 END"]
    text = "".join(WRAPPED[wrapper].format(line) for line in plain)
    trace = read_trace(write("cache.log", text))
    assert trace.operations.tolist() == [Operation.SET, Operation.GET]
    assert any(note.startswith("taken off each line") for note in trace.notes)


def test_docker_objects_are_taken_off(write):
    plain = [*START.splitlines(), "<30 set a 0 60 4", ">30 STORED", "<30 get a", ">30 END"]
    text = "".join(json.dumps({"log": f"{line}\n", "stream": "stderr"}) + "\n" for line in plain)
    assert len(read_trace(write("x-json.log", text))) == 2


def test_lines_of_more_verbosity_are_no_requests(write):
    lines = ["28: going from conn_parse_cmd to conn_write", "> NOT FOUND a", "<28 bogus x"]
    lines += [">28 ERROR", "<28 nosuch x", "<28 stats", "what is this", "<28 get a", ">28 END"]
    trace = read_trace(write("log", START + "\n".join(lines) + "\n"))
    assert len(trace) == 1
    assert "not counted as requests: nosuch 1" in trace.notes
    assert any("1 of 14 lines skipped" in note for note in trace.notes)


def test_a_log_of_writes_alone_is_refused(write):
    with pytest.raises(BadInputError, match="has no reads"):
        read_trace(write("log", START + "<30 set a 0 0 4\n>30 STORED\n"))


def test_angle_brackets_alone_are_keys(write):
    assert len(read_trace(write("keys.txt", "<28 a\n>28 b\n<28 a\n"))) == 3


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "9" * 5000])
@pytest.mark.parametrize(
    "command", ["set k 0 0 {}", "set k 0 {} 5", "append k 0 0 {}", "ms k {}", "touch k {}"]
)
def test_numbers_that_no_server_takes_are_no_requests(write, command, number):
    line = f"<28 {command.format(number)}\n>28 ERROR\n"
    trace = read_trace(write("a.log", START + line + "<28 get k\n>28 END\n" * 20))
    assert len(trace) == 20


def test_a_flush_with_a_delay_of_many_digits_is_left_out(write):
    lines = "<28 set k 0 0 5\n>28 STORED\n" * 9 + f"<28 flush_all {'9' * 5000}\n>28 OK\n"
    trace = read_trace(write("a.log", START + lines + "<28 get k\n>28 sending key k\n>28 END\n"))
    assert int(Operation.DELETE) not in trace.operations.tolist()
