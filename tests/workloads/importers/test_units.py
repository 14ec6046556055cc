import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace


def rows(time, ttl=None, count=40):
    heading = "key,time" + (",ttl" if ttl else "")
    lines = [f"k{n % 7},{time(n)}" + (f",{ttl(n)}" if ttl else "") for n in range(count)]
    return "\n".join([heading, *lines]) + "\n"


def said(path, word):
    return [note for note in read_trace(path).notes if word in note]


@pytest.mark.parametrize("step", [60_000, 500_000, 250_000_000])
def test_times_of_their_own_minutes_apart_are_doubted(write, step):
    notes = said(write("a.csv", rows(lambda n: n * step)), "times: read as seconds")
    assert len(notes) == 1
    assert "if they count milliseconds or less" in notes[0]


@pytest.mark.parametrize(
    "time",
    [lambda n: n, lambda n: n * 30, lambda n: 1_764_400_000 + n * 3_600, lambda n: n * 90.5],
    ids=["seconds", "half minutes", "hours since 1970", "fractions"],
)
def test_times_that_are_seconds_are_not_doubted(write, time):
    assert not said(write("a.csv", rows(time)), "times: read")


@pytest.mark.parametrize("step", [5_000_000_000, 3e12, 1e17])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_times_of_their_own_in_small_units_are_refused(write, step, kind):
    text = rows(lambda n: int(n * step))
    if kind == "json":
        text = "".join(f'{{"key":"a{n % 7}","ts":{int(n * step)}}}\n' for n in range(40))
    with pytest.raises(BadInputError, match="divide them so that they are seconds"):
        read_trace(write(f"a.{kind}", text))


def test_seconds_and_milliseconds_since_1970_in_one_file_are_still_read(write):
    text = rows(lambda n: (1_764_400_000 + n) * (1 if n < 20 else 1000))
    trace = read_trace(write("a.csv", text))
    assert trace.times[-1] - trace.times[0] == 39


@pytest.mark.parametrize(
    ("ttl", "word"),
    [
        (60_000, "every TTL, 16.67h or more, is longer than the trace (39s)"),
        (3_600_000, "is longer than the trace (39s), so nothing expires"),
        (1_764_400_600, "look like moments since 1970"),
    ],
)
def test_lifetimes_that_cannot_matter_are_said(write, ttl, word):
    assert len(said(write("a.csv", rows(lambda n: n, lambda n: ttl)), word)) == 1
    mixed = rows(lambda n: n, lambda n: ttl if n % 2 else 5)
    assert not said(write("b.csv", mixed), "TTL")


@pytest.mark.parametrize("name", ["type", "event", "action", "rw", "event_type"])
def test_writes_under_a_looser_name_are_said_and_kinds_are_not(write, name):
    text = f"key,{name}\n" + "".join(f"a,{w}\n" for w in ("read", "delete", "w", "view"))
    assert said(write("a.csv", text), "delete 1, w 1 count as reads")
    kinds = f"key,{name}\na,html\na,png\n"
    assert not said(write("b.csv", kinds), "count as reads")


@pytest.mark.parametrize("at", [1, 60, 110])
def test_lines_within_a_quote_that_is_not_closed_are_counted(write, at):
    lines = [f"k{n % 7},{n}" for n in range(120)]
    lines[at] = '"' + lines[at]
    path = write("a.csv", "\n".join(["key,time", *lines]) + "\n")
    left = 120 - at
    if left > 60:
        with pytest.raises(BadInputError, match=rf"{left} of 120 .*a quote is not closed"):
            read_trace(path)
    else:
        assert said(path, f"{left} of 120 rows skipped")


@pytest.mark.parametrize("gap", [2, 5, 30])
def test_keys_with_line_breaks_are_doubted(write, gap):
    lines = [f"k{n % 7},{n}" for n in range(120)]
    lines[10], lines[10 + gap] = '"' + lines[10], f'k1",{10 + gap}'
    path = write("a.csv", "\n".join(["key,time", *lines]) + "\n")
    assert said(path, "1 key holds a line break: is a quote not closed?")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[1, "GET", "a"]\n[2, "GET", "b"]\n', "one JSON array per line"),
        ('["a", 5]\n' * 9, "one JSON array per line"),
        ('[[r]]\nkey = "a"\n[[r]]\nkey = "b"\n', "TOML or INI"),
        ("[main]\nkey=a\nsize=5\n\n[other]\nkey=b\n", "TOML or INI"),
        ("[requests]\na = 5\nb = 6\n", "TOML or INI"),
    ],
)
def test_arrays_and_sections_are_no_keys(write, text, word):
    with pytest.raises(BadInputError, match=word):
        read_trace(write("a.txt", text))
