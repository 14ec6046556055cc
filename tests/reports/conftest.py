"""Results as the lab makes them of the bundled flights; the numbers are from real runs."""

import pytest

from perflab.lab.run import Run
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation

REQUESTS = 334_264.0
HITS = {
    "lru": {100: 1_204, 300: 45_894, 1000: 202_902, 3000: 321_914, 3800: 330_107, 4043: 330_221},
    "fifo": {100: 1_214, 300: 43_454, 1000: 184_380, 3000: 314_802, 3800: 328_113, 4043: 330_221},
    "sieve": {100: 18_718, 300: 63_109, 1000: 168_436, 3000: 317_618, 3800: 330_119, 4043: 330_221},
}


def settings_of(**values):
    pattern = {k: v for k, v in values.items() if k in CacheSettings.model_fields}
    load = {k: v for k, v in values.items() if k not in pattern}
    return {**CacheSettings(**pattern).model_dump(), **LoadSettings(**load).model_dump()}


def metrics_of(size, policy="lru", requests=REQUESTS):
    hits = float(HITS[policy][size]) * requests / REQUESTS
    share = hits / requests
    return {
        "hit_rate": share,
        "requests": requests,
        "hits": hits,
        "misses": requests - hits,
        "evictions": max(0.0, requests - hits - size),
        "expirations": 0.0,
        "entries": float(size),
        "latency_seconds_mean": share * 7e-7 + (1 - share) * 1.09e-3,
        "latency_seconds_p50": 7e-7 if share > 0.5 else 1.09e-3,
        "latency_seconds_p95": 1.3e-6 if share > 0.95 else 1.1e-3,
        "latency_seconds_p99": 1.1e-3,
        "throughput_per_second": 1 / (share * 7e-7 + (1 - share) * 1.09e-3),
        "memory_bytes": size * 1_040.0,
    }


def point_of(size, policy="lru"):
    return {
        "settings": settings_of(max_cache_size=size, policy=policy, backend_seconds=0.001),
        "metrics": metrics_of(size, policy),
    }


def workload_of(name="flights", source="flights"):
    return {
        "name": name,
        "source": source,
        "fingerprint": "18cbd513a22ef535",
        "summary": {
            "name": name,
            "fingerprint": "18cbd513a22ef535",
            "requests": 334_264,
            "distinct_keys": 4_043,
            "one_hit_wonders": 171,
            "skew": 0.375,
            "duration_seconds": 31_517_040.0,
            "requests_per_second": 0.0106,
            "total_bytes": None,
            "distinct_bytes": None,
            "has_times": True,
            "has_sizes": False,
            "has_ttls": False,
        },
        "notes": [],
    }


CALIBRATION = {
    "kind": "calibration",
    "format": 1,
    "pattern": "cache",
    "backend": "sqlite",
    "source": "measured",
    "date": "2026-03-01T10:00:00+00:00",
    "costs": {
        "hit": {"mean": 7e-7, "quantiles": [5e-7, 1e-6]},
        "miss": {"mean": 1.5e-5, "quantiles": [1e-5, 2e-5]},
        "bytes_per_entry": 1_040.0,
        "backend_seconds": 0.0,
    },
    "machine": {"system": "Linux 6.1"},
}
ENVIRONMENT = {
    "system": "Linux 6.1",
    "processor": "A Processor",
    "cores": 2,
    "memory_bytes": 2**34,
    "python": "CPython 3.11.7",
    "versions": {"perflab": "0.1.0", "numpy": "2.4.6"},
    "date": "2026-03-01T10:05:00+00:00",
}


@pytest.fixture
def make_run():
    """Make a run at some size: 3 s, 30 snapshots, each with what was predicted."""

    def make(size=3800, *, speedup=None, **fields):
        requests = REQUESTS
        metrics = metrics_of(size)
        measured = {**metrics, "latency_seconds_mean": metrics["latency_seconds_mean"] * 1.1}
        snapshots = tuple(
            {
                "seconds": round(0.1 * n, 1),
                "requests": int(requests * n / 30),
                **measured,
                **{f"{key}_since_change": value for key, value in measured.items()},
                **{f"predicted_{key}": value for key, value in metrics.items()},
            }
            for n in range(1, 31)
        )
        values = {
            "pattern": "cache",
            "workload": workload_of(),
            "settings": settings_of(max_cache_size=size, backend_seconds=0.001, speedup=speedup),
            "metrics": measured,
            "snapshots": snapshots,
            "since_change": measured,
            "predicted": metrics,
            "fitted": measured,
            "alerts": (
                {
                    "alert": "hit_rate<0.9 for 1s",
                    "metric": "hit_rate",
                    "fired": True,
                    "seconds": 1.1,
                    "value": 0.1415,
                },
                {
                    "alert": "latency_seconds_p99>5s",
                    "metric": "latency_seconds_p99",
                    "fired": False,
                    "seconds": None,
                    "value": None,
                },
            ),
            "calibration": CALIBRATION,
            "environment": ENVIRONMENT,
            "ended": "workload through",
        }
        return Run(**{**values, **fields})

    return make


@pytest.fixture
def make_recommendation():
    """Make a recommendation of 3,800 entries to who has 1,000."""

    def make(**fields):
        points = tuple(point_of(size, policy) for policy, line in HITS.items() for size in line)
        values = {
            "pattern": "cache",
            "workload": workload_of(),
            "before": point_of(1000)["settings"],
            "settings": point_of(3800)["settings"],
            "before_metrics": point_of(1000)["metrics"],
            "metrics": point_of(3800)["metrics"],
            "reason": "max_cache_size 3,800 is the smallest setting that is good enough.",
            "objective": "max:hit_rate",
            "limits": ("memory_bytes<=64MiB",),
            "points": points,
            "alternatives": (
                {
                    "name": "knee",
                    **point_of(3000),
                    "reason": "Beyond it each doubling brings less.",
                },
            ),
            "calibration": CALIBRATION,
            "environment": ENVIRONMENT,
            "notes": ("costs measured on this machine with sqlite",),
        }
        return Recommendation(**{**values, **fields})

    return make


@pytest.fixture
def make_predictions():
    """Make predictions along the sizes, a line for each policy."""

    def make(policies=("lru", "fifo", "sieve"), **fields):
        points = tuple(
            {**point_of(size, policy), "sampled": 1.0, "error": 0.0}
            for policy in policies
            for size in HITS[policy]
        )
        values = {
            "pattern": "cache",
            "workload": workload_of(),
            "points": points,
            "swept": ("max_cache_size", "policy"),
            "calibration": CALIBRATION,
            "environment": ENVIRONMENT,
        }
        return Predictions(**{**values, **fields})

    return make


@pytest.fixture
def run(make_run):
    """A run at the recommended size."""
    return make_run()


@pytest.fixture
def recommendation(make_recommendation):
    """A recommendation, not yet run."""
    return make_recommendation()


@pytest.fixture
def predictions(make_predictions):
    """A sweep over sizes and policies."""
    return make_predictions()
