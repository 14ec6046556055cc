"""The old place of `load_bench` and `bench_names`, which are in ``perflab.bench`` now."""

from perflab.lazily import names_of

__all__ = []

__getattr__, __dir__ = names_of(
    __name__, {}, old={"bench_names": "perflab.bench", "load_bench": "perflab.bench"}
)
