"""Every export is a whole program: it is run as it stands, and its cache is put to the test."""

import itertools
import subprocess
import sys
import threading
import time
from random import Random

import pytest
from cachetools import FIFOCache, LFUCache, LRUCache, cached
from hypothesis import given
from hypothesis import strategies as st

import perflab
from perflab.patterns.cache.exports import cache_exports
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

COMBINATIONS = [
    CacheSettings(max_cache_size=3, policy=policy, ttl_seconds=ttl, max_bytes=max_bytes)
    for policy, ttl, max_bytes in itertools.product(LIVE_POLICIES, (None, 1800.0), (None, 10_000))
]


def described(settings):
    return f"{settings.policy}-ttl={settings.ttl_seconds}-bytes={settings.max_bytes}"


@pytest.fixture(params=COMBINATIONS, ids=described)
def settings(request):
    return request.param


def export(title, settings, workload="flights", **load):
    found = {e.title: e for e in cache_exports(settings, LoadSettings(**load), workload)}
    return found[title]


def execute(title, settings, **globals_to_replace):
    """Run an export's text and return its namespace, with some of its names put in place."""
    namespace = {"__name__": "pasted"}
    text = export(title, settings).text
    exec(compile(text, title, "exec"), namespace)
    namespace.update(globals_to_replace)
    return namespace


def counted(text):
    """Return an export's text with a load that counts its calls."""
    body = 'return f"value of {key}"'
    assert text.count(body) == 1
    return text.replace(body, f"CALLS.append(key)\n    {body}")


def execute_counted(title, settings):
    calls = []
    namespace = {"__name__": "pasted", "CALLS": calls}
    exec(compile(counted(export(title, settings).text), title, "exec"), namespace)
    return namespace, calls


def test_there_is_one_for_perflab_one_for_cachetools_and_one_for_kailash(settings):
    exports = cache_exports(settings, LoadSettings(), "flights")
    assert [e.title for e in exports] == ["perflab", "cachetools", "Kailash workflow"]
    assert {e.language for e in exports} == {"python"}


@pytest.mark.parametrize("title", ["perflab", "cachetools"])
def test_second_call_is_a_hit(title, settings):
    namespace, calls = execute_counted(title, settings)
    assert namespace["load"]("a") == "value of a"
    assert namespace["load"]("a") == "value of a"
    assert calls == ["a"]


@pytest.mark.parametrize("title", ["perflab", "cachetools"])
def test_capacity_is_kept(title, settings):
    namespace, calls = execute_counted(title, settings)
    for key in "abcd":
        namespace["load"](key)
        assert len(namespace["cache"]) <= settings.max_cache_size
    assert len(namespace["cache"]) == 3
    calls.clear()
    namespace["load"]("d")
    assert calls == []
    for key in "abcd":
        namespace["load"](key)
    assert calls


@pytest.mark.parametrize("title", ["perflab", "cachetools"])
def test_capacity_in_bytes_is_kept(title):
    settings = CacheSettings(max_cache_size=1000, max_bytes=700)
    namespace, _ = execute_counted(title, settings)
    for key in range(50):
        namespace["load"](str(key))
    held = len(namespace["cache"])
    assert 2 <= held <= 700 // sys.getsizeof("value of 1")


def test_order_of_eviction_is_that_of_the_policy():
    for title in ("perflab", "cachetools"):
        for policy, kept in (("lru", "a"), ("fifo", "b")):
            namespace, calls = execute_counted(
                title, CacheSettings(max_cache_size=2, policy=policy)
            )
            for key in ("a", "b", "a", "c"):
                namespace["load"](key)
            calls.clear()
            namespace["load"](kept)
            assert calls == [], (title, policy)


def keys_that(change):
    """Return 300 keys: of which few come often, and which these are may change halfway."""
    random = Random(7)
    if change == "scan":
        return [f"hot {step % 2}" if step % 3 else f"once {step}" for step in range(300)]
    shift = [0] * 150 + [5 if change == "shift" else 0] * 150
    return [f"key {int(random.expovariate(0.6)) + start}" for start in shift]


@pytest.mark.parametrize("change", ["stay", "shift", "scan"])
@pytest.mark.parametrize("max_bytes", [None, 100_000, 3 * sys.getsizeof("value of key 1")])
@pytest.mark.parametrize("policy", ["lru", "fifo", "lfu"])
def test_the_program_for_cachetools_hits_as_predicted(policy, max_bytes, change):
    keys = keys_that(change)
    settings = CacheSettings(max_cache_size=3, policy=policy, max_bytes=max_bytes)
    text = export("cachetools", settings).text
    if max_bytes is not None:
        text = text.replace("sys.getsizeof(value)", 'sys.getsizeof("value of key 1")')
    calls = []
    namespace = {"__name__": "pasted", "CALLS": calls}
    exec(compile(counted(text), "cachetools", "exec"), namespace)
    peer = {"lru": LRUCache, "fifo": FIFOCache, "lfu": LFUCache}[policy](3)
    bare = cached(peer, info=True)(str)
    for key in keys:
        namespace["load"](key)
        bare(key)
    hits = len(keys) - len(calls)
    assert hits == bare.cache_info().hits
    predicted = perflab.predict(
        "cache", perflab.Trace.from_keys(keys), {"max_cache_size": 3, "policy": policy}
    )
    assert hits == predicted["hits"][0]


