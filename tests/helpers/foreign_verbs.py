"""Does verbs of the pool bench on a server of the user's, each in a process of its own.

Run as a script, it reads one case a line as JSON, answers with the number of the process that does
it, and, when that has ended, with its status. It has loaded all that the verbs need before, and
forks, so that a case costs no start of Python.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from typing import Any

from perflab.bench import load_bench
from perflab.lab.calibration import keep_calibration
from perflab.lab.verbs import calibrate, run, start_live
from perflab.servers.consent import allow
from perflab.tuning.recommend import tune

PATTERN = "connection_pool"
WORKLOAD = "poisson:rate=200,requests=100,seed=1"


def do(verb: str, values: dict[str, Any], seconds: float) -> None:
    bench = load_bench(PATTERN)
    settings, load = bench.read(values)
    servers = bench.foreign_servers(settings.change(max_connections=128))
    assert servers
    allow(*servers)
    if verb == "calibrate":
        calibrate(PATTERN, None, values, 0.05)
        return
    # Known costs, or each verb would calibrate first: that is a verb of its own here.
    keep_calibration(
        bench,
        settings,
        load,
        dict(bench.calibration.shipped_costs),
        bench.workload_for(settings, WORKLOAD),
    )
    if verb == "tune":
        found = tune(PATTERN, WORKLOAD, settings=values)
        values = {**values, **found.settings}
        values = {
            key: value
            for key, value in values.items()
            if key in bench.identity.settings_class.model_fields
        }
    if verb == "start_live":
        live = start_live(PATTERN, WORKLOAD, values, 30, loop=True)
        while live.state == "starting":
            time.sleep(0.01)
        live.apply({"max_connections": 3})
        time.sleep(seconds)
        live.stop()
    else:
        run(PATTERN, WORKLOAD, values, seconds, progress=False)


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        process = os.fork()
        if process == 0:
            os.setsid()
            os.environ["PERFLAB_POSTGRES_URL"] = case["address"]
            try:
                do(case["verb"], case["values"], case["seconds"])
            except Exception:  # noqa: BLE001  (its status tells)
                traceback.print_exc()
                sys.exit(1)
            sys.exit(0)
        print(process, flush=True)
        print(os.waitpid(process, 0)[1], flush=True)


if __name__ == "__main__":
    main()
