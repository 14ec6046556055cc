"""A table of any size: numbers, words and times, with quotes and bad rows where wanted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from perflab.callbacks import Progress
from perflab.files import whole_path
from perflab.settings import Settings, setting
from perflab.settings.folders import cache_folder

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

_STEP = 200_000
_VERSION = 1
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath")
_CLEAN_ROWS = 1_000


class Table(Settings):
    """A rule that makes a CSV; its fields are its parameters."""

    workload: ClassVar[str] = "table"
    summary: ClassVar[str] = (
        "generated: a CSV of the given size, with quoted and bad rows if wanted"
    )

    rows: int = setting(
        2_000_000,
        "Number of rows.",
        unit="rows",
        low=1,
        high=1_000_000_000,
        span=(10_000, 20_000_000),
        scale="log",
    )
    columns: int = setting(
        8,
        "Number of columns: integers, floats and words in turn.",
        low=1,
        high=200,
        span=(1, 50),
    )
    quoted: float = setting(
        0.0,
        "Share of words that contain a delimiter and quotes.",
        unit="ratio",
        low=0.0,
        high=1.0,
    )
    bad: float = setting(
        0.0, "Share of rows whose first number is invalid.", unit="ratio", low=0.0, high=1.0
    )
    seed: int = setting(0, "Random seed.", low=0, high=2**32 - 1)

    @property
    def spec(self) -> str:
        """The text that makes this table again, such as ``table:rows=2M,columns=8,...``."""
        values = [f"{key}={info.format(getattr(self, key))}" for key, info in self.infos().items()]
        exact = [
            f"{key}={getattr(self, key)}" if self.info(key).kind is int and "." in text else text
            for key, text in zip(self.infos(), values, strict=True)
        ]
        return f"{self.workload}:{','.join(exact)}"

    def make(self, progress: Progress | None = None) -> Path:
        """Return the path of the file, made into the cache folder where it is not there yet.

        Args:
            progress: Called with rows made and rows in all; may raise to stop.

        Raises:
            BadInputError: If it cannot be written.
        """
        said = f"{_VERSION} {sorted(self.model_dump().items())}"
        name = hashlib.blake2b(said.encode(), digest_size=6).hexdigest()
        path = cache_folder() / "tables" / f"table-{self.rows}-{name}.csv"
        if path.is_file():
            return path
        random = np.random.default_rng(self.seed)
        with whole_path(path) as scratch, scratch.open("wb") as file:
            for start in range(0, self.rows, _STEP):
                if progress is not None:
                    progress(start, self.rows)
                frame = self._frame(random, start, min(_STEP, self.rows - start))
                frame.write_csv(file, include_header=start == 0)
        return path

    def _frame(self, random: np.random.Generator, start: int, rows: int) -> pl.DataFrame:
        import polars as pl

        columns: dict[str, pl.Series | npt.NDArray[np.generic]] = {}
        for place in range(self.columns):
            kind = place % 3
            if place == 0:
                columns["id"] = self._ids(random, start, rows)
            elif kind == 0:
                columns[f"count_{place}"] = random.integers(0, 100_000, rows)
            elif kind == 1:
                columns[f"price_{place}"] = np.round(random.random(rows) * 1000, 2)
            else:
                columns[f"word_{place}"] = self._words(random, rows)
        return pl.DataFrame(columns)

    def _ids(self, random: np.random.Generator, start: int, rows: int) -> pl.Series:
        import polars as pl

        numbers = pl.Series(np.arange(start, start + rows))
        if not self.bad:
            return numbers
        bad = random.random(rows) < self.bad
        bad[: max(0, _CLEAN_ROWS - start)] = False  # the rows that the types are read from
        texts = numbers.cast(pl.String)
        return pl.select(pl.when(pl.Series(bad)).then("no " + texts).otherwise(texts)).to_series()

    def _words(self, random: np.random.Generator, rows: int) -> pl.Series:
        import polars as pl

        words = pl.Series(_WORDS).gather(random.integers(0, len(_WORDS), rows))
        if not self.quoted:
            return words
        quoted = pl.Series(random.random(rows) < self.quoted)
        marked = words + ', "' + words + '"'
        return pl.select(pl.when(quoted).then(marked).otherwise(words)).to_series()
