import json

from perflab.models.kept_curves import KeptCurves


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
