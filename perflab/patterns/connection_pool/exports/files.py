"""The pool's settings for pools outside of Python: properties of HikariCP, lines of PgBouncer."""

from __future__ import annotations

from perflab.bench.exporting import number
from perflab.bench.parts import Export, Scalar
from perflab.bench.templates import render
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

EVER = 10 * 365 * 86400
"""Ten years, in seconds, for what has no word for none."""

_HIKARI_NAMES = (
    "The address is not here: give jdbcUrl in the program, from its environment.",
    "In Spring Boot each name begins with spring.datasource.hikari. and the times are the same.",
)
_HIKARI_TIMEOUT = 250
_HIKARI_LIFETIME = 30_000
_HIKARI_IDLE = 10_000
_HIKARI_MARGIN = 1_000


def hikari(settings: ConnectionPoolSettings, first: str) -> Export:
    """Return the properties of HikariCP, in milliseconds and within its bounds."""
    values, remarks = hikari_values(settings)
    text = render(
        __package__,
        "hikari.properties.jinja",
        remarks=[first, *_HIKARI_NAMES, *remarks],
        values=values,
    )
    return Export("HikariCP", "properties", text, values=values)


def hikari_values(settings: ConnectionPoolSettings) -> tuple[dict[str, Scalar], list[str]]:
    """Return the properties of HikariCP by their names, and what to say of them.

    Source: HikariCP's README, *Configuration*; times are in milliseconds.
    """
    remarks: list[str] = []
    timeout = _at_least(_HIKARI_TIMEOUT, settings.timeout, "connectionTimeout", remarks)
    lifetime = 0
    if settings.max_lifetime is not None:
        lifetime = _at_least(_HIKARI_LIFETIME, settings.max_lifetime, "maxLifetime", remarks)
    idle = 0
    if settings.max_idle is not None:
        idle = _at_least(_HIKARI_IDLE, settings.max_idle, "idleTimeout", remarks)
    if lifetime and idle + _HIKARI_MARGIN > lifetime:
        remarks.append("idleTimeout is off: maxLifetime ends a connection sooner.")
        idle = 0
    if not settings.check:
        remarks.append(
            "HikariCP checks a connection that was idle for 0.5 s before handing it out;"
        )
        remarks.append("that cannot be turned off here.")
    if settings.order == "fifo":
        remarks.append("HikariCP prefers a connection that the same thread had before; there is no")
        remarks.append("setting for the order.")
    remarks += _without_like(settings, "HikariCP")
    if settings.transactions != "rollback":
        remarks.append("What is open when a connection comes back, HikariCP rolls back.")
    values: dict[str, Scalar] = {
        "minimumIdle": least(settings),
        "maximumPoolSize": settings.max_connections,
        "connectionTimeout": timeout,
        "maxLifetime": lifetime,
        "idleTimeout": idle,
    }
    return values, remarks


def pgbouncer(settings: ConnectionPoolSettings, first: str) -> Export:
    """Return the lines of ``pgbouncer.ini``, in seconds.

    Source: PgBouncer's *config*.
    """
    remarks = [
        "Sizes are for each pair of database and user, and for all programs together: what was",
        "measured was one program.",
    ]
    if settings.max_lifetime is None:
        remarks.append("server_lifetime has no word for none: these are ten years.")
    if settings.max_idle is None:
        remarks.append("server_idle_timeout = 0 is for ever.")
    if not settings.check:
        remarks.append("A connection that was idle for server_check_delay is checked all the same.")
    remarks += _without_like(settings, "PgBouncer")
    if settings.transactions != "rollback":
        remarks.append("A connection whose client leaves in a transaction, PgBouncer closes.")
    values: dict[str, Scalar] = {
        "default_pool_size": settings.max_connections,
        "min_pool_size": least(settings),
        "query_wait_timeout": number(settings.timeout),
        "server_lifetime": number(settings.max_lifetime or EVER),
        "server_idle_timeout": number(settings.max_idle or 0),
    }
    if settings.order == "fifo":
        values["server_round_robin"] = 1
    if settings.check:
        values["server_check_delay"] = 0
    remarks.insert(0, first)
    text = render(__package__, "pgbouncer.ini.jinja", remarks=remarks, values=values)
    return Export("PgBouncer", "ini", text, values=values, root="pgbouncer")


def _without_like(settings: ConnectionPoolSettings, name: str) -> list[str]:
    """Return what to say of a setting that another pool has no word for."""
    if settings.max_waiting is None:
        return []
    return [f"{name} has no max_waiting: callers wait for the timeout at most."]


def least(settings: ConnectionPoolSettings) -> int:
    """Return the minimum, which no pool lets be above the maximum."""
    return min(settings.min_connections, settings.max_connections)


def _at_least(least: int, seconds: float, name: str, remarks: list[str]) -> int:
    """Return milliseconds that HikariCP accepts, with a remark where they are not the ones set."""
    milliseconds = round(seconds * 1000)
    if milliseconds >= least:
        return milliseconds
    remarks.append(f"{name}: yours is {milliseconds} ms, and HikariCP takes no less than {least}.")
    return least
