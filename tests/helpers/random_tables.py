"""Random CSV files with what users' files really have, read by every engine and by Python's csv."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._csv import CsvStore
from perflab.patterns.streaming import StreamingSettings, StreamProcessor
from perflab.patterns.streaming.settings import ENGINES

SIGNS = (",", ";", "\t", "|")
USUAL = {
    "int": ("0", "7", "-12", "123456", "", "999999999999999999"),
    "float": ("0.5", "-1.25", "1e3", "3", "", "2.5E-7", ".5", "5."),
    "text": ("a", "b c", "", "ü", "x1", "null", '""'),
}
ODD = (
    *("007", "+4930123", "-0", "1.0", "1_000", "0x1f", "0X1F", "NA", "-", "inf", "nan", "1e999"),
    *("12345678901234567890", "1234567890123456", " 5", "5 ", "\t5", "  ", "٣", "+1.5", "-007.5"),
    *('5"', '3" x 4"', '"a"b', 'a"b"', '"', "x\0y", "x\ry", "1e5", "9223372036854775808", "--"),
    *("Infinity", "-nan", "1e-400", "0e0", "00", "0.0", "-0.0", "+", ".", "e5", "\u00a05", "1\f"),
)


def random_table(dice: random.Random) -> bytes:
    """Return the bytes of a file, most of it clean."""
    sign = dice.choice(SIGNS)
    end = dice.choice(("\n", "\r\n"))
    columns = dice.randint(1, 4)
    kinds = [dice.choice(tuple(USUAL)) for _ in range(columns)]
    oddness = dice.choice((0.0, 0.0, 0.01, 0.1))
    empty = dice.choice((0, 0, 0, 1, 2))
    names = [f"n{place}" if dice.random() > 0.1 else "" for place in range(columns)]
    lines = [sign.join([*names, *[""] * empty])]
    for _ in range(dice.randint(0, 40)):
        fields = [_field(dice, kind, sign, oddness) for kind in kinds]
        if dice.random() < oddness:
            fields = dice.choice((fields[:-1], [*fields, "x"], []))
        lines.append(sign.join([*fields, *[""] * empty]))
    before = dice.choice(("", "", "", "\ufeff")) + dice.choice(("", "", f"sep={sign}{end}", end))
    text = before + end.join(lines) + dice.choice((end, ""))
    return text.encode()


def _field(dice: random.Random, kind: str, sign: str, oddness: float) -> str:
    value = dice.choice(ODD if dice.random() < oddness else USUAL[kind])
    if dice.random() < 0.1 and '"' not in value:
        inside = dice.choice(("", "", sign, '""', "\n", "\r\n")) if kind == "text" else ""
        return f'"{value}{inside}"'
    return value


def disagreement(content: bytes, chunk: int, folder: Path, **values: object) -> str | None:
    """Return how engines differ on a file, from each other or from Python's csv; none if not.

    Args:
        content: The file.
        chunk: Rows a chunk.
        folder: Where to write.
        values: More settings.
    """
    source = folder / "in.csv"
    source.write_bytes(content)
    found = {engine: _outcome(source, engine, chunk, folder, values) for engine in ENGINES}
    for engine, outcome in found.items():
        if outcome != found["python"]:
            return f"{engine}: {outcome}\npython: {found['python']}"
    none = ["", *str(values.get("na_values", "")).split(",")]
    return _unlike_csv(source, content, found["python"], none)


def _outcome(
    source: Path, engine: str, chunk: int, folder: Path, values: dict[str, object]
) -> object:
    output = folder / f"{engine}.jsonl"
    output.unlink(missing_ok=True)
    settings = StreamingSettings(
        input_file=str(source),
        output_file=str(output),
        engine=engine,
        chunk_size=chunk,
        max_rejected_share=1.0,
        **values,
    )
    try:
        StreamProcessor(settings).run()
    except BadInputError as error:
        return error.message
    listed = output.with_name(f"{output.name}.rejected.csv")
    rejected = listed.read_text(encoding="utf-8") if listed.exists() else ""
    rows = [json.loads(line) for line in output.read_bytes().split(b"\n") if line]
    return [[(name, repr(value)) for name, value in row.items()] for row in rows], rejected


def _unlike_csv(source: Path, content: bytes, outcome: object, none: list[str]) -> str | None:
    """Compare what was read with Python's csv, where it can read the whole file strictly."""
    try:
        store = CsvStore(source)
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        strict = list(csv.reader(lines, delimiter=store.separator, strict=True))
    except (BadInputError, csv.Error):
        return None
    rows = [tuple(row) for row in strict if row]
    if rows and rows[0] in (("sep=", ""), (f"sep={store.separator}",)):
        del rows[0]
    if not isinstance(outcome, tuple) or any(len(row) != len(rows[0]) for row in rows):
        return None
    lazy = [row for at in range(len(store)) for row in store.read(at, at + 1)]
    if lazy != rows[1:]:
        return f"lazy: {lazy}\ncsv: {rows[1:]}"
    written, rejected = outcome
    return None if rejected else _unlike_texts(written, rows[1:], none)


def _unlike_texts(
    written: list[list[tuple[str, str]]], rows: list[tuple[str, ...]], none: list[str]
) -> str | None:
    if len(written) != len(rows):
        return f"stream: {len(written)} rows\ncsv: {len(rows)}"
    for row, plain in zip(written, rows, strict=True):
        for (name, value), was in zip(row, plain, strict=False):
            same = value == repr(was) or (value == "None" and was in none)
            if not same and (value[:1] in "'\"" or float(value) != float(was)):
                return f"stream: {name} {value}\ncsv: {was!r}"
    return None
