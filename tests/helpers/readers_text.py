"""What people read of perflab: words on screens, first lines of docstrings, docs and notebooks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_WORDS = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def all_texts() -> Iterator[tuple[str, str]]:
    """Yield each text with its place, such as ``perflab/units.py:12``."""
    for path in sorted((ROOT / "perflab").rglob("*.py")):
        name = path.relative_to(ROOT)
        for line, text in texts_of_program(path.read_text(encoding="utf-8")):
            yield f"{name}:{line}", text
    for path in sorted((ROOT / "perflab").rglob("*.jinja")):
        yield from _lines(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield from _lines(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    yield from _lines("CHANGELOG.md", newest_changes(changes))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        yield from _lines(str(path.relative_to(ROOT)), "\n".join(prose))


def texts_of_program(source: str) -> list[tuple[int, str]]:
    """Return the strings of three words and more, and the first lines of docstrings, by line."""
    tree = ast.parse(source)
    docstrings = {}
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS) and ast.get_docstring(node) is not None:
            docstrings[id(node.body[0].value)] = not getattr(node, "name", "").startswith("_")
    inner, found = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner.update(id(part) for part in node.values)
            found.append((node.lineno, _joined(node)))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if id(node) in docstrings:
            if docstrings[id(node)]:
                found.append((node.lineno, node.value.split("\n", 1)[0]))
        elif id(node) not in inner:
            found.append((node.lineno, node.value))
    return sorted((line, text) for line, text in found if len(_WORDS.findall(text)) > 2)


def newest_changes(text: str) -> str:
    """Return a changelog up to the end of its first section."""
    parts = text.split("\n## ", 2)
    return "\n## ".join(parts[:2])


def _joined(node: ast.JoinedStr) -> str:
    return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)


def _lines(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a Markdown text; programs in it are blanked, so that numbers stay."""
    prose = _CODE.sub(lambda match: "\n" * match.group().count("\n"), text)
    for number, line in enumerate(prose.splitlines(), 1):
        if line.strip():
            yield f"{name}:{number}", line
