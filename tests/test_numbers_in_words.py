"""A number becomes words in `perflab.units` alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "perflab"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "units.py")

# What no person reads: keys in the files of results, which stay as they are.
# It can only shrink: a file that formats fewer than it may fails as well.
ALLOWED = {
    "patterns/lazy_loading/calibration.py": 1,
    "instrumentation/histogram.py": 2,
    "patterns/async_io/load_tests/load_test.py": 1,
}

_NUMERIC = re.compile(r"[,_%eEfFgGn]$|^[+]|[,_]|\.(\d|\{\})")
_PERCENT = re.compile(r"%[-+ 0#]*\d*(\.\d+)?[eEfFgG]")


def formatted(source: str) -> list[int]:
    """Return the lines of a program in which a number is formatted."""
    return sorted(node.lineno for node in ast.walk(ast.parse(source)) if _formats(node))


def _formats(node: ast.AST) -> bool:
    if isinstance(node, ast.FormattedValue):
        rounds = isinstance(node.value, ast.Call) and _name(node.value) == "round"
        return rounds or (node.format_spec is not None and _is_numeric(_text(node.format_spec)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _PERCENT.search(_text(node.left)) is not None
    if isinstance(node, ast.Call) and _name(node) == "format" and len(node.args) == 2:
        return _is_numeric(_text(node.args[1]))
    return False


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return "{}"


def _is_numeric(spec: str) -> bool:
    return _NUMERIC.search(spec) is not None


@pytest.mark.parametrize(
    "program",
    [
        "f'{x:,}'",
        "f'{x:,.0f}'",
        "f'{x:.3g}'",
        "f'{x:.{n}g}'",
        "f'{x:g}'",
        "f'{x:+.1%}'",
        "f'{x:10.2f}'",
        "f'{round(x, 2)} s'",
        "'%.1f s' % x",
        "'%5g' % (x,)",
        "format(x, '.3g')",
    ],
)
def test_a_formatted_number_is_found(program):
    assert formatted(program) == [1]


@pytest.mark.parametrize(
    "program",
    ["f'{x}'", "f'{x!r}'", "f'{x:>12}'", "f'{x:02d}'", "f'{x:08x}'", "'%s' % x", "f'{x:02x}'"],
)
def test_a_text_and_a_code_are_not(program):
    assert formatted(program) == []


def test_only_the_units_format_numbers():
    found = {}
    for path in SOURCES:
        if lines := formatted(path.read_text(encoding="utf-8")):
            found[path.relative_to(PACKAGE).as_posix()] = lines
    more = {name: lines for name, lines in found.items() if len(lines) > ALLOWED.get(name, 0)}
    assert not more, f"call perflab.units instead: {more}"
    assert {name: len(lines) for name, lines in found.items()} == ALLOWED, "the list can shrink"
