"""A Redis of the user's that lacks a command, or an address that asks for what none has."""

import contextlib
import subprocess

import pytest
import redis

from perflab.errors import BadInputError
from perflab.servers.redis.leftovers import redis_leftovers
from perflab.servers.redis.run import RedisRun
from perflab.servers.redis.run_keys import RunKeys
from perflab.servers.redis.server import RedisServer, server_program
from perflab.servers.redis.words import unknown_command
from perflab.servers.run_name import new_run_name
from tests.helpers.processes import until


@contextlib.contextmanager
def without(command, folder):
    """A server on which a command has no name."""
    (folder / "conf").write_text(f'rename-command {command} ""\n')
    socket = folder / "s"
    words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(
        [server_program()[0], str(folder / "conf"), *words], stdout=subprocess.DEVNULL
    )
    try:
        until(socket.exists)
        yield f"unix://{socket}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("command", ["EVAL", "UNLINK", "MEMORY"])
def test_a_run_names_the_command_that_a_server_lacks(command, tmp_path):
    with without(command, tmp_path) as url:
        with pytest.raises(BadInputError, match=f"does not know the command {command}"):
            RedisRun(url, RunKeys("shop", new_run_name()))
        with redis.Redis.from_url(url) as client:
            assert client.dbsize() == 0


def test_leftovers_name_the_command_that_a_server_lacks(tmp_path):
    with without("SCAN", tmp_path) as url, pytest.raises(BadInputError, match="not know SCAN"):
        redis_leftovers(url)


def test_a_server_without_info_is_said_to_have_none(tmp_path):
    with without("INFO", tmp_path) as url, pytest.raises(BadInputError, match="command INFO"):
        RedisServer(url, "PERFLAB_REDIS_URL")


@pytest.mark.parametrize("query", ["protocol=9", "ssl_nothing=1"])
def test_a_value_that_no_connection_takes_is_the_address(query):
    with pytest.raises(BadInputError, match="query parameter that redis-py cannot use"):
        RedisServer(f"rediss://127.0.0.1:1?{query}", "PERFLAB_REDIS_URL")


def test_arguments_of_an_unknown_command_are_not_shown():
    said = "ERR unknown command 'AUTH', with args beginning with: 'Zq7Secret' "
    assert unknown_command(said) == "AUTH"
    assert unknown_command("ERR Zq7Secret") is None
