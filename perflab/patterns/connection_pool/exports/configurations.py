"""The pool as files of frameworks and platforms: Django, Spring, variables, RDS."""

from __future__ import annotations

from perflab.bench.exporting import heading, number
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.patterns.connection_pool.exports.files import EVER, hikari_values, least
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.units import rounded

_ALWAYS = ("min_connections", "max_connections", "timeout", "max_lifetime", "max_idle", "check")
_OF_THE_BENCH = ("driver", "query")
_KEBAB = {
    "minimumIdle": "minimum-idle",
    "maximumPoolSize": "maximum-pool-size",
    "connectionTimeout": "connection-timeout",
    "maxLifetime": "max-lifetime",
    "idleTimeout": "idle-timeout",
}


def connection_pool_configurations(
    settings: ConnectionPoolSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings of the program's pool, and what they need of the database."""
    rate = load.request_rate
    first = heading(workload, *([] if rate is None else [f"{rounded(rate)} arrivals per second"]))
    found = variables("connection_pool", settings, _ALWAYS, _OF_THE_BENCH)
    return (
        _django(settings, first),
        _spring(settings, first),
        *platform_exports(found, [first], "connection_pool"),
        _rds(settings, first),
    )


def _django(settings: ConnectionPoolSettings, first: str) -> Export:
    """Return Django's ``DATABASES``.

    Source: Django 5.1's *PostgreSQL notes, Connection pool*: ``pool`` holds the arguments of
    psycopg_pool's ``ConnectionPool``, and CONN_MAX_AGE must be 0 with it.
    """
    remarks = [first, "Needs Django 5.1 or newer and psycopg[pool]. The name of the database and"]
    remarks.append("all else of the connection come from PGDATABASE, PGHOST, PGUSER and so on.")
    if None in (settings.max_lifetime, settings.max_idle):
        remarks.append(f"{EVER} seconds, ten years, stand for no limit.")
    if settings.order == "lifo":
        remarks.append("psycopg_pool always hands out the connection unused for longest (FIFO).")
    if settings.max_waiting == 0:
        remarks.append("max_waiting of 0 would mean no limit here, so it is 1.")
    pool: dict[str, object] = {
        "min_size": least(settings),
        "max_size": settings.max_connections,
        "timeout": number(settings.timeout),
        "max_lifetime": number(settings.max_lifetime or EVER),
        "max_idle": number(settings.max_idle or EVER),
    }
    if settings.max_waiting is not None:
        pool["max_waiting"] = max(1, settings.max_waiting)
    text = render(__package__, "django.py.jinja", remarks=remarks, pool=pool, check=settings.check)
    return Export("Django DATABASES", "python", text)


def _spring(settings: ConnectionPoolSettings, first: str) -> Export:
    """Return Spring Boot's properties of HikariCP, times in milliseconds.

    Sources: Spring Boot's *Common Application Properties*, Data; HikariCP's README.
    """
    values, remarks = hikari_values(settings)
    named = {_KEBAB[name]: value for name, value in values.items()}
    text = render(__package__, "spring.yaml.jinja", remarks=[first, *remarks], values=named)
    return Export("Spring Boot", "yaml", text, "spring", named, "spring.datasource.hikari")


def _rds(settings: ConnectionPoolSettings, first: str) -> Export:
    """Return a parameter group of RDS for Terraform, which leaves room for all programs' pools.

    Sources: the Terraform registry, ``aws_db_parameter_group``; Amazon's *Quotas and constraints
    for Amazon RDS*: without it max_connections follows from the memory of the instance, and a
    change needs a restart.
    """
    remarks = [
        first,
        "max_connections is the database's: room for the pools of all programs, and some to spare",
        "for administrators. Without it RDS takes LEAST(memory in bytes / 9531392, 5000), which",
        "may be enough already; the change counts after a restart.",
    ]
    text = render(
        __package__, "rds.tf.jinja", remarks=remarks, most=settings.max_connections, spare=10
    )
    values = {"connections_per_program": settings.max_connections}
    return Export("Terraform for RDS", "terraform", text, "rds", values, "locals")
