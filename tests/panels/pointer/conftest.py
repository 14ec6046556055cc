from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import perflab.panels.pointer
from perflab.charts.notation import script

FOLDER = Path(perflab.panels.pointer.__file__).parent


@pytest.fixture(scope="session")
def in_javascript():
    """Return what an expression over `given` yields beside some parts of the layer.

    Playwright, which drives the browser of other tests, carries its own Node.
    """
    from playwright._impl._driver import compute_driver_executable

    node = compute_driver_executable()[0]

    def run(expression, given, parts=("places.js",)):
        source = "\n".join([script(), *((FOLDER / part).read_text() for part in parts)])
        read = "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        said = "const said = (key, value) => (Object.is(value, NaN) ? 'NaN' : value);"
        code = f"{source}\n{read}\n{said}\nconsole.log(JSON.stringify({expression}, said));"
        ended = subprocess.run(
            [node, "-e", code],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run
