"""The tables of facts: the workload, the calibration and the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from perflab.errors import BadInputError
from perflab.lab.calibration import Calibration
from perflab.lab.documents import AboutWorkload
from perflab.reports.blocks import Table, fact_table
from perflab.reports.report_scope import AnyResult, first_of_each
from perflab.reports.wording import Facts, write_fact, write_facts
from perflab.tuning.predictions import Predictions
from perflab.units import grouped, percent, rounded

_REPLAY = re.compile(r"(?:at [\d,]+ of [\d,]+ points, )?(?:writes|ttl_from) \w+: ")

# Said elsewhere in the table, in words of its own, or of use to a program only.
LEFT_OUT = (
    *("name", "fingerprint", "index_of_dispersion", "operations"),
    *("requests_per_second_over_time", "reuse_sampled"),
)


def workload_table(workload: AboutWorkload, name: str) -> Table:
    """Return a workload's name, fingerprint and summary."""
    summary = workload.get("summary") or {}
    operations = summary.get("operations") or {}
    counts = ", ".join(f"{what} {grouped(count)}" for what, count in operations.items())
    facts: Facts = {
        "name": (str(workload.get("name", "n/a")), workload.get("name")),
        "fingerprint": (str(workload.get("fingerprint", "n/a")), workload.get("fingerprint")),
        **({"operations": (counts, counts)} if counts else {}),
        **write_facts(summary, LEFT_OUT),
    }
    keys, once = summary.get("distinct_keys"), summary.get("one_hit_wonders")
    if keys and once is not None:
        facts["one hit wonders"] = (f"{grouped(once)} ({percent(once / keys)} of the keys)", once)
    spread = summary.get("index_of_dispersion")
    if spread is not None:
        facts["burstiness"] = (f"{rounded(spread)} (variance over mean; 1 is Poisson)", spread)
    skew = summary.get("skew")
    if skew is not None:
        facts["skew"] = (f"{rounded(skew)} (the exponent of Zipf's law)", skew)
    return fact_table(name, str(workload.get("name", "Workload")), facts)


def replay_notes(results: Sequence[AnyResult], fingerprint: object) -> list[str]:
    """Return which `writes` and `ttl_from` were in force in the results of a workload."""
    found = [
        note
        for result in results
        if result.workload.get("fingerprint") == fingerprint
        for note in said_of(result)
        if is_of_replay(note)
    ]
    return list(dict.fromkeys(found))


def is_of_replay(note: str) -> bool:
    """Say whether a note names the `writes` or `ttl_from` in force."""
    return _REPLAY.match(note) is not None


def said_of(result: AnyResult) -> tuple[str, ...]:
    """Return what a reader of a result must know."""
    return result.remarks if isinstance(result, Predictions) else result.notes


def calibration_table(calibration: Mapping[str, object], name: str) -> Table:
    """Return where a model's costs come from, and the costs."""
    head = {key: calibration.get(key) for key in ("source", "backend", "date")}
    if not head["backend"]:  # the pattern has none
        del head["backend"]
    measured = _named(calibration.get("costs"))
    known = write_facts(
        {key: value for key, value in measured.items() if not _is_no_time(key, value)}
    )
    costs = {f"cost: {what}": fact for what, fact in known.items()}
    return fact_table(name, "Calibration", {**write_facts(head), **costs})


def _named(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _is_no_time(key: str, value: object) -> bool:
    return key.endswith("_seconds") and isinstance(value, (int, float)) and value <= 0


def described(calibration: Mapping[str, object]) -> str:
    """Return in words how old a calibration is and how busy the machine was; nothing if unknown."""
    try:
        return Calibration.from_dict({"kind": Calibration.kind, **calibration}).describe()
    except BadInputError:
        return ""


def environment_table(environment: Mapping[str, object], name: str) -> Table:
    """Return machine, versions, the servers behind a run, and date."""
    facts = write_facts(environment, ("versions", "servers"))
    versions = _named(environment.get("versions"))
    text = ", ".join(f"{package} {version}" for package, version in versions.items())
    if text:
        facts["versions"] = (text, text)
    for server, said in _named(environment.get("servers")).items():
        facts[f"server: {server}"] = (str(said), said)
    if "date" in environment:
        facts["date"] = (write_fact("date", environment["date"]), environment["date"])
    return fact_table(name, "Environment", facts)


def workloads(results: Sequence[AnyResult]) -> list[AboutWorkload]:
    """Return the workloads of results, those of other content."""
    told = [result.workload for result in results if result.workload]
    return first_of_each(told, lambda workload: workload.get("fingerprint"))


def calibrations(results: Sequence[AnyResult]) -> list[Mapping[str, object]]:
    """Return the calibrations of results, those of other costs."""
    told = [result.calibration for result in results if result.calibration]
    return first_of_each(told, lambda calibration: calibration.get("costs"))


def environments(results: Sequence[AnyResult]) -> list[Mapping[str, object]]:
    """Return the environments that differ in versions or servers.

    One without servers is left out where another of the same versions has some: a prediction
    needs no server.
    """
    found: dict[str, Mapping[str, object]] = {}
    served = {repr(one.environment.get("versions")) for one in results if _servers(one)}
    for result in results:
        versions = repr(result.environment.get("versions"))
        if result.environment and (_servers(result) or versions not in served):
            found.setdefault(f"{versions} {_servers(result)}", result.environment)
    return list(found.values())


def _servers(result: AnyResult) -> object:
    return result.environment.get("servers") or {}
