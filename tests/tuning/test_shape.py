"""A damaged file of a result is refused with the field that is wrong."""

import pytest

from perflab.errors import BadInputError
from perflab.tuning.shape import check_shape

WHOLE = {
    "pattern": "cache",
    "format": 1,
    "workload": {"name": "flights", "summary": {"requests": 5, "skew": None}, "notes": []},
    "settings": {"max_cache_size": 5, "ttl_seconds": None, "policy": "lru"},
    "metrics": {"hit_rate": 0.5, "latency_seconds_mean": None},
    "points": [{"settings": {}, "metrics": {}, "sampled": 1.0, "error": 0.0}],
    "snapshots": [{"seconds": 0.1, "requests": 5, "hit_rate": 0.5}],
    "alerts": [{"alert": "hit_rate<0.9", "fired": False, "seconds": None, "value": None}],
}


def test_a_whole_result_passes():
    check_shape(WHOLE, "run.json")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pattern": None}, "pattern"),
        ({"format": "1"}, "format"),
        ({"workload": {"summary": {"requests": "many"}}}, r"workload\.summary\.requests"),
        ({"workload": {"summary": {"operations": ["get"]}}}, r"workload\.summary\.operations"),
        ({"settings": {"policy": ["lru"]}}, r"settings\.policy"),
        ({"metrics": {"hit_rate": "high"}}, r"metrics\.hit_rate"),
        ({"points": [{"settings": {}}]}, r"points\.0\.metrics"),
        ({"snapshots": [{"hit_rate": 0.5}]}, r"snapshots\.0\.seconds"),
        ({"snapshots": [{"seconds": 0.1, "hit_rate": "x"}]}, r"snapshots\.0\.hit_rate"),
        ({"alerts": [{"alert": "a", "seconds": "soon"}]}, r"alerts\.0\.seconds"),
        ({"alerts": [{"alert": "a", "held": "long"}]}, r"alerts\.0\.held"),
        ({"limits": [None]}, r"limits\.0"),
    ],
)
def test_a_wrong_field_is_named(changes, field):
    with pytest.raises(BadInputError, match=rf"is damaged: {field} ") as error:
        check_shape({**WHOLE, **changes}, "run.json")
    assert error.value.place == "run.json"
