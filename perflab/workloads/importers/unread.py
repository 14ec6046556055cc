"""What stands in lines of the combined log beyond its fields, and may be how long they took."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_LOOKED_AT = 200
_MOST = 0.5
_LONGEST = 60
_TEXT = r'"(?:[^"\\]|\\.)*"'
_PARTS = (
    r"^[^\n]*?\[\d{2}/[A-Za-z]{3}/\d{4}[: ][^\]]{8,24}\](?P<between>[^\"]*)"
    rf'{_TEXT}(?P<middle>[^"]*?) \d{{3}} (?:\d{{1,18}}|-)(?: {_TEXT} {_TEXT})?(?P<tail>[^\n]*)'
)
# A part of an address, a date, a version or a hash is none.
_NUMBER = re.compile(r"(?<![\w.:/-])\d{1,12}(?:\.\d+)?(?:ms|s|us|µs)?(?![\w.:/-])")
_PLACES = {
    "between": "between time and request",
    "middle": "between request and status",
    "tail": "at the end of each line",
}


def unread_note(lines: pa.Array) -> tuple[str, ...]:
    """Return a note on numbers in lines that nothing is read from; none where most have none.

    Args:
        lines: Binary Arrow array of lines of the combined log; only the first are looked at.
    """
    found = pc.extract_regex(lines.slice(0, _LOOKED_AT), _PARTS).drop_null()
    unread = []
    for name, where in _PLACES.items() if len(found) else ():
        texts = (text.decode(errors="replace").strip() for text in found.field(name).to_pylist())
        numbers = [text for text in texts if _NUMBER.search(text)]
        if len(numbers) >= _MOST * len(found):
            shown = numbers[0] if len(numbers[0]) <= _LONGEST else f"{numbers[0][:_LONGEST]}..."
            unread.append(f"{shown!r} {where}")
    if not unread:
        return ()
    return (f"not read: {', '.join(unread)}; if the backend's time is in it, name --log-format",)
