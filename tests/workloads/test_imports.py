from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["pyarrow", "numba", "pandas"])
def test_importing_the_room_stays_cheap(module):
    code = f"import sys, perflab.workloads; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_opening_a_saved_trace_of_numbers_needs_no_arrow(tmp_path):
    from perflab.workloads import Trace

    Trace.from_keys([5, 6, 5]).save(tmp_path / "t")
    code = (
        "import sys; from perflab.workloads import Trace; "
        f"t = Trace.open({str(tmp_path / 't')!r}); "
        "sys.exit('pyarrow' in sys.modules or t.ids.tolist() != [0, 1, 0])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
