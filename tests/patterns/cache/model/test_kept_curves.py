from __future__ import annotations

import json

import pytest

from perflab.patterns.cache.model.kept_curves import KeptCurves

POINTS = {
    "exact": {"5": [9, 3, 6, 1, 0, 30, 5, 50]},
    "sampled": {"7": {"0": [0.5, 0.25, 0.0, 7.0, 70.0]}},
}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    curves = KeptCurves("f", "test")
    curves.write("line", POINTS)
    return curves


def test_what_is_kept_is_read(kept):
    assert kept.read("line") == POINTS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"\xff",
        b"[1]",
        json.dumps({"exact": 5}).encode(),
        json.dumps({"exact": {"5": [1]}}).encode(),
        json.dumps({"exact": {"x": POINTS["exact"]["5"]}}).encode(),
        json.dumps({"exact": {"5": ["x"] * 8}}).encode(),
        json.dumps({"exact": {"5": [-1] * 8}}).encode(),
        json.dumps({"exact": {"9" * 5000: [1] * 8}}).encode(),
        json.dumps({"sampled": {"7": [0.5] * 5}}).encode(),
        json.dumps({"sampled": {"7": {"0": [float("nan")] * 5}}}).encode(),
        json.dumps({"other": {}}).encode(),
    ],
)
def test_a_damaged_curve_is_computed_anew(content, kept):
    kept._path("line").write_bytes(content)
    assert kept.read("line") == {}
    kept.write("line", POINTS)
    assert kept.read("line") == POINTS


def test_only_files_of_ours_go_when_the_bound_is_passed(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    mine = tmp_path / "curves" / "mine.json"
    mine.parent.mkdir()
    mine.write_text("x" * 5000)
    curves = KeptCurves("fingerprint", "exact", most_bytes=3000)
    for line in range(20):
        curves.write(line, {"lru": {str(size): size / 7 for size in range(20)}})
    assert mine.read_text() == "x" * 5000
    kept = [path for path in mine.parent.iterdir() if path != mine]
    assert 0 < sum(path.stat().st_size for path in kept) <= 3000
    assert all(json.loads(path.read_text())["lru"] for path in kept)
