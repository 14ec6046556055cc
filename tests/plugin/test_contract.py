"""What a bench of another package may get wrong, and that it is told in one line."""

import pytest

import perflab
from perflab.bench import bench_names, load_bench
from perflab.instrumentation.catalog import METRICS, metric
from perflab.tuning.whatif import WhatIf

HEAD = """
import dataclasses

from perflab.bench import Bounded, LiveChart, Objective, OverTime, Place, Question, WhatIfChart
from perflab.instrumentation import MetricInfo
from perflab.settings import Settings, setting
from write_buffer.bench import WriteBufferBench
from write_buffer.settings import WriteBufferSettings

class Other(WriteBufferSettings):
    concurrency: int = setting(1, "How many.", low=1, high=9)

class Changed(WriteBufferSettings):
    flush_share: int = setting(1, "How many.", low=1, high=9)

OWN = WriteBufferBench.display.metric_infos

def part(name, **changes):
    return dataclasses.replace(getattr(WriteBufferBench, name), **changes)

def own(*infos):
    return part("display", metric_infos=(*OWN, *infos))

def charts(*what_if_charts):
    return part("display", what_if_charts=what_if_charts)

class TheBench(WriteBufferBench):
    identity = part("identity", pattern="other")
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "identity = part('identity', pattern='another')",
            "pattern: is 'another', but its entry point is 'other'",
        ),
        (
            "display = part('display', headline=('flush_shares',))",
            "no metric 'flush_shares' is declared; did you mean",
        ),
        (
            "display = part('display', live_charts=(LiveChart('Rows', ('rows_in',)),))",
            "Rows: no metric 'rows_in'",
        ),
        (
            "tuning = part('tuning', objective=Objective('max', 'hit_rates'))",
            "objective: no metric 'hit_rates'",
        ),
        ("tuning = part('tuning', weighed_by='memory')", "weighed_by: no metric 'memory'"),
        (
            "display = part('display', sliders=('batch',))",
            "sliders: batch: no such setting of other",
        ),
        ("tuning = part('tuning', tuned='size')", "tuned: size: no such setting"),
        ("naming = ('file',)", "naming: file: no such setting"),
        (
            "calibration = part('calibration', settings={'batches': 1})",
            "calibration.settings: batches: no such",
        ),
        ("tuning = part('tuning', bounded_by='bytes')", "bounded_by: bytes: no such setting"),
        ("live = part('live', outputs=('file',))", "outputs: file: no such setting"),
        (
            "display = charts(WhatIfChart('Time', 'flush_share', 'sizes'))",
            "Time: sizes: no such setting",
        ),
        (
            "display = charts(WhatIfChart('Time', 'flush_share', 'durability'))",
            "Time: durability is not a number",
        ),
        (
            "identity = part('identity', pattern='other', settings_class=Other)",
            "Other: concurrency: every load has a setting of that name",
        ),
        (
            "identity = part('identity', pattern='other', settings_class=Changed)",
            "metric_infos: 'flush_share' is the name of a setting",
        ),
        (
            "display = own(MetricInfo('seconds', 'time', 'seconds', 'lower'))",
            "metric_infos: 'seconds' is the name of a setting or of a column",
        ),
        (
            "display = own(MetricInfo('flushes', 'flushes', 'writes', 'lower'))",
            "the pattern 'other' declares the metric 'flushes' as 'flushes' (writes",
        ),
        (
            "display = own(MetricInfo('rows_in', 'rows', 'lines', 'lower'))",
            "and the pattern 'streaming' as 'rows in' (rows, better: neither)",
        ),
        (
            "display = own(MetricInfo('hit_rate', 'hits', 'ratio', 'lower'))",
            "and perflab as 'hit rate' (ratio, better: higher)",
        ),
        (
            "display = own(MetricInfo('at risk', 'at risk', 'rows', 'lower'))",
            "metric_infos: 'at risk' is not a name for a metric",
        ),
        (
            "display = own(MetricInfo('predicted_rows', 'rows', 'rows', 'lower'))",
            "metric_infos: 'predicted_rows' is not a name for a metric",
        ),
        ("live = part('live', levels='buffered_records')", "levels: is a str, not a set of names"),
        ("tuning = None", "tuning: must be Tuning, not NoneType"),
        (
            "over_time = Bounded(charts=(), maps=(), applies=None)",
            "over_time: must be OverTime, not Bounded",
        ),
        (
            "over_time = OverTime(charts=(), charts_for=0, values=0, histories=0, words=0)",
            "over_time: has no charts",
        ),
        (
            "display = part('display', bounded=Bounded(charts=(), maps=(), applies=None))",
            "bounded charts: are not as many as what_if_charts",
        ),
        ("live = part('live', measures='flushes')", "measures: is a str, not a set of names"),
        (
            "live = part('live', measures=frozenset({'flushs'}))",
            "measures: no metric 'flushs' is declared; did you mean 'flushes'",
        ),
        ("advice = 'yes'", "advice: must be Advising, not str"),
        (
            "advice = part('advice', questions=(Question(key='rate', text='How many?'),))",
            "questions: 'rate' is a shared question already",
        ),
        ("stage = object()", "stage: has no method forward"),
        (
            "stage = type('Stage', (), {'forward': print})()",
            "stage: has no place, which says what may follow it",
        ),
        (
            "stage = type('Stage', (), {'forward': print, 'place': Place.POOL})()",
            "stage: has no method forward_pools",
        ),
        (
            "stage = type('Stage', (), {'forward': print, 'place': Place.SHARED})()",
            "stage: has no method bytes_at",
        ),
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


def test_the_name_of_whole_services_is_refused_for_a_pattern(install):
    install("service", HEAD.replace("pattern='other'", "pattern='service'"))
    with pytest.raises(
        perflab.BadInputError, match=r"service_package 0\.3 must rename its pattern"
    ):
        load_bench("service")


LISTED = """
    stage = ListStage()
