"""`LineColumns`: what the fields of many lines of JSON or logfmt say, column by column."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.field_spans import Field, FieldSpans, Flags
from perflab.workloads.importers.json_fields import parse_request_line
from perflab.workloads.importers.json_objects import Found
from perflab.workloads.importers.json_readers import Floats, Reader, date_seconds
from perflab.workloads.importers.json_values import LONGEST_OPERATION, ChosenFields, JsonValues
from perflab.workloads.importers.operation_words import HTTP_WRITES
from perflab.workloads.importers.template import parts_of

# The same lines as `parse_request_line` knows, of plain characters.
_REQUEST_LINE = r"^(?P<method>[A-Za-z]+) (?P<target>[!-~][ -~]*?)(?: HTTP/[0-9.]+)?$"
METRIC = "metric"


class LineColumns:
    """Reads one array of lines.

    Args:
        spans: Where the lines have the fields that are read.
        values: What counts what was refused or came late, and remembers whether times are dates.
        chosen: The fields that are read.

    Attributes:
        slow: The lines that are to be read one by one.
    """

    def __init__(self, spans: FieldSpans, values: JsonValues, chosen: ChosenFields) -> None:
        from perflab.kernels.texts import spans as kinds

        self.slow = spans.odd.copy()
        self._kinds = kinds
        self._spans = spans
        self._values = values
        self._chosen = chosen
        self._dated = False

    def read(self) -> tuple[Flags, Found]:
        """Return which lines are requests, of those not slow, and what they say."""
        if self._values.is_of_k6:
            found = self._spans.field(METRIC).kinds
            self.slow |= (found != self._kinds.TEXT) & (found != self._kinds.ESCAPED)
        keyed = ~self.slow
        self._look_at_keys(keyed)
        keyed &= ~self.slow
        rows = np.flatnonzero(keyed)
        keys, methods = self._keys(rows)
        rows, keys, methods = self._without_slow(rows, keys, methods)
        numbers, unusable = {}, np.zeros(len(rows), np.bool_)
        for role, (name, reader) in self._chosen.readers.items():
            field = self._spans.field(name)
            field = field if len(rows) == len(self.slow) else field.taken(rows)
            numbers[role], slow = self._numbers(field, reader, is_time=role == "time")
            if role == "time":
                unusable = np.isnan(numbers[role]) & ~slow
            self.slow[rows[slow]] = True
        usable = ~unusable & ~self.slow[rows]
        words = self._words(rows, methods)
        kept, keys, words = self._operations(rows, keys, words, usable)
        good = np.zeros(len(self.slow), np.bool_)
        good[rows[usable & ~self.slow[rows]]] = True
        kept &= ~self.slow[rows]
        self._count_later()
        if self._values.is_of_k6:
            self._count_metrics()
        self._values.dated |= self._dated
        if not kept.all():
            mask = pa.array(kept)
            rows, keys = rows[kept], keys.filter(mask)
            words = None if words is None else words.filter(mask)
            numbers = {role: each[kept] for role, each in numbers.items()}
        return good, Found(rows, keys, words, numbers)

    def _look_at_keys(self, keyed: Flags) -> None:
        """Take the lines without a key out, and find the slow ones among the others."""
        kinds = self._kinds
        chosen = self._chosen
        if chosen.is_line:
            found = self._spans.field(chosen.key).kinds
            keyed &= (found == kinds.TEXT) | (found == kinds.ESCAPED)
            return
        for name, named in parts_of(chosen.key):
            if named:
                found = self._spans.field(name).kinds
                # Truth and fractions are written in another way by Python.
                self.slow |= (found == kinds.DECIMAL) | (found == kinds.TRUE)
                self.slow |= found == kinds.FALSE
                keyed &= (found != kinds.MISSING) & (found != kinds.NULL) & (found != kinds.NESTED)

    def _keys(self, rows: npt.NDArray[np.int64]) -> tuple[pa.Array, pa.Array | None]:
        """Return the key of each row, null where it is to be read slowly; and its method."""
        chosen = self._chosen
        if not chosen.is_line:
            parts = [
                self._texts(part, rows) if named else part for part, named in parts_of(chosen.key)
            ]
            return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, ""), None
        found = pc.extract_regex(self._texts(chosen.key, rows), _REQUEST_LINE)
        method, target = pc.struct_field(found, "method"), pc.struct_field(found, "target")
        return pc.binary_join_element_wise(method, target, " "), method

    def _without_slow(
        self, rows: npt.NDArray[np.int64], keys: pa.Array, methods: pa.Array | None
    ) -> tuple[npt.NDArray[np.int64], pa.Array, pa.Array | None]:
        if not keys.null_count:
            return rows, keys, methods
        valid = keys.is_valid()
        known = valid.to_numpy(zero_copy_only=False)
        self.slow[rows[~known]] = True
        return rows[known], keys.filter(valid), None if methods is None else methods.filter(valid)

    def _texts(self, name: str, rows: npt.NDArray[np.int64]) -> pa.Array:
        field = self._spans.field(name)
        return self._spans.texts(field if len(rows) == len(self.slow) else field.taken(rows))

    def _numbers(
        self, field: Field, reader: Reader, *, is_time: bool
    ) -> tuple[npt.NDArray[np.float64], Flags]:
        """Return what a field says, and which rows of it are to be read slowly."""
        kinds = self._kinds
        is_text = (field.kinds == kinds.TEXT) | (field.kinds == kinds.ESCAPED)
        is_number = (field.kinds == kinds.WHOLE) | (field.kinds == kinds.DECIMAL)
        found = np.full(len(is_text), np.nan)
        slow = np.zeros(len(is_text), np.bool_)
        for kind, truth in ((kinds.TRUE, True), (kinds.FALSE, False)):
            if (field.kinds == kind).any():
                found[field.kinds == kind] = reader.one(truth)
        there = is_text | is_number
        rows = np.flatnonzero(there)
        if not len(rows):
            return found, slow
        if len(rows) < len(there):
            field, is_text = field.taken(rows), is_text[rows]
        plain = self._spans.numbers(field)
        # The sign of a text, also that of 0, is for its reader to judge.
        hard = np.isnan(plain) | (is_text & np.signbit(plain))
        numbers = hard & ~is_text
        if numbers.any():
            texts = self._spans.texts(field.taken(numbers))
            plain[numbers] = texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
        said = reader.many(plain)
        hard &= is_text
        if is_time:
            if hard.any():
                said[hard] = self._moments(field.taken(hard), reader)
            unfit = ~((said >= 0) & (said < math.inf))
            slow[rows[unfit]] = True
        elif hard.any():
            said[hard] = _each(self._spans.texts(field.taken(hard)), reader.one)
        found[rows] = said
        return found, slow

    def _moments(self, field: Field, reader: Reader) -> Floats:
        """Return the times of texts that are no plain numbers; NaN for what is to be read slowly.

        Only reading it slowly remembers a time that is not understood.
        """
        said = self._spans.moments(field)
        said[field.kinds == self._kinds.ESCAPED] = np.nan
        rest = np.isnan(said)
        self._dated |= not rest.all()
        if rest.any():
            said[rest] = _each(self._spans.texts(field.taken(rest)), self._moment(reader))
        return said

    def _moment(self, reader: Reader) -> Callable[[str], float]:
        def read(text: str) -> float:
            try:
                number = float(text)
            except ValueError:
                seconds = date_seconds(text)
                self._dated |= seconds >= 0
                return seconds
            return float(reader.many(np.array([number]))[0])

        return read

    def _words(self, rows: npt.NDArray[np.int64], methods: pa.Array | None) -> pa.Array | None:
        """Return what each row does, null for what says nothing; None where none says."""
        name = self._chosen.operation
        if name is None:
            return None
        if not name:
            words = self._line_methods(rows) if methods is None else methods
        else:
            kinds = self._spans.field(name).kinds[rows]
            is_text = (kinds == self._kinds.TEXT) | (kinds == self._kinds.ESCAPED)
            words = self._masked(name, rows, is_text)
        return pc.if_else(pc.less_equal(pc.utf8_length(words), LONGEST_OPERATION), words, None)

    def _line_methods(self, rows: npt.NDArray[np.int64]) -> pa.Array:
        texts = self._texts(self._chosen.key, rows).dictionary_encode()
        lines = [parse_request_line(text) for text in texts.dictionary.to_pylist()]
        methods = pa.array([line[0] if line else "" for line in lines], pa.string())
        return methods.take(texts.indices)

    def _masked(self, name: str, rows: npt.NDArray[np.int64], there: Flags) -> pa.Array:
        if there.all():
            return self._texts(name, rows)
        places = np.full(len(rows), -1, np.int64)
        places[there] = np.arange(np.count_nonzero(there))
        indices = pa.array(places, mask=places < 0)
        return self._texts(name, rows[there]).take(indices)

    def _operations(
        self, rows: npt.NDArray[np.int64], keys: pa.Array, words: pa.Array | None, usable: Flags
    ) -> tuple[Flags, pa.Array, pa.Array | None]:
        """Return which rows are kept, their keys as a read asks for them, and their words."""
        kept = usable.copy()
        if words is None:
            return kept, keys, words
        encoded = words.dictionary_encode()
        known = encoded.dictionary.to_pylist()
        writes = [place for place, word in enumerate(known) if word.upper() in HTTP_WRITES]
        if not writes:
            return kept, keys, words
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        written = np.isin(codes, writes) & usable
        asked = np.flatnonzero(written)
        answers = self._answers(rows[asked])
        refused = asked[(answers == ord("4")) | (answers == ord("5"))]
        refused = refused[~self.slow[rows[refused]]]
        kept[refused] = False
        counts = Counter(codes[refused].tolist())
        self._values.refused.update({known[code]: count for code, count in counts.items()})
        for code in writes:
            begins = pc.starts_with(keys, f"{known[code]} ")
            replaced = pc.and_(begins, pa.array(written & (codes == code)))
            if pc.any(replaced).as_py():
                length = len(known[code].encode())
                shown = pc.binary_replace_slice(keys, 0, length, "GET")
                keys = pc.if_else(replaced, shown, keys)
        return kept, keys, words

    def _answers(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return the first character of the server's answer to each row, 0 where there is none."""
        kinds = self._kinds
        found = np.zeros(len(rows), np.uint8)
        rest = np.ones(len(rows), np.bool_)
        for name in self._chosen.statuses:
            field = self._spans.field(name).taken(rows)
            there = rest & (field.kinds != kinds.MISSING) & (field.kinds != kinds.NULL)
            there &= field.kinds != kinds.NESTED
            if not there.any():
                continue
            says = there & (field.kinds != kinds.TRUE) & (field.kinds != kinds.FALSE)
            # Python may write a fraction in another way, and an escape may be any character.
            odd = there & ((field.kinds == kinds.DECIMAL) | (field.kinds == kinds.ESCAPED))
            self.slow[rows[odd]] = True
            found[says] = self._spans.first_bytes(field.taken(says))
            rest &= ~there
            if not rest.any():
                break
        return found

    def _count_later(self) -> None:
        """Count the fields of roles that are not read."""
        kinds = self._kinds
        for role, name in self._chosen.not_first:
            found = self._spans.field(name).kinds
            there = (found != kinds.MISSING) & (found != kinds.NULL) & (found != kinds.NESTED)
            count = int(np.count_nonzero(there & ~self.slow))
            if count:
                self._values.later[role, name] += count

    def _count_metrics(self) -> None:
        """Count the objects of each metric of k6."""
        counts = self._texts(METRIC, np.flatnonzero(~self.slow)).value_counts()
        for metric, count in zip(
            counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True
        ):
            self._values.metrics[metric] += count


def _each(texts: pa.Array, read: Callable[[str], float]) -> Floats:
    """Return what a function makes of each text, which is asked once for each distinct one."""
    encoded = texts.dictionary_encode()
    known = np.array([read(text) for text in encoded.dictionary.to_pylist()], np.float64)
    found: Floats = known[encoded.indices.to_numpy(zero_copy_only=False)]
    return found
