"""`Records`: a workload of its own kind: the sizes of records, without keys."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError, nearest
from perflab.files import whole_folder
from perflab.primitives.mapped_array import mapped_column
from perflab.settings import Settings, setting
from perflab.workloads import WorkloadKind, register
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.workload import show_plainly
from perflab.workloads.registry.named import WorkloadInfo, is_file, read_parameters
from perflab.workloads.storage.description import Description, describe, read_described
from perflab.workloads.storage.saved import is_saved, register_description

NAME = "records"
FORMAT = "sizes"
_DESCRIPTION = register_description("records.json")


class RandomRecords(Settings):
    """The parameters of records made by chance."""

    count: int = setting(2_000, "How many records.", unit="records", low=1, high=10_000_000)
    mean_bytes: int = setting(200, "Their mean size.", unit="bytes", low=1, high=1_000_000)
    seed: int = setting(1, "Random seed.", low=0, high=2**32 - 1)

    def make(self) -> Records:
        """Return the records."""
        drawn = np.random.default_rng(self.seed).exponential(self.mean_bytes, self.count)
        spec = f"{NAME}:count={self.count},mean_bytes={self.mean_bytes},seed={self.seed}"
        return Records(spec, np.maximum(drawn.astype(np.int64), 1), source=spec)


WORKLOADS = {
    NAME: WorkloadInfo(NAME, "records of random sizes", RandomRecords.infos(), f"{NAME}:count=2k")
}


@dataclasses.dataclass(frozen=True, eq=False)
class Records:
    """Records in order, each with its size in bytes."""

    name: str
    lengths: npt.NDArray[np.int64]
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        show_plainly(self)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def times(self) -> None:
        """None: they come at a rate."""

    @cached_property
    def fingerprint(self) -> str:
        """A short hash."""
        return fingerprint((self.lengths, "<i8"))

    def summary(self) -> dict[str, Any]:
        """Return how many, and how large."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "requests": len(self),
            "mean_bytes": float(self.lengths.mean()),
            "largest_bytes": int(self.lengths.max()),
        }

    def facts(self) -> list[str]:
        """Return how many, and how large."""
        return [f"{len(self):,} records", f"{self.lengths.mean():,.0f} bytes on average"]

    def uploaded(self, name: str) -> Self:
        """Return them under another name."""
        return dataclasses.replace(self, name=name, source="", options={})

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write them as a folder."""
        with whole_folder(folder, is_saved) as scratch:
            np.save(scratch / "lengths.npy", self.lengths)
            files = {path.name: path.stat().st_size for path in scratch.iterdir()}
            content = describe(self, columns=["lengths"], files=files)
            (scratch / _DESCRIPTION).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Records:
        """Map a saved folder into memory."""
        said = read_described(Description, folder, _DESCRIPTION, "is not the folder of records")
        lengths = mapped_column(Path(folder) / "lengths.npy", [np.int64])
        return cls(lengths=lengths, **said.origin())


def load_records(
    spec: Any,
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Records:
    """Return records: a name with parameters, a file of a size a line, or what is records.

    Raises:
        BadInputError: If it is none of them.
    """
    del columns, progress
    if isinstance(spec, Records):
        return spec
    text = os.fspath(spec)
    name, _, rest = text.partition(":")
    if name.strip() == NAME:
        return RandomRecords.read(read_parameters(rest)).make()
    if not is_file(spec):
        raise BadInputError(f"is neither records nor a file{nearest(name, WORKLOADS)}", text)
    if format_name not in (None, FORMAT):
        raise BadInputError(f"no format {format_name!r}; known: {FORMAT}", "format")
    try:
        lines = Path(text).expanduser().read_text(encoding="utf-8").split()
        lengths = np.array([int(line) for line in lines], dtype=np.int64)
    except (OSError, ValueError) as error:
        raise BadInputError(f"is not a file of a size a line ({error})", text) from None
    if not len(lengths) or lengths.min() < 1:
        raise BadInputError("names no sizes above 0", text)
    options = {} if format_name is None else {"format": format_name}
    return Records(Path(text).name, lengths, source=text, options=options)


RECORDS = register(
    WorkloadKind(
        "records",
        Records,
        load_records,
        Records.save,
        Records.open,
        Records.summary,
        Records.facts,
        WORKLOADS,
        (FORMAT,),
    )
)
