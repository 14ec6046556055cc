"""`--scheduler`: commands that compute on the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from concurrent.futures import Executor

Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Compute on the workers of this dask scheduler, such as tcp://10.0.0.1:8786. They "
        "read the workload from the folder PERFLAB_SHARED_DIR, which all machines must see.",
    ),
]

_CONNECT_SECONDS = 10
_WORKER_SECONDS = 30


@contextmanager
def executor_at(address: str | None) -> Iterator[Executor | None]:
    """Give an executor over a cluster's workers; none where no scheduler is named.

    Raises:
        BadInputError: If dask is not installed, no scheduler answers, it has no worker, or one
            has another perflab.
    """
    if address is None:
        yield None
        return
    from perflab.errors import BadInputError
    from perflab.errors.extras import naming_extra

    with naming_extra("cluster"):
        import distributed
    dask: Any = distributed  # it has types in part only
    try:
        client = dask.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInputError(f"no dask scheduler answers there ({reason})", address) from None
    with client:
        _check_workers(client, address)
        yield client.get_executor()


def _check_workers(client: Any, address: str) -> None:
    from importlib.metadata import version

    from perflab.errors import BadInputError

    try:
        client.wait_for_workers(1, timeout=_WORKER_SECONDS)
    except TimeoutError:
        raise BadInputError("the scheduler has no workers; start dask workers", address) from None
    own = version("perflab")
    # An exception comes back as the worker's answer, so that the others are asked all the same.
    for worker, found in client.run(version, "perflab", on_error="return").items():
        if found != own:
            said = "no perflab" if isinstance(found, Exception) else f"perflab {found}"
            raise BadInputError(f"the worker {worker} has {said}; here it is {own}", address)
