from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import perflab.workloads
from perflab.workloads import Trace, save_workload


@pytest.mark.parametrize("module", ["pyarrow", "numba", "pandas"])
def test_importing_all_names_of_the_room_stays_cheap(module):
    code = f"import sys; from perflab.workloads import *; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_room_loads_no_numpy():
    code = "import sys, perflab.workloads; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_opening_a_saved_trace_of_numbers_needs_no_arrow(tmp_path):
    save_workload(Trace.from_keys([5, 6, 5]), tmp_path / "t")
    code = (
        "import sys; from perflab.workloads.storage import open_trace; "
        f"t = open_trace({str(tmp_path / 't')!r}); "
        "sys.exit('pyarrow' in sys.modules or t.ids.tolist() != [0, 1, 0])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_name_of_the_room_is_one_of_its_modules():
    found = {path.stem for path in Path(perflab.workloads.__path__[0]).iterdir()}
    assert not found & set(perflab.workloads.__all__)
