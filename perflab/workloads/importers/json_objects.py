"""Objects of JSON or logfmt as requests, one object after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.workloads.importers.json_readers import RoundedError, UnusableError
from perflab.workloads.importers.json_values import CHOSEN_FROM, JsonValues, RefusedError
from perflab.workloads.importers.requests import Parsed


class Found(NamedTuple):
    """The requests of some lines.

    Attributes:
        rows: int64 of shape (requests,), the line of each, ascending.
        keys: Arrow texts.
        words: Arrow texts, what each does, null where a line says nothing; None where none says.
        numbers: float64 of the same shape, by role.
    """

    rows: npt.NDArray[np.int64]
    keys: pa.Array
    words: pa.Array | None
    numbers: Mapping[str, npt.NDArray[np.float64]]

    def merged(self, others: Found, lines: npt.NDArray[np.int64]) -> Found:
        """Return these requests and others in the order of the lines.

        Args:
            others: The others, of some of the lines.
            lines: Which lines those are.
        """
        rows = np.concatenate([self.rows, lines[others.rows]])
        order = np.argsort(rows, kind="stable")
        places = pa.array(order)
        words = None
        if self.words is not None and others.words is not None:
            words = pa.concat_arrays([self.words, others.words]).take(places)
        numbers = {
            role: np.concatenate([each, others.numbers[role]])[order]
            for role, each in self.numbers.items()
        }
        keys = pa.concat_arrays([self.keys, others.keys]).take(places)
        return Found(rows[order], keys, words, numbers)

    def columns(self, values: JsonValues) -> dict[str, Any]:
        """Return the columns of the requests, after `values` took what they do."""
        if self.words is not None:
            values.operations.add(self.words)
        columns: dict[str, Any] = {"key": self.keys, **self.numbers}
        if "size" in columns:
            columns["size"] = np.floor(columns["size"])
        return columns


def parse_objects(
    objects: Iterable[Any], values: JsonValues, exact: Callable[[int], Any] | None = None
) -> Parsed:
    """Return which objects are requests, and those, by the fields that play the roles.

    Args:
        objects: The objects.
        values: What reads them.
        exact: Returns an object, by its place, once more: with its numbers as they are written;
            None where those were not rounded.
    """
    good, found = read_objects(objects, values, exact)
    return good, found.columns(values)


def read_objects(
    objects: Iterable[Any], values: JsonValues, exact: Callable[[int], Any] | None = None
) -> tuple[npt.NDArray[np.bool_], Found]:
    """Return what `parse_objects` does, the requests as they are found."""
    good: list[bool] = []
    keys, places, numbers, words = [], [], [], []
    rest = iter(objects)
    first = list(islice(rest, CHOSEN_FROM))
    values.choose(first)
    for row, fields in enumerate(chain(first, rest)):
        good.append(False)
        if not isinstance(fields, dict):
            continue
        try:
            try:
                key, said = values.read(fields)
            except RoundedError:
                if exact is None:
                    raise
                key, said = values.read(exact(row))
            word, key = values.operation(fields, key)
        except UnusableError as error:
            values.rounded += isinstance(error, RoundedError)
            continue
        except RefusedError:
            good[-1] = True
            continue
        good[-1] = True
        words.append(word)
        keys.append(key)
        places.append(row)
        numbers.append(said)
    table = np.array(numbers, np.float64).reshape(len(numbers), len(values.roles))
    found = Found(
        np.array(places, np.int64),
        pa.array(keys, pa.string()),
        None if values.operations.place is None else pa.array(words, pa.string()),
        {role: table[:, i] for i, role in enumerate(values.roles)},
    )
    return np.array(good, np.bool_), found
