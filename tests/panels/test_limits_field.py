import pytest

from perflab.bench import bench_names, load_bench
from perflab.instrumentation.catalog import METRICS
from perflab.lab.alerts import parse_condition
from perflab.panels.limits_field import LimitsField


@pytest.mark.parametrize(
    ("typed", "limits"),
    [
        ("", ()),
        ("  ", ()),
        ("memory_bytes<=2MiB", ("memory_bytes<=2MiB",)),
        ("memory_bytes<=2MiB, hit_rate>=40%", ("memory_bytes<=2MiB", "hit_rate>=40%")),
        ("hit_rate>=0.4;errors<=1,000", ("hit_rate>=0.4", "errors<=1,000")),
        ("hit_rate>=0.4 and misses<9", ("hit_rate>=0.4", "misses<9")),
        ("what?", ("what?",)),
    ],
)
def test_typed_limits_are_split_and_kept_as_typed(typed, limits):
    field = LimitsField(load_bench("cache").display.headline)
    field.text.value = typed
    assert field.limits == limits
    field.clear()
    assert field.limits == ()


@pytest.mark.parametrize("pattern", bench_names())
def test_the_example_is_a_limit_of_the_pattern(pattern):
    field = LimitsField(load_bench(pattern).display.headline)
    example = field.text.placeholder.removeprefix("limits: ")
    limit = parse_condition(example)
    assert limit.metric in load_bench(pattern).known_metrics()
    assert METRICS[limit.metric].better == "lower"


def test_limits_of_the_panel_are_kept_and_a_wrong_one_is_one_error(panel):
    panel.limits.text.value = "memory_bytes<=60KiB"
    panel.recommend()
    panel.wait(60)
    found = panel.recommendation
    assert found.limits == ("memory_bytes<=60KiB",)
    assert found.metrics["memory_bytes"] <= 60 * 1024
    for wrong, said in (
        ("memory_byte<=60KiB", "memory_bytes"),
        ("hit_rate>=0.1, wait_seconds<=2", "unknown metric 'wait_seconds'"),
        ("small", "is not a condition"),
        ("memory_bytes<=1", "no setting satisfies"),
    ):
        panel.limits.text.value = wrong
        panel.recommend()
        panel.wait(60)
        assert said in panel.status.problem
        assert panel.report_actions.card.widget.layout.display == "none"
