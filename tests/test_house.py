from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import perflab
from perflab.bench import bench_names

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "perflab").rglob("*.py"))
ROOMS = sorted(path.parent.name for path in (ROOT / "perflab").glob("*/__init__.py"))
PATTERNS = sorted(
    path.parent.name for path in (ROOT / "perflab" / "patterns").glob("*/__init__.py")
)
SETTINGS = {
    "AsyncIOSettings": "perflab.patterns.async_io:AsyncIOSettings",
    "CacheSettings": "perflab:CacheSettings",
    "ConnectionPoolSettings": "perflab.patterns.connection_pool:ConnectionPoolSettings",
    "LazyLoadingSettings": "perflab.patterns.lazy_loading:LazyLoadingSettings",
    "PrefetchingSettings": "perflab.patterns.prefetching:PrefetchingSettings",
    "RedisCacheSettings": "perflab.patterns.redis_cache:RedisCacheSettings",
    "StreamingSettings": "perflab.patterns.streaming:StreamingSettings",
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HEAVY = (
    "numba",
    "pandas",
    "IPython",
    "matplotlib",
    "pyarrow",
    "ipywidgets",
    "memory_profiler",
    "jinja2",
)

# `someone` is the user of invented paths in tests.
MACHINE_PATH = re.compile(rb"(?<![\w./~$}-])/(?:root|work|(?:home|Users)/(?!someone\b)\w+)/\w")


def loaded_by(statement):
    """Return which of the heavy packages a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return ended.stdout.split()


def tracked_files():
    """Return the files that are in the repository, or skip where there is none."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not in a git checkout, so there is no list of tracked files")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_loads_nothing_heavy(pattern):
    name = f"perflab.patterns.{pattern}"
    assert loaded_by(f"from {name} import *") == []
    own = sorted(path.stem for path in (ROOT / "perflab" / "patterns" / pattern).glob("_*.py"))
    assert loaded_by("\n".join(f"import {name}.{each}" for each in own if each != "__init__")) == []


def test_a_pattern_of_another_folder_is_not_loaded():
    code = f"{{sorted(name for name in {PATTERNS} if f'perflab.patterns.{{name}}' in sys.modules)}}"
    statement = f'import sys\nfrom perflab.patterns.cache import Cache\nprint(f"{code}")'
    ended = subprocess.run(
        [sys.executable, "-c", statement], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout.strip() == "['cache']"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((f"perflab.settings:{name}", place) for name, place in SETTINGS.items()),
        ("perflab.settings:BadInputError", "perflab:BadInputError"),
        (
            "perflab.patterns.prefetching_async:AsyncPrefetcher",
            "perflab.patterns.prefetching:AsyncPrefetcher",
        ),
        *(
            (f"perflab.patterns.async_io_once:{name}", f"perflab.patterns.async_io:{name}")
            for name in ("fetch_all", "fetch_apart", "run_fetch")
        ),
        ("perflab.metrics:Event", "perflab.instrumentation:Event"),
        ("perflab.metrics:Hook", "perflab.instrumentation:Hook"),
        ("perflab.benches:load_bench", "perflab.bench:load_bench"),
        ("perflab.benches:bench_names", "perflab.bench:bench_names"),
        ("perflab.workloads:load_accesses", "perflab.workloads.registry.accesses:load_accesses"),
        ("perflab.workloads:read_arrivals", "perflab.workloads.read:read_arrivals"),
    ],
)
def test_an_old_import_path_works_and_names_the_new_one(old, new):
    (old_module, name), (module, known) = old.split(":"), new.split(":")
    told = f"{old_module}.{name} has moved: import {known} from {module}$"
    with pytest.warns(DeprecationWarning, match=told.replace(".", "\\.")):
        moved = getattr(importlib.import_module(old_module), name)
    assert moved is getattr(importlib.import_module(module), known)


def test_nothing_of_our_own_uses_an_old_import_path():
    code = (
        "import importlib, pkgutil, perflab\n"
        "for module in pkgutil.walk_packages(perflab.__path__, 'perflab.'):\n"
        "    module.name.endswith('__main__') or importlib.import_module(module.name)"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:perflab", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("module", ["perflab", "perflab.cli", "perflab.settings"])
def test_what_a_shell_command_starts_with_loads_nothing_heavy(module):
    assert loaded_by(f"import {module}") == []


def test_what_is_looked_for_would_be_found():
    assert "pandas" in loaded_by("import pandas")


@pytest.mark.parametrize("name", perflab.__all__)
def test_every_public_name_loads(name):
    assert getattr(perflab, name) is not None
    assert name in dir(perflab)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'predikt'"):
        _ = perflab.predikt


def test_the_version_stands_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "perflab/__init__.py"
    assert version("perflab") == perflab.__version__, "install again: make test does"


def test_the_newest_release_of_the_changelog_is_this_version():
    releases = re.findall(
        r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert releases[0][0] == perflab.__version__
    dated = [when for _, when in releases[1:]]
    assert dated == sorted(dated, reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", when) for when in dated)


def test_benches_are_found_by_their_entry_point():
    declared = {entry.name for entry in entry_points(group="perflab.benches")}
    assert "cache" in declared
    assert declared <= set(bench_names())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_noun_and_at_most_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_only_hands_names_on(room):
    tree = ast.parse((ROOT / "perflab" / room / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    imported, exported, lazy = set(), set(), {}
    for node in [part for each in tree.body[1:] for part in only_for_types(each)]:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
            continue
        assert isinstance(node, ast.Assign), f"line {node.lineno} is neither import nor __all__"
        targets = [ast.unparse(target) for target in node.targets]
        if targets == ["(__getattr__, __dir__)"]:  # what loads late, and what has moved
            lazy = ast.literal_eval(node.value.args[1])
            continue
        assert targets == ["__all__"]
        exported |= set(ast.literal_eval(node.value))
    assert imported - {"annotations", "names_of", "TYPE_CHECKING"} == exported
    assert set(lazy) <= exported
    for name, module in lazy.items():
        assert hasattr(importlib.import_module(module), name)


def only_for_types(node):
    """Return what stands in ``if TYPE_CHECKING``; any other node as it is."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return node.body
    return [node]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_has_no_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert [cell["execution_count"] for cell in code] == [None] * len(code)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open('" + "/ro" + "ot/x')", True),
        ("in /ho" + "me/me/perflab", True),
        ("/Us" + "ers/me/perflab", True),
        ("/ho" + "me/someone/perflab", False),
        ("GET /product/1", False),
        ("https://example.org/ho" + "me/page", False),
        ("$HOME/ro" + "ot/x", False),
    ],
)
def test_a_path_of_a_machine_is_told_from_others(text, found):
    assert bool(MACHINE_PATH.search(text.encode())) is found


def test_no_tracked_file_names_a_path_of_a_machine():
    files = tracked_files()
    assert ROOT / "pyproject.toml" in files
    named = {
        str(path.relative_to(ROOT)): match.group().decode()
        for path in files
        if (match := MACHINE_PATH.search(path.read_bytes()))
    }
    assert named == {}


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=~! ;]", item)[0].lower() for group in wanted for item in group}
    pins = (ROOT / "constraints.txt").read_text().lower()
    assert {
        name for name in names - {"perflab"} if not re.search(rf"^{name}==", pins, re.MULTILINE)
    } == set()
