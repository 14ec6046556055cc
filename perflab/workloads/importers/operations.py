"""Rows with operations as the columns of a trace: sizes and lifetimes filled in, words decided."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads.importers.conditions import decided
from perflab.workloads.importers.operation_words import split_pairs

Ids = npt.NDArray[np.int32]
Arrays = dict[str, npt.NDArray[Any]]
NO_READS = "has no reads (get), only writes and removals; a trace is of what a cache is asked"


def operated(place: str, ids: Ids, columns: Arrays, *, fill: bool) -> tuple[Ids, Arrays]:
    """Return ids and columns in which ``op`` holds codes of `Operation`, or is left out.

    It is left out where each row is a get. A row that says two operations becomes two, and one
    that did nothing, such as an add of a key that was there, none. What does not say a size has
    the one last written for its key or, where there is none, the next one: after a miss, that is
    the fill. Without a column ``op`` nothing is changed.

    Args:
        place: The file, for errors.
        ids: The key of each row, in order of time.
        columns: ``op`` as `codes_of` gives it, and ``time``, ``size``, ``ttl`` where there are
            such; a size that is not said is NaN.
        fill: Whether reads also get the lifetime that their key was written with; a file in which
            nothing has one then has none at all.

    Raises:
        BadInputError: If there is no get.
    """
    if "op" not in columns:
        return ids, columns
    columns = dict(columns)
    codes = columns.pop("op")
    if not codes.any():
        if fill:
            _fill_sizes(ids, columns)
        return ids, columns
    codes, ttls, origins = split_pairs(codes, columns.pop("ttl", None))
    ids, columns = _taken(ids, columns, origins)
    codes, ttls, kept = decided(ids, codes, columns.get("time"), ttls)
    columns = {**columns, "op": codes} if ttls is None else {**columns, "op": codes, "ttl": ttls}
    ids, columns = _taken(ids, columns, kept)
    _check_has_reads(columns["op"], place)
    _fill_sizes(ids, columns)
    if fill:
        _fill_lifetimes(ids, columns)
    if not columns["op"].any():
        del columns["op"]
    return ids, columns


def last_told(ids: Ids, values: npt.NDArray[Any], told: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return values of which each that is not told is the last of its key, or else the next."""
    if told.all():
        return values
    order = np.argsort(ids, kind="stable")
    owner, sorted_values, told = ids[order], values[order], told[order]
    rows = np.arange(len(order))
    last = np.maximum.accumulate(np.where(told, rows, -1))
    following = np.minimum.accumulate(np.where(told, rows, len(rows))[::-1])[::-1]
    before = np.where((last >= 0) & (owner[last] == owner), last, -1)
    after = np.minimum(following, len(rows) - 1)
    after = np.where((following < len(rows)) & (owner[after] == owner), after, -1)
    source = np.where(before >= 0, before, after)
    filled = np.where(source >= 0, sorted_values[source], np.nan)
    result = np.empty_like(values)
    result[order] = np.where(told, sorted_values, filled)
    return result


def _taken(ids: Ids, columns: Arrays, rows: npt.NDArray[Any] | None) -> tuple[Ids, Arrays]:
    if rows is None:
        return ids, columns
    return ids[rows], {name: values[rows] for name, values in columns.items()}


def _check_has_reads(codes: npt.NDArray[np.uint8], place: str) -> None:
    if not (codes == Operation.GET).any():
        raise BadInputError(NO_READS, place)


def _fill_sizes(ids: Ids, columns: Arrays) -> None:
    sizes = columns.get("size")
    if sizes is not None and sizes.dtype.kind == "f":
        columns["size"] = last_told(ids, sizes, ~np.isnan(sizes))


def _fill_lifetimes(ids: Ids, columns: Arrays) -> None:
    if "ttl" not in columns:
        return
    codes, ttls = columns["op"], columns["ttl"]
    sets, reads = codes == Operation.SET, codes == Operation.GET
    # What is set without a lifetime never expires.
    ttls = np.where(sets & np.isnan(ttls), np.inf, ttls)
    touches = codes == Operation.TOUCH
    if not np.isfinite(ttls).any() and not touches.any():
        del columns["ttl"]
        return
    columns["ttl"] = np.where(reads, last_told(ids, ttls, sets | touches), ttls)
