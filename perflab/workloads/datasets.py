"""The data that ships: the trace of the planes looked up for flights, and the planes."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import trust_parquet
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.read import read_trace

MISSING = "NA"
WHOLE_NUMBERS = frozenset({"year", "engines", "seats", "speed"})

PlaneValue = str | int | None


def data_path(name: str) -> Path:
    """Return the path of a shipped file: in an installed package, or in a source checkout.

    Raises:
        BadInputError: If it is in neither.
    """
    package = Path(__file__).resolve().parents[1]
    folders = (package / "_shipped" / "data", package.parent / "data")
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    looked = " nor in ".join(str(folder) for folder in folders)
    raise BadInputError(f"is neither in {looked}; install perflab again", name)


def flights() -> Trace:
    """Return the plane (tail number) of each flight from New York in 2013, at scheduled departure.

    Raises:
        BadInputError: If the shipped file is missing or damaged.
    """
    path = data_path("flights.parquet")
    trust_parquet(path)
    trace = read_trace(path, format="parquet")
    return dataclasses.replace(trace, name="flights", source="flights", check=False)


def planes() -> tuple[tuple[str, ...], list[tuple[PlaneValue, ...]]]:
    """Return the columns and rows of the planes table, which the flights' keys are looked up in.

    Years, engines, seats and speed are whole numbers; what is not known is None.

    Raises:
        BadInputError: If the shipped file is missing.
    """
    with data_path("planes.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        columns = tuple(next(rows))
        numbers = [column in WHOLE_NUMBERS for column in columns]
        return columns, [
            tuple(_value(text, number) for text, number in zip(row, numbers, strict=True))
            for row in rows
        ]


def _value(text: str, number: bool) -> PlaneValue:
    if text in (MISSING, ""):
        return None
    return int(text) if number else text
