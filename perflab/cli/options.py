"""The options that several commands share, and how their texts are read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench

Pattern = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATTERN]",
        help="Which pattern; 'perflab settings' lists them, and a perflab.toml may name it.",
        show_default=False,
        autocompletion=completion.patterns,
    ),
]
Workload = Annotated[
    str | None,
    typer.Option(
        "--workload",
        "-w",
        metavar="W",
        help="A file's path, or a name with parameters such as zipf:skew=0.9,keys=1M; "
        "the pattern's own where not given.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, csv, parquet, combined (nginx, Apache), json (access log), logfmt, har, "
        "redis_monitor, memcached (its -vv log), twitter (traces of memcached), oracle or "
        "oracle_csv (libCacheSim), arc, spc, msr (blocks), int32le, int32be, int64le, int64be; "
        "detected if not given, except raw binary formats.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="ROLE=COLUMN,...",
        help="Which columns of a table, or fields of a JSON log, to read: "
        "key=url,time=ts,size=bytes,ttl=max_age. A key may join several: 'key={host}{path}'.",
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        metavar="FORMAT",
        help="The form of a log: nginx's log_format or Apache's LogFormat as it stands in the "
        "server's configuration, or one of combined, common, vhost, combinedio, ingress-nginx, "
        "nginx-proxy-manager, w3c, iis, cloudfront, alb, elb, s3, caddy, traefik, envoy, haproxy, "
        "squid, uvicorn, python-logging, gunicorn; detected where it is unmistakable.",
    ),
]
TimeUnit = Annotated[
    str | None,
    typer.Option(
        "--time-unit",
        metavar="UNIT",
        help="The unit of times that are numbers: s, ms, us or ns; told by their size if not "
        "given, where they count from 1970.",
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHARACTER",
        help="What parts the columns of a text table: a character, tab, or blank for any number "
        "of blanks; detected if not given.",
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="The first line of a text table is a row; its columns are named by number: "
        "--columns time=1,key=2.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        help="A setting of the pattern or of the load, such as ttl_seconds=30m; may be repeated, "
        "and of two with one key the last counts. 'perflab settings PATTERN' lists them.",
        autocompletion=completion.set_values,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE.json", help="Write the result, for report and compare."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Replace the output file even if perflab did not write it; never an input."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")
]
ShowProgress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress",
        help="Progress on standard error; where not given, if that is a terminal.",
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", help="Consent to using your own server (asked once per server)."),
]

_DEFAULT_POINTS = 10
_MOST_POINTS = 10_000


def parse_assignments(texts: Iterable[str] | None) -> dict[str, object]:
    """Return by key what texts such as ``max_cache_size=10k`` assign, not checked yet.

    Raises:
        BadInputError: If a text is no assignment.
    """
    return dict(_assignment(text, "--set") for text in texts or ())


def parse_sweep(
    bench: AnyBench, texts: Iterable[str] | None, settings: dict[str, object]
) -> dict[str, list[object]]:
    """Return the values that texts such as ``policy=lru,fifo`` or ``ttl_seconds=1m..1h*8`` give.

    A range has that many values from end to end, evenly on the setting's scale; 10 where its
    number is not given.

    Raises:
        BadInputError: If a text is no sweep, a key unknown, twice, or a value out of bounds.
    """
    from perflab.errors import BadInputError

    sweep: dict[str, list[object]] = {}
    for text in texts or ():
        key, written = _assignment(text, "--sweep")
        if key in sweep:
            raise BadInputError("is swept twice; write all its values in one --sweep", key)
        bench.info(key)
        parts = [part.strip() for part in written.split(",")]
        sweep[key] = [value for part in parts for value in _values(bench, key, part)]
        for value in sweep[key]:
            bench.read({**settings, key: value})
    return sweep


def parse_seconds(text: str, option: str) -> float:
    """Return seconds from a text such as ``10``, ``30s`` or ``2m``.

    Raises:
        BadInputError: If it is not a time above 0.
    """
    from perflab.errors import BadInputError
    from perflab.units import parse_quantity

    try:
        seconds = parse_quantity(text, "seconds")
    except BadInputError as error:
        raise BadInputError(error.message, option) from None
    if not 0 < seconds < math.inf:
        raise BadInputError(f"{text!r} is not a time above 0", option)
    return seconds


def check_out(
    path: Path | None,
    workload: str | None,
    settings: Iterable[str] | None = None,
    *,
    force: bool,
) -> None:
    """Refuse an output that cannot or must not be written, before any long work is done for it.

    Args:
        path: The output, if one is named.
        workload: What is read.
        settings: Texts such as ``data_source=rows.csv``, whose values may name files too.
        force: Whether a file may be replaced that perflab did not write.

    Raises:
        BadInputError: With the reason.
    """
    from perflab.files import check_output

    if path is None:
        return
    named = [text.partition("=")[2].strip() for text in settings or ()]
    # A setting's word, such as lru, may be the name of a folder too, in which nothing is read.
    named = [each for each in named if os.sep in each or not os.path.isdir(each)]  # noqa: PTH112
    check_output(path, [each for each in (workload, *named) if each], force=force)


def check_files(paths: Sequence[Path]) -> None:
    """Refuse files that are not there; a pipe is read, such as a shell's ``<(...)``.

    Raises:
        BadInputError: With the first of them.
    """
    from perflab.errors import BadInputError

    for path in paths:
        # Of any name, also of one that no file can have.
        if os.path.isdir(path):  # noqa: PTH112
            raise BadInputError("is a folder, not a file", str(path))
        if not os.path.exists(path):  # noqa: PTH110
            raise BadInputError("there is no such file", str(path))


def _assignment(text: str, option: str) -> tuple[str, str]:
    from perflab.errors import BadInputError

    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not key or not value:
        example = "policy=lru,fifo" if option == "--sweep" else "max_cache_size=10k"
        raise BadInputError(f"{text!r} is not KEY=VALUE; write it like {example}", option)
    return key, value


def _values(bench: AnyBench, key: str, part: str) -> list[object]:
    """Return the value that a part of a sweep names, or those of a range ``low..high*number``."""
    from perflab.bench.parts import axis_values
    from perflab.errors import BadInputError

    low_text, dots, rest = part.partition("..")
    if not dots:
        return [part]
    high_text, _, number = rest.partition("*")
    info = bench.info(key)
    try:
        low, high = info.parse(low_text), info.parse(high_text)
    except BadInputError as error:
        raise BadInputError(f"{part!r}: {error.message}", key) from None
    if info.kind not in (int, float) or low is None or high is None:
        raise BadInputError(f"{part!r}: only numbers have a range; write a,b,c", key)
    points = int(number) if number.isdecimal() else 0 if number else _DEFAULT_POINTS
    if not 2 <= points <= _MOST_POINTS:
        raise BadInputError(f"{part!r}: a range has 2 to {counted(_MOST_POINTS, 'value')}", key)
    if not low < high or (info.scale == "log" and low <= 0):
        raise BadInputError(f"{part!r}: a range goes from a low to a higher value", key)
    ends: list[object] = axis_values(info, (low, high), points)
    return [low, *ends[1:-1], high]
