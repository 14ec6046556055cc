"""What type checkers make of the names of `perflab` itself; checked and never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import pandas as pd

import perflab
from perflab.patterns.cache import Cache

trace = perflab.read_trace("access.log", columns={"key": "url"})
trace = perflab.read_trace("lb.log", log_format="alb", time_unit="ms")
trace = perflab.read_trace("t.txt", separator="blank", no_header=True, columns={"key": "2"})
cache: Cache[str, int] = Cache()


def workloads() -> None:
    assert_type(trace, perflab.Trace)
    assert_type(perflab.load_workload("zipf:skew=0.9,keys=1M"), perflab.Trace)
    assert_type(perflab.Trace.from_keys(["a", "b"], times=[0.0, 1.0]), perflab.Trace)
    assert_type(perflab.Trace.from_keys(["a"], backend_seconds=[0.1]), perflab.Trace)
    assert_type(perflab.describe(trace), dict[str, Any])
    perflab.write_trace(trace, Path("access.parquet"), force=True)
    perflab.write_trace("a", "b")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def advice() -> None:
    found = perflab.advise("access.log", {"processes": 4, "source": "database"})
    assert_type(found, perflab.Advice)
    assert_type(found.of("cache")["reason"], str)
    perflab.advise(answers={"rate": 200}, columns={"key": "url"}, read_as="requests")
    perflab.advise(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def what_if() -> None:
    frame = perflab.predict("cache", trace, {"policy": "lru"}, sweep={"max_cache_size": [10, 20]})
    points = perflab.predictions("cache", trace, sample=0.1)
    assert_type(points.to_frame(), pd.DataFrame)
    assert_type(frame, pd.DataFrame)
    chosen = perflab.tune("cache", trace, "max:hit_rate", ["memory_bytes<=1MiB"], live=True)
    assert_type(chosen, perflab.Recommendation)
    assert_type(chosen.settings, dict[str, Any])
    assert_type(chosen.reason, str)


def chosen() -> perflab.Recommendation:
    return perflab.tune("redis_cache")


def whole_service() -> None:
    stages = {"cache": {"max_cache_size": "10k"}, "connection_pool": {"max_connections": 8}}
    service = perflab.Service.from_mapping({"workers": 4, "request_rate": 500, **stages})
    assert_type(perflab.Service.from_toml("perflab.toml", "large"), perflab.Service)
    assert_type(service.change({"cache.max_cache_size": 10}), perflab.Service)
    found = service.predict(trace)
    assert_type(found, perflab.ServicePrediction)
    assert_type(found.row("database").metrics, dict[str, float])
    assert_type(found.to_frame(), pd.DataFrame)
    panel = perflab.workbench(service, trace)
    assert_type(panel.service, perflab.Service)
    panel.change({"workers": 8})
    service.predict(rate=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def live() -> None:
    run = perflab.run("cache", trace, seconds=10, alerts=["hit_rate<0.8 for 5s"])
    assert_type(run, perflab.Run)
    assert_type(run.metrics, dict[str, float])
    assert_type(run.to_frame(), pd.DataFrame)
    going = perflab.start("cache", settings={"max_cache_size": 10})
    assert_type(going, perflab.LiveRun)
    going.apply({"max_cache_size": 20})
    going.pause()
    going.resume()
    assert_type(going.remarks, tuple[str, ...])
    assert_type(going.overlap.seen, bool)
    assert_type(going.stop(), perflab.Run)
    perflab.compare(run, "baseline.json")
    gate = perflab.check("baseline.json", limits=["hit_rate>=0.8"], max_worse={"hit_rate": "1pt"})
    assert_type(gate, perflab.Check)
    assert_type(gate.held, bool)
    assert_type(perflab.export("best.json", "env"), str)
    edit = perflab.export(chosen(), "spring", "application.yml", at="app.pool", only=["timeout"])
    assert_type(edit.difference, str)
    edit.write()
    perflab.export("best.json", "env", at="x")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    preview = perflab.apply("best.json", "redis://cache.example:6379", only=["maxmemory"])
    assert_type(preview.changes[0].before, str)
    done = preview.set("hit_rate>=0.8 for 10s", 300, force=True)
    assert_type(done.broken, str)
    done.undo(force=True)
    perflab.apply(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    perflab.check(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(perflab.report([run, "other.json"], "report.html"), Path)
    assert_type(perflab.report(run, "pr.md", author="Ada", form="summary", keys=False), Path)
    perflab.report(run, "r.pdf", form="pdf")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    perflab.calibrate("cache", trace)
    perflab.allow_server("redis_cache", {"redis_host": "10.0.0.1"})
    perflab.workbench("cache", trace).run_or_stop()


def recorded() -> None:
    assert_type(perflab.record(cache, "recording", sample=0.1), Cache[str, int])


def settings() -> None:
    assert_type(perflab.CacheSettings(max_cache_size=10).max_cache_size, int)
    assert_type(perflab.CacheSettings().change(policy="lru"), perflab.CacheSettings)
    assert_type(perflab.LoadSettings().concurrency, int)
    raise perflab.BadInputError("is not a valid size", "max_cache_size")


def wrong() -> None:
    perflab.predict(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    perflab.run("cache", second=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    perflab.predikt  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
