"""How long the backend took for a request, as files say it: columns, fields of JSON and of logs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.workloads.importers.moments import is_number
from perflab.workloads.importers.role_names import JSON_BACKENDS, NAMED_UNITS, plain_name
from perflab.workloads.importers.time_units import UNITS
from perflab.workloads.kinds.encoding import is_text

Floats = npt.NDArray[np.float64]

# nginx writes one time for each server that it asked: ``0.002, 0.040 : 0.010``. A comma without a
# blank is rather the decimal one of some countries.
_PARTED = re.compile(r"\s*,\s+|\s*:\s*")
_TIME = re.compile(r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)\s*(s|ms|us|µs|μs|ns)?")
# Go's and Heroku's beyond a minute: ``1m2.5s``.
_LONG = re.compile(r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d*)?)s)?")
_WORDS = dict.fromkeys(("µs", "μs"), "us")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_NOTHING = ("", "-")


def backend_unit(name: str) -> str:
    """Return the unit, one of `UNITS`, of numbers in a column or field: by its name, else s."""
    return _known_unit(name) or "s"


def parse_backend_time(text: str, unit: str) -> float:
    """Return the seconds that a text says, in all where it says several; NaN if it says none.

    Args:
        text: Such as ``0.120``, ``12ms``, ``1m2.5s``, ``0.002, 0.040`` or ``-``.
        unit: The unit of numbers without one.
    """
    total, found = 0.0, False
    for part in _PARTED.split(text.strip()):
        if part in _NOTHING:
            continue
        said = _TIME.fullmatch(part)
        found = True
        if said is None:
            longer = _LONG.fullmatch(part)
            if longer is None:
                return math.nan
            total += sum(float(longer[name] or 0) * size for name, size in _SECONDS.items())
            continue
        total += float(said[1]) / UNITS[_WORDS.get(said[2], said[2]) if said[2] else unit]
    return total if found and total < math.inf else math.nan


def backend_seconds_of(value: object, unit: str) -> float:
    """Return the seconds of a value of JSON; NaN if it says none."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, (int, float)):
        return value / UNITS[unit] if 0 <= value < math.inf else math.nan
    return parse_backend_time(value, unit) if isinstance(value, str) else math.nan


def says_unit(value: object) -> bool:
    """Say whether a value of JSON is a time with its unit, such as ``12ms``."""
    if not isinstance(value, str):
        return False
    found = _TIME.fullmatch(value.strip())
    return _LONG.fullmatch(value.strip()) is not None if found is None else found[2] is not None


def backend_column(column: pa.Array, unit: str) -> Floats:
    """Return an Arrow column as seconds, NaN where it says none.

    Args:
        column: Numbers, durations or texts.
        unit: The unit of numbers without one.
    """
    if pa.types.is_duration(column.type):
        column = column.cast(pa.duration("ns")).cast(pa.int64())
        unit = "ns"
    if is_text(column.type) or pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
        column = pc.if_else(pc.is_in(column, pa.array(_NOTHING)), None, column)
        if not is_number(pc.first(column).as_py() or "0"):
            return _each(column, unit)
    try:
        numbers = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    except pa.ArrowNotImplementedError:
        return np.full(len(column), np.nan)
    except pa.ArrowInvalid:
        return _each(column, unit)
    return np.where((numbers >= 0) & (numbers < math.inf), numbers / UNITS[unit], np.nan)


def _each(column: pa.Array, unit: str) -> Floats:
    texts = column.dictionary_encode()
    each = [parse_backend_time(text, unit) for text in texts.dictionary.to_pylist()]
    places = texts.indices.fill_null(len(each)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*each, np.nan])[places])


def settle_backend(
    columns: dict[str, npt.NDArray[Any]],
    name: str | None,
    wanted: Mapping[str, str] | None,
    place: str,
    *,
    has_units: bool = False,
) -> tuple[str, ...]:
    """Leave the backend's times out where none is known, and return a note on their unit.

    Args:
        columns: By role; ``backend`` is taken out if it says nothing.
        name: The column or field that they were read from.
        wanted: The columns that the user named.
        place: The file, for the error.
        has_units: Whether each of the values says its unit, as ``12ms`` does.

    Raises:
        BadInputError: If the column that the user named says none.
    """
    if name is None or "backend" not in columns:
        return ()
    if np.isnan(columns["backend"]).all():
        if "backend" in (wanted or {}):
            text = f"has no time in {name!r}, which is to be the backend's; name another with"
            raise BadInputError(f"{text} --columns backend=NAME", place)
        del columns["backend"]
        return (f"no backend times: {name} holds none",)
    if has_units or _known_unit(name):
        return ()
    return (f"backend times: numbers in {name} are read as seconds; {name}_ms would be in ms",)


def _known_unit(name: str) -> str | None:
    base, unit = plain_name(name.rpartition(".")[2])
    parts = name.split(".")
    # A logger may put all its fields into one of its own.
    ends = (".".join(parts[place:]) for place in range(len(parts)))
    known = next((JSON_BACKENDS[end] for end in ends if end in JSON_BACKENDS), None)
    return known or unit or NAMED_UNITS.get(base)
