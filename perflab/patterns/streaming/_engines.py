"""Engines that convert blocks: what they all do, and the one in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._blocks import AnyBlock
from perflab.patterns.streaming._rows import columns_of
from perflab.patterns.streaming._schema import Columns, Layout, Row, arrow_table

if TYPE_CHECKING:
    import pyarrow as pa

F = TypeVar("F")
"""A frame of an engine's own kind."""


class Engine(Protocol[F]):
    """Makes frames of its own kind from blocks, and writes them.

    Attributes:
        most_rows: How many rows it wants at a time at the most; none for whole blocks.
        strict: Whether it may be given a likely block too, and refuses it where a record has too
            few or too many fields, or where digits of a fraction may be lost.
    """

    most_rows: int | None
    strict: bool

    def parse(self, block: AnyBlock) -> F:
        """Return a regular block, or a likely one if it is strict, as a frame.

        Raises:
            RefusedError: If it holds a value that the engine does not take.
        """

    def build(self, columns: Columns) -> F:
        """Return values by column as a frame."""

    def join(self, frames: Sequence[F]) -> F:
        """Return several frames as one."""

    def height(self, frame: F) -> int:
        """Return how many rows a frame has."""

    def rows(self, frame: F) -> list[Row]:
        """Return a frame as rows."""

    def write_json(self, frame: F, file: IO[bytes]) -> None:
        """Write a frame as JSON Lines."""

    def table(self, frame: F) -> pa.Table:
        """Return a frame as a table of Arrow."""

    def close(self) -> None:
        """Let go of what it holds."""


AnyEngine = Engine[Any]
"""The engine that was chosen; its frames go back to it alone."""


@naming_extra("files")
def open_engine(name: str, layout: Layout) -> AnyEngine:
    """Return an engine for files of a layout."""
    if name == "python":
        return PythonEngine(layout)
    from perflab.patterns.streaming._frames import ArrowEngine, PandasEngine, PolarsEngine

    frames: dict[str, Callable[[Layout], AnyEngine]] = {
        "pandas": PandasEngine,
        "arrow": ArrowEngine,
        "polars": PolarsEngine,
    }
    return frames[name](layout)


class PythonEngine:
    """Python's csv module and orjson; its frame is a list of columns.

    It takes few rows at a time, whatever the chunk: objects that leave the processor's caches cost
    it more than twice the time.
    """

    most_rows: int | None = 256
    strict = False

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def parse(self, block: AnyBlock) -> Columns:
        """Return the block's values by column."""
        return columns_of(block, self._layout)

    def build(self, columns: Columns) -> Columns:
        """Return the columns as they are."""
        return columns

    def join(self, frames: Sequence[Columns]) -> Columns:
        """Return the columns one after the other."""
        return [[v for part in parts for v in part] for parts in zip(*frames, strict=True)]

    def height(self, frame: Columns) -> int:
        """Return the length of the first column."""
        return len(frame[0])

    def rows(self, frame: Columns) -> list[Row]:
        """Return a dict a row."""
        return list(map(dict, map(zip, repeat(self._layout.names), zip(*frame, strict=True))))

    def write_json(self, frame: Columns, file: IO[bytes]) -> None:
        """Write a line a row."""
        write_rows(self.rows(frame), file)

    def table(self, frame: Columns) -> pa.Table:
        """Return the columns as a table."""
        return arrow_table(frame, self._layout)

    def close(self) -> None:
        """Hold nothing."""


def write_rows(rows: Sequence[Row], file: IO[bytes]) -> None:
    """Write rows as JSON Lines."""
    import orjson

    if rows:
        file.write(b"\n".join(map(orjson.dumps, rows)))
        file.write(b"\n")
