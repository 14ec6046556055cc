"""What a bench of another package may get wrong, and that it is told in one line."""

import pytest

import perflab
from perflab.bench import bench_names, load_bench
from perflab.instrumentation.catalog import METRICS, metric
from perflab.tuning.whatif import WhatIf

HEAD = """
from perflab.bench import LiveChart, Objective, WhatIfChart
from perflab.instrumentation import MetricInfo
from perflab.settings import Settings, setting
from write_buffer.bench import WriteBufferBench
from write_buffer.settings import WriteBufferSettings

class Other(WriteBufferSettings):
    concurrency: int = setting(1, "How many.", low=1, high=9)

class Changed(WriteBufferSettings):
    flush_share: int = setting(1, "How many.", low=1, high=9)

OWN = WriteBufferBench.metric_infos

class TheBench(WriteBufferBench):
    pattern = "other"
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pattern = 'another'", "pattern: is 'another', but its entry point is 'other'"),
        ("headline = ('flush_shares',)", "no metric 'flush_shares' is declared; did you mean"),
        ("live_charts = (LiveChart('Rows', ('rows_in',)),)", "Rows: no metric 'rows_in'"),
        ("objective = Objective('max', 'hit_rates')", "objective: no metric 'hit_rates'"),
        ("weighed_by = 'memory'", "weighed_by: no metric 'memory'"),
        ("sliders = ('batch',)", "sliders: batch: no such setting of other"),
        ("tuned = 'size'", "tuned: size: no such setting"),
        ("naming = ('file',)", "naming: file: no such setting"),
        ("calibration_settings = {'batches': 1}", "calibration_settings: batches: no such"),
        (
            "what_if_charts = (WhatIfChart('Time', 'flush_share', 'batch_sizes'),)",
            "Time: batch_sizes: no such setting",
        ),
        (
            "what_if_charts = (WhatIfChart('Time', 'flush_share', 'durability'),)",
            "Time: durability is not a number",
        ),
        ("settings_class = Other", "Other: concurrency: every load has a setting of that name"),
        ("settings_class = Changed", "metric_infos: 'flush_share' is the name of a setting"),
        (
            "metric_infos = (MetricInfo('seconds', 'time', 'seconds', 'lower'),)",
            "metric_infos: 'seconds' is the name of a setting or of a column",
        ),
        (
            "metric_infos = (*OWN, MetricInfo('flushes', 'flushes', 'writes', 'lower'))",
            "the pattern 'other' declares the metric 'flushes' as 'flushes' (writes",
        ),
        (
            "metric_infos = (*OWN, MetricInfo('rows_in', 'rows', 'lines', 'lower'))",
            "and the pattern 'streaming' as 'rows in' (rows, better: neither)",
        ),
        (
            "metric_infos = (*OWN, MetricInfo('hit_rate', 'hits', 'ratio', 'lower'))",
            "and perflab as 'hit rate' (ratio, better: higher)",
        ),
        (
            "metric_infos = (*OWN, MetricInfo('at risk', 'at risk', 'rows', 'lower'))",
            "metric_infos: 'at risk' is not a name for a metric",
        ),
        (
            "metric_infos = (*OWN, MetricInfo('predicted_rows', 'rows', 'rows', 'lower'))",
            "metric_infos: 'predicted_rows' is not a name for a metric",
        ),
        ("levels = 'buffered_records'", "levels: is a str, not a set of names"),
        ("backends = ()", "backends: names none"),
        ("def __init__(self): raise OSError('no licence')", "OSError: no licence"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(install, line, words):
    install("other", f"{HEAD}\n    {line}\n")
    with pytest.raises(perflab.BadInputError) as caught:
        load_bench("other")
    text = str(caught.value)
    assert words in text
    assert text.startswith("the bench of 'other' in other_package 0.3: cannot be loaded")
    assert text.endswith("update or uninstall it")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("class TheBench: pass", "is not a Bench"),
        ("from perflab.bench import Bench as TheBench", "abstract"),
        ("x =", "SyntaxError"),
        ("raise SystemExit(7)", "SystemExit: 7"),
    ],
)
def test_a_package_that_is_broken_leaves_all_others_as_they_are(install, command, code, words):
    install("broken", code)
    answer = command("predict", "broken")
    assert (answer.status, answer.out) == (2, "")
    assert words in answer.err
    assert answer.err.count("\n") == 1
    listed = command("settings")
    assert (listed.status, "cache" in listed.out) == (0, True)
    assert "the bench of 'broken' in broken_package 0.3" in listed.err
    found = command("doctor", "--offline", "--json").json["findings"]
    (line,) = [each for each in found if each["name"] == "broken"]
    assert not line["found"]
    assert words in line["text"]
    assert command("predict", "cache", "-w", "loop:keys=10,requests=100").status == 0


@pytest.mark.parametrize("value", ["no module!", "nowhere_at_all:TheBench", "json", "json:dumps"])
def test_an_entry_point_that_leads_nowhere_is_told_of(install, command, tmp_path, value):
    install("broken", "")
    points = tmp_path / "site" / "broken_package-0.3.dist-info" / "entry_points.txt"
    points.write_text(f"[perflab.benches]\nbroken = {value}\n")
    answer = command("predict", "broken")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "the bench of 'broken' in broken_package 0.3: cannot be loaded" in answer.err
    assert command("settings").status == 0
    assert command("predict", "cache", "-w", "loop:keys=10,requests=100").status == 0


def test_two_packages_with_one_pattern_are_both_named(install):
    install("write_buffer", f"{HEAD}\n    pattern = 'write_buffer'\n", package="rival_package")
    with pytest.raises(perflab.BadInputError, match=r"rival_package 0\.3") as caught:
        load_bench("write_buffer")
    assert "write-buffer 1.2" in str(caught.value)
    install("cache", HEAD, package="usurper_package")
    with pytest.raises(perflab.BadInputError, match="two packages bring this pattern"):
        perflab.predict("cache", "loop:keys=10,requests=100")
    assert bench_names().count("cache") == 1


def test_a_metric_is_known_before_its_bench_is_used(install):
    infos = "(*OWN, MetricInfo('queue_depth', 'depth', 'rows', 'lower'))"
    install("other", f"{HEAD}\n    metric_infos = {infos}\n")
    assert "queue_depth" not in METRICS
    assert metric("queue_depth").label == "depth"
    with pytest.raises(ValueError, match="did you mean 'queue_depth'"):
        metric("queue_dept")


def test_a_level_that_is_not_declared_is_told_of(install):
    body = """
    levels = frozenset({'at_risk_bytes'})
    calibration_runs = lambda *_: ()

    def metrics(self, measured):
        return {'flushes': measured.counters['flushes']}
