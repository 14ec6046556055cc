from __future__ import annotations

import pytest

import perflab

SMALL = "zipf:skew=0.9,keys=2k,requests=6k,seed=1"
VALUES = {
    "workers": 2,
    "request_rate": 600,
    "max_connections": 20,
    "cache": {"max_cache_size": 50},
    "redis_cache": {"maxmemory": "2MiB"},
    "connection_pool": {"max_connections": 2, "timeout": "50ms"},
}


@pytest.fixture
def open_panel():
    opened = []

    def make(values=VALUES, workload=SMALL, settings=None):
        panel = perflab.workbench(perflab.Service.from_mapping(values), workload, settings)
        opened.append(panel)
        panel.wait(240)
        return panel

    yield make
    for panel in opened:
        panel.close()


@pytest.fixture
def values():
    return dict(VALUES)


@pytest.fixture
def panel(open_panel):
    return open_panel()
