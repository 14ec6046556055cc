from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.settings import LoadSettings


def of_mine(key):
    return key


def test_a_function_may_be_the_backend():
    settings = LoadSettings.read({"backend": of_mine})
    assert settings.backend is of_mine
    assert settings.describe()["backend"].endswith(":of_mine")


@pytest.mark.parametrize("name", ["sqlite", "delay", "postgres", "files", "http", "my.module:load"])
def test_a_backend_is_named(name):
    assert LoadSettings.read({"backend": name}).backend == name


@pytest.mark.parametrize("value", ["redis", 7, None])
def test_what_is_no_backend_is_refused_with_what_to_write(value):
    with pytest.raises(BadInputError, match=r"^backend: ") as caught:
        LoadSettings.read({"backend": value})
    assert "module:function" in str(caught.value)


def test_no_rate_is_as_fast_as_it_can():
    assert LoadSettings.read({"request_rate": "none"}).request_rate is None
    assert LoadSettings.read({"request_rate": "2.5k"}).request_rate == 2500


@pytest.mark.parametrize(
    ("written", "loop"),
    [("none", None), ("null", None), (None, None), ("on", True), ("off", False)],
)
def test_loop_off_is_off_and_only_none_leaves_it_to_the_command(written, loop):
    assert LoadSettings.read({"loop": written}).loop is loop


@pytest.mark.parametrize(
    ("backend", "name"),
    [("sqlite", "sqlite"), ("json:loads", "json:loads"), (json.loads, "json:loads")],
)
def test_backend_has_a_name_also_where_it_is_a_function(backend, name):
    assert LoadSettings(backend=backend).backend_name == name
