"""Engines with frames: pandas, Arrow and Polars; each loads its library when it is made."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from perflab.patterns.streaming._blocks import Block
from perflab.patterns.streaming._rows import Columns, Layout, RefusedError
from perflab.patterns.streaming._tables import arrow_schema, arrow_table

_ARROW_BLOCK = 1 << 20
_WIDE_FRAME = 2000
_WRITERS = 2


class _Framed:
    """What the engines with frames share."""

    most_rows: int | None = None

    def __init__(self, layout: Layout) -> None:
        import polars as pl

        self._layout = layout
        self._polars = pl
        kinds = {"int": pl.Int64, "float": pl.Float64, "text": pl.String}
        self._types = {
            name: kinds[kind] for name, kind in zip(layout.names, layout.kinds, strict=True)
        }
        self._before = b'\n" \t+-' + layout.delimiter.encode()
        self._writers: ThreadPoolExecutor | None = None

    def height(self, frame: Any) -> int:
        """Return how many rows a frame has."""
        return len(frame)

    def close(self) -> None:
        """End the threads that write."""
        if self._writers is not None:
            self._writers.shutdown()
            self._writers = None

    def _refuse_hexadecimal(self, block: Block) -> None:
        """Refuse what Arrow would take for a whole number and nobody else would."""
        if "int" not in self._layout.kinds:
            return
        before = self._before
        for mark in (b"0x", b"0X"):
            place = block.data.find(mark)
            while place >= 0:
                if place == 0 or block.data[place - 1] in before:
                    raise RefusedError
                place = block.data.find(mark, place + 1)

    def _write(self, frame: Any, file: IO[bytes]) -> None:
        """Write a frame of Polars, a large one in halves, since one core writes one."""
        if len(frame) < _WIDE_FRAME:
            file.write(_as_json(frame))
            return
        if self._writers is None:
            self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="perflab-json")
        step = -(-len(frame) // _WRITERS)
        parts = [frame.slice(start, step) for start in range(0, len(frame), step)]
        for text in self._writers.map(_as_json, parts):
            file.write(text)


class PolarsEngine(_Framed):
    """Polars; its frame is a `polars.DataFrame`."""

    def parse(self, block: Block) -> Any:
        """Read the block with the types of the layout."""
        try:
            frame = self._polars.read_csv(
                block.data,
                has_header=False,
                schema=self._types,
                separator=self._layout.delimiter,
            )
        except (self._polars.exceptions.PolarsError, ValueError):
            raise RefusedError from None
        texts = [name for name in self._layout.of_kind("text") if frame[name].null_count()]
        if texts:
            frame = frame.with_columns(self._polars.col(name).fill_null("") for name in texts)
        if len(frame) != block.records or not self._finite(frame):
            raise RefusedError
        return frame

    def build(self, columns: Columns) -> Any:
        """Return a frame of the layout's types."""
        named = dict(zip(self._layout.names, map(list, columns), strict=True))
        return self._polars.DataFrame(named, schema=self._types)

    def join(self, frames: Sequence[Any]) -> Any:
        """Return the frames one under the other."""
        return self._polars.concat(frames)

    def rows(self, frame: Any) -> list[dict[str, Any]]:
        """Return a dict a row."""
        found: list[dict[str, Any]] = frame.to_dicts()
        return found

    def write_json(self, frame: Any, file: IO[bytes]) -> None:
        """Write a line a row."""
        self._write(frame, file)

    def table(self, frame: Any) -> Any:
        """Return the frame as a table."""
        return frame.to_arrow(compat_level=self._polars.CompatLevel.oldest())

    def _finite(self, frame: Any) -> bool:
        names = self._layout.of_kind("float")
        return all(frame[name].is_finite().all() for name in names)


