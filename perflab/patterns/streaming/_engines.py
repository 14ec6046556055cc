"""Engines that convert blocks: what they all do, and the one in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import IO, Any, Protocol

from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._blocks import Block
from perflab.patterns.streaming._rows import Columns, Layout, columns_of


class Engine(Protocol):
    """Makes frames of its own kind from blocks, and writes them.

    Attributes:
        most_rows: How many rows it wants at a time at the most; none for whole blocks.
    """

    most_rows: int | None

    def parse(self, block: Block) -> Any:
        """Return a regular block as a frame.

        Raises:
            RefusedError: If it holds a value that the engine does not take.
        """

    def build(self, columns: Columns) -> Any:
        """Return values by column as a frame."""

    def join(self, frames: Sequence[Any]) -> Any:
        """Return several frames as one."""

    def height(self, frame: Any) -> int:
        """Return how many rows a frame has."""

    def rows(self, frame: Any) -> list[dict[str, Any]]:
        """Return a frame as rows."""

    def write_json(self, frame: Any, file: IO[bytes]) -> None:
        """Write a frame as JSON Lines."""

    def table(self, frame: Any) -> Any:
        """Return a frame as a table of Arrow."""

    def close(self) -> None:
        """Let go of what it holds."""


@naming_extra("files")
def open_engine(name: str, layout: Layout) -> Engine:
    """Return an engine for files of a layout."""
    if name == "python":
        return PythonEngine(layout)
    from perflab.patterns.streaming._frames import ArrowEngine, PandasEngine, PolarsEngine

    frames: dict[str, Callable[[Layout], Engine]] = {
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

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def parse(self, block: Block) -> Columns:
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

    def rows(self, frame: Columns) -> list[dict[str, Any]]:
        """Return a dict a row."""
        return list(map(dict, map(zip, repeat(self._layout.names), zip(*frame, strict=True))))

    def write_json(self, frame: Columns, file: IO[bytes]) -> None:
        """Write a line a row."""
        write_rows(self.rows(frame), file)

    def table(self, frame: Columns) -> Any:
        """Return the columns as a table."""
        from perflab.patterns.streaming._tables import arrow_table

        return arrow_table(frame, self._layout)

    def close(self) -> None:
        """Hold nothing."""


def write_rows(rows: Sequence[Any], file: IO[bytes]) -> None:
    """Write rows as JSON Lines."""
    import orjson

    if rows:
        file.write(b"\n".join(map(orjson.dumps, rows)))
        file.write(b"\n")
