"""The servers that a run would use: where they come from and what they answer."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from perflab.cli.finding import Finding
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra

GROUP = "servers"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 10.0


def servers_found(*, ask: bool = True) -> Iterator[Finding]:
    """Return SQLite, the Redis and the PostgreSQL that a run would use, and a browser.

    Args:
        ask: Whether to ask servers that the user named by URL for their versions. One that
            perflab would start itself is not started: its program says the version.
    """
    yield Finding(GROUP, "sqlite", True, sqlite3.sqlite_version)
    yield _redis(ask)
    yield _postgres(ask)
    yield _browser()


def _redis(ask: bool) -> Finding:
    try:
        with naming_extra():
            from perflab.servers.redis.server import VARIABLE, find_redis, server_program

        if os.environ.get(VARIABLE):
            return _named("redis", VARIABLE, (lambda: find_redis().version) if ask else None)
        program, source = server_program()
    except BadInputError as error:
        return Finding(GROUP, "redis", False, str(error))
    return _program("redis", program, source)


def _postgres(ask: bool) -> Finding:
    try:
        with naming_extra():
            from perflab.servers.postgres.server import find_postgres, server_program
            from perflab.servers.postgres.words import VARIABLE

        if os.environ.get(VARIABLE):
            version = (lambda: find_postgres().version) if ask else None
            return _named("postgresql", VARIABLE, version)
        program, source = server_program()
    except BadInputError as error:
        return Finding(GROUP, "postgresql", False, str(error))
    return _program("postgresql", program, source)


def _browser() -> Finding:
    name = "chromium (tests)"
    for browser in BROWSERS:
        found = shutil.which(browser)
        if found is not None:
            return _program(name, found, "on the PATH")
    return Finding(GROUP, name, False, "not on the PATH; only the browser tests need it")


def _named(name: str, variable: str, version: Callable[[], str] | None) -> Finding:
    """Return what a server that the user named answers, its password hidden."""
    from perflab.servers.addresses import redact

    shown = f"{redact(os.environ[variable])}, by {variable}"
    if version is None:
        return Finding(GROUP, name, True, f"{shown}, not asked")
    try:
        return Finding(GROUP, name, True, f"{version()}, {shown}")
    except BadInputError as error:
        return Finding(GROUP, name, False, f"{error}, by {variable}")


def _program(name: str, program: str, source: str) -> Finding:
    """Return the version that a program says of itself."""
    try:
        done = subprocess.run(  # noqa: S603  (found by its name, or part of a package)
            [program, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return Finding(GROUP, name, False, f"{program} does not say its version")
    number = re.search(r"\d+(?:\.\d+)+", done.stdout)
    said = number.group() if number else "version not known"
    brand = "Valkey " if Path(program).name == "valkey-server" else ""
    return Finding(GROUP, name, True, f"{brand}{said}, {source}, {program}")
