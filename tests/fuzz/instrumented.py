"""perflab imported under atheris: without what numba compiles, and without what leaks."""

from __future__ import annotations

import dis
import operator
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_NUMBA = re.compile(r"^\s*(import|from) numba", re.MULTILINE)
_SCALARS = (int, str, bytes, bool, float, type(None))
# Where the number of a comparison stands in its instruction's argument.
_SHIFT = 5 if sys.version_info >= (3, 13) else 4 if sys.version_info >= (3, 12) else 0
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled_modules() -> list[str]:
    """Return the modules that numba compiles, or that hold functions for those."""
    files = sorted((_ROOT / "perflab").rglob("*.py"))
    return [
        ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in files
        if "kernels" in path.parts or _NUMBA.search(path.read_text())
    ]


def instrumented() -> AbstractContextManager[object]:
    """Return a context in which perflab's imports are instrumented."""
    import atheris

    # What is included is always a whole package of the top level.
    found: AbstractContextManager[object] = atheris.instrument_imports(
        include=["perflab"], exclude=compiled_modules()
    )
    return found


@cache
def trace_scalars_only() -> None:
    """Let atheris see comparisons of numbers and texts, and of nothing else.

    atheris 3.0 never lets go of what a comparison returns. Of two numbers that is True or False;
    of two arrays it is an array as long, so that a gigabyte is lost within minutes. Call it once
    atheris has begun, as it begins by putting a function of its own there.
    """
    import atheris

    seen = atheris._trace_cmp

    def compare(left: Any, right: Any, kind: int, counter: int, constant: bool) -> Any:
        if type(left) in _SCALARS and type(right) in _SCALARS:
            return seen(left, right, kind, counter, constant)
        return _COMPARE[dis.cmp_op[kind >> _SHIFT]](left, right)

    atheris._trace_cmp = compare
