from __future__ import annotations

import pickle

from perflab.settings import BadInputError, nearest


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
