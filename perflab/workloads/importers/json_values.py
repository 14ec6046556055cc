"""The fields of a JSON object as keys, times, sizes and backend times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.importers.backend_times import (
    backend_unit,
    says_unit,
    settle_backend,
)
from perflab.workloads.importers.columns import (
    check_roles,
    columns_note,
    listed,
)
from perflab.workloads.importers.doubts import named, refused_note
from perflab.workloads.importers.json_fields import (
    FieldIndex,
    dotted,
    getter,
    is_usable,
    parse_request_line,
)
from perflab.workloads.importers.json_readers import (
    Reader,
    UnusableError,
    date_seconds,
    finite_time,
    key_reader,
    line_key_reader,
    reader_of,
)
from perflab.workloads.importers.operation_column import OperationColumn
from perflab.workloads.importers.operation_words import HTTP_WRITES
from perflab.workloads.importers.role_names import (
    JSON_KEYS,
    JSON_NAMES,
    OPERATIONS,
    REQUEST_LINE,
    STATUSES,
    plain_name,
)
from perflab.workloads.importers.time_units import UNITS
from perflab.workloads.importers.values import NO_TIME, RowFault

# So many objects tell which fields play the roles.
CHOSEN_FROM = 1000
ROLE_WORDS = {"time": "time", "size": "size", "ttl": "TTL", "backend": "backend time"}
LONGEST_OPERATION = 20
SEVERAL_METRICS = (
    "several objects per request, each of which would count as one; keep one metric, such as "
    'grep \'"metric":"http_reqs"\' FILE > requests.json'
)


class RefusedError(ValueError):
    """An object about a write that was answered with an error."""


class ChosenFields(NamedTuple):
    """Which fields of objects are read, and as what.

    Attributes:
        key: The template or the field of the key.
        is_line: Whether that is a line of a request, with method and version.
        readers: The field of each role, and what reads it, in order of the roles.
        operation: The field of what an object does, or None; "" where the key's line says it.
        statuses: The fields of the server's answer, the preferred first.
        not_first: The roles for which the first objects had no field, and the fields that others
            may have for them.
    """

    key: str
    is_line: bool
    readers: dict[str, tuple[str, Reader]]
    operation: str | None
    statuses: tuple[str, ...]
    not_first: tuple[tuple[str, str], ...]


class JsonValues:
    """Reads key, time, size, TTL and backend time of objects that are alike.

    Names are looked up in the objects that `choose` is given, or in the first that has a key.

    Args:
        columns: The field that the user named for a role; the key may be a template. A field
            within another is written with a dot: ``request.host``.
        names: The fields that are looked for, by role, where the user named none.
        time_unit: The unit of times that are numbers, where it is known.

    Attributes:
        roles: The roles besides the key that the objects have; known after that first object.
        chosen: The fields that are read; known after that first object, None before.
        is_of_k6: Whether objects are k6's, of which each has a metric; known then too.
        metrics: How many objects there are of each metric of k6.
        later: How many objects have a field for a role that is not read, by role and field.
        time_unit: The unit of times that are numbers: that of the argument, or the field's name's.
        operations: What objects do, where they say so, such as by a method.
        dated: Whether times are dates rather than numbers.
        rounded: How many keys were numbers beyond 64 bits that the file itself has rounded.
        refused: How many writes were answered with an error, by method: they wrote nothing.
    """

    def __init__(
        self,
        columns: Mapping[str, str] | None,
        names: Mapping[str, Sequence[str]] = JSON_NAMES,
        *,
        time_unit: str | None = None,
    ) -> None:
        self.roles: tuple[str, ...] = ()
        self._wanted = dict(columns or {})
        check_roles(self._wanted)
        self._names = names
        self.time_unit = time_unit
        self._per_second = 1.0
        self.chosen: ChosenFields | None = None
        self._chosen: dict[str, str] = {}
        self._fields: list[str] = []
        self._operation: Callable[[Any], Any] | None = None
        self._statuses: list[Callable[[Any], Any]] = []
        self.operations = OperationColumn("")
        self.dated = False
        self.rounded = 0
        self.refused: Counter[str] = Counter()
        self._no_time: str | None = None
        self.is_of_k6 = False
        self.metrics: Counter[str] = Counter()
        self._key: Callable[[Any], str] | None = None
        self._keyless: list[str] | None = None
        self._has_units = False
        self._readers: list[tuple[Callable[[Any], Any], Callable[[Any], float]]] = []
        self._not_first: list[tuple[str, str, Callable[[Any], Any]]] = []
        self._late_names: frozenset[str] = frozenset()
        self.later: Counter[tuple[str, str]] = Counter()

    def choose(self, objects: Sequence[Any]) -> None:
        """Choose the fields by objects, unless that is done: each of the first that most have."""
        usable = [fields for fields in objects if isinstance(fields, dict)]
        if self._key is None and usable:
            with suppress(UnusableError):
                self._key = self._choose(usable)

    def read(self, fields: Mapping[str, Any]) -> tuple[str, list[float]]:
        """Return the key of an object and the numbers of its `roles`; NaN for what is not known.

        Raises:
            UnusableError: If the key or the time is missing or cannot be.
            BadInputError: If a template is none.
        """
        if self._key is None:
            self._key = self._choose([fields])
        if not self._late_names.isdisjoint(fields):
            found = ((role, name) for role, name, get in self._not_first if is_usable(get(fields)))
            self.later.update(found)
        if self.is_of_k6:
            self.metrics[str(fields.get("metric"))] += 1
        return self._key(fields), [read(get(fields)) for get, read in self._readers]

    def operation(self, fields: Mapping[str, Any], key: str) -> tuple[str | None, str]:
        """Return the word for what an object that was read does, and its key.

        A write of HTTP is one of what a GET asks for, so that a key which begins with the method
        begins with GET then.

        Raises:
            RefusedError: If it was a write that was answered with an error.
        """
        word = None if self._operation is None else self._operation(fields)
        if not isinstance(word, str) or len(word) > LONGEST_OPERATION:
            return None, key
        if word.upper() not in HTTP_WRITES:
            return word, key
        status = next((found for get in self._statuses if is_usable(found := get(fields))), None)
        if str(status)[:1] in ("4", "5"):
            self.refused[word] += 1
            raise RefusedError
        return word, key.replace(word, "GET", 1) if key.startswith(f"{word} ") else key

    def notes(self) -> tuple[str, ...]:
        """Return notes: guessed fields, roles without one, and what is not a read."""
        chosen = {**self._chosen, "op": self.operations.name} if self._operation else self._chosen
        return (
            *self.later_notes(),
            *columns_note(self._fields, chosen, self._wanted, "fields"),
            *self.operation_notes(),
        )

    def operation_notes(self) -> tuple[str, ...]:
        """Return notes on what else counts as reads, and on writes that were refused."""
        return (*self.operations.notes(), *refused_note(self.refused))

    def later_notes(self) -> tuple[str, ...]:
        """Return which roles are not read though objects after the first have them."""
        # In the order of the roles, whichever came first.
        most = {
            role: max((count, name) for (of, name), count in self.later.items() if of == role)
            for role in self._names
            if any(of == role for of, _ in self.later)
        }
        return tuple(
            f"the {ROLE_WORDS[role]} is not read: {counted(count, 'object')} with one ({name}) "
            f"came after a first without; name it with --columns {role}={name}"
            for role, (count, name) in most.items()
        )

    def put_operations(self, columns: dict[str, npt.NDArray[Any]], place: str) -> None:
        """Put operations among the columns of what was read, where they are known.

        Raises:
            BadInputError: If a word is not known and must be.
        """
        try:
            codes = self.operations.codes()
        except RowFault as fault:
            text = f"{place}: object {grouped(fault.row + 1)} with a key"
            raise BadInputError(fault.reason, text) from None
        self.operations.put(columns, codes)
        if "ttl" in columns and (codes is None or not codes.any()):
            columns["ttl"] = np.where(np.isinf(columns["ttl"]), np.nan, columns["ttl"])

    def settle_backend(self, columns: dict[str, npt.NDArray[Any]], place: str) -> tuple[str, ...]:
        """Leave the backend's times out where none is known, and return the note on their unit.

        Raises:
            BadInputError: If the field that the user named says none.
        """
        name = self._chosen.get("backend")
        return settle_backend(columns, name, self._wanted, place, has_units=self._has_units)

    def check_one_metric(self, place: str) -> None:
        """Refuse k6's objects of several metrics, of which each request has one of each.

        Raises:
            BadInputError: With the metrics, and how to keep one.
        """
        if len(self.metrics) > 1:
            raise BadInputError(f"has {named(self.metrics)}: {SEVERAL_METRICS}", place)

    def check_found(self, place: str) -> None:
        """Refuse objects of which none had a key, or that have times which are not understood.

        Raises:
            BadInputError: It names the fields of the first, or the first such time, or says that
                keys are rounded.
        """
        if self._no_time is not None:
            text = (
                f"the time {self._no_time!r} in {self._chosen['time']!r} is {NO_TIME}; write it "
                "as 2024-06-10T06:13:20Z, name another field with --columns time=FIELD, or leave "
                "it out"
            )
            raise BadInputError(text, place)
        if self.rounded:
            text = (
                f"{counted(self.rounded, 'key')} in {self._chosen['key']} are rounded (as 1.2e+21 "
                "is), so that several may be one; write them as texts, in quotes: "
                '"1200000000000000000345"'
            )
            raise BadInputError(text, place)
        if self._key is None and self._keyless is not None:
            there = f"({', '.join(JSON_KEYS)}); it has: {listed(self._keyless)}"
            text = f"has no field for the key {there}"
            advice = "name it with --columns key=FIELD, or several with 'key={host}{path}'"
            raise BadInputError(f"{text}; {advice}", place)

    def _choose(self, objects: Sequence[Mapping[str, Any]]) -> Callable[[Any], str]:
        index = FieldIndex(objects)
        chosen = index.choose(self._names, self._wanted)
        chosen.pop("op", None)
        if "key" not in chosen:
            self._keyless = self._keyless or dotted(objects[0])
            raise UnusableError("no key")
        field = chosen["key"] if "{" not in chosen["key"] else None
        with_key = (each for each in objects if field is None or is_usable(getter(field)(each)))
        first = next(with_key, objects[0])
        self._chosen, self._fields = dict(chosen), list(first)
        operation = self._choose_operation(index, first)
        self.is_of_k6 = first.get("type") == "Point" and isinstance(first.get("metric"), str)
        statuses = self._answers(index)
        self._statuses = [getter(name) for name in statuses]
        is_line = _ends(chosen["key"]) == REQUEST_LINE and "key" not in self._wanted
        name = chosen.pop("key")
        key = line_key_reader(name) if is_line else key_reader(name)
        self.roles = tuple(chosen)
        self._not_first = [
            (role, name, getter(name))
            for role, known in self._names.items()
            if role not in chosen and role not in ("key", "backend")
            for name in known
        ]
        names = {name for _, name, _ in self._not_first}
        self._late_names = frozenset(names | {name.split(".")[0] for name in names})
        if self.time_unit is None and "time" in chosen:
            self.time_unit = plain_name(_ends(chosen["time"]))[1]
        self._per_second = UNITS[self.time_unit] if self.time_unit else 1.0
        if "backend" in chosen:
            said = filter(is_usable, map(getter(chosen["backend"]), objects))
            self._has_units = all(says_unit(value) for value in said if value not in ("", "-"))
        readers = {role: (field, self._reader_of(role, field)) for role, field in chosen.items()}
        self._readers = [(getter(field), reader.one) for field, reader in readers.values()]
        self.chosen = ChosenFields(
            name,
            is_line,
            readers,
            None if self._operation is None else operation,
            tuple(statuses),
            tuple((role, name) for role, name, _ in self._not_first),
        )
        return key

    def _reader_of(self, role: str, field: str) -> Reader:
        if role == "time":
            return Reader(self._time, lambda values: values / self._per_second)
        unit = backend_unit(field) if role == "backend" else plain_name(_ends(field))[1]
        return reader_of(role, unit if role != "size" else None)

    def _choose_operation(self, index: FieldIndex, first: Mapping[str, Any]) -> str:
        """Choose what says what an object does; return its field, "" for the line of the key."""
        key = self._chosen["key"]
        there = (
            name
            for level in index.levels
            for name in index.named("op", OPERATIONS, level)
            if isinstance(getter(name)(first), str)
        )
        operation = self._wanted.get("op") or next(there, None)
        if operation is not None and operation != key:
            self._operation = getter(operation)
            self.operations = OperationColumn(operation, 0, is_named="op" in self._wanted)
            return operation
        if _ends(key) == REQUEST_LINE and "key" not in self._wanted:
            get = getter(key)
            self._operation = lambda fields: (parse_request_line(get(fields)) or ("",))[0]
            self.operations = OperationColumn(f"method in {key}", 0)
        return ""

    def _answers(self, index: FieldIndex) -> list[str]:
        """Return the fields of the server's answer: beside the method, the key, or further out."""
        beside = (self.operations.name, self._chosen["key"])
        levels = (*(name.rpartition(".")[0] for name in beside), *index.levels)
        names = (n for level in levels for n in index.named("status", STATUSES, level))
        return list(dict.fromkeys(names))

    def _time(self, value: Any) -> float:
        if isinstance(value, (int, float)):
            return finite_time(float(value) / self._per_second)
        if not isinstance(value, str):
            raise UnusableError("no time")
        try:
            seconds = float(value) / self._per_second
        except ValueError:
            self.dated = True
            seconds = date_seconds(value)
        if self._no_time is None and not math.isfinite(seconds):
            self._no_time = value
        return finite_time(seconds)


def _ends(name: str) -> str:
    """Return the last part of a field's name that is not MongoDB's."""
    return next((part for part in reversed(name.split(".")) if part[:1] != "$"), name)
