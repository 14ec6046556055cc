from __future__ import annotations

import pickle

import pytest

from perflab.errors import BadInputError, nearest
from perflab.servers.consent import ConsentNeededError, ForeignServer


def test_place_comes_first():
    assert str(BadInputError("is empty", "trace.csv:3")) == "trace.csv:3: is empty"
    assert str(BadInputError("is empty")) == "is empty"


def test_message_and_place_survive_a_process_boundary():
    error = pickle.loads(pickle.dumps(BadInputError("is empty", "trace.csv:3")))
    assert type(error) is BadInputError
    assert (error.message, error.place) == ("is empty", "trace.csv:3")
    assert str(error) == "trace.csv:3: is empty"


def test_misspelt_word_is_answered_with_the_nearest():
    assert nearest("ttl_second", ["policy", "ttl_seconds"]) == "; did you mean 'ttl_seconds'?"


def test_word_like_no_other_is_answered_with_all_that_are_known():
    assert nearest("xyz", ["lru", "fifo"]) == "; known: fifo, lru"


@pytest.mark.parametrize("value", ["x" * 60_000, "a b " * 20_000, "\x1b[31m" * 9_000])
def test_a_value_of_any_length_makes_one_line_that_people_read(value):
    error = BadInputError(f"the time {value!r} is not a number", f"{value}.csv:3")
    assert len(str(error)) < 4_100
    assert str(error).endswith("is not a number")
    assert ".csv:3: the time" in str(error)
    assert str(error).isprintable()


def test_what_is_agreed_to_is_said_in_full():
    servers = [ForeignServer(f"http://host{number}:80", "sends it") for number in range(200)]
    said = str(ConsentNeededError(servers))
    assert all(server.address in said for server in servers)
