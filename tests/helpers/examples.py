"""The programs of docs/examples: what each prints, by its own comments, and how it is run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
PRINTED = re.compile(r"^\s*print\(.*\)  # (.*)$", re.MULTILINE)


def promised(name: str) -> list[str]:
    """Return the lines that an example says it prints."""
    return PRINTED.findall((FOLDER / f"{name}.py").read_text(encoding="utf-8"))


def extra_of(name: str) -> str:
    """Return the extra that an example says it needs; empty where it needs none."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return re.search(r"pip install (?:'perflab\[(\w+)\]'|perflab)$", text, re.MULTILINE)[1] or ""


def wrong_with(name: str, python: Path, folder: Path, environment: Mapping[str, str]) -> str:
    """Run an example and return in words what it did but should not have; empty where all is well.

    Args:
        name: The example's name.
        python: The interpreter.
        folder: Where it runs and writes.
        environment: All its variables.
    """
    ended = subprocess.run(
        [python, "-W", "error", FOLDER / f"{name}.py"],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if ended.returncode or ended.stderr:
        return f"status {ended.returncode}: {ended.stderr[-2000:]}"
    lines = ended.stdout.splitlines()
    return "" if lines == promised(name) else f"printed {lines}, not {promised(name)}"
