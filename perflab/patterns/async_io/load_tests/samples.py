"""Results with a row for each request: JMeter's JTL, vegeta's CSV and hey's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import MILLISECONDS, MOST_USERS, number
from perflab.patterns.async_io.load_tests.seconds import Second

Rows = Iterable[tuple[int, list[str]]]

_JMETER = ("timeStamp", "elapsed", "success")
_HEY = ("response-time", "status-code", "offset")
_VEGETA_CELLS = range(9, 13)
_SINCE_1970 = 1e17
_NANOSECONDS = 1e-9
_MOST_SECONDS = 1e11
# A transaction's sample has the times of the samples in it once more.
_OF_TRANSACTION = "Number of samples in transaction"
_LONGEST = 1_000_000


class Sample(NamedTuple):
    """One request: when it began and how long it took, in seconds, and how many users there were.

    Of a tool that counts no users, these are 0.
    """

    start: float
    taken: float
    failed: bool
    users: int = 0


def sampling_tool(names: Sequence[str]) -> str | None:
    """Return which tool's first row this is: ``JMeter``, ``hey``, ``vegeta``, or None."""
    if set(_JMETER) <= set(names):
        return "JMeter"
    if set(_HEY) <= set(names):
        return "hey"
    if len(names) not in _VEGETA_CELLS or not all(cell.isdecimal() for cell in names[:5]):
        return None
    nanoseconds, code = names[0], names[1]
    since_1970 = len(nanoseconds) <= 20 and float(nanoseconds) > _SINCE_1970
    return "vegeta" if since_1970 and len(code) <= 3 else None


def sampled_seconds(tool: str, path: Path, names: Sequence[str], rows: Rows) -> list[Second]:
    """Return each second from the first request's start, with the requests that ended in it.

    Args:
        tool: One that `sampling_tool` returns.
        path: The file, for errors.
        names: Its first row; of vegeta, which writes no header, the first request.
        rows: Line and cells of each further row.

    Raises:
        BadInputError: If a value is not a number, with file and line; if it lasts too long.
    """
    return seconds_of_samples(path, list(_READERS[tool](path, names, rows)))


def seconds_of_samples(path: Path, samples: Sequence[Sample]) -> list[Second]:
    """Return each second from the first request's start, with the requests that ended in it.

    Raises:
        BadInputError: If the test lasts too long.
    """
    if not samples:
        return []
    begun = min(sample.start for sample in samples)
    lasted = max(sample.start + sample.taken for sample in samples) - begun
    if lasted > _LONGEST:
        text = f"its requests are spread over more than {_LONGEST} seconds; give one test's"
        raise BadInputError(text, str(path))
    count = max(1, math.ceil(lasted))
    users = [0] * count
    taken: list[list[float]] = [[] for _ in range(count)]
    failed = [0] * count
    for sample in samples:
        place = min(int(sample.start + sample.taken - begun), count - 1)
        users[place] = max(users[place], sample.users)
        taken[place].append(sample.taken)
        failed[place] += sample.failed
    known = 0
    seconds = []
    for place, found in enumerate(users):
        known = found or known
        length = 1.0 if place < count - 1 else (lasted - place) or 1.0
        seconds.append(Second(known, taken[place], failed[place], length))
    return seconds


def _jmeter(path: Path, names: Sequence[str], rows: Rows) -> Iterator[Sample]:
    for line, cells in rows:
        row = dict(zip(names, cells, strict=False))
        if is_transaction(row.get("responseMessage", "")):
            continue
        start = number_from(path, line, row.get("timeStamp", ""), "timeStamp", MILLISECONDS)
        taken = number_from(path, line, row.get("elapsed", ""), "elapsed", MILLISECONDS)
        threads = row.get("allThreads", "0")
        users = round(number(path, line, threads, "allThreads", MOST_USERS))
        yield Sample(start, taken, row.get("success", "").strip().lower() != "true", users)


def _hey(path: Path, names: Sequence[str], rows: Rows) -> Iterator[Sample]:
    for line, cells in rows:
        row = dict(zip(names, cells, strict=False))
        taken, code, start = (number_from(path, line, row.get(name, ""), name) for name in _HEY)
        yield Sample(start, taken, _is_failure(code))


def _vegeta(path: Path, names: Sequence[str], rows: Rows) -> Iterator[Sample]:
    def sample(line: int, cells: Sequence[str]) -> Sample:
        start, code, taken = [*cells[:3], "", "", ""][:3]
        return Sample(
            number_from(path, line, start, "the time", _NANOSECONDS),
            number_from(path, line, taken, "the latency", _NANOSECONDS),
            _is_failure(number_from(path, line, code, "the status code")),
        )

    yield sample(1, names)
    for line, cells in rows:
        if cells:
            yield sample(line, cells)


_READERS: dict[str, Callable[[Path, Sequence[str], Rows], Iterator[Sample]]] = {
    "JMeter": _jmeter,
    "hey": _hey,
    "vegeta": _vegeta,
}


def number_from(path: Path, line: int, text: str, column: str, factor: float = 1.0) -> float:
    """Return a number times a factor.

    Raises:
        BadInputError: With file and line, if it is none, negative or beyond all times.
    """
    value = number(path, line, text, column) * factor
    if not 0 <= value <= _MOST_SECONDS:
        raise BadInputError(f"{text[:80]!r} is not a valid {column}", f"{path}:{line}")
    return value


def is_transaction(message: str) -> bool:
    """Say whether JMeter's message is that of a transaction, not of a request."""
    return message.startswith(_OF_TRANSACTION)


def _is_failure(code: float) -> bool:
    return not 200 <= code < 400
