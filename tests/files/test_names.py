import itertools
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.files import file_stem, free_names

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "a\0b",
    "first\nsecond",
    "\x1b]0;title\x07",
    "x" * 300,
    "größe" * 60,
    "日本" * 100,
    "\udcff\ud800",
    ".hidden",
    "-rf",
    "..",
    "",
    " ",
    "\u202egnp.exe",
    "CON:|?*<>\"\\'$`",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_name_becomes_one_that_a_file_can_have(text, tmp_path):
    stem = file_stem(text)
    path = tmp_path / f"report-{stem}-20260101"
    path.mkdir()
    assert path.parent == tmp_path
    assert stem.isprintable()
    assert stem[0] not in ".-"
    assert not set(stem) & set("/\\ :|?*<>\"'$`")


def test_a_plain_name_stays_readable():
    assert file_stem("zipf:skew=0.9,keys=1M") == "zipf-skew-0.9-keys-1M"
    assert file_stem("größe.csv") == "größe.csv"
    assert file_stem("\n") == "workload"


def test_names_are_counted_before_the_ending():
    found = [path.name for path in itertools.islice(free_names(Path("a/r.html")), 3)]
    assert found == ["r.html", "r-2.html", "r-3.html"]
    found = [path.name for path in itertools.islice(free_names(Path("v1.2"), folder=True), 2)]
    assert found == ["v1.2", "v1.2-2"]


def test_nothing_stands_beside_the_root():
    with pytest.raises(BadInputError, match="root folder"):
        next(free_names(Path("/")))
