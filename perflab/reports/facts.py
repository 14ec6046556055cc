"""The tables of facts: the workload, the calibration and the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perflab.errors import BadInputError
from perflab.lab.calibration import Calibration
from perflab.reports.blocks import Table, fact_table
from perflab.reports.subject import AnyResult
from perflab.reports.wording import write_fact, write_facts
from perflab.units import grouped, percent, rounded

# Said elsewhere in the table, in words of its own, or of use to a program only.
LEFT_OUT = (
    *("name", "fingerprint", "index_of_dispersion"),
    *("requests_per_second_over_time", "reuse_sampled"),
)


def workload_table(workload: Mapping[str, Any], name: str) -> Table:
    """Return a workload's name, fingerprint and summary."""
    summary = dict(workload.get("summary") or {})
    facts: dict[str, tuple[str, Any]] = {
        "name": (str(workload.get("name", "n/a")), workload.get("name")),
        "fingerprint": (str(workload.get("fingerprint", "n/a")), workload.get("fingerprint")),
        **write_facts(summary, LEFT_OUT),
    }
    keys, once = summary.get("distinct_keys"), summary.get("one_hit_wonders")
    if keys and once is not None:
        facts["one hit wonders"] = (f"{grouped(once)} ({percent(once / keys)} of the keys)", once)
    spread = summary.get("index_of_dispersion")
    if spread is not None:
        facts["burstiness"] = (f"{rounded(spread)} (variance over mean; 1 is Poisson)", spread)
    if summary.get("skew") is not None:
        facts["skew"] = (
            f"{rounded(summary['skew'])} (the exponent of Zipf's law)",
            summary["skew"],
        )
    return fact_table(name, str(workload.get("name", "Workload")), facts)


def calibration_table(calibration: Mapping[str, Any], name: str) -> Table:
    """Return where a model's costs come from, and the costs."""
    head = {key: calibration.get(key) for key in ("source", "backend", "date")}
    measured = calibration.get("costs") or {}
    known = write_facts(
        {key: value for key, value in measured.items() if not _is_no_time(key, value)}
    )
    costs = {f"cost: {what}": fact for what, fact in known.items()}
    return fact_table(name, "Calibration", {**write_facts(head), **costs})


def _is_no_time(key: str, value: Any) -> bool:
    return key.endswith("_seconds") and isinstance(value, (int, float)) and value <= 0


def described(calibration: Mapping[str, Any]) -> str:
    """Return in words how old a calibration is and how busy the machine was; nothing if unknown."""
    try:
        return Calibration.from_dict({"kind": Calibration.kind, **calibration}).describe()
    except BadInputError:
        return ""


def environment_table(environment: Mapping[str, Any], name: str) -> Table:
    """Return machine, versions, the servers behind a run, and date."""
    facts = write_facts(environment, ("versions", "servers"))
    versions = environment.get("versions") or {}
    text = ", ".join(f"{package} {version}" for package, version in versions.items())
    if text:
        facts["versions"] = (text, text)
    for server, said in (environment.get("servers") or {}).items():
        facts[f"server: {server}"] = (str(said), said)
    if "date" in environment:
        facts["date"] = (write_fact("date", environment["date"]), environment["date"])
    return fact_table(name, "Environment", facts)


def one_of_each(results: Sequence[AnyResult], field: str, key: str) -> list[Mapping[str, Any]]:
    """Return what results hold in a field, without those that are equal by a key."""
    found: dict[str, Mapping[str, Any]] = {}
    for result in results:
        value: Mapping[str, Any] = getattr(result, field)
        if value:
            found.setdefault(repr(value.get(key)), value)
    return list(found.values())


def environments(results: Sequence[AnyResult]) -> list[Mapping[str, Any]]:
    """Return the environments that differ in versions or servers.

    One without servers is left out where another of the same versions has some: a prediction
    needs no server.
    """
    found: dict[str, Mapping[str, Any]] = {}
    served = {repr(one.environment.get("versions")) for one in results if _servers(one)}
    for result in results:
        versions = repr(result.environment.get("versions"))
        if result.environment and (_servers(result) or versions not in served):
            found.setdefault(f"{versions} {_servers(result)}", result.environment)
    return list(found.values())


def _servers(result: AnyResult) -> Any:
    return result.environment.get("servers") or {}
