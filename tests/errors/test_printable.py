import pickle

import pytest

from perflab.errors import BadInputError, shown, shown_lines


@pytest.mark.parametrize("text", ["", "plain", "größe 日本 🙂", "C:\\x", 'it\'s "so"', "100 %"])
def test_a_printable_text_stays_as_it_is(text):
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\x1b]0;t\x07b", r"a\x1b]0;t\x07b"),
        ("first\nsecond\r\t", r"first\nsecond\r\t"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("a\udcffb", r"a\xffb"),
        ("\ud800", r"\ud800"),
        ("\x9b31m\x7f\0", r"\x9b31m\x7f\x00"),
        ("\u2028\u200b\ufeff", r"\u2028\u200b\ufeff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_is_not_printable_is_an_escape(text, wanted):
    assert shown(text) == wanted
    assert shown(wanted) == wanted
    assert wanted.isprintable()


def test_every_character_is_printable_once_shown():
    assert shown("".join(map(chr, range(0x110000)))).isprintable()


def test_lines_of_our_own_stay_lines():
    assert shown_lines("a\x1b\nb") == "a\\x1b\nb"


def test_an_error_shows_place_and_message():
    error = BadInputError("no \x1b[31mkey\nhere", "a\nb.csv:3")
    assert str(error) == r"a\nb.csv:3: no \x1b[31mkey\nhere"
    assert (error.place, error.message) == (r"a\nb.csv:3", r"no \x1b[31mkey\nhere")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.place) == (str(error), error.place)