"""
    install("other", HEAD + body)
    settings = {"batch_size": 3, "request_rate": 5_000, "durability": "memory"}
    live = perflab.start("other", "records:count=7k", settings, seconds=60)
    found = live.wait()
    (note,) = [note for note in found.notes if "level" in note]
    assert "'buffered_records' of other goes down" in note
    assert "at_risk_bytes" not in note


SLOW = """
    what_if_charts = (WhatIfChart("At risk", "at_risk_bytes", "max_delay"),)

    def model(self, trace):
        from write_buffer.model import WriteBufferModel

        class Slow(WriteBufferModel):
            seen = ()

            def predict(self, settings, *rest):
                self.seen += (settings,)
                return super().predict(settings, *rest)

            def ready(self, settings, load):
                return settings in self.seen

        return Slow(trace)
"""


@pytest.mark.parametrize(("delay", "share"), [(1, 0.001), (30, 0.03), (999, 0.999)])
def test_between_two_places_of_an_axis_from_zero_there_is_a_value(install, delay, share):
    install("other", HEAD + SLOW)
    bench = load_bench("other")
    settings, load = bench.read({"batch_size": 500})
    what_if = WhatIf(bench, bench.workload_for(settings, "records:count=500"), bench.shipped_costs)
    ends = [
        what_if.model.predict(settings.change(max_delay=place), load, bench.shipped_costs)
        for place in (0, 1000)
    ]
    low, high = (end.metrics["throughput_per_second"] for end in ends)
    found = what_if.at(settings.change(max_delay=delay), load)
    assert found.between
    assert found.metrics["throughput_per_second"] == pytest.approx(low + share * (high - low))
