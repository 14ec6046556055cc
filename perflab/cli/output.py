"""What commands write: JSON, aligned tables, notes and progress."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from perflab.callbacks import Progress
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench
    from perflab.lab.documents import AboutWorkload
    from perflab.lab.result import Result
    from perflab.settings import SettingInfo

R = TypeVar("R", bound="Result")


_GAP = "  "
_LEAST_ROOM = 20


def say(text: str = "") -> None:
    """Write a line, or several, to standard output at once; nothing in them steers a terminal."""
    from perflab.errors import shown_lines

    typer.echo(shown_lines(text))


def tell(text: str) -> None:
    """Write a line to standard error, where it is in nobody's way."""
    from perflab.errors import shown

    typer.echo(shown(text), err=True)


def say_json(values: Mapping[str, object]) -> None:
    """Write one JSON object to standard output."""
    typer.echo(json.dumps(values, indent=1, allow_nan=False))


@contextmanager
def without_result() -> Iterator[None]:
    """Let Ctrl-C meanwhile end the command with the word that there is no result yet."""
    try:
        yield
    except KeyboardInterrupt:
        text = "interrupted before there was a result; nothing was kept"
        raise KeyboardInterrupt(text) from None


def tell_interrupted(out: Path | None) -> None:
    """Say on standard error what a result covers that Ctrl-C has ended early."""
    kept = "it was not kept in a file (--out)" if out is None else f"it is kept in {out}"
    tell(f"interrupted: the result covers what was measured until then; {kept}")


def say_written(path: Path) -> None:
    """Say on standard error which file was written."""
    tell(f"wrote {path}")


def hand_over(
    result: R,
    write: Callable[[R], str],
    *,
    as_json: bool,
    out: Path | None = None,
    force: bool = False,
) -> None:
    """Keep a result in its file, if one is named, and say it as one JSON object or as text.

    Where somebody's file has come into its place since the command began, it goes beside it, so
    that no long work is lost.

    Raises:
        BadInputError: If the file cannot be written.
    """
    from perflab.errors import BadInputError

    if out is not None:
        try:
            result.to_json(out, force=force)
        except BadInputError as error:
            beside = _kept_beside(result, out)
            if beside is None:
                raise
            raise BadInputError(
                f"{error.message}; the result is in {beside}", error.place
            ) from None
        say_written(out)
    if as_json:
        say_json(result.to_dict())
    else:
        say(write(result))


def _kept_beside(result: Result, out: Path) -> Path | None:
    """Keep a result under a new name beside a file; none where that cannot be done either."""
    from perflab.errors import BadInputError
    from perflab.files import free_names, place_of, whole_path

    try:
        if not place_of(out).is_file:
            return None
        for name in free_names(out):
            with contextlib.suppress(FileExistsError):
                with whole_path(name, new=True) as scratch:
                    result.to_json(scratch)
                return name
    except BadInputError:
        return None
    return None  # pragma: no cover


def table(rows: Sequence[Sequence[str]], left: Iterable[int] = (0,)) -> str:
    """Return rows as aligned lines; the first is the header, `left` are the columns of words."""
    from perflab.errors import shown

    words = set(left)
    rows = [[shown(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(_GAP.join(cells).rstrip())
    rule = _GAP.join("─" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def wrapped(rows: Sequence[Sequence[str]], width: int = 100) -> list[list[str]]:
    """Return a table of words whose last column goes on in further rows, so that it has a width.

    It is parted between words, and a path between its parts; a part that is longer than all of
    the room is cut wherever that ends.

    Args:
        rows: The table, the header first.
        width: The most characters of a line.
    """
    from perflab.errors import shown

    rows = [[shown(cell) for cell in row] for row in rows]
    first = [[*row[:-1]] for row in rows]
    taken = sum(max(map(len, column)) + len(_GAP) for column in zip(*first, strict=True))
    room = max(width - taken, _LEAST_ROOM)
    found = []
    for row in rows:
        lines = _parted(row[-1], room) or [""]
        found.append([*row[:-1], lines[0]])
        found += [[*[""] * (len(row) - 1), line] for line in lines[1:]]
    return found


def _parted(text: str, room: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in re.findall(r"[^\s/]*/|[^\s/]+\s*|\s+", text):
        if line and len(line) + len(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while len(line.rstrip()) > room:
            lines.append(line[:room])
            line = line[room:]
    return [*lines, line.rstrip()] if line.strip() else lines


def fitting(rows: Sequence[Sequence[str]], fixed: int) -> tuple[list[list[str]], int]:
    """Return as many columns as the terminal is wide, and how many were left out.

    Args:
        rows: A table, the header first.
        fixed: How many columns on the left must stay.
    """
    if not sys.stdout.isatty():
        return [list(row) for row in rows], 0
    room = shutil.get_terminal_size().columns
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    kept, used = 0, 0
    for width in widths:
        used += width + len(_GAP)
        if kept >= fixed and used - len(_GAP) > room:
            break
        kept += 1
    return [list(row[:kept]) for row in rows], len(widths) - kept


def value_text(info: SettingInfo, value: object) -> str:
    """Return a setting's value for a table; a count is written out, so that it can be copied."""
    from perflab.units import grouped

    if isinstance(value, int) and not isinstance(value, bool) and info.unit != "bytes":
        return grouped(value)
    return info.format(value)


def notes(texts: Iterable[str]) -> str:
    """Return notes as lines, without repeating one."""
    from perflab.errors import shown

    return "\n".join(f"Note: {shown(text)}" for text in dict.fromkeys(texts))


def workload_line(
    workload: AboutWorkload,
    bench: AnyBench | None = None,
    settings: Iterable[Mapping[str, object]] = (),
) -> str:
    """Return a workload's name, its size and the rate at which its requests come, in a line.

    Args:
        workload: As results keep it.
        bench: What it was for; none for the workload by itself.
        settings: What was looked at, by key: the rate is said where it is the same at all.
    """
    from perflab.errors import shown
    from perflab.units import counted

    summary = workload.get("summary", {})
    name = shown(workload.get("name", ""))
    requests, keys = summary.get("requests"), summary.get("distinct_keys")
    rate = summary.get("requests_per_second")
    if requests is None or (keys is None and rate is None):
        return name
    size = f"{name}: {counted(requests, 'request')}"
    if keys is not None:
        return f"{size} for {counted(keys, 'key')}"
    if bench is None or rate is None:
        return f"{size} at {in_words(rate, '1/s')}"
    rates = {_rate_at(rate, bench, values) for values in settings} or {rate}
    if rates == {None}:
        return f"{size} in a closed loop"
    (held, *others) = rates
    return size if others else f"{size} at {in_words(held, '1/s')}"


def _rate_at(rate: float, bench: AnyBench, settings: Mapping[str, object]) -> float | None:
    """Return at how many requests per second a workload comes; none where it has no say."""
    if not bench.live.follows_rate(settings):
        return None
    wanted, speedup = settings.get("request_rate"), settings.get("speedup")
    if isinstance(wanted, (int, float)):
        return float(wanted)
    return rate * float(speedup) if isinstance(speedup, (int, float)) else rate


@contextmanager
def progress(label: str, unit: str, wanted: bool | None) -> Iterator[Progress | None]:
    """Give a function that shows work done of all, on standard error; none where unwanted.

    Args:
        label: What is being done.
        unit: What is counted; ``B`` for bytes.
        wanted: Whether to show it; none for where standard error is a terminal.
    """
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield None
        return
    from tqdm import tqdm

    with tqdm(desc=label, unit=unit, unit_scale=unit == "B", leave=False, delay=0.3) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report
