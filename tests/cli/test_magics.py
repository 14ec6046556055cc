"""The magics, in IPython's own shell."""

import functools

import pytest
from IPython.core.interactiveshell import InteractiveShell

import perflab as product
from perflab.patterns.cache import Cache
from perflab.patterns.cache.settings import CacheSettings


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    made = InteractiveShell()
    made.run_line_magic("load_ext", "perflab")
    yield made
    made.history_manager.end_session()


def run(shell, text):
    return shell.run_cell(text, store_history=False)


def test_a_command_runs_in_a_cell_and_takes_variables(shell, capsys):
    shell.user_ns["keys"] = 50
    done = run(shell, "%perflab predict cache -w zipf:keys={keys},requests=1k --json")
    assert done.success
    assert '"distinct_keys": 50' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("predict cache -w nowhere.log", "ended with status 2"),
        ("tune cache -w zipf:keys=9,requests=99 --limit memory_bytes<=1B", "status 1"),
        ("lab", "run it in a shell"),
        ("predict 'cache", "No closing quotation"),
    ],
)
def test_what_fails_ends_the_cell(shell, capsys, line, told):
    done = run(shell, f"%perflab {line}\nafter = 1")
    assert not done.success
    assert "after" not in shell.user_ns
    assert told in str(done.error_in_exec)


def test_caches_of_the_notebook_are_recorded_while_the_cell_runs(shell, capsys):
    @functools.lru_cache
    def square(number):
        return number * number

    cache = Cache(CacheSettings(max_cache_size=10))
    shell.user_ns.update(square=square, cache=cache, plain={1: 2})
    code = "for n in range(30):\n    square(n % 7)\n    cache.get(n)\nplain[1]"
    assert run(shell, f"%%perflab_record asked\n{code}").success
    assert shell.user_ns["square"] is square
    assert shell.user_ns["cache"] is cache
    trace = product.read_trace("asked")
    assert len(trace) == 60
    assert "recorded 60 requests of square, cache into asked" in capsys.readouterr().out
    assert run(shell, "square(1)").success
    assert len(product.read_trace("asked")) == 60


def test_what_is_named_is_recorded_and_a_sample_is_one(shell):
    table = {n: n for n in range(1000)}
    shell.user_ns.update(table=table, cache=Cache(CacheSettings(max_cache_size=10)))
    code = "for n in range(1000):\n    table[n]\n    cache.get(n)"
    assert run(shell, f"%%perflab_record asked table --sample 0.1\n{code}").success
    trace = product.read_trace("asked")
    assert 30 < len(trace) < 300
    assert shell.user_ns["table"] is table


def test_a_cell_that_fails_keeps_what_it_asked(shell):
    cache = Cache(CacheSettings(max_cache_size=10))
    shell.user_ns["cache"] = cache
    done = run(shell, "%%perflab_record asked\ncache.get(1)\n1 / 0")
    assert not done.success
    assert shell.user_ns["cache"] is cache
    assert len(product.read_trace("asked")) == 1


def test_a_cache_that_the_cell_replaces_stays(shell):
    shell.user_ns["cache"] = Cache(CacheSettings(max_cache_size=10))
    other = shell.user_ns["other"] = {"x": 1}
    assert run(shell, "%%perflab_record asked cache\ncache.get(1)\ncache = other").success
    assert shell.user_ns["cache"] is other


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("asked", "there is no cache here"),
        ("asked cach", "there is no such name"),
        ("asked number", "neither a function"),
        ("asked table --sample 2", "sample"),
    ],
)
def test_what_cannot_be_recorded_is_one_line_and_runs_nothing(shell, line, told):
    shell.user_ns.update(number=3, table={})
    done = run(shell, f"%%perflab_record {line}\nran = True")
    assert not done.success
    assert told in str(done.error_in_exec)
    assert "ran" not in shell.user_ns
