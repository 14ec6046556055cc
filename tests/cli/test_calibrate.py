def test_calibration_is_kept_and_used(perflab, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    before = perflab("predict", "cache", "-w", "zipf:keys=100,requests=1k", "--json").json
    assert before["calibration"]["source"] == "shipped"
    measured = perflab("calibrate", "cache", "--json")
    assert measured.json["source"] == "measured"
    assert measured.json["costs"]["hit"]["mean"] > 0
    after = perflab("predict", "cache", "-w", "zipf:keys=100,requests=1k", "--json").json
    assert after["calibration"]["costs"] == measured.json["costs"]


def test_calibration_is_shown_with_its_date(perflab):
    answer = perflab("calibrate", "cache")
    assert "costs measured on this machine with sqlite" in answer.out
    assert "miss" in answer.out


def test_what_is_kept_is_shown_and_nothing_is_measured(perflab, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    assert "costs shipped with perflab" in perflab("calibrate", "cache", "--show").out
    assert perflab("calibrate", "cache", "--show", "--json").json["source"] == "shipped"
    assert not list(tmp_path.glob("calibrations/*"))
    measured = perflab("calibrate", "cache", "--json").json
    shown = perflab("calibrate", "cache", "--show")
    assert "costs measured on this machine with sqlite" in shown.out
    assert perflab("calibrate", "cache", "--show", "--json").json == measured


def test_bad_backend_is_one_line(perflab):
    answer = perflab("calibrate", "cache", "--set", "backend=nowhere:load")
    assert answer.status == 2
    assert "cannot be imported" in answer.err
