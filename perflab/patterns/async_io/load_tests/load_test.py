"""`LoadTest`: what a load test measured, by how many were in flight; results of six tools."""

from __future__ import annotations

import csv
import dataclasses
import functools
import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perflab.errors import BadInputError
from perflab.patterns.async_io.costs import MeasuredPoint, Points
from perflab.patterns.async_io.load_level import Level, usable
from perflab.patterns.async_io.load_tests.jtl_xml import JtlXml, is_jtl_xml
from perflab.patterns.async_io.load_tests.k6 import is_k6, k6_seconds
from perflab.patterns.async_io.load_tests.locust import is_locust, locust_levels
from perflab.patterns.async_io.load_tests.samples import (
    sampled_seconds,
    sampling_tool,
    seconds_of_samples,
)
from perflab.patterns.async_io.load_tests.seconds import (
    came_at_rate,
    levels_by_rate,
    levels_by_users,
)
from perflab.patterns.async_io.load_tests.wrk import is_wrk, wrk_levels
from perflab.units import counted, grouped
from perflab.workloads.guard import bad_input_only
from perflab.workloads.importers.columns import listed
from perflab.workloads.importers.source import Source

_THINKING = 0.8
_SCARCE = 0.5
ADVICE = (
    "give the CSV of 'k6 run --out csv=FILE', Locust's '*_stats_history.csv' (locust --csv NAME), "
    "JMeter's JTL (CSV or XML), 'vegeta encode --to csv', 'hey -o csv', or what 'wrk --latency' "
    "prints"
)


@dataclasses.dataclass(frozen=True)
class LoadTest:
    """Levels of a load test, by rising numbers of users.

    Attributes:
        name: The file's name.
        tool: ``k6``, ``Locust``, ``JMeter``, ``vegeta``, ``hey`` or ``wrk``.
        levels: What was measured, a level each.
        userless: How many requests are left out, since no user was counted in their second.
        others: How many are left out of levels with too few answers to tell anything.
        at_rate: Whether requests came at a rate, so that levels are those of the rate.
        cut_line: The last line, if it is cut off and left out.
    """

    name: str
    tool: str
    levels: tuple[Level, ...]
    userless: int = 0
    others: int = 0
    at_rate: bool = False
    cut_line: int | None = None

    def points(self) -> Points:
        """Return the levels by requests in flight, as a calibration has them.

        Of fewer than one in flight, one alone does as many as its latency lets it.
        """
        found: dict[float, MeasuredPoint] = {}
        for level in sorted(self.levels, key=lambda level: level.in_flight):
            point = level.point()
            if level.in_flight < 1:
                alone = (1 - level.error_share) / level.mean
                point = dataclasses.replace(point, throughput=alone)
            # What differs by less than a millionth is one number in flight.
            found[float(f"{max(1.0, level.in_flight):.6g}")] = point
        return tuple(found.items())

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
        if self.cut_line is not None:
            said.append(f"left out: line {self.cut_line}, the last, which is cut off")
        if self.at_rate:
            counted_none = "in many seconds" if self.tool == "k6" else "in its results"
            said.append(
                f"requests came at a rate, or {self.tool} counts no users {counted_none}: levels "
                "are seconds of one rate, and their users the requests in flight"
            )
        elif most.in_flight < _THINKING * most.users:
            flying = f"{counted(round(most.in_flight, 3), 'request')} in flight on average"
            users = counted(most.users, "user")
            said.append(f"in it {users} had {flying}, thinking in between")
        return tuple(said)


def read_load_test(path: str) -> LoadTest:
    """Read the results of a load test of one of six tools, also compressed.

    Raises:
        BadInputError: If it is of none of them or has no usable level; with file and line.
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
    source = Source(path)
    with source.reader() as content:
        if is_jtl_xml(source.head):
            jtl = JtlXml(path)
            seconds = seconds_of_samples(path, jtl.read(content))
            at_rate = came_at_rate(seconds)
            levels = (levels_by_rate if at_rate else levels_by_users)(seconds)
            return _of_levels(path, "JMeter", levels, at_rate=at_rate, cut_line=jtl.cut_line)
        text = io.TextIOWrapper(io.BufferedReader(content), "utf-8", newline="")
        if is_wrk(source.head):
            return _of_levels(path, "wrk", wrk_levels(path, text))
        rows = csv.reader(text)
        try:
            names = [name.strip() for name in next(rows, [])]
            whole = _WholeRows(rows, len(names))
            at_rate = False
            sampling = sampling_tool(names)
            if is_locust(names):
                tool, levels = "Locust", locust_levels(path, names, iter(whole))
            elif is_k6(names) or sampling:
                tool = sampling or "k6"
                rest = iter(whole)
                seconds = (
                    sampled_seconds(sampling, path, names, rest)
                    if sampling
                    else k6_seconds(path, names, rest)
                )
                at_rate = came_at_rate(seconds)
                levels = (levels_by_rate if at_rate else levels_by_users)(seconds)
            else:
                has = listed(names) or "nothing"
                raise BadInputError(
                    f"is not a result of k6, Locust, JMeter, vegeta, hey or wrk "
                    f"(its columns: {has}); {ADVICE}",
                    str(path),
                )
        except csv.Error as error:
            raise BadInputError(f"is not a CSV file ({error})", f"{path}:{rows.line_num}") from None
    return _of_levels(path, tool, levels, at_rate=at_rate, cut_line=whole.cut_line)


def _of_levels(
    path: Path,
    tool: str,
    levels: list[Level],
    *,
    at_rate: bool = False,
    cut_line: int | None = None,
) -> LoadTest:
    kept = usable(levels)
    if not kept:
        raise BadInputError(
            f"has no second in which users were at work and got answers; {ADVICE}", str(path)
        )
    userless = sum(level.requests for level in levels if level.users <= 0)
    others = sum(level.requests for level in levels if level.users > 0) - sum(
        level.requests for level in kept
    )
    return LoadTest(path.name, tool, tuple(kept), userless, others, at_rate, cut_line)


class _WholeRows:
    """Line and cells of each row, without a last one that has fewer cells than the header.

    A test that is interrupted ends its file within a line.
    """

    def __init__(self, rows: Any, width: int) -> None:
        self._rows = rows
        self._width = width
        self.cut_line: int | None = None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        before: tuple[int, list[str]] | None = None
        for row in self._rows:
            if before is not None:
                yield before
            before = (self._rows.line_num, row)
        if before is None:
            return
        if 0 < len(before[1]) < self._width:
            self.cut_line = before[0]
        else:
            yield before
