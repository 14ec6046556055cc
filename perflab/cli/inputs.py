"""What commands read before they work: pattern, settings, workload, the compiled kernels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perflab.cli.output import progress

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench


OPTIONS = ("log_format", "time_unit", "separator", "no_header")


def read_workload(
    name: str | None,
    wanted: bool | None,
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    bench: AnyBench | None = None,
    values: Mapping[str, object] | None = None,
    *,
    any_kind: bool = False,
) -> Any:
    """Return a workload that the user named, with progress; none where none is named.

    Args:
        name: A name with parameters or a file's path.
        wanted: Whether to show progress; none for where somebody sees it.
        format_name: The file's format.
        columns: Which columns of a table to read, and how; `reading_of` makes it of options.
        bench: Whose kind of workload it is; a trace of requests where not given.
        values: The settings that the user gave, which may name or bound it.
        any_kind: Whether, with no bench, it may also be arrivals, or named as a workload of any
            installed pattern.

    Raises:
        BadInputError: If there is no such workload, or it is wrong.
    """
    if name is None:
        _refuse_alone(format_name, columns)
        return None
    from perflab.workloads import load_any, load_workload

    load: Any = load_workload
    if any_kind:
        from perflab.bench.registry import kind_that_names

        kind = kind_that_names(name)
        load = load_any if kind is None else kind.load
    with progress("reading", "B", wanted) as report:
        if bench is None:
            return load(name, format_name, columns, report)
        settings = bench.read(values)[0]
        return bench.workload_for(settings, name, format_name, columns, report)


def reading_of(
    columns: str | None,
    log_format: str | None,
    time_unit: str | None,
    separator: str | None,
    no_header: bool,
) -> dict[str, str] | None:
    """Return what the options of reading say, as the one mapping that travels; None for nothing.

    Raises:
        BadInputError: If one of them is wrong.
    """
    if not any((columns, log_format, time_unit, separator, no_header)):
        return None
    from perflab.workloads.importers.columns import parse_columns
    from perflab.workloads.importers.reading import with_options

    return with_options(
        parse_columns(columns) if columns else None,
        log_format=log_format,
        time_unit=time_unit,
        separator=separator,
        no_header=no_header,
    )


def _refuse_alone(format_name: str | None, columns: Mapping[str, str] | None) -> None:
    from perflab.errors import BadInputError

    named = [f"--{name.replace('_', '-')}" for name in OPTIONS if name in (columns or ())]
    rest = columns is not None and len(named) < len(columns)
    named += ["--format"] if format_name is not None else []
    for option in (*named, *(["--columns"] if rest else [])):
        raise BadInputError("applies only to files; pass one with --workload", option)


def prepare_kernels(wanted: bool | None, workload: Any = None) -> None:
    """Compile the kernels with progress where that has not been done on this machine yet.

    Args:
        wanted: Whether to show progress; none for where somebody sees it.
        workload: What is to be simulated: one with operations needs loops of its own.
    """
    operated = getattr(workload, "operations", None) is not None
    if kernels_kept() and not operated:
        return
    from perflab.kernels.counts import POLICIES
    from perflab.kernels.warm import KERNELS, WITH_OPERATIONS, compile_all

    names = () if kernels_kept() else KERNELS
    loops = {name for name, policy in POLICIES.items() if policy.operated is not None}
    if operated and not loops <= {path.name.partition(".")[0] for path in _kept("*._operated-*")}:
        names += WITH_OPERATIONS
    if not names:
        return
    with progress("compiling, once", " kernels", wanted) as report:
        compile_all(None if report is None else lambda done, total, _: report(done, total), names)


def kernel_folder() -> Path:
    """Return where numba keeps what it has compiled, unless that cannot be written."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    return Path(named) if named else Path(__file__).parents[1] / "kernels"


def kernels_kept() -> int:
    """Return how many compiled kernels are kept for later starts."""
    return len(_kept("*"))


def _kept(name: str) -> list[Path]:
    folder = kernel_folder()
    return list(folder.rglob(f"{name}.nbi")) if folder.is_dir() else []