"""
LIST_STAGE = """
import numpy as np
from perflab.bench import Passed, Place, Requests
from perflab.bench.passing import requests_at

class ListStage:
    # Holds the last key alone, in each worker.
    place = Place.PROCESS

    def forward(self, requests, settings, costs):
        missed = np.ones(len(requests), bool)
        missed[1:] = requests.keys[1:] != requests.keys[:-1]
        places = np.flatnonzero(missed)
        waits, entries = np.full(len(requests), 1e-6), np.ones(len(requests), np.int64)
        return Passed(requests_at(requests, places), places, waits, entries, memory_bytes=10.0)

    def bytes_at(self, settings, keys, value_bytes, costs):
        return 10.0

    def settings_at(self, settings, memory_bytes, value_bytes, costs):
        return settings

    def least_bytes(self, value_bytes, costs):
        return 10.0

    def at_share(self, settings, share, keys, value_bytes, costs):
        return None
"""


def test_a_pattern_from_outside_is_a_stage_of_a_service(install):
    install("other", HEAD.replace("\nclass TheBench", f"{LIST_STAGE}\nclass TheBench") + LISTED)
    trace = perflab.Trace.from_keys([1, 1, 2, 2, 2, 1], times=range(6))
    service = perflab.Service.from_mapping({"other": {}, "redis_cache": {}, "connection_pool": {}})
    found = service.predict(trace)
    assert found.row("other").metrics["hits"] == 3
    assert found.row("redis_cache").metrics["requests"] == 3
    assert found.row("database").metrics["requests"] == 2
    with pytest.raises(perflab.BadInputError, match="too few for the size of other"):
        service.predict(trace, sample=0.5)
    assert service.budget(trace).metrics["memory_bytes"] > 10
    with pytest.raises(perflab.BadInputError, match="other: cannot follow redis_cache"):
        perflab.Service.from_mapping({"redis_cache": {}, "other": {}})


def test_a_pattern_without_a_backend_takes_none_and_names_none(install, command):
    install("other", f"{HEAD}\n    live = part('live', backends=())\n")
    for value in ("delay", "disk", "os:getcwd"):
        answer = command("predict", "other", "--set", f"backend={value}")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert "backend" in answer.err
    ran = command("run", "other", "--seconds", "0.2", "--json").json
    assert ran["calibration"]["backend"] == ""
    shown = command("predict", "other").out
    assert "costs measured on this machine, " in shown
    assert "has no effect on other" in command("settings", "other").out


WITHOUT_REQUESTS = """
    def metrics(self, measured):
        found = super().metrics(measured)
        del found["requests"]
        return found
