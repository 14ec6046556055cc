"""Tables as workloads: what is known of them, how they are kept, and how they are made."""

import csv
import gzip

import pytest

from perflab.errors import BadInputError
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.patterns.streaming.synthetic_table import Table
from perflab.patterns.streaming.table_file import TableFile, file_fingerprint
from perflab.patterns.streaming.workload import load_table


def load(spec, **settings):
    return load_table(spec, StreamingSettings(**settings))


def test_a_file_is_known_by_rows_columns_and_content(tmp_path):
    path, other = tmp_path / "in.csv", tmp_path / "other.csv"
    path.write_text('a,b\n1,"x\ny"\n2,z')
    other.write_bytes(path.read_bytes())
    table = load(str(path))
    assert (len(table), table.counted, table.columns) == (2, True, ("a", "b"))
    assert table.fingerprint == load(other).fingerprint == file_fingerprint(path)
    other.write_text('a,b\n1,"x\ny"\n2,q')
    assert load(other).fingerprint != table.fingerprint
    assert table.facts()[0] == "2 rows"
    packed = tmp_path / "in.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert (load(packed).packed, len(load(packed))) == ("gzip", 2)


def test_a_saved_table_is_the_same_when_it_is_opened(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,2\n")
    table = load(str(path))
    table.save(tmp_path / "saved")
    opened = TableFile.open(tmp_path / "saved")
    assert opened.saved_in == str(tmp_path / "saved")
    names = ("name", "path", "total_bytes", "rows", "columns", "packed", "fingerprint", "source")
    assert [getattr(opened, name) for name in names] == [getattr(table, name) for name in names]
    sent = table.uploaded("sent.csv")
    assert (sent.name, sent.source, sent.path) == ("sent.csv", "", table.path)
    with pytest.raises(BadInputError, match="is not a saved table"):
        TableFile.open(tmp_path)


def test_rows_of_a_large_file_are_estimated_from_its_start(monkeypatch):
    monkeypatch.setattr("perflab.patterns.streaming.workload._COUNTED_BYTES", 1 << 20)
    guessed = load(load("table:rows=300k,columns=4,seed=3").path)
    assert not guessed.counted
    assert len(guessed) == pytest.approx(300_000, rel=0.03)
    assert guessed.facts()[0].startswith("about ")


def test_a_made_table_is_the_same_for_the_same_parameters():
    told = []
    recipe = Table.read({"rows": "3k", "columns": 5, "quoted": 0.2, "bad": 0.01, "seed": 7})
    path = recipe.make(lambda done, total: told.append((done, total)))
    assert told == [(0, 3000)]
    content = path.read_bytes()
    path.unlink()
    assert recipe.make().read_bytes() == content
    assert Table.read({"rows": "3k", "seed": 8}).make().read_bytes() != content
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert len(rows) == 3000
    quoted = sum('"' in row["word_2"] for row in rows)
    assert 400 < quoted < 800
    bad = [n for n, row in enumerate(rows) if not row["id"].isdigit()]
    assert 5 < len(bad) < 60
    assert bad[0] >= 1000
    assert recipe.spec == "table:rows=3k,columns=5,quoted=0.2,bad=0.01,seed=7"


def test_flights_are_real_rows_and_take_no_parameters():
    table = load("flights")
    assert (len(table), table.columns[:2]) == (334_264, ("time", "tailnum"))
    with pytest.raises(BadInputError, match="the flights take no parameters"):
        load("flights:rows=5")
    with pytest.raises(BadInputError, match="table:rows=0: rows: "):
        load("table:rows=0")
