"""No circle of files: imports in functions and those for types alone are counted."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

Graph = Mapping[str, set[str]]


def files_of(package: Path) -> dict[str, Path]:
    """Return the files of a package by the names of their modules."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_by(module: str, files: Mapping[str, Path]) -> Iterator[str]:
    """Yield the files of the package that a file names in an import, wherever that stands."""
    path = files[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield name if name in files else base


def graph_of(package: Path) -> dict[str, set[str]]:
    """Return which files each file imports."""
    files = files_of(package)
    return {
        module: {name for name in imported_by(module, files) if name in files and name != module}
        for module in files
    }


def reached_from(start: str, graph: Graph) -> set[str]:
    """Return all that a file leads to, by one import or several."""
    found: set[str] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def in_circles(graph: Graph) -> list[str]:
    """Return the files that lead back to themselves."""
    return sorted(module for module in graph if module in reached_from(module, graph))


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return graph_of(ROOT / "perflab")


def test_no_file_leads_back_to_itself(graph):
    assert in_circles(graph) == []


def is_service(module: str) -> bool:
    """Say whether a module of a pattern goes into a service: its own name and private modules."""
    parts = module.split(".")
    return parts[:2] == ["perflab", "patterns"] and (
        len(parts) == 3
        or (len(parts) > 3 and (parts[3].startswith("_") or parts[3] in ("settings", "policies")))
    )


# Stores and engines load what they are made of when they are chosen.
CHOSEN = {("perflab.patterns.lazy_loading._sources", "perflab.workloads.flights_store")}
OF_THE_PLATFORM = (
    *("units", "errors", "files", "settings", "instrumentation", "primitives"),
    "lazily",  # by which a pattern's own names load when they are first used
)


def test_what_goes_into_a_service_imports_its_own_kind_and_what_is_light(graph):
    wrong = {
        (module, name)
        for module in filter(is_service, graph)
        for name in graph[module]
        if not is_service(name) and name.split(".")[1] not in OF_THE_PLATFORM
    }
    assert wrong == CHOSEN


# What a service module may import of others, beside the standard library, and which one does.
HEAVY = {"numba", "pandas", "polars", "pyarrow", "IPython", "ipywidgets", "matplotlib", "jinja2"}
HEAVY_BY_NAME = {
    "perflab.patterns.lazy_loading._files": {"pyarrow"},
    "perflab.patterns.streaming._engines": {"pyarrow"},
    "perflab.patterns.streaming._polars_columns": {"polars"},
    "perflab.patterns.streaming._frames": {"pandas", "polars", "pyarrow"},
    "perflab.patterns.streaming._sinks": {"pyarrow"},
    "perflab.patterns.streaming._source": {"pyarrow"},
    "perflab.patterns.streaming._schema": {"pyarrow"},
    "perflab.patterns.streaming._whole": {"polars"},
}


def packages_in(path: Path) -> set[str]:
    """Return the packages that a file names in an import, wherever that stands."""
    named = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.add(node.module.split(".")[0])
    return named


def test_what_is_heavy_is_imported_by_engines_and_stores_alone(graph):
    files = files_of(ROOT / "perflab")
    found = {}
    for module in filter(is_service, graph):
        named = packages_in(files[module])
        if named & HEAVY:
            found[module] = named & HEAVY
    assert found == HEAVY_BY_NAME


# What a service's modules of each pattern may import of other packages: what its extra brings.
BROUGHT = {
    "async_io": {"aiofiles", "aiohttp", "orjson", "yarl"},
    "connection_pool": {"psycopg", "psycopg_pool", "sqlalchemy"},  # drivers, where one is chosen
    "lazy_loading": {"fsspec", "numpy", "pyarrow"},
    "redis_cache": {"msgpack", "redis"},
    "streaming": {"numpy", "orjson", "pandas", "polars", "pyarrow"},
}
ALL_BRING = {"perflab", "pydantic", *sys.stdlib_module_names}


def test_what_a_service_imports_of_other_packages_its_extra_brings(graph):
    files = files_of(ROOT / "perflab")
    wrong = {}
    for module in filter(is_service, graph):
        brought = BROUGHT.get(module.split(".")[2], set())
        named = packages_in(files[module]) - ALL_BRING - brought
        if named:
            wrong[module] = named
    assert wrong == {}


def place_of(module: str) -> str:
    """Return which part of its pattern a module is."""
    part = module.split(".")[3] if module.count(".") > 2 else ""
    return "settings" if part == "policies" else part


# Which parts of a pattern never lead to which; what a service imports is looked at above.
NEVER = {
    "session": {"bench", "exports", "model"},
    "model": {"bench", "exports", "session"},
    "exports": {"bench", "model", "session"},
    "stage": {"bench", "exports", "session"},
    "calibration": {"bench", "exports", "session"},
}


def test_parts_of_a_pattern_import_each_other_one_way(graph):
    def rank(module: str) -> int:
        """Settings come before what a service imports, and that before the rest."""
        return 0 if place_of(module) == "settings" else 1 if is_service(module) else 2

    wrong = {
        (module, name)
        for module in graph
        for name in graph[module]
        if module.startswith("perflab.patterns.") and name.startswith("perflab.patterns.")
        if rank(name) > rank(module)
        or place_of(name) == "bench"
        or place_of(name) in NEVER.get(place_of(module), ())
    }
    assert wrong == set()


def test_the_platform_names_no_pattern_in_a_text_that_could_be_imported():
    # The public names of `perflab`, and the old names of settings, load when they are first used.
    files = files_of(ROOT / "perflab")
    named = set()
    for module, path in files.items():
        if module in ("perflab", "perflab.settings") or module.startswith("perflab.patterns"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if text.startswith("perflab.patterns.") and text != "perflab.patterns.":
                    named.add((module, text))
    assert named == set()


def test_a_pattern_never_imports_another(graph):
    def of(module: str) -> str | None:
        parts = module.split(".")
        return parts[2] if parts[:2] == ["perflab", "patterns"] and len(parts) > 2 else None

    crossed = {(a, b) for a in graph for b in graph[a] if of(a) and of(b) and of(a) != of(b)}
    assert crossed == set()


@pytest.mark.parametrize(
    "line",
    [
        "import house.one",
        "from house import one",
        "from house.one import NAME",
        "from . import one",
        "from .one import NAME",
        "def late():\n    from house.one import NAME",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.one import NAME",
        "from house.two import three",
    ],
)
def test_a_circle_is_found_however_it_is_closed(tmp_path, line):
    house = tmp_path / "house"
    (house / "two").mkdir(parents=True)
    (house / "__init__.py").write_text("")
    (house / "one.py").write_text("from house import other\nNAME = 1\n")
    (house / "other.py").write_text(f"{line}\n")
    (house / "two" / "__init__.py").write_text("")
    (house / "two" / "three.py").write_text("from ..one import NAME\nfrom .. import one\n")
    assert {"house.one", "house.other"} <= set(in_circles(graph_of(house)))


def test_files_without_a_circle_are_let_be(tmp_path):
    house = tmp_path / "house"
    house.mkdir()
    (house / "__init__.py").write_text("")
    (house / "one.py").write_text("from house.other import NAME\nimport json\n")
    (house / "other.py").write_text("import os\nNAME = 1\n")
    assert in_circles(graph_of(house)) == []
