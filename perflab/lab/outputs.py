"""`check_outputs`: the files that a live run would write, looked at before it starts."""

from __future__ import annotations

import os
from typing import Any

from perflab.benches.base import Bench
from perflab.files import check_output
from perflab.settings import Settings


def check_outputs(
    bench: Bench, settings: Settings, workload: Any = None, *, force: bool = False
) -> None:
    """Refuse a run that would write over an input, or over a file that is there.

    A run's rows have no mark to know them by, so that any file with something in it is taken for
    the user's.

    Args:
        bench: The pattern.
        settings: Its settings.
        workload: What is read: a path or a name, or a workload that says its source.
        force: Whether a file that is there may be replaced; an input never is.

    Raises:
        BadInputError: With the reason.
    """
    values = settings.model_dump()
    outputs = [values[key] for key in bench.outputs if values.get(key)]
    read = [
        workload if isinstance(workload, (str, os.PathLike)) else getattr(workload, "source", ""),
        *(value for key, value in values.items() if key not in bench.outputs),
    ]
    inputs = [each for each in read if isinstance(each, (str, os.PathLike)) and os.fspath(each)]
    for output in outputs:
        check_output(output, inputs, force=force, ours=lambda _: False)
