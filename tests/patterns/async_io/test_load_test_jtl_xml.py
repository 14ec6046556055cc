"""JMeter's JTL as XML: the same levels as those of the CSV of the same test."""

from __future__ import annotations

import gzip
import random

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_tests.load_test import read_load_test

START = 1_714_979_288_000
CSV = "timeStamp,elapsed,label,responseCode,responseMessage,success,bytes,grpThreads,allThreads\n"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n'
INSIDE = (
    '  <httpSample t="3" it="0" lt="2" ct="1" ts="{ts}" s="true" lb="img" rc="200" rm="OK" '
    'tn="g 1-1" dt="bin" by="7" ng="1" na="1"/>\n'
    "  <assertionResult><name>a &lt; b</name><failure>false</failure></assertionResult>\n"
    '  <java.net.URL>http://h/?a=1&amp;b="2"</java.net.URL>\n'
)


def samples(seed=1, count=900):
    """Return start, milliseconds, success and active threads of random requests."""
    dice = random.Random(seed)
    at = 0
    for n in range(count):
        at += dice.randrange(1, 20)
        yield START + at, dice.randrange(10, 90), dice.random() > 0.1, 1 + n // 300 * 4


def csv_of(rows):
    return CSV + "".join(
        f"{ts},{t},home,{200 if ok else 500},OK,{str(ok).lower()},512,{na},{na}\n"
        for ts, t, ok, na in rows
    )


def element(name, ts, t, ok, na, inside="", message="OK"):
    return (
        f'<{name} t="{t}" it="0" lt="{t - 1}" ct="1" ts="{ts}" s="{str(ok).lower()}" lb="home" '
        f'rc="{200 if ok else 500}" rm="{message}" tn="g 1-1" dt="text" by="512" ng="{na}" '
        f'na="{na}">\n{inside}</{name}>\n'
    )


def xml_of(rows, inside=""):
    parts = [element("httpSample", *row, inside.format(ts=row[0])) for row in rows]
    return XML + "".join(parts) + "</testResults>\n"


@pytest.fixture
def read(tmp_path):
    def read_text(content, name="results.jtl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_load_test(str(path))

    return read_text


@pytest.mark.parametrize("inside", ["", INSIDE], ids=["flat", "with requests of its own"])
@pytest.mark.parametrize("seed", [1, 2])
def test_levels_are_those_of_the_csv(read, seed, inside):
    rows = list(samples(seed))
    wanted = read(csv_of(rows), "results.csv")
    found = read(xml_of(rows, inside), "results.xml")
    assert (found.tool, found.cut_line) == ("JMeter", None)
    assert len(found.levels) == 3
    assert found.levels == wanted.levels
    assert sum(level.requests for level in found.levels) > 600


def test_requests_inside_a_transaction_count_and_it_does_not(read):
    rows = list(samples(3))
    groups = [rows[at : at + 3] for at in range(0, len(rows), 3)]
    words = "Number of samples in transaction : 3, number of failing samples : 0"
    parts = [
        element(
            "sample",
            *(group[0][0], 500, True, group[0][3]),
            "".join(element("httpSample", *row, INSIDE.format(ts=row[0])) for row in group),
            words,
        )
        for group in groups
    ]
    found = read(XML + "".join(parts) + "</testResults>\n")
    assert found.levels == read(csv_of(rows), "results.csv").levels


def test_samples_of_other_protocols_are_read_from_an_archive(read):
    rows = list(samples(4))
    text = xml_of(rows).replace("httpSample", "sample")
    found = read(gzip.compress(text.encode()), "results.jtl.gz")
    assert found.levels == read(csv_of(rows), "results.csv").levels


def test_a_file_of_a_stopped_test_is_read_to_its_cut(read):
    rows = list(samples(5))
    whole = xml_of(rows)
    ended = read(whole.removesuffix("</testResults>\n"), "ended.jtl")
    assert (ended.levels, ended.cut_line) == (read(whole).levels, None)
    cut = read(whole[: whole.rindex("<httpSample") + 40], "cut.jtl")
    assert cut.levels == read(csv_of(rows[:-1]), "results.csv").levels
    assert cut.cut_line == whole[: whole.rindex("<httpSample")].count("\n") + 1
    assert any("the last, which is cut off" in said for said in cut.remarks())


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE testResults [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<testResults><httpSample t="&b;"/></testResults>'
)


@pytest.mark.parametrize(
    ("content", "line", "text"),
    [
        (BOMB, 2, "declares a document type"),
        (XML + '<httpSample t="1" ts="soon" s="true"/>\n', 3, "'soon' is not a number for ts"),
        (XML + '<httpSample t="-5" ts="1" s="true"/>\n', 3, "'-5' is not a valid t"),
        (XML + '<httpSample ts="1"/>\n', 3, "'' is not a number for t"),
        (XML + "<httpSample></wrong>\n", 3, "is not a number for ts"),
        (XML + "<a></wrong>\n", 3, "is not valid XML (mismatched tag)"),
        (XML + "<a b>\n", 3, "is not valid XML"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(read, content, line, text):
    with pytest.raises(BadInputError) as caught:
        read(content)
    assert text in str(caught.value)
    assert caught.value.place.endswith(f":{line}")


def test_another_xml_is_none_of_the_tools(read):
    with pytest.raises(BadInputError, match=r"is not a result of k6.*JTL \(CSV or XML\)"):
        read("<html><body>no</body></html>\n")


def test_no_samples_are_no_test(read):
    with pytest.raises(BadInputError, match="has no second in which users were at work"):
        read(XML + "</testResults>\n")
