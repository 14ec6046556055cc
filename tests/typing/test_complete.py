"""The files beside this one are for type checkers: here, that they use all that is public."""

from __future__ import annotations

import ast
import importlib
import inspect
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import perflab

HERE = Path(__file__).parent
TREES = {path.name: ast.parse(path.read_text()) for path in HERE.glob("use_*.py")}


# What the parts of a pattern call on each other.
BETWEEN_PARTS = {"AsyncFetcher": {"check", "count", "count_taken", "send"}}


def used(*trees):
    """Return every name and attribute that is read in some files."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def classes():
    """Yield the public classes that the files import from each pattern's own module."""
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("perflab.patterns."):
                module = importlib.import_module(node.module)
                yield from ((node.module, getattr(module, alias.name)) for alias in node.names)


def test_every_pattern_is_used():
    ours = {
        entry.name
        for entry in entry_points(group="perflab.benches")
        if entry.value.startswith("perflab.")
    }
    assert len(ours) >= 7
    assert {module.split(".")[2] for module, _ in classes()} >= ours


@pytest.mark.parametrize("name", perflab.__all__)
def test_every_name_of_perflab_is_used(name):
    assert name in used(TREES["use_verbs.py"])


@pytest.mark.parametrize(
    "kind", sorted({kind for _, kind in classes()}, key=lambda kind: kind.__name__)
)
def test_every_method_is_used(kind):
    public = {
        name
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property))
        and (value.fget if isinstance(value, property) else value).__module__.startswith(
            "perflab.patterns."
        )
    }
    between = BETWEEN_PARTS.get(kind.__name__, set())
    assert between <= public
    assert public - between - used(*TREES.values()) == set()
