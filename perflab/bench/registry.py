"""The benches that are installed, found by the entry point group ``perflab.benches``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from perflab.bench.base import AnyBench, Bench
from perflab.bench.contract import NEW_CONTRACT, check_bench, refuse_old
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import BENCHES, declare, is_foreign
from perflab.settings.load import know_backends

if TYPE_CHECKING:
    from perflab.workloads.registry.kind import WorkloadKind


SERVICE = "service"
"""What a whole service is called where a pattern could be named: no bench has this name."""


@cache
def _found() -> dict[str, list[EntryPoint]]:
    """Return the entry points of each pattern; more than one where packages disagree on it."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=BENCHES):
        same = found.setdefault(point.name, [])
        if point.value not in [known.value for known in same]:
            same.append(point)
    return found


def bench_names() -> tuple[str, ...]:
    """Return the names of all patterns that have a bench."""
    return tuple(sorted(_found()))


def bench_package(pattern: str) -> str:
    """Return the package that brings a pattern, with its version, such as ``perflab 1.0``."""
    return " and ".join(_package(point) for point in _found()[pattern])


def is_from_outside(pattern: str) -> bool:
    """Say whether another package than perflab brings a pattern."""
    return any(is_foreign(point) for point in _found()[pattern])


@cache
def load_bench(pattern: str) -> AnyBench:
    """Return the bench of a pattern, with its metrics made known.

    Other benches are not imported, but for perflab's own before one of another package: where two
    declare a metric in two ways, it is the other package's that is refused.

    Raises:
        BadInputError: If no bench has that name (it names the nearest), it is that of whole
            services, two packages bring it, or another package's bench cannot be loaded or breaks
            the contract.
    """
    found = _found()
    if pattern == SERVICE:
        text = "is a whole service, not a pattern; 'perflab predict service' predicts it"
        if pattern in found:
            text = f"is kept for whole services; {bench_package(pattern)} must rename its pattern"
        raise BadInputError(text, pattern)
    if pattern not in found:
        raise BadInputError(f"unknown pattern {pattern!r}{nearest(pattern, found)}")
    first, *others = found[pattern]
    if others:
        text = f"two packages bring this pattern, {bench_package(pattern)}; uninstall one"
        raise BadInputError(text, pattern)
    if not is_foreign(first):
        return _load(first)
    for name in bench_names():
        if not is_from_outside(name):
            load_bench(name)
    try:
        return _load(first)
    except (Exception, SystemExit) as error:  # whatever code of somebody else's may raise
        # A name that is gone from perflab is most often that of the old contract.
        gone = isinstance(error, ImportError) and (error.name or "").startswith("perflab.")
        hint = f"; {NEW_CONTRACT}" if gone else ""
        text = f"cannot be loaded ({type(error).__name__}: {error}{hint}); update or uninstall it"
        raise BadInputError(text, f"the bench of {pattern!r} in {_package(first)}") from error


def kind_that_names(spec: str) -> WorkloadKind[Any] | None:
    """Return the kind of an installed pattern's workloads that has a name; none for a file.

    Nor is there one for the names of traces, arrivals and accesses, which `load_any` knows.
    """
    from perflab.workloads import ACCESSES, ARRIVALS, WORKLOADS
    from perflab.workloads.registry.named import is_file

    name = spec.partition(":")[0].strip()
    if any(name in known for known in (WORKLOADS, ARRIVALS, ACCESSES)) or is_file(spec):
        return None
    for pattern in bench_names():
        try:
            kind: WorkloadKind[Any] = load_bench(pattern).workload_kind
        except BadInputError:  # another package's, which `doctor` lists with the reason
            continue
        if name in kind.named:
            return kind
    return None


def _load(point: EntryPoint) -> AnyBench:
    with naming_extra():
        made = point.load()
        refuse_old(made)
        bench: object = made()
    if not isinstance(bench, Bench):
        raise TypeError(f"the entry point {point.name!r} of {BENCHES} is not a Bench")
    check_bench(bench, point.name)
    declare(bench.display.metric_infos, f"the pattern {point.name!r}")
    know_backends(bench.live.backends)
    return bench


def _package(point: EntryPoint) -> str:
    return point.value if point.dist is None else f"{point.dist.name} {point.dist.version}"
