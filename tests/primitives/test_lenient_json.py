from __future__ import annotations

import orjson
import pytest

from perflab.primitives.lenient_json import load_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rb'"\ud83d"', r"\ud83d"),
        (rb'"\udE00x"', r"\udE00x"),
        (rb'"\ud83d\ude00\ud83d"', "\N{GRINNING FACE}\\ud83d"),
        (rb'"\ud83d\ud83d\ude00"', "\\ud83d\N{GRINNING FACE}"),
        (rb'"\\ud83d \ud83d"', r"\ud83d \ud83d"),
        (rb'"\\\ud83d"', r"\\ud83d"),
        (rb'"\u00e9\udc00"', "\N{LATIN SMALL LETTER E WITH ACUTE}\\udc00"),
    ],
)
def test_half_a_character_is_kept_as_it_is_written(text, said):
    assert load_json(text) == said
    said.encode()


@pytest.mark.parametrize("text", [b"", b"{", b'"\\ud83d', b"[" * 100_000, b"\xff", b"nan"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(orjson.JSONDecodeError):
        load_json(text)
