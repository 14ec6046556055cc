"""`LoadTest`: what a load test measured, by how many were in flight; k6's and Locust's results."""

from __future__ import annotations

import csv
import dataclasses
import functools
import io
import stat
from pathlib import Path
from typing import Any

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import Level, usable
from perflab.patterns.async_io.load_tests.k6 import is_k6, k6_levels
from perflab.patterns.async_io.load_tests.locust import is_locust, locust_levels
from perflab.units import counted, grouped
from perflab.workloads.guard import bad_input_only
from perflab.workloads.importers.columns import listed
from perflab.workloads.importers.source import Source

_THINKING = 0.8
_SCARCE = 0.5
ADVICE = (
    "give the CSV of 'k6 run --out csv=FILE' or Locust's '*_stats_history.csv' (locust --csv NAME)"
)


@dataclasses.dataclass(frozen=True)
class LoadTest:
    """Levels of a load test, by rising numbers of users.

    Attributes:
        name: The file's name.
        tool: ``k6`` or ``Locust``.
        levels: What was measured, a level each.
        userless: How many requests are left out, since no user was counted in their second.
        others: How many are left out of levels with too few answers to tell anything.
    """

    name: str
    tool: str
    levels: tuple[Level, ...]
    userless: int = 0
    others: int = 0

    def points(self) -> dict[str, dict[str, Any]]:
        """Return the levels by requests in flight, as a calibration has them.

        Of fewer than one in flight, one alone does as many as its latency lets it.
        """
        found = {}
        for level in sorted(self.levels, key=lambda level: level.in_flight):
            point = level.point()
            if level.in_flight < 1:
                point["throughput"] = (1 - level.error_share) / level.mean
            found[f"{max(1.0, level.in_flight):.6g}"] = point
        return found

    def measured(self) -> list[tuple[float, Level]]:
        """Return levels by requests in flight, at least 1, without those that hardly had any."""
        return [
            (max(1.0, level.in_flight), level)
            for level in self.levels
            if level.in_flight >= _SCARCE
        ]

    def remarks(self) -> tuple[str, ...]:
        """Say where it comes from, what is left out, and where users did not wait for answers."""
        most = self.levels[-1]
        said = [f"the law is fitted through {self.tool}'s {self.name}, in place of a calibration"]
        used = sum(level.requests for level in self.levels)
        if self.userless:
            said.append(
                f"left out: {counted(self.userless, 'request')}, sent in seconds in which "
                f"{self.tool} counted no user (as with a constant arrival rate); {grouped(used)} "
                "are used"
            )
        if self.others:
            few = counted(self.others, "request")
            said.append(
                f"left out: {few}, of levels with too few answers; {grouped(used)} are used"
            )
        if most.in_flight < _THINKING * most.users:
            flying = f"{counted(round(most.in_flight, 3), 'request')} in flight on average"
            users = counted(most.users, "user")
            said.append(f"in it {users} had {flying}, thinking in between")
        return tuple(said)


def read_load_test(path: str) -> LoadTest:
    """Read the results of a load test of k6 or Locust, also compressed.

    Raises:
        BadInputError: If it is neither, or holds no level that can be used; with file and line.
    """
    with bad_input_only(path, "the result of a load test"):
        try:
            seen = Path(path).expanduser().stat()
        except OSError as error:
            raise BadInputError(f"cannot be read ({error.strerror})", path) from None
        except (ValueError, RuntimeError) as error:
            raise BadInputError(f"is not the name of a file ({error})", repr(path)) from None
        if stat.S_ISREG(seen.st_mode) and not seen.st_size:
            raise BadInputError(f"is empty; {ADVICE}", path)
        # A clock of the file system ticks some hundred times a second, so that is not enough.
        return _read(Path(path), (seen.st_mtime_ns, seen.st_size, seen.st_ino))


@functools.lru_cache(maxsize=2)
def _read(path: Path, stamp: tuple[int, ...]) -> LoadTest:
    del stamp
    with Source(path).reader() as content:
        text = io.TextIOWrapper(io.BufferedReader(content), "utf-8", newline="")
        rows = csv.reader(text)
        numbered = ((rows.line_num, row) for row in rows)
        try:
            names = [name.strip() for name in next(rows, [])]
            if is_k6(names):
                tool, levels = "k6", k6_levels(path, names, numbered)
            elif is_locust(names):
                tool, levels = "Locust", locust_levels(path, names, numbered)
            else:
                has = listed(names) or "nothing"
                raise BadInputError(
                    f"is not a result of k6 or Locust (its columns: {has}); {ADVICE}", str(path)
                )
        except csv.Error as error:
            raise BadInputError(f"is not a CSV file ({error})", f"{path}:{rows.line_num}") from None
    kept = usable(levels)
    if not kept:
        raise BadInputError(
            f"has no second in which users were at work and got answers; {ADVICE}", str(path)
        )
    userless = sum(level.requests for level in levels if level.users <= 0)
    others = sum(level.requests for level in levels if level.users > 0) - sum(
        level.requests for level in kept
    )
    return LoadTest(path.name, tool, tuple(kept), userless, others)
