"""The Redis cache as files of frameworks and platforms.

Django, Spring and variables take what the client does; Kubernetes, Helm, Docker Compose and
Terraform take what the server does.
"""

from __future__ import annotations

from perflab.bench.exporting import heading, number, threads
from perflab.bench.parts import Export, Scalar
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings

_ADDRESS = ("redis_host", "redis_port")
_ALWAYS = ("cache_namespace", "ttl_seconds", "ttl_jitter", "timeout", "serializer")
_OF_THE_SERVER = ("maxmemory", "maxmemory_policy", "maxmemory_samples")
_WITHOUT = "It has no jitter, no breaker, no lock against a stampede and no stale entries."


def redis_cache_configurations(
    settings: RedisCacheSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings of client and server, each for what takes it."""
    first = heading(workload, threads(load))
    client = variables("redis_cache", settings, _ALWAYS, (*_ADDRESS, *_OF_THE_SERVER))
    dotenv = platform_exports(
        client, [first, "maxmemory and its policy are the server's: see redis.conf."], "redis_cache"
    )[0]
    server = server_values(settings)
    return (
        _django(settings, first),
        _spring(settings, first),
        dotenv,
        Export(
            "Kubernetes ConfigMap",
            "yaml",
            render(__package__, "configmap.yaml.jinja", remarks=[first], server=server),
            "configmap",
            server,
            'data."redis.conf"',
        ),
        _helm(server, first),
        _compose(server, first),
        _elasticache(settings, first),
    )


def server_values(settings: RedisCacheSettings) -> dict[str, Scalar]:
    """Return the directives of the server.

    Source: the ``redis.conf`` that Redis ships, *MEMORY MANAGEMENT*; 0 bytes are no limit.
    """
    return {
        "maxmemory": settings.maxmemory or 0,
        "maxmemory-policy": settings.maxmemory_policy,
        "maxmemory-samples": settings.maxmemory_samples,
    }


def _django(settings: RedisCacheSettings, first: str) -> Export:
    """Return Django's ``CACHES``.

    Sources: Django's *Settings, CACHES* (a timeout in whole seconds, None for ever); its backend
    hands what is in ``OPTIONS`` to redis-py's connection pool, whose timeouts are in seconds.
    """
    ttl = settings.ttl_seconds
    remarks = [first, _WITHOUT]
    if ttl is not None and ttl != round(ttl):
        remarks.append("Django cuts a TTL to whole seconds, and 0 would not be cached at all.")
    values = {
        "timeout": None if ttl is None else max(1, round(ttl)),
        "prefix": settings.cache_namespace,
        "patience": number(settings.timeout),
    }
    text = render(__package__, "django.py.jinja", remarks=remarks, **values)
    return Export("Django CACHES", "python", text)


def _spring(settings: RedisCacheSettings, first: str) -> Export:
    """Return the properties of Spring Boot.

    Source: Spring Boot's *Common Application Properties*, Cache and Data; durations have a unit.
    """
    values: dict[str, Scalar] = {
        "cache.type": "redis",
        "cache.redis.key-prefix": f"{settings.cache_namespace}:",
        "data.redis.timeout": _milliseconds(settings.timeout),
        "data.redis.connect-timeout": _milliseconds(settings.timeout),
    }
    remarks = [first, _WITHOUT, "Give spring.data.redis.url from the environment."]
    if settings.ttl_seconds is None:
        remarks.append("No spring.cache.redis.time-to-live: entries do not expire.")
    else:
        values["cache.redis.time-to-live"] = _milliseconds(settings.ttl_seconds)
    ttl = values.get("cache.redis.time-to-live", "")
    text = render(__package__, "spring.yaml.jinja", remarks=remarks, values=values, ttl=ttl)
    return Export("Spring Boot", "yaml", text, "spring", values, "spring")


def _helm(server: dict[str, Scalar], first: str) -> Export:
    """Return values of the chart that most run Redis and Valkey by.

    Source: Bitnami's charts *redis* and *valkey*, parameter ``commonConfiguration``.
    """
    remarks = [
        first,
        "For the charts redis and valkey of Bitnami, whose own lines this text replaces: add",
        "those of them that you need. Give the pod more memory than maxmemory.",
    ]
    text = render(__package__, "helm.yaml.jinja", remarks=remarks, server=server)
    return Export("Helm values", "yaml", text, "helm", server, "commonConfiguration")


def _compose(server: dict[str, Scalar], first: str) -> Export:
    """Return a service of Docker Compose, whose command is the server with its directives.

    Source: the README of the image valkey/valkey: arguments are those of ``valkey-server``.
    """
    words = [word for name, value in server.items() for word in (f"--{name}", str(value))]
    command = ["valkey-server", *words]
    text = render(__package__, "compose.yaml.jinja", remarks=[first], command=command)
    return Export("Docker Compose", "yaml", text, "compose")


def _elasticache(settings: RedisCacheSettings, first: str) -> Export:
    """Return a parameter group of ElastiCache for Terraform.

    Sources: the Terraform registry, ``aws_elasticache_parameter_group``; Amazon's *Redis OSS and
    Valkey parameters*: ``maxmemory`` follows from the type of the node and cannot be set.
    """
    remarks = [first, "ElastiCache sets maxmemory by the type of the node:"]
    if settings.maxmemory is None:
        remarks.append("yours has no limit, so take what the machine had.")
    else:
        remarks.append(f"take one with at least {settings.maxmemory} bytes for data.")
    values: dict[str, Scalar] = {
        "maxmemory-policy": settings.maxmemory_policy,
        "maxmemory-samples": str(settings.maxmemory_samples),
    }
    text = render(__package__, "elasticache.tf.jinja", remarks=remarks, parameters=values)
    return Export(
        "Terraform for ElastiCache",
        "terraform",
        text,
        "elasticache",
        values,
        "aws_elasticache_parameter_group.parameter",
    )


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"
