"""The targets and seeds of all parts: every module ``targets_*.py`` and ``seeds_*.py`` here.

The contract of a part:

``targets_NAME.py`` has ``TARGETS``, a dict from a target's name (letters, digits, underscores) to
a function ``(data: bytes, folder: Path) -> object``. The function gives `data` to perflab as
hostile input. It may raise `BadInputError`, and nothing else. The folder is in memory, belongs to
the function alone while it runs, and is kept between calls: overwrite one file rather than make
many, and remove what a call may leave. The function is called thousands of times a second at best,
so what it needs (servers, a calibration, imports) is made on the first call and kept in the module.

``seeds_NAME.py`` has ``SEEDS``, a dict from the same names to lists of small valid inputs (under
4 KiB each, several kinds): mutations start from these, and all must be read without a finding.

Counted as findings are: any exception but BadInputError; a BadInputError whose ``__cause__`` is
another exception than an OSError (a guard caught what nobody foresaw); a RuntimeWarning; the death
of the process; more than 10 s; more than 1 GiB.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"

Target = Callable[[bytes, Path], object]


def load_parts(parts: Sequence[str] = ()) -> tuple[dict[str, Target], dict[str, list[bytes]]]:
    """Return targets and their seeds by the targets' names.

    Args:
        parts: The parts to take, such as ``importers``; all where empty.
    """
    known = [path.stem.removeprefix("targets_") for path in sorted(HERE.glob("targets_*.py"))]
    unknown = sorted(set(parts) - set(known))
    if unknown:
        raise SystemExit(f"no part {', '.join(unknown)}; there are {', '.join(known)}")
    targets: dict[str, Target] = {}
    seeds: dict[str, list[bytes]] = {}
    for part in parts or known:
        targets |= _load(HERE / f"targets_{part}.py").TARGETS
        seeds |= _load(HERE / f"seeds_{part}.py").SEEDS
    missing = [name for name in targets if not seeds.get(name)]
    if missing:
        raise SystemExit(f"no seeds for {', '.join(missing)}")
    return targets, seeds


def corpus_of(target: str) -> list[bytes]:
    """Return the inputs that were found for a target before."""
    return [path.read_bytes() for path in sorted((CORPUS / target).glob("*")) if path.is_file()]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