def test_what_is_too_large_for_the_program_pushes_nothing_out():
    settings = CacheSettings(max_cache_size=2, policy="lfu", max_bytes=200)
    namespace, calls = execute_counted("cachetools", settings)
    for key in ("a", "b", "b", "x" * 500, "a", "b"):
        namespace["load"](key)
    assert calls == ["a", "b", "x" * 500]


@pytest.mark.parametrize("title", ["perflab", "cachetools"])
def test_an_entry_expires(title):
    for policy in LIVE_POLICIES:
        settings = CacheSettings(max_cache_size=3, policy=policy, ttl_seconds=0.05)
        namespace, calls = execute_counted(title, settings)
        namespace["load"]("a")
        time.sleep(0.06)
        namespace["load"]("a")
        assert calls == ["a", "a"]


@pytest.mark.parametrize("title", ["perflab", "cachetools"])
def test_a_stampede_loads_once(title, settings):
    text = export(title, settings).text
    slow = counted(text).replace("CALLS.append(key)", "CALLS.append(key); PAUSE(0.05)")
    calls = []
    namespace = {"__name__": "pasted", "CALLS": calls, "PAUSE": time.sleep}
    exec(compile(slow, title, "exec"), namespace)
    threads = [threading.Thread(target=namespace["load"], args=("a",)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["a"]


def test_kailash_workflow_sees_the_hit_on_its_second_execution(settings):
    namespace, calls = execute_counted("Kailash workflow", settings)
    assert [namespace["run"](key) for key in ("a", "a")] == ["value of a", "value of a"]
    assert calls == ["a"]
    assert namespace["cache"].stats()["hits"] == 1
    assert namespace["cache"].settings == settings


def test_kailash_workflow_keeps_the_capacity():
    namespace, _ = execute_counted("Kailash workflow", CacheSettings(max_cache_size=1))
    for key in "ab":
        namespace["run"](key)
    assert len(namespace["cache"]) == 1


@pytest.mark.parametrize("title", ["perflab", "cachetools", "Kailash workflow"])
def test_it_runs_as_a_script(title, tmp_path):
    settings = CacheSettings(max_bytes="1MiB", ttl_seconds="30m", policy="sieve")
    script = tmp_path / "pasted.py"
    script.write_text(export(title, settings).text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = "'hits': 1" if title != "cachetools" else "of 1048576 bytes in use"
    assert shown in done.stdout


@given(
    st.builds(
        CacheSettings,
        max_cache_size=st.integers(1, 10**9),
        max_bytes=st.none() | st.integers(1, 2**50),
        ttl_seconds=st.none() | st.floats(0.001, 3e8),
        negative_ttl_seconds=st.none() | st.floats(0.001, 86400),
        policy=st.sampled_from(LIVE_POLICIES),
    )
)
def test_perflab_settings_come_back_exactly(settings):
    assert execute("perflab", settings)["cache"].settings == settings


@given(st.text(max_size=60))
def test_no_name_of_a_workload_breaks_out_of_its_comment(workload):
    for each in cache_exports(CacheSettings(), LoadSettings(), workload):
        first, rest = each.text.split("\n", 1)
        assert first.startswith("# ")
        assert rest == export(each.title, CacheSettings()).text.split("\n", 1)[1]
        compile(each.text, each.title, "exec")


def test_cachetools_says_what_it_has_no_equivalent_for():
    assert "no SIEVE" in export("cachetools", CacheSettings(policy="sieve")).text
    assert "no FIFO with a TTL" in (
        export("cachetools", CacheSettings(policy="fifo", ttl_seconds=1)).text
    )
    assert "does not cache errors" in (
        export("cachetools", CacheSettings(negative_ttl_seconds=1)).text
    )
    for exact in (
        CacheSettings(policy="lru"),
        CacheSettings(policy="fifo"),
        CacheSettings(ttl_seconds=60),
    ):
        assert "nearest" not in export("cachetools", exact).text


def test_the_folder_of_a_workload_is_left_out():
    for workload in ("/home/someone/traces/shop.csv", r"C:\Users\someone\shop.csv"):
        for each in cache_exports(CacheSettings(), LoadSettings(concurrency=8), workload):
            assert "workload shop.csv, 8 threads." in each.text
            assert "someone" not in each.text


def test_a_policy_that_knows_the_future_has_nothing_to_paste():
    assert cache_exports(CacheSettings(policy="opt"), LoadSettings(), "flights") == ()
