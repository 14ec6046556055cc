"""What the settings of a service are called where those of all stages stand beside each other."""

from __future__ import annotations

import dataclasses
from functools import cache

from perflab.bench.registry import load_bench
from perflab.panels.history.names import Names
from perflab.service import Service, ServiceSettings
from perflab.service.layout import stage_settings
from perflab.settings import SettingInfo

_HEADLINE = (
    *("latency_seconds_mean", "latency_seconds_p95", "latency_seconds_p99", "hit_rate"),
    *("database_per_second", "memory_bytes", "most_connections", "errors"),
)


def flat(service: Service) -> dict[str, object]:
    """Return all values of a service by the keys that `Service.change` takes."""
    found = {key: getattr(service.settings, key) for key in ServiceSettings.model_fields}
    for stage in service.stages:
        values = stage.settings.model_dump()
        found |= {f"{stage.bench}.{key}": value for key, value in values.items()}
    return found


@cache
def info_of(key: str) -> SettingInfo:
    """Return what is known of a setting by the key that `Service.change` takes.

    That of a stage has the stage's title in its name.

    Raises:
        BadInputError: If there is no such setting.
    """
    stage, dot, rest = key.partition(".")
    if not dot:
        return ServiceSettings.info(key)
    # As a stage a pattern may have settings that its bench has not, such as its role.
    info = stage_settings(stage).info(rest)
    return dataclasses.replace(info, key=f"{load_bench(stage).identity.title}: {info.name}")


def names_of(service: Service) -> Names:
    """Return what the list of tried settings calls those of a service."""
    first = service.entry
    tuned = load_bench(first.bench).tuning.tuned_by(first.settings.model_dump())
    return Names("service", info_of, f"{first.bench}.{tuned}", _HEADLINE[0], _HEADLINE)
