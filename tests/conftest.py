from __future__ import annotations

import functools
import itertools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A second Python, or a hurry, needs fewer examples: PERFLAB_EXAMPLES=20.
hypothesis.settings.register_profile(
    "ours", deadline=None, max_examples=int(os.environ.get("PERFLAB_EXAMPLES", "100"))
)
hypothesis.settings.load_profile("ours")

_BROWSER = "tests/browser"
_SERVERS = re.compile(r"^\s*(?:from|import) (?:perflab\.servers|foreign_|raw_http)", re.MULTILINE)


def pytest_configure(config: pytest.Config) -> None:
    """Compile all kernels once, where workers would otherwise each do it in the same moment."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        from perflab.kernels import compile_all

        compile_all()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give workers a file at a time, and one of them all files of the browser.

    Two browsers at once, each with a JupyterLab and kernels, are slower than one after the other.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return _BROWSER if f"{_BROWSER}/" in file else file

    return Scheduling(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say at once what failed and why: a run that is stopped prints no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(
            f"\nFAILED in {report.when}: {report.nodeid}\n{report.longreprtext[-3000:]}", flush=True
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server: tests whose file, or whose fixtures' files, import one."""
    for item in items:
        if isinstance(item, pytest.Function) and any(map(_imports_servers, _modules_of(item))):
            item.add_marker("server")


def _modules_of(test: pytest.Function) -> set[str]:
    """Return the modules in which a test and all that it is given were written."""
    fixtures = itertools.chain.from_iterable(test._fixtureinfo.name2fixturedefs.values())
    return {test.function.__module__, *(fixture.func.__module__ for fixture in fixtures)}


@functools.cache
def _imports_servers(module: str) -> bool:
    path = getattr(sys.modules.get(module), "__file__", None)
    return bool(path) and _SERVERS.search(Path(path).read_text(encoding="utf-8")) is not None


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name what is long by its argument.

    Packed bytes hold the time, and workers must agree; a name of a whole table would stand in the
    environment of each child, and too long a one lets none start.
    """
    most = 40 if isinstance(val, bytes) else 1000
    return argname if isinstance(val, bytes | str) and len(val) > most else None


@pytest.fixture(scope="module", autouse=True)
def own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the calibrations of the user, of each file of tests, and of the rest apart."""
    folder = tmp_path_factory.mktemp("user-cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def traces() -> Path:
    """The folder of the cache2k benchmark traces, which the project may not carry."""
    folder = os.environ.get("PERFLAB_TRACES")
    if not folder:
        pytest.skip("PERFLAB_TRACES does not name the folder of the cache2k traces")
    return Path(folder)
