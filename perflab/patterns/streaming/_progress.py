"""How far a stream is: rows, bytes, and the time that is left."""

from __future__ import annotations

import dataclasses
import time


class StreamCancelledError(Exception):
    """A stream was stopped before its end, and wrote nothing."""

    def __init__(self) -> None:
        super().__init__("the stream was cancelled; nothing was written")


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream is.

    Attributes:
        rows_in: Rows read.
        rows_out: Rows written.
        rows_rejected: Rows that were bad.
        chunks: Chunks done.
        refused: Blocks that an engine refused, so that their bad rows were looked for.
        bytes_done: Bytes of the file that have been read, packed as they are.
        bytes_total: The file's size.
        seconds: Since the start.
        cut_off: Why the archive ended before its end; none where it did not.
        final: Whether the output is in its place.
        notes: What was found in the file that nobody said, and what was done about it, in words.
    """

    rows_in: int
    rows_out: int
    rows_rejected: int
    chunks: int
    refused: int
    bytes_done: int
    bytes_total: int
    seconds: float
    cut_off: str | None
    final: bool
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """How much of the file is done, 0 to 1."""
        return 1.0 if self.final else self.bytes_done / max(1, self.bytes_total)

    @property
    def seconds_left(self) -> float:
        """How long it will still take, at the pace so far."""
        return self.seconds * (1 / self.share - 1) if self.share else float("inf")

    @property
    def rows_per_second(self) -> float:
        """The rows read per second so far."""
        return self.rows_in / self.seconds if self.seconds > 0 else 0.0


@dataclasses.dataclass(slots=True)
class Tally:
    """What is counted while a stream goes on."""

    rows_in: int = 0
    rows_out: int = 0
    rows_rejected: int = 0
    chunks: int = 0
    refused: int = 0
    bytes_total: int = 0
    cut_off: str | None = None
    notes: list[str] = dataclasses.field(default_factory=list)
    started: float = dataclasses.field(default_factory=time.perf_counter)

    def count(self, written: int, rejected: int) -> None:
        """Count a chunk."""
        self.chunks += 1
        self.rows_in += written + rejected
        self.rows_out += written
        self.rows_rejected += rejected

    def counters(self) -> dict[str, float]:
        """Return what only grows, by name."""
        names = ("rows_in", "rows_out", "rows_rejected", "chunks", "refused")
        return {name: float(getattr(self, name)) for name in names}

    def progress(self, done: int, *, final: bool = False) -> Progress:
        """Return how far the stream is."""
        return Progress(
            self.rows_in,
            self.rows_out,
            self.rows_rejected,
            self.chunks,
            self.refused,
            done,
            self.bytes_total,
            time.perf_counter() - self.started,
            self.cut_off,
            final,
            tuple(self.notes),
        )
