"""A bench of another package: the folder `installed` is put where Python looks for packages."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perflab.bench import registry
from perflab.cli import main
from perflab.lab.verbs import calibrate

INSTALLED = Path(__file__).parent / "installed"


def look_again() -> None:
    """Forget which benches there are, as a new process would not know them."""
    registry._found.cache_clear()
    registry.load_bench.cache_clear()


@contextmanager
def on_the_path(folder: Path) -> Iterator[None]:
    """Let this process and its children find what is installed in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        look_again()
        yield
    look_again()


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    with on_the_path(INSTALLED):
        yield


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """A function that installs another package with a bench."""
    folder = tmp_path / "site"
    folder.mkdir()
    with on_the_path(folder):

        def add(pattern: str, code: str, *, package: str | None = None) -> None:
            package = package or f"{pattern}_package"
            module = f"{package}_bench"
            (folder / f"{module}.py").write_text(code)
            info = folder / f"{package}-0.3.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.3\n"
            )
            points = f"[perflab.benches]\n{pattern} = {module}:TheBench\n"
            (info / "entry_points.txt").write_text(points)
            look_again()

        before = set(sys.modules)
        yield add
        for name in set(sys.modules) - before:
            if name.endswith("_package_bench"):
                del sys.modules[name]


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the calibration of the plugin, measured once."""
    folder = tmp_path_factory.mktemp("measured")
    with on_the_path(INSTALLED), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_CACHE_DIR", str(folder))
        calibrate("write_buffer", seconds=0.2)
    return folder / "calibrations"


@pytest.fixture(scope="module")
def _calibrated(measured: Path, own_cache_folder: Path, _installed: None) -> None:
    shutil.copytree(measured, own_cache_folder / "calibrations", dirs_exist_ok=True)


@pytest.fixture
def until() -> Callable[..., Any]:
    def wait(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)
        return found

    return wait


class Answer:
    """What a command wrote, and its status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return Answer(status, *capsys.readouterr())

    return call
