"""What is not installed names the extra that brings it, in Python, in the shell and in a panel."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import perflab
from perflab.errors import BadInputError
from perflab.errors.extras import EXTRAS, MissingExtraError, missing_extra, naming_extra, needs

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL = PROJECT["optional-dependencies"]
BASE = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
BROUGHT_BY = {
    "IPython": "ipywidgets",
    "comm": "ipywidgets",
    "distributed": "dask",
    "jupyter_server": "jupyterlab",
    "llvmlite": "numba",
    "markupsafe": "jinja2",
    "traitlets": "ipywidgets",
    "yarl": "aiohttp",
}
"""Modules of packages that come with another one."""


def distributions(extra: str) -> set[str]:
    """Return the packages that an extra installs, those of the extras in it too."""
    found = set()
    for line in OPTIONAL[extra]:
        requirement = Requirement(line)
        if requirement.name == "perflab":
            found |= {name for inner in requirement.extras for name in distributions(inner)}
        else:
            found.add(requirement.name.lower().replace("_", "-"))
    return found


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_the_modules_it_is_named_for(extra):
    owners = importlib.metadata.packages_distributions()
    installed = distributions(extra)
    for module in EXTRAS[extra]:
        named = BROUGHT_BY.get(module)
        names = [named] if named else [name.lower().replace("_", "-") for name in owners[module]]
        assert installed & set(names), module


def imported() -> dict[str, set[str]]:
    """Return the packages of others that perflab imports, and where."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "perflab").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return found


def test_each_package_that_is_imported_has_an_extra_or_is_in_the_base():
    ours = {"perflab", "_typeshed"}  # the latter is a type checker's own
    known = {module for modules in EXTRAS.values() for module in modules} | BASE | ours
    others = {
        name: places
        for name, places in imported().items()
        if name not in known and name not in sys.stdlib_module_names
    }
    assert others == {}


def test_the_base_is_pydantic():
    assert [Requirement(line).name for line in PROJECT["dependencies"]] == ["pydantic"]


