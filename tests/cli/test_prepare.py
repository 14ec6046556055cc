"""Which kernels a command compiles before it answers."""

from __future__ import annotations

import pytest

from perflab import kernels
from perflab.cli.inputs import prepare_kernels
from perflab.workloads.kinds.trace import Trace

READS = Trace.from_keys(["a", "b"])
ROWS = Trace.from_keys(["a", "b"], operations=["get", "delete"])


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """Return the names that were compiled, of a machine on which nothing is kept."""
    asked = []
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernels.warm, "compile_all", lambda _progress, names: asked.extend(names))
    return asked


def keep(folder, *names):
    for name in names:
        (folder / f"{name}-1.py311.nbi").touch()


@pytest.mark.parametrize("workload", [None, READS])
def test_what_all_need_is_compiled_once(workload, compiled, tmp_path):
    prepare_kernels(False, workload)
    assert compiled == [*kernels.KERNELS]
    keep(tmp_path, "lru._plain")
    prepare_kernels(False, workload)
    assert compiled == [*kernels.KERNELS]


def test_operations_need_loops_of_their_own(compiled, tmp_path):
    prepare_kernels(False, ROWS)
    assert compiled == [*kernels.KERNELS, *kernels.WITH_OPERATIONS]
    compiled.clear()
    # Somebody has simulated such a trace with one policy.
    keep(tmp_path, "lru._plain", "lru._operated")
    prepare_kernels(False, ROWS)
    assert compiled == [*kernels.WITH_OPERATIONS]
    compiled.clear()
    keep(tmp_path, *(f"{name}._operated" for name, of in kernels.POLICIES.items() if of.operated))
    prepare_kernels(False, ROWS)
    assert compiled == []
