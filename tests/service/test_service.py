"""A service as people write it: its stages, their order, and what is refused."""

import pytest

from perflab import BadInputError, Service
from perflab.patterns.cache.settings import CacheSettings
from perflab.service import ServiceStage

FILE = """\
workload = "zipf:skew=0.9,keys=500,requests=2k,seed=1"

[prices]
price_per_gib_hour = 0.01

[service]
replicas = 3
workers = "4"
request_rate = "2k"

[service.cache]
max_cache_size = "1k"

[service.redis_cache]
maxmemory = "2MiB"

[service.connection_pool]
max_connections = 5

[profile.large.service]
workers = 8

[profile.large.service.redis_cache]
ttl_seconds = "10m"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "perflab.toml"
    path.write_text(FILE)
    return path


def test_a_file_says_all_of_a_service(file):
    service = Service.from_toml(file)
    assert [stage.bench for stage in service.stages] == ["cache", "redis_cache", "connection_pool"]
    assert service.settings.processes == 12
    assert service.settings.request_rate == 2000
    assert service.settings.price_per_gib_hour == 0.01
    assert service.stage("redis_cache").settings.maxmemory == 2 * 2**20
    assert service.pool.settings.max_connections == 5
    assert Service.from_mapping(service.shown()) == service


def test_the_workload_is_that_of_the_file(file):
    service = Service.from_toml(file)
    assert service.predict().workload["name"].startswith("zipf:skew=0.9,keys=500,requests=2k")
    assert service.change({"workers": 1}).budget().metrics["requests"] == 2000
    named = service.predict("zipf:skew=1,keys=50,requests=1k")
    assert named.metrics["requests"] == 1000
    beside = file.parent / "log.csv"
    beside.write_text("when,what\n0,a\n1000,b\n2000,a\n3000,c\n")
    columns = 'time_unit = "ms"\ncolumns = {key = "what", time = "when"}\n'
    file.write_text(
        FILE.replace(
            'workload = "zipf:skew=0.9,keys=500,requests=2k,seed=1"\n',
            f'workload = "log.csv"\n{columns}',
        )
    )
    read = Service.from_toml(file).change({"request_rate": None, "workers": 1, "replicas": 1})
    assert read.predict().row("cache").metrics["hits"] == 1
    assert read.predict().metrics["requests_per_second"] == 1


def test_a_profile_overrules_single_settings_of_a_stage(file):
    service = Service.from_toml(file.parent, "large")
    assert service.settings.workers == 8
    assert service.stage("redis_cache").settings.ttl_seconds == 600
    assert service.stage("redis_cache").settings.maxmemory == 2 * 2**20


def test_values_are_changed_by_key_and_by_stage(file):
    service = Service.from_toml(file)
    changed = service.change({"workers": 2, "cache.policy": "sieve", "cache.max_cache_size": "5"})
    assert changed.settings.workers == 2
    assert changed.stage("cache").settings == CacheSettings(policy="sieve", max_cache_size=5)
    assert changed.stages[1:] == service.stages[1:]


def test_stages_take_settings_that_are_made_already():
    service = Service.from_mapping({"cache": CacheSettings(max_cache_size=7)})
    assert service.stages == (ServiceStage("cache", CacheSettings(max_cache_size=7)),)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "needs at least one stage"),
        (3, "service: must be a mapping"),
        ({3: {}}, "service: must be a mapping"),
        ({"connection_pool": {}, "cache": {}}, r"cache: cannot follow connection_pool.*in front"),
        ({"redis_cache": {}, "cache": {}}, r"cache: cannot follow redis_cache.*in front"),
        ({"cache": {}, "replicas": 0}, r"replicas: 0 is out of bounds; allowed: 1 to 10k"),
        ({"cache": {}, "workers": 0}, r"workers: 0 is out of bounds"),
        ({"cache": {"max_cache_size": 0}}, r"cache\.max_cache_size: 0 is out of bounds"),
        ({"cache": {"sise": 3}}, r"cache\.sise: no such setting"),
        ({"cache": 3}, r"service\.cache: must be a table"),
        ({"cache": {}, "worker": 3}, r"service\.worker: .*did you mean 'workers'"),
        ({"streaming": {}}, "streaming: is not a stage of a service; there are: cache"),
        ({"cash": {}}, "unknown pattern 'cash'; did you mean 'cache'"),
        ({"cache": {}, "spread": "random"}, "spread: unknown spread 'random'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(values, said):
    with pytest.raises(BadInputError, match=said):
        Service.from_mapping(values)


def test_a_pattern_is_one_stage_at_most():
    with pytest.raises(BadInputError, match="cache: is a stage twice"):
        Service((ServiceStage.of("cache"), ServiceStage.of("cache", {"max_cache_size": 10_000})))


def test_a_change_of_what_is_not_there_is_refused(file):
    service = Service.from_toml(file)
    with pytest.raises(BadInputError, match="no stage 'cash'; did you mean 'cache'"):
        service.change({"cash.max_cache_size": 3})
    with pytest.raises(BadInputError, match=r"cache\.max_size: no such setting"):
        service.change({"cache.max_size": 3})


def test_a_file_without_a_service_is_refused(tmp_path):
    path = tmp_path / "perflab.toml"
    path.write_text('bench = "cache"\n')
    with pytest.raises(BadInputError, match=r"has no table \[service\]"):
        Service.from_toml(path)
    path.write_text("[service]\nworkers = 3\n[service.cache]\npolicy = [1]\n")
    with pytest.raises(BadInputError, match=r"service\.cache has a key policy that must be a text"):
        Service.from_toml(path)
