"""What is exported for frameworks and platforms is used by them, on a real PostgreSQL."""

import os
import subprocess
import sys

import hcl2
import psycopg.conninfo
import pytest
import yaml

from perflab.patterns.connection_pool.exports import connection_pool_exports
from perflab.patterns.connection_pool.exports.configurations import connection_pool_configurations
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.servers.postgres.server import PostgresServer
from perflab.settings import LoadSettings

SETTINGS = ConnectionPoolSettings(
    min_connections=2, max_connections=7, timeout=3.5, max_lifetime=1800, max_idle=300
)
DJANGO = """
import sys
names = {}
exec(open(sys.argv[1]).read(), names)
from django.conf import settings
settings.configure(DATABASES=names["DATABASES"])
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT 41 + 1")
    print(cursor.fetchone()[0])
pool = connection.pool
print(pool.min_size, pool.max_size, pool.timeout, pool.max_lifetime, pool.max_idle)
connection.close()
connection.close_pool()
"""


def exported(settings=SETTINGS):
    load = LoadSettings()
    made = (settings, load, "poisson:rate=200")
    return {
        each.name: each
        for each in (*connection_pool_exports(*made), *connection_pool_configurations(*made))
    }


def test_django_databases_on_a_real_server(tmp_path):
    path = tmp_path / "settings.py"
    path.write_text(exported()["django-databases"].text)
    with PostgresServer.start() as server:
        parts = psycopg.conninfo.conninfo_to_dict(server.conninfo)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
        names["password"] = "PGPASSWORD"
        given = {names[key]: str(value) for key, value in parts.items() if key in names}
        done = subprocess.run(
            [sys.executable, "-c", DJANGO, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, **given},
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["42", "2", "7", "3.5", "1800", "300"]


@pytest.mark.parametrize("waiting", [None, 0, 5])
def test_django_waits_as_psycopg_pool_does(waiting, monkeypatch):
    monkeypatch.setenv("PGDATABASE", "shop")
    names = {}
    exec(exported(SETTINGS.change(max_waiting=waiting))["django-databases"].text, names)
    pool = names["DATABASES"]["default"]["OPTIONS"]["pool"]
    assert pool.get("max_waiting") == (None if waiting is None else max(1, waiting))


def test_spring_has_the_properties_of_hikari_in_its_own_spelling():
    found = exported()
    hikari = {
        "".join(
            word.title() if place else word for place, word in enumerate(name.split("-"))
        ): value
        for name, value in yaml.safe_load(found["spring"].text)["spring"]["datasource"][
            "hikari"
        ].items()
    }
    assert hikari == found["hikaricp"].values
    assert hikari["connectionTimeout"] == 3500


def test_rds_leaves_room_for_the_pools_of_all_programs():
    read = hcl2.loads(exported()["rds"].text)
    (local,) = read["locals"]
    assert local["connections_per_program"] == 7
    text = exported()["rds"].text
    assert "tostring(var.programs * local.connections_per_program" in text


@pytest.mark.parametrize("name", ["configmap", "helm"])
def test_variables_are_texts(name):
    export = exported()[name]
    found = yaml.safe_load(export.text)[export.root]
    assert found == export.values
    assert all(isinstance(value, str) for value in found.values())
    assert found["CONNECTION_POOL_MAX_CONNECTIONS"] == "7"


def test_variables_of_compose_belong_to_a_service():
    found = yaml.safe_load(exported()["compose"].text)
    assert found["services"]["app"]["environment"]["CONNECTION_POOL_CHECK"] == "on"
