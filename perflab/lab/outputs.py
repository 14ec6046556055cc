"""`check_outputs`: the files that a live run would write, looked at before it starts."""

from __future__ import annotations

import os

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.files import check_output, place_of
from perflab.settings import Settings

_BESIDE = ("", ".rejected.csv", ".incomplete")
"""What a run adds to the name of its output for what it writes beside it."""


def check_outputs(
    bench: AnyBench,
    settings: Settings,
    workload: object = None,
    *,
    result: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> None:
    """Refuse a run that would write over an input, over a file that is there, or one file twice.

    A run's rows have no mark to know them by, so that any file with something in it is taken for
    the user's.

    Args:
        bench: The pattern.
        settings: Its settings.
        workload: What is read: a path or a name, or a workload that says its source.
        result: Where the run's own figures are kept, if they are.
        force: Whether a file that is there may be replaced; an input never is.

    Raises:
        BadInputError: With the reason.
    """
    values = settings.model_dump()
    outputs = [values[key] for key in bench.live.outputs if values.get(key)]
    read = [
        workload if isinstance(workload, (str, os.PathLike)) else getattr(workload, "source", ""),
        *(value for key, value in values.items() if key not in bench.live.outputs),
    ]
    inputs = [each for each in read if isinstance(each, (str, os.PathLike)) and os.fspath(each)]
    for output in outputs:
        check_output(output, inputs, force=force, ours=lambda _: False)
        written = [place_of(f"{output}{suffix}").path for suffix in _BESIDE]
        if result is not None and place_of(result).path in written:
            text = "is written by the run itself; name another file for its result"
            raise BadInputError(text, os.fspath(result))
