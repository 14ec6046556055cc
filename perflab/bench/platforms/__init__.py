"""Settings as variables of an environment: .env, Kubernetes, Helm and Docker Compose.

Any program may have them: each setting is a variable ``PATTERN_KEY``, whose value is written so
that the pattern's ``Settings.read`` takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from perflab.bench.exporting import arguments, number
from perflab.bench.parts import Export, Scalar
from perflab.bench.templates import render
from perflab.settings.base import Settings

_UNITS = "Times are in seconds and sizes in bytes; none means no limit, or off."
_SERVICE = "app"


def variables(
    pattern: str, settings: Settings, always: Collection[str] = (), never: Collection[str] = ()
) -> dict[str, Scalar]:
    """Return settings by the name of a variable, such as ``CACHE_MAX_CACHE_SIZE``.

    Defaults are in it only if `always` names them. What has several values is left out.
    """
    found: dict[str, Scalar] = {}
    for key, value in arguments(settings, always, never).items():
        if isinstance(value, bool):
            written: Scalar = "on" if value else "off"
        elif isinstance(value, int | float):
            written = number(value)
        elif value is None or isinstance(value, str):
            written = "none" if value is None else value
        else:
            continue
        found[f"{pattern}_{key}".upper()] = written
    return found


def platform_exports(
    values: Mapping[str, Scalar], remarks: Sequence[str], pattern: str
) -> tuple[Export, ...]:
    """Return variables for four platforms.

    Sources: python-dotenv's *File format*; Kubernetes' *ConfigMaps*, whose values are texts;
    Docker's *Compose file reference, environment*. Helm sets no names of its own: ``env`` is a
    mapping that many charts hand to their containers.

    Args:
        values: The variables.
        remarks: What stands above them.
        pattern: The pattern, after which the ConfigMap is named.
    """
    texts = {name: str(value) for name, value in values.items()}
    given = {"variables": texts, "remarks": [*remarks, _UNITS]}
    label = f"{pattern.replace('_', '-')}-settings"
    return (
        Export(".env", "dotenv", render(__package__, "dotenv.env.jinja", **given), "env", values),
        Export(
            "Kubernetes ConfigMap",
            "yaml",
            render(__package__, "configmap.yaml.jinja", **given, label=label),
            "configmap",
            texts,
            "data",
        ),
        Export(
            "Helm values",
            "yaml",
            render(__package__, "helm.yaml.jinja", **given),
            "helm",
            texts,
            "env",
        ),
        Export(
            "Docker Compose",
            "yaml",
            render(__package__, "compose.yaml.jinja", **given, service=_SERVICE),
            "compose",
            texts,
            f"services.{_SERVICE}.environment",
        ),
    )
