from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")


def pytest_configure(config: pytest.Config) -> None:
    """Compile all kernels once, where workers would otherwise each do it in the same moment."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        from perflab.kernels import compile_all

        compile_all()


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name long bytes by their argument: packed ones hold the time, and workers must agree."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


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
