"""Engines that are given likely blocks find every bad row that a full look would have found."""

import pytest

from perflab.patterns.streaming import _block_reader

FIRST = 1200
STRICT = ("arrow", "polars")


@pytest.fixture(params=[64, 4096, 1 << 19])
def window(request, monkeypatch):
    """Let files be read by windows of a few bytes or of all."""
    monkeypatch.setattr(_block_reader, "_WINDOW_BYTES", request.param)
    return request.param


@pytest.fixture
def outcome(tmp_path, stream, rows_of, rejected_of):
    """Return rows, rejected ones and how many blocks were refused."""

    def run(content, engine, chunk_size=500, **values):
        source, output = tmp_path / "in.csv", tmp_path / f"{engine}.jsonl"
        source.write_text(content, newline="")
        end = stream(source, output, engine, chunk_size, max_rejected_share=1.0, **values)
        return rows_of(output), rejected_of(output), end.refused

    return run


def table(*late, end="\n"):
    lines = [f"{n},{n / 4},w{n},{n if n % 3 else ''}" for n in range(FIRST)]
    return end.join(["n,f,w,last", *lines, *late, *lines]) + end


@pytest.mark.parametrize("engine", STRICT)
@pytest.mark.parametrize(
    "late",
    [
        ["1,2,x", "1,2,x,4,"],  # as many fields together as they should have
        ["1,2,x,4,5", "1,2,x"],
        ["1,2", "1,2,x,4,5,6"],
        ["1"],
        ["", "1,2,x,4"],
        ["1,2,x,4,"],
        ["1,1234567890123456,x,4"],
        ["1,-1234567890123456,x,4", "1,2,x,5"],
        ["1,1e20,x,4", "1,inf,x,4", "1,nan,x,4", "1,1e400,x,4"],
        ["1,2,x,4.0", "1,2,x,1e3", "1,2,x,9223372036854775808"],
        ["007,2,x,4", "1,+2,x,4", "1,2,x,-0"],
        ["1,2, x,4", "1,2,+x,4", "1,2,007,4"],
        ["1,2,x,\x0b4", "1,2,x,4\x1f", "1,\x0c2,x,4", "1,2,x\0,4"],
        ['1,2,"x\ny",4', "1,2,x"],
    ],
)
def test_bad_rows_that_come_late_are_rejected_by_all_alike(engine, late, window, outcome):
    content = table(*late)
    rows, rejected, _ = outcome(content, "python")
    assert outcome(content, engine)[:2] == (rows, rejected)
    assert len(rows) >= 2 * FIRST


@pytest.mark.parametrize("engine", STRICT)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_clean_file_is_refused_by_none(engine, end, window, outcome):
    content = table("5,1e300,x,5", "6,123456789012345.5,x,", end=end)
    rows, rejected, refused = outcome(content, engine)
    assert (len(rows), rejected, refused) == (2 * FIRST + 2, [], 0)
    assert rows == outcome(content, "python")[0]


@pytest.mark.parametrize("engine", STRICT)
def test_numbers_that_the_user_gives_may_have_signs_zeros_and_digits(engine, window, outcome):
    content = table("+5,1234567890123456,x,007")
    values = {"schema": "n:int,f:float,last:int"}
    rows, rejected, _ = outcome(content, engine, **values)
    assert rows[FIRST] == {"n": 5, "f": 1234567890123456.0, "w": "x", "last": 7}
    assert (len(rows), rejected) == (2 * FIRST + 1, [])


@pytest.mark.parametrize("engine", STRICT)
def test_words_for_none_are_none_in_likely_blocks_too(engine, window, outcome):
    content = table("1,NA,NA,NA", "NA,2,x,4", "1,2,x")
    rows, rejected, _ = outcome(content, engine, na_values="NA")
    assert rows[FIRST] == {"n": 1, "f": None, "w": "NA", "last": None}
    assert [line for line, _ in rejected] == [FIRST + 4]
    assert rows == outcome(content, "python", na_values="NA")[0]