"""


def test_requests_are_counted_where_a_bench_leaves_them_out(install, command):
    install("other", HEAD + WITHOUT_REQUESTS)
    ran = command("run", "other", "--seconds", "0.2", "--json").json
    assert ran["metrics"]["requests"] > 0


OLD = """
from perflab.bench import Bench

class TheBench(Bench):
    pattern = "old"
    title = "Old"
    question = "Why?"
    settings_class = None
    sliders = ()
    tuned = "size"
    model = sampled_model = session = metrics = costs = exports = check_live = lambda *_: None
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (OLD, "TheBench: is written for perflab 0.1: the contract"),
        (OLD.replace("perflab.bench", "perflab.benches.base"), "ModuleNotFoundError"),
        (OLD.replace("perflab.bench", "perflab.benches"), "ImportError: cannot import name"),
        ("from perflab.bench.arrivals import ArrivalsBench", "ModuleNotFoundError"),
    ],
)
def test_old_contract_is_refused_in_a_line_that_names_the_new(install, command, code, words):
    install("old", code)
    answer = command("predict", "old")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err
    assert "is made of parts now; see docs/add_a_pattern.md" in answer.err


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
    install(
        "write_buffer",
        f"{HEAD}\n    identity = WriteBufferBench.identity\n",
        package="rival_package",
    )
    with pytest.raises(perflab.BadInputError, match=r"rival_package 0\.3") as caught:
        load_bench("write_buffer")
    assert "write-buffer 1.2" in str(caught.value)
    install("cache", HEAD, package="usurper_package")
    with pytest.raises(perflab.BadInputError, match="two packages bring this pattern"):
        perflab.predict("cache", "loop:keys=10,requests=100")
    assert bench_names().count("cache") == 1


def test_a_metric_is_known_before_its_bench_is_used(install):
    line = "display = own(MetricInfo('queue_depth', 'depth', 'rows', 'lower'))"
    install("other", f"{HEAD}\n    {line}\n")
    assert "queue_depth" not in METRICS
    assert metric("queue_depth").label == "depth"
    with pytest.raises(ValueError, match="did you mean 'queue_depth'"):
        metric("queue_dept")


def test_a_level_that_is_not_declared_is_told_of(install):
    body = """
    live = part('live', levels=frozenset({'at_risk_bytes'}))
    calibration = part('calibration', own_runs=lambda *_: ())

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
    display = part(
        "display", what_if_charts=(WhatIfChart("At risk", "at_risk_bytes", "max_delay"),)
    )

    def model(self, workload, costs):
        from write_buffer.model import WriteBufferModel

        class Slow(WriteBufferModel):
            seen = ()

            def predict(self, settings, *rest):
                self.seen += (settings,)
                return super().predict(settings, *rest)

            def ready(self, settings, load):
                return settings in self.seen

        return Slow(workload, costs)
"""


@pytest.mark.parametrize(("delay", "share"), [(1, 0.001), (30, 0.03), (999, 0.999)])
def test_between_two_places_of_an_axis_from_zero_there_is_a_value(install, delay, share):
    install("other", HEAD + SLOW)
    bench = load_bench("other")
    settings, load = bench.read({"batch_size": 500})
    what_if = WhatIf(
        bench, bench.workload_for(settings, "records:count=500"), bench.calibration.shipped_costs
    )
    ends = [what_if.model.predict(settings.change(max_delay=place), load) for place in (0, 1000)]
    low, high = (end.metrics["throughput_per_second"] for end in ends)
    found = what_if.at(settings.change(max_delay=delay), load)
    assert found.between
    assert found.metrics["throughput_per_second"] == pytest.approx(low + share * (high - low))