class ArrowEngine(_Framed):
    """Arrow, whose CSV reader is quick and strict; its frame is a `pyarrow.Table`.

    Arrow writes no JSON, so that its tables are written by Polars, which takes them as they are.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        import pyarrow as pa
        from pyarrow import compute, csv

        self._arrow = pa
        self._compute, self._read_csv = compute, csv.read_csv
        # As quick as Arrow's own, and what is freed goes back: its peak does not creep up.
        self._pool = pa.system_memory_pool()
        self._convert = csv.ConvertOptions(
            column_types=arrow_schema(layout), null_values=[""], strings_can_be_null=False
        )
        self._parse = [
            csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=inside)
            for inside in (False, True)
        ]
        self._read = csv.ReadOptions(column_names=list(layout.names), block_size=_ARROW_BLOCK)

    def parse(self, block: Block) -> Any:
        """Read the block with the types of the layout; hexadecimal numbers are none."""
        self._refuse_hexadecimal(block)
        try:
            table = self._read_csv(
                self._arrow.py_buffer(block.data),
                read_options=self._read,
                parse_options=self._parse[b'"' in block.data],
                convert_options=self._convert,
                memory_pool=self._pool,
            )
        except self._arrow.ArrowInvalid:
            raise RefusedError from None
        if len(table) != block.records or not self._finite(table):
            raise RefusedError
        return table

    def build(self, columns: Columns) -> Any:
        """Return a table of the layout's types."""
        return arrow_table(columns, self._layout)

    def join(self, frames: Sequence[Any]) -> Any:
        """Return the tables one under the other."""
        return self._arrow.concat_tables(frames)

    def rows(self, frame: Any) -> list[dict[str, Any]]:
        """Return a dict a row."""
        found: list[dict[str, Any]] = frame.to_pylist()
        return found

    def write_json(self, frame: Any, file: IO[bytes]) -> None:
        """Write a line a row."""
        self._write(self._polars.from_arrow(frame, rechunk=False), file)

    def table(self, frame: Any) -> Any:
        """Return the table itself."""
        return frame

    def _finite(self, table: Any) -> bool:
        compute = self._compute
        return all(
            compute.all(compute.is_finite(table[name]), min_count=0).as_py()
            for name in self._layout.of_kind("float")
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
        self._texts = {
            name: "float64" if kind == "float" else "str"
            for name, kind in zip(layout.names, layout.kinds, strict=True)
        }
        self._options: dict[str, Any] = {
            "na_values": {name: [""] for name in layout.of_kind("float")}
        }
        if int(pd.__version__.split(".")[0]) < 3:
            self._options["float_precision"] = "round_trip"

    def parse(self, block: Block) -> Any:
        """Read the block with the types of the layout.

        Whole numbers are read as text first: pandas would take 1.0 and 1e3 for some.
        """
        self._refuse_hexadecimal(block)
        try:
            frame = self._pandas.read_csv(
                io.BytesIO(block.data),
                header=None,
                names=list(self._layout.names),
                sep=self._layout.delimiter,
                dtype=self._texts,
                keep_default_na=False,
                index_col=False,
                **self._options,
            )
            if len(frame) != block.records:
                raise RefusedError
            for name in self._layout.of_kind("int"):
                frame[name] = self._whole(frame[name])
        except (ValueError, OverflowError, self._arrow.ArrowInvalid):
            raise RefusedError from None
        if not self._finite(frame):
            raise RefusedError
        return frame

    def build(self, columns: Columns) -> Any:
        """Return a frame of the layout's types."""
        types = {"int": "Int64", "float": "float64", "text": "str"}
        named = zip(self._layout.names, columns, self._layout.kinds, strict=True)
        return self._pandas.DataFrame(
            {name: self._pandas.Series(list(one), dtype=types[kind]) for name, one, kind in named}
        )

    def join(self, frames: Sequence[Any]) -> Any:
        """Return the frames one under the other."""
        return self._pandas.concat(frames, ignore_index=True)

    def rows(self, frame: Any) -> list[dict[str, Any]]:
        """Return a dict a row, with None where a number is missing."""
        found: list[dict[str, Any]] = self._polars.from_pandas(frame).to_dicts()
        return found

    def write_json(self, frame: Any, file: IO[bytes]) -> None:
        """Write a line a row."""
        self._write(self._polars.from_pandas(frame), file)

    def table(self, frame: Any) -> Any:
        """Return the frame as a table."""
        return self._arrow.Table.from_pandas(frame, preserve_index=False)

    def _whole(self, texts: Any) -> Any:
        known = self._arrow.array(texts.mask(texts == ""), self._arrow.string(), from_pandas=True)
        whole = {self._arrow.int64(): self._pandas.Int64Dtype()}
        return known.cast(self._arrow.int64()).to_pandas(types_mapper=whole.get)

    def _finite(self, frame: Any) -> bool:
        return not any(
            frame[name].isin([float("inf"), float("-inf")]).any()
            for name in self._layout.of_kind("float")
        )


def _as_json(frame: Any) -> memoryview:
    text = io.BytesIO()
    frame.write_ndjson(text)
    return text.getbuffer()
