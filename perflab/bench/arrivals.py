"""A bench whose workload is arrivals: when requests come, and how long each takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perflab.bench.base import Bench
from perflab.callbacks import Progress

if TYPE_CHECKING:
    from perflab.workloads.arrivals import Arrivals
    from perflab.workloads.names import WorkloadInfo


class ArrivalsBench(Bench):
    """What a pool and a fetcher share: they read and open arrivals, not traces of keys."""

    def load_workload(
        self,
        spec: Any,
        format: str | None = None,  # noqa: A002  (the word that users write)
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Arrivals:
        """Return arrivals: a name with parameters, a file, or what is arrivals already.

        Raises:
            BadInputError: If there is no such workload or file, or it is wrong.
        """
        from perflab.workloads.arrival_names import load_arrivals

        return load_arrivals(
            self.default_workload if spec is None else spec, format, columns, progress
        )

    def workloads(self) -> Mapping[str, WorkloadInfo]:
        """Return the arrivals that perflab brings."""
        from perflab.workloads import ARRIVALS

        return ARRIVALS

    def formats(self) -> tuple[str, ...]:
        """Return the formats of files with arrivals, and of traces with times."""
        from perflab.workloads import ARRIVAL_FORMATS, FORMATS

        return (*ARRIVAL_FORMATS, *FORMATS)

    def open_workload(self, folder: str) -> Arrivals:
        """Map saved arrivals into memory."""
        from perflab.workloads.arrivals import Arrivals

        return Arrivals.open(folder)
