"""How values, changes and lists are put into words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from perflab.instrumentation.catalog import MetricInfo
from perflab.settings import SettingInfo
from perflab.units import exact, format_quantity, named, parse_quantity

Facts = dict[str, tuple[str, object]]
"""What is known by name: in words, and as it is."""

_QUANTILE = re.compile(r"^p\d+$")


def write_setting(info: SettingInfo, value: object) -> str:
    """Return a setting's exact value with its unit, a choice by its title."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return info.title(value)
    return exact(value, info.unit)


def write_for_shell(info: SettingInfo, value: object) -> str:
    """Return a setting's exact value as ``--set`` takes it, not yet quoted."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return info.format(value)
    if isinstance(value, int) and info.unit not in ("bytes", "seconds"):
        return str(value)
    text = format_quantity(value, info.unit)
    return text if parse_quantity(text, info.unit) == value else repr(value)


def setting_name(info: SettingInfo) -> str:
    """Return a setting's label without its unit."""
    return info.label.removesuffix(f" ({info.unit})")


def listed(words: Iterable[str]) -> str:
    """Return words as ``a, b and c``."""
    known = list(words)
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} and {known[-1]}"


def sentence(text: str) -> str:
    """Return a text with a capital at its start and a stop at its end."""
    text = text.strip()
    if not text:
        return ""
    is_key = "_" in text.split(maxsplit=1)[0]
    head = text[0] if is_key else text[0].upper()
    return head + text[1:] + ("" if text[-1] in ".!?:" else ".")


def write_change(info: MetricInfo, before: float, after: float) -> str:
    """Return how a metric changes: ``hit rate rises from 60 % to 71 % (+11 points)``."""
    old, new = info.format(before), info.format(after)
    if old == new:
        return f"{info.plain} stays at {new}"
    verb = "rises" if after > before else "falls"
    return f"{info.plain} {verb} from {old} to {new} ({info.difference(before, after)})"


def write_facts(values: Mapping[str, object], leave_out: Iterable[str] = ()) -> Facts:
    """Return what is known by name, in words and as it is; nothing where nothing is known."""
    skipped = set(leave_out)
    facts: Facts = {}
    for key, value in values.items():
        if key in skipped or value is None or value == "" or isinstance(value, (list, tuple)):
            continue
        if isinstance(value, Mapping):
            for inner, fact in write_facts(value, skipped).items():
                facts[f"{fact_name(key)}, {inner}"] = fact
            continue
        facts[fact_name(key)] = (write_fact(key, value), value)
    return facts


def fact_name(key: str) -> str:
    """Return a key in words, its unit left to the value."""
    what, quantile = _parted(key)
    words = what.removesuffix("_seconds").removesuffix("_bytes") or key
    words += f", {quantile}" if quantile else ""
    return words.replace("_per_", " per ").replace("_", " ").replace("ttl", "TTL")


def _parted(key: str) -> tuple[str, str]:
    """Split ``reuse_interval_seconds_p50`` into what it is and which quantile."""
    what, _, last = key.rpartition("_")
    return (what, last) if _QUANTILE.match(last) else (key, "")


def write_fact(key: str, value: object) -> str:
    """Return a value with the unit that its key names."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return named(key, value)
    text = str(value)
    return text.replace("T", " ").replace("+00:00", " UTC") if key == "date" else text


def shell_line(words: Iterable[str]) -> str:
    """Return a command for a shell, quoted, its options on lines of their own where it is long."""
    quoted = [shlex.quote(word) for word in words]
    line = " ".join(quoted)
    if len(line) <= 90:
        return line
    options: list[str] = []
    for word in quoted:
        if word.startswith("--"):
            options.append(word)
        elif options:
            options[-1] += f" {word}"
    head = quoted[: next(i for i, word in enumerate(quoted) if word.startswith("--"))]
    return " \\\n    ".join([" ".join(head), *options])
