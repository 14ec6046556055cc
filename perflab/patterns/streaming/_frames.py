"""Engines with frames: pandas, Arrow and Polars, which writes the JSON of all three."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence, Sized
from typing import IO, TYPE_CHECKING, Literal, cast

import numpy as np
import polars as pl

from perflab.patterns.streaming._blocks import AnyBlock
from perflab.patterns.streaming._numbers import TOO_LARGE
from perflab.patterns.streaming._polars_columns import (
    numbers_of_text,
    polars_types,
    read_types,
)
from perflab.patterns.streaming._rows import RefusedError
from perflab.patterns.streaming._schema import Columns, Layout, Row, arrow_schema, arrow_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ARROW_BLOCK = 1 << 20
_MOST = 2**31 - 1


class _Framed:
    """What the engines with frames share."""

    most_rows: int | None = None
    strict = False

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def height(self, frame: Sized) -> int:
        """Return how many rows a frame has."""
        return len(frame)

    def close(self) -> None:
        """Hold nothing."""

    def _write(self, frame: pl.DataFrame, file: IO[bytes]) -> None:
        """Let Polars write a frame: to the file itself, past what Python holds back."""
        file.flush()
        frame.write_ndjson(file)

    def _limits(self, *, likely: bool) -> list[tuple[str, float]]:
        """Return below what every value of a column of fractions has to be, by column."""
        given = self._layout.given
        return [
            (name, TOO_LARGE if likely and name not in given else math.inf)
            for name in self._layout.of_kind("float")
        ]


class PolarsEngine(_Framed):
    """Polars; its frame is a `polars.DataFrame`."""

    strict = True

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._types, self._read_types = polars_types(layout), read_types(layout)
        self._numbers = numbers_of_text(layout)

    def parse(self, block: AnyBlock) -> pl.DataFrame:
        """Read the block with the types of the layout."""
        try:
            frame = pl.read_csv(
                block.data,
                has_header=False,
                schema=self._read_types,
                separator=self._layout.delimiter,
            )
            if self._numbers:
                frame = frame.with_columns(self._numbers)
        except (pl.exceptions.PolarsError, ValueError):
            raise RefusedError from None
        if block.likely and not self._is_even(frame, block.data):
            raise RefusedError
        if self._layout.empty:
            frame = frame.drop(self._layout.empty_names)
        texts = self._layout.of_kind("text")
        texts = [name for name in texts if frame.get_column(name).null_count()]
        if texts:
            frame = frame.with_columns(pl.col(name).fill_null("") for name in texts)
        if len(frame) != block.records or not self._fits(frame, likely=block.likely):
            raise RefusedError
        return frame

    def build(self, columns: Columns) -> pl.DataFrame:
        """Return a frame of the layout's types."""
        named = dict(zip(self._layout.names, map(list, columns), strict=True))
        return pl.DataFrame(named, schema=self._types)

    def join(self, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the frames one under the other."""
        return pl.concat(frames)

    def rows(self, frame: pl.DataFrame) -> list[Row]:
        """Return a dict a row."""
        return frame.to_dicts()

    def write_json(self, frame: pl.DataFrame, file: IO[bytes]) -> None:
        """Write a line a row."""
        self._write(frame, file)

    def table(self, frame: pl.DataFrame) -> pa.Table:
        """Return the frame as a table."""
        return frame.to_arrow(compat_level=pl.CompatLevel.oldest())

    def _is_even(self, frame: pl.DataFrame, data: bytes) -> bool:
        """Say whether all records have as many fields as there are columns.

        Polars refuses those with too many, and fills up those with too few.
        """
        if not frame.get_column(self._layout.names[-1]).null_count():
            return True
        delimiters = np.frombuffer(data, np.uint8) == ord(self._layout.delimiter)
        return int(np.count_nonzero(delimiters)) == len(frame) * (len(self._layout.names) - 1)

    def _fits(self, frame: pl.DataFrame, *, likely: bool) -> bool:
        limits = self._limits(likely=likely)
        return all(_below(frame.get_column(name), limit) for name, limit in limits)


class ArrowEngine(_Framed):
    """Arrow, whose CSV reader is quick and strict; its frame is a `pyarrow.Table`.

    Arrow writes no JSON, so that its tables are written by Polars, which takes them as they are.
    """

    strict = True

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        import pyarrow as pa
        from pyarrow import compute, csv

        self._arrow = pa
        self._compute, self._read_csv = compute, csv.read_csv
        # As quick as Arrow's own, and what is freed goes back: its peak does not creep up.
        self._pool = pa.system_memory_pool()
        empty = [(name, pa.string()) for name in layout.empty_names]
        self._convert = csv.ConvertOptions(
            column_types=pa.schema([*arrow_schema(layout), *empty]),
            null_values=["", *layout.na_words],
            strings_can_be_null=False,
        )
        self._parse = [
            csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=inside)
            for inside in (False, True)
        ]
        self._read = csv.ReadOptions(column_names=layout.all_names, block_size=_ARROW_BLOCK)
        self._options = csv.ReadOptions

    def parse(self, block: AnyBlock) -> pa.Table:
        """Read the block with the types of the layout."""
        read = self._read
        if b'"' in block.data and b"\r" in block.data and len(block.data) > _ARROW_BLOCK:
            # Where a CR LF in quotes lies across two of its blocks, Arrow loses the LF.
            names = self._layout.all_names
            read = self._options(column_names=names, block_size=min(len(block.data) + 1, _MOST))
        try:
            table = self._read_csv(
                self._arrow.py_buffer(block.data),
                read_options=read,
                parse_options=self._parse[b'"' in block.data],
                convert_options=self._convert,
                memory_pool=self._pool,
            )
        except self._arrow.ArrowInvalid:
            raise RefusedError from None
        if len(table) != block.records or not self._fits(table, likely=block.likely):
            raise RefusedError
        return table.select(list(self._layout.names)) if self._layout.empty else table

    def build(self, columns: Columns) -> pa.Table:
        """Return a table of the layout's types."""
        return arrow_table(columns, self._layout)

    def join(self, frames: Sequence[pa.Table]) -> pa.Table:
        """Return the tables one under the other."""
        return self._arrow.concat_tables(frames)

    def rows(self, frame: pa.Table) -> list[Row]:
        """Return a dict a row."""
        found: list[Row] = frame.to_pylist()
        return found

    def write_json(self, frame: pa.Table, file: IO[bytes]) -> None:
        """Write a line a row."""
        whole = pl.from_arrow(frame, rechunk=False)
        assert isinstance(whole, pl.DataFrame)  # noqa: S101  (a table has columns)
        self._write(whole, file)

    def table(self, frame: pa.Table) -> pa.Table:
        """Return the table itself."""
        return frame

    def _fits(self, table: pa.Table, *, likely: bool) -> bool:
        compute = self._compute
        limits = self._limits(likely=likely)
        return all(
            compute.all(compute.less(compute.abs(table[name]), limit), min_count=0).as_py()
            for name, limit in limits
        )


class PandasEngine(_Framed):
    """pandas; its frame is a `pandas.DataFrame`, with ``Int64`` where whole numbers are missing.

    Its JSON writer keeps 15 digits of a float, so that its frames are written by Polars.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        import pandas as pd
        import pyarrow as pa

        self._pandas = pd
        self._arrow = pa
        # With words for none, pandas would take 1.0 for the word 1.
        floats = [] if layout.na_words else layout.of_kind("float")
        self._texts = {name: "float64" if name in floats else "str" for name in layout.all_names}
        self._missing = {name: [""] for name in floats}
        self._cast = [name for name in layout.numbers if name not in floats]
        self._whole = frozenset(layout.of_kind("int"))
        self._none = ["", *layout.na_words]
        old = int(pd.__version__.split(".")[0]) < 3
        self._precision: Literal["round_trip"] | None = "round_trip" if old else None

    def parse(self, block: AnyBlock) -> pd.DataFrame:
        """Read the block with the types of the layout.

        Whole numbers are read as text first: pandas would take 1.0 and 1e3 for some.
        """
        try:
            frame = self._pandas.read_csv(
                io.BytesIO(block.data),
                header=None,
                names=self._layout.all_names,
                sep=self._layout.delimiter,
                dtype=self._texts,
                keep_default_na=False,
                index_col=False,
                na_values=self._missing,
                float_precision=self._precision,
            )
            if len(frame) != block.records:
                raise RefusedError
            for name in self._cast:
                frame[name] = self._number(frame[name], whole=name in self._whole)
        except (ValueError, OverflowError, self._arrow.ArrowInvalid):
            raise RefusedError from None
        if not self._finite(frame):
            raise RefusedError
        return frame.drop(columns=self._layout.empty_names) if self._layout.empty else frame

    def build(self, columns: Columns) -> pd.DataFrame:
        """Return a frame of the layout's types."""
        types = {"int": "Int64", "float": "float64", "text": "str"}
        named = zip(self._layout.names, columns, self._layout.kinds, strict=True)
        return self._pandas.DataFrame(
            {name: self._pandas.Series(list(one), dtype=types[kind]) for name, one, kind in named}
        )

    def join(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Return the frames one under the other."""
        return self._pandas.concat(frames, ignore_index=True)

    def rows(self, frame: pd.DataFrame) -> list[Row]:
        """Return a dict a row, with None where a number is missing."""
        return pl.from_pandas(frame).to_dicts()

    def write_json(self, frame: pd.DataFrame, file: IO[bytes]) -> None:
        """Write a line a row."""
        self._write(pl.from_pandas(frame), file)

    def table(self, frame: pd.DataFrame) -> pa.Table:
        """Return the frame as a table."""
        return self._arrow.Table.from_pandas(frame, preserve_index=False)

    def _number(self, texts: pd.Series[str], *, whole: bool) -> pd.Series[float]:
        arrow = self._arrow
        known = arrow.array(texts.mask(texts.isin(self._none)), arrow.string(), from_pandas=True)
        types = {arrow.int64(): self._pandas.Int64Dtype()}
        made = known.cast(arrow.int64() if whole else arrow.float64())
        found: pd.Series[float] = made.to_pandas(types_mapper=types.get)
        return found

    def _finite(self, frame: pd.DataFrame) -> bool:
        return not any(
            frame[name].isin([float("inf"), float("-inf")]).any()
            for name in self._layout.of_kind("float")
        )


def _below(column: pl.Series, limit: float) -> bool:
    """Say whether all of a column's values are nearer to zero than a limit, and none is NaN."""
    low, high = cast("tuple[float | None, float | None]", (column.min(), column.max()))
    if low is None or high is None:
        return True
    # A sum is NaN where a value is, but also where parts of it overflow in both directions.
    return -limit < low <= high < limit and (
        not math.isnan(column.sum()) or bool(column.is_finite().all())
    )
