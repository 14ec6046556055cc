"""The prefetcher's settings ready to paste: perflab, asyncio, PyTorch's DataLoader, Kailash."""

from __future__ import annotations

from perflab.bench.exporting import arguments, heading, number
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import printable, render
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

_ALWAYS = ("buffer_size", "batch_size", "workers", "retries", "timeout")
_OF_THE_BENCH = ("consume_seconds",)
_SOME = 10_000


def prefetching_exports(
    settings: PrefetchingSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings for four programs that fetch ahead."""
    first = heading(workload, f"from {printable(load.backend_name)}")
    ours = {
        "remarks": [first],
        "arguments": arguments(settings, always=_ALWAYS, never=_OF_THE_BENCH),
    }
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **ours)),
        Export("perflab for asyncio", "python", render(__package__, "asyncio.py.jinja", **ours)),
        Export("PyTorch DataLoader", "python", _data_loader(settings, first)),
        Export("Kailash node", "python", render(__package__, "kailash.py.jinja", **ours)),
    )


def prefetching_configurations(settings: PrefetchingSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as variables of an environment, without the places of files."""
    found = variables("prefetching", settings, _ALWAYS, _OF_THE_BENCH)
    return platform_exports(found, [heading(workload)], "prefetching")


def _data_loader(settings: PrefetchingSettings, first: str) -> str:
    batch = min(settings.batch_size, settings.buffer_size)
    factor = max(1, round(settings.buffer_size / (batch * settings.workers)))
    remarks = [
        "A worker of the DataLoader is a process, and prefetch_factor counts batches per worker:",
        f"{settings.workers} x {factor} x {batch} items stand for {settings.buffer_size} ahead.",
        "It does not try again what failed, so __getitems__ has to.",
    ]
    if settings.max_bytes is not None:
        remarks.append("It has no bound in bytes.")
    return render(
        __package__,
        "dataloader.py.jinja",
        remarks=[first, *remarks],
        count=settings.process_count or _SOME,
        batch=batch,
        workers=settings.workers,
        factor=factor,
        timeout=number(settings.timeout or 0),
    )
