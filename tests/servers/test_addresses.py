import pytest

from perflab.errors import BadInputError
from perflab.servers.addresses import redis_address, redis_url

SECRET = "Zq7Secret"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://me:x@Host", "redis://host:6379/0"),
        ("redis://host:1/2", "redis://host:1/2"),
        ("redis://host/1?db=4", "redis://host:6379/4"),
        ("redis:///0?host=other&port=9", "redis://other:9/0"),
        ("rediss://:x@host", "rediss://host:6379/0"),
        ("redis://[::1]:5", "redis://[::1]:5/0"),
        ("redis://", "redis://localhost:6379/0"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
        ("unix://me:x@/run/redis.sock", "unix:///run/redis.sock?db=0"),
    ],
)
def test_address_is_what_the_client_resolves(url, address):
    assert redis_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        f"redis://user:{SECRET}/x@host",
        f"redis://user:{SECRET}#x@host",
        f"redis:///user:{SECRET}@host",
        f"redis://user:{SECRET}@127.0.0.1:notaport",
        f"redis://user:12/{SECRET}@host",
        f"redis://host/{SECRET}",
        f"redis://host?db={SECRET}",
        f"redis://host?port={SECRET}",
        f"redis://[::{SECRET}",
        f"unix://{SECRET}",
        f"user:{SECRET}@host",
        "redis://host:99999",
        "http://host",
    ],
)
def test_malformed_address_is_one_error_without_its_secret(url):
    with pytest.raises(BadInputError, match="valid address") as error:
        redis_address(url)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("host", ["u:p@host", "host/0?db=3", "host:6380/1", "a b", "", "h\n"])
def test_host_that_is_more_than_a_host_is_refused(host):
    with pytest.raises(BadInputError, match="redis_host"):
        redis_url(host, 6379)


def test_host_may_be_a_name_or_a_number():
    assert redis_url("cache.example", 1) == "redis://cache.example:1"
    assert redis_url("::1", 1) == "redis://[::1]:1"


@pytest.mark.parametrize("name", ["decode_responses", "encoding", "max_connections"])
def test_parameter_that_changes_what_a_run_reads_is_refused(name):
    with pytest.raises(BadInputError, match=f"query parameter {name} "):
        redis_address(f"redis://host/0?protocol=3&{name}=1")


@pytest.mark.parametrize("name", [f"x@{SECRET}", f"{SECRET}", "cache", "connection_class"])
def test_parameter_of_an_unknown_name_is_refused_unnamed(name):
    with pytest.raises(BadInputError, match="has a query parameter that a run") as error:
        redis_address(f"redis://host?{name}=1")
    assert SECRET not in str(error.value)


def test_parameters_of_tls_need_its_scheme():
    assert redis_address("rediss://host?ssl_cert_reqs=none") == "rediss://host:6379/0"
    with pytest.raises(BadInputError, match="rediss://"):
        redis_address("redis://host?ssl_cert_reqs=none")
