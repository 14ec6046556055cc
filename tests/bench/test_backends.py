"""Which backends a bench takes."""

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError


@pytest.mark.parametrize("backend", ["postgres", "files", "http"])
def test_a_backend_of_other_benches_is_refused_with_those_that_are_taken(backend):
    with pytest.raises(BadInputError) as caught:
        load_bench("cache").read({"backend": backend})
    assert str(caught.value) == (
        f"backend: cache does not take {backend!r}; allowed: sqlite, delay, module:function"
    )


@pytest.mark.parametrize("backend", ["sqlite", "delay", "json:loads"])
def test_its_own_backends_and_functions_are_taken(backend):
    assert load_bench("cache").read({"backend": backend})[1].backend == backend


@pytest.mark.parametrize("name", ["cache", "prefetching"])
def test_what_is_known_of_the_setting_are_the_benchs_own(name):
    bench = load_bench(name)
    assert bench.info("backend").bounds == f"{', '.join(bench.live.backends)} or module:function"
