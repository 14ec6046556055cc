"""What commands read before they work: pattern, settings, workload, the compiled kernels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perflab.cli.options import parse_settings
from perflab.cli.output import progress

if TYPE_CHECKING:
    from perflab.bench.base import Bench


def read_pattern(name: str, settings: Iterable[str] | None) -> tuple[Bench, dict[str, Any]]:
    """Return the bench of a pattern, and the settings that the user gave, checked.

    Raises:
        BadInputError: If there is no such pattern, or a setting is wrong.
    """
    from perflab.bench.registry import load_bench

    bench = load_bench(name)
    return bench, parse_settings(bench, settings)


def read_workload(
    name: str | None,
    wanted: bool | None,
    format_name: str | None = None,
    columns: str | None = None,
    bench: Bench | None = None,
    values: Mapping[str, Any] | None = None,
    *,
    any_kind: bool = False,
) -> Any:
    """Return a workload that the user named, with progress; none where none is named.

    Args:
        name: A name with parameters or a file's path.
        wanted: Whether to show progress; none for where somebody sees it.
        format_name: The file's format.
        columns: Which columns of a table to read, such as ``key=url``.
        bench: Whose kind of workload it is; a trace of requests where not given.
        values: The settings that the user gave, which may name or bound it.
        any_kind: Whether, with no bench, it may also be arrivals.

    Raises:
        BadInputError: If there is no such workload, or it is wrong.
    """
    if name is None:
        _refuse_alone(format_name, columns)
        return None
    from perflab.workloads import load_any, load_workload
    from perflab.workloads.importers.columns import parse_columns

    chosen = parse_columns(columns) if columns else None
    load: Any = load_any if any_kind else load_workload
    with progress("reading", "B", wanted) as report:
        if bench is None:
            return load(name, format_name, chosen, report)
        settings = bench.read(values)[0]
        return bench.workload_for(settings, name, format_name, chosen, report)


def _refuse_alone(format_name: str | None, columns: str | None) -> None:
    from perflab.errors import BadInputError

    for option, value in (("--format", format_name), ("--columns", columns)):
        if value is not None:
            raise BadInputError("applies only to files; pass one with --workload", option)


def prepare_kernels(wanted: bool | None) -> None:
    """Compile the kernels with progress where that has not been done on this machine yet."""
    if kernels_kept():
        return
    from perflab.kernels.warm import compile_all

    with progress("compiling, once", " kernels", wanted) as report:
        compile_all(None if report is None else lambda done, total, _: report(done, total))


def kernel_folder() -> Path:
    """Return where numba keeps what it has compiled, unless that cannot be written."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    return Path(named) if named else Path(__file__).parents[1] / "kernels"


def kernels_kept() -> int:
    """Return how many compiled kernels are kept for later starts."""
    return sum(1 for _ in kernel_folder().rglob("*.nbi")) if kernel_folder().is_dir() else 0