@pytest.fixture
def without(tmp_path, monkeypatch):
    """Runs code where modules cannot be imported, in the processes that it starts neither."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first").mkdir()

    def run(modules, code: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "first" / "sitecustomize.py").write_text(
            f"import sys\nsys.modules.update(dict.fromkeys({sorted(modules)!r}))\n"
        )
        return run_with(tmp_path / "first", code)

    return run


def run_with(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code with a folder of modules that are imported first."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def last_line(ended: subprocess.CompletedProcess[str]) -> str:
    return ended.stderr.strip().rpartition("\n")[2]


FETCH = """
import asyncio
from perflab.patterns.async_io import AsyncFetcher
"""
PARQUET = """
import pathlib, tempfile
from perflab.patterns.lazy_loading import LazyLoader
place = pathlib.Path(tempfile.mkdtemp()) / "rows.parquet"
place.write_bytes(b"PAR1PAR1")
LazyLoader(data_source=str(place))
"""
ENGINE = """
import pathlib, tempfile
from perflab.patterns.streaming import StreamProcessor
from perflab.settings import StreamingSettings
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "in.csv").write_text("a,b\\n1,2\\n")
settings = StreamingSettings(
    input_file=str(folder / "in.csv"), output_file=str(folder / "out.jsonl"), engine="polars"
)
StreamProcessor(settings).run()
"""
POOL = """
from perflab.patterns.connection_pool_drivers import open_driver
"""


@pytest.mark.parametrize(
    ("package", "extra", "code"),
    [
        ("redis", "redis", "from perflab.patterns.redis_cache import RedisCache"),
        ("msgpack", "redis", "from perflab.patterns.redis_cache import RedisCache"),
        ("aiohttp", "http", FETCH),
        ("aiofiles", "http", FETCH),
        ("numpy", "files", "from perflab.patterns.streaming import StreamProcessor"),
        ("pyarrow", "files", PARQUET),
        ("polars", "lab", ENGINE),
        ("numpy", "cli", "from perflab import predict"),
        ("numba", "cli", "import perflab; perflab.predict('cache', 'zipf:keys=10,requests=100')"),
        ("pandas", "cli", "import perflab; perflab.predict('cache', 'zipf:keys=10,requests=100')"),
        ("ipywidgets", "lab", "from perflab import workbench"),
        ("matplotlib", "lab", "from perflab import workbench"),
        ("psycopg", "postgres", "import perflab; perflab.run('connection_pool', seconds=1)"),
        ("prometheus_client", "prometheus", "import perflab.instrumentation.prometheus"),
        ("opentelemetry", "otel", "import perflab.instrumentation.opentelemetry"),
    ],
)
def test_in_python_the_last_line_names_package_and_extra(package, extra, code, without):
    ended = without([package], code)
    assert ended.returncode == 1
    line = f"{package} is not installed; pip install 'perflab[{extra}]'"
    assert last_line(ended) == f"perflab.errors.extras.MissingExtraError: {line}"


MAIN = "import sys\nfrom perflab.cli import main\nsys.exit(main({}))"


@pytest.mark.parametrize(
    ("package", "extra", "words"),
    [
        ("typer", "cli", ["settings"]),
        ("numba", "cli", ["predict", "cache", "--workload", "zipf:keys=10,requests=100"]),
        ("pyarrow", "cli", ["trace", "info", "keys.csv"]),
        ("jinja2", "cli", ["report", "run.json", "--out", "report.html"]),
        ("jupyterlab", "lab", ["lab"]),
        ("ipywidgets", "lab", ["lab"]),
        ("redis", "redis", ["run", "redis_cache", "--seconds", "1"]),
        ("aiohttp", "http", ["run", "async_io", "--seconds", "1"]),
        ("distributed", "cluster", ["predict", "cache", "--scheduler", "tcp://127.0.0.1:1"]),
    ],
)
def test_in_a_shell_it_is_one_line_and_status_2(package, extra, words, without, tmp_path):
    (tmp_path / "keys.csv").write_text("key\n1\n2\n")
    if words[0] == "report":
        made = "from perflab.cli import main\nmain(['predict', 'cache', '--out', 'run.json'])"
        assert without([], made).returncode == 0
    ended = without([package], MAIN.format(words))
    assert ended.returncode == 2
    line = f"{package} is not installed; pip install 'perflab[{extra}]'"
    assert ended.stderr.splitlines()[-1] == f"perflab: error: {line}"
    assert "Traceback" not in ended.stderr


def test_the_version_needs_no_extra(without):
    ended = without(["typer"], MAIN.format(["--version"]))
    assert (ended.returncode, ended.stdout) == (0, f"perflab {perflab.__version__}\n")


def test_doctor_and_settings_go_on_without_clients(without):
    missing = ("redis", "psycopg", "aiohttp", "polars", "memory_profiler")
    for words in (["doctor"], ["doctor", "--offline"], ["settings"], ["settings", "redis_cache"]):
        ended = without(missing, MAIN.format(words))
        assert (ended.returncode, ended.stderr) == (0, "")
    said = without(missing, MAIN.format(["doctor", "--offline"])).stdout
    assert "perflab[redis]" in said
    assert "perflab[postgres]" in said


def test_doctor_names_the_client_of_a_server_that_it_cannot_ask(without):
    urls = {
        "PERFLAB_REDIS_URL": "redis://127.0.0.1:1/0",
        "PERFLAB_POSTGRES_URL": "postgresql://127.0.0.1:1/shop",
    }
    named = f"import os\nos.environ.update({urls})\n{MAIN.format(['doctor', '--json'])}"
    ended = without(("redis", "psycopg"), named)
    assert (ended.returncode, ended.stderr) == (0, "")
    left = [each for each in json.loads(ended.stdout)["findings"] if each["group"] == "left behind"]
    assert [each["found"] for each in left] == [False, False]
    assert "perflab[redis]" in left[0]["text"]
    assert "perflab[postgres]" in left[1]["text"]


def test_the_error_is_both_an_import_error_and_bad_input():
    with pytest.raises(MissingExtraError) as caught, naming_extra():
        raise ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, BadInputError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert missing_extra(caught.value) is caught.value


def test_the_extra_that_is_asked_for_is_named_where_it_brings_the_package():
    numpy = ModuleNotFoundError("No module named 'numpy.linalg'", name="numpy.linalg")
    assert "perflab[files]" in str(missing_extra(numpy))
    assert "perflab[lab]" in str(missing_extra(numpy, "lab"))
    assert "perflab[files]" in str(missing_extra(numpy, "redis"))


def test_a_module_that_no_extra_brings_stays_what_it_is():
    with pytest.raises(ModuleNotFoundError, match="somebody's") as caught, naming_extra("cli"):
        raise ModuleNotFoundError("somebody's", name="theirs")
    assert type(caught.value) is ModuleNotFoundError


def test_what_is_needed_is_looked_for_and_not_imported(monkeypatch):
    needs("json", "jupyterlab", extra="lab")
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'perflab\[lab\]'"):
        needs("json", "jupyterlab", extra="lab")
