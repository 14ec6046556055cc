"""CSV records of a source: fields of any length, and nothing left changed for the process."""

import csv

import pytest

from perflab.errors import BadInputError
from perflab.workloads.importers.records import records
from perflab.workloads.importers.source import Source


@pytest.mark.parametrize("text", ["a,b\n\n1,{long}\n", 'a,b\n\n1,"{long}'])
def test_long_fields_are_read_and_the_process_keeps_its_own_limit(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_text(text.format(long="x" * 200_000))
    before = csv.field_size_limit()
    found = list(records(Source(path)))
    assert [(line, len(fields[1])) for line, fields in found] == [(1, 1), (3, 200_000)]
    assert csv.field_size_limit() == before


def test_a_reader_that_stops_early_keeps_the_limit_too(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("a,b\n1,2\n")
    before = csv.field_size_limit()
    rows = records(Source(path))
    next(rows)
    rows.close()
    assert csv.field_size_limit() == before


def test_what_is_binary_is_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"a,b\n" + bytes(4096))
    with pytest.raises(BadInputError):
        list(records(Source(path)))
