"""The prefetcher's settings ready to paste: perflab, asyncio, PyTorch's DataLoader, Kailash."""

from __future__ import annotations

from perflab.bench.exporting import arguments, comments, heading
from perflab.bench.parts import Export
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

PERFLAB = '''\
{heading}
from perflab.patterns.prefetching import Prefetcher, PrefetchingSettings

SETTINGS = PrefetchingSettings(
{arguments}
)


def fetch(start: int, stop: int) -> list:
    """Return the items of a range, fewer at the end; put your own query here."""
    return list(range(start, min(stop, 1_000)))


def work(item) -> None:
    """Work on one item; put your own here."""


if __name__ == "__main__":
    with Prefetcher(fetch, SETTINGS) as items:
        for item in items:
            work(item)
    print(items.stats())
'''

ASYNCIO = '''\
{heading}
import asyncio

from perflab.patterns.prefetching import AsyncPrefetcher, PrefetchingSettings

SETTINGS = PrefetchingSettings(
{arguments}
)


async def fetch(start: int, stop: int) -> list:
    """Return the items of a range, fewer at the end; await your own client here."""
    return list(range(start, min(stop, 1_000)))


async def work(item) -> None:
    """Work on one item; put your own here."""


async def main() -> None:
    """Go through all items."""
    async with AsyncPrefetcher(fetch, SETTINGS) as items:
        async for item in items:
            await work(item)
    print(items.stats())


if __name__ == "__main__":
    asyncio.run(main())
'''

DATALOADER = '''\
{heading}
{remarks}\
from torch.utils.data import DataLoader, Dataset


class Items(Dataset):
    """Items by their number; a whole batch is requested at once, by __getitems__."""

    def __len__(self):
        return {count}

    def __getitem__(self, index):
        return self.__getitems__([index])[0]

    def __getitems__(self, indices):
        """Return the items of some numbers; put your own query here."""
        return [float(index) for index in indices]


def keep(items):
    """Leave a batch as it is; by default torch makes tensors of it."""
    return items


loader = DataLoader(
    Items(),
    batch_size={batch},
    shuffle=False,
    num_workers={workers},
    prefetch_factor={factor},
    timeout={timeout},
    collate_fn=keep,
)


if __name__ == "__main__":
    print(sum(len(batch) for batch in loader))
'''

KAILASH = '''\
{heading}
from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.prefetching import Prefetcher, PrefetchingSettings

SETTINGS = PrefetchingSettings(
{arguments}
)


def fetch(start: int, stop: int) -> list:
    """Return the items of a range, fewer at the end; put your own query here."""
    return list(range(start, min(stop, 1_000)))


def process(most: int) -> dict:
    """Go through at most so many items, the next ones being fetched meanwhile."""
    with Prefetcher(fetch, SETTINGS.change(process_count=most)) as items:
        total = sum(items)
    stats = items.stats()
    return {{"total": total, "items": stats["items"], "stalled": stats["stall_seconds_total"]}}


node = PythonCodeNode.from_function(process, name="process")
builder = WorkflowBuilder()
builder.add_node_instance(node, "process")
workflow = builder.build()


def run(most: int) -> dict:
    """Run the workflow and return what it found."""
    with LocalRuntime() as runtime:
        results, _ = runtime.execute(workflow, parameters={{"process": {{"most": most}}}})
    return results["process"]["result"]


if __name__ == "__main__":
    print(run(500))
'''

_ALWAYS = ("buffer_size", "batch_size", "workers", "retries", "timeout")
_OF_THE_BENCH = ("consume_seconds",)
_SOME = 10_000


def prefetching_exports(
    settings: PrefetchingSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings for four programs that fetch ahead."""
    source = "".join(letter if letter.isprintable() else "?" for letter in load.backend_name)
    first = heading(workload, f"from {source}")
    ours = arguments(settings, always=_ALWAYS, never=_OF_THE_BENCH).replace("        ", "    ")
    return (
        Export("perflab", "python", PERFLAB.format(heading=first, arguments=ours)),
        Export("perflab for asyncio", "python", ASYNCIO.format(heading=first, arguments=ours)),
        Export("PyTorch DataLoader", "python", _data_loader(settings, first)),
        Export("Kailash node", "python", KAILASH.format(heading=first, arguments=ours)),
    )


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
    timeout = settings.timeout or 0
    return DATALOADER.format(
        heading=first,
        remarks=comments(remarks),
        count=settings.process_count or _SOME,
        batch=batch,
        workers=settings.workers,
        factor=factor,
        timeout=int(timeout) if timeout == int(timeout) else timeout,
    )
