"""What is said of a PostgreSQL that is not there: which one, why, and what to do."""

import socket

import pytest

from perflab.errors import BadInputError
from perflab.servers.postgres.leftovers import postgres_leftovers
from perflab.servers.postgres.server import find_postgres
from perflab.servers.postgres.words import shown_conninfo


@pytest.fixture
def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://me:hush@127.0.0.1:{}/shop",
        "host=127.0.0.1 port={} user=me password=hush dbname=shop",
    ],
)
def test_a_server_that_is_away_is_named_with_the_reason(form, closed_port, monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", form.format(closed_port))
    for ask in (find_postgres, lambda: postgres_leftovers(form.format(closed_port))):
        with pytest.raises(BadInputError) as caught:
            ask()
        said = str(caught.value)
        assert f"127.0.0.1:{closed_port}/shop: cannot be reached (connection refused)" in said
        assert "start it, or correct PERFLAB_POSTGRES_URL" in said
        assert "hush" not in said


@pytest.mark.parametrize("conninfo", ["hush", "host=db password='hush", "host=db hush"])
def test_what_is_no_address_is_not_shown(conninfo):
    assert shown_conninfo(conninfo) == "***"
