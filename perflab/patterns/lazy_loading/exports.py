"""The loader's settings ready to paste: perflab, other readers, block caches, and Kailash."""

from __future__ import annotations

from pathlib import PurePath

from perflab.bench.exporting import arguments, comments, heading, literal, threads
from perflab.bench.parts import Export
from perflab.patterns.lazy_loading.readers import reader_exports
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.patterns.lazy_loading.sources import stored_row_bytes
from perflab.settings import LoadSettings

PERFLAB = """\
{heading}
{remarks}\
import os

from perflab.patterns.lazy_loading import LazyLoader, LazyLoadingSettings

rows = LazyLoader(
    LazyLoadingSettings(
        data_source=os.environ.get("STORE", {store}),
{arguments}
    )
)


if __name__ == "__main__":
    print(f"{{len(rows):,}} rows; the last: {{rows[-1]}}")
    print(rows.stats())
    rows.close()
"""

KAILASH = '''\
{heading}
{remarks}\
import os

from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.lazy_loading import LazyLoader, LazyLoadingSettings

# It stands outside the node's function, so that chunks are kept from one execution to the next.
rows = LazyLoader(
    LazyLoadingSettings(
        data_source=os.environ.get("STORE", {store}),
{arguments}
    )
)


def lookup(index: int) -> dict:
    """Return a row, loading its chunk where it is not in memory."""
    return {{"row": rows[index]}}


node = PythonCodeNode.from_function(lookup, name="lookup")
builder = WorkflowBuilder()
builder.add_node_instance(node, "lookup")
workflow = builder.build()


def run(index: int) -> object:
    """Execute the workflow for one row."""
    with LocalRuntime() as runtime:
        results, _ = runtime.execute(workflow, parameters={{"lookup": {{"index": index}}}})
    return results["lookup"]["result"]["row"]


if __name__ == "__main__":
    print(run(0))
    print(rows.stats())
    rows.close()
'''

_KINDS = {
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".npy": "npy",
}


def lazy_loading_exports(
    settings: LazyLoadingSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings as complete programs; ``STORE`` in the environment names the store.

    Folders are left out: a report may be sent to others.
    """
    first = heading(workload, threads(load))
    kind, file, source = _named(settings.data_source)
    values = {
        "heading": first,
        "remarks": comments(
            ["Set STORE to its path."] if kind and source != settings.data_source else []
        ),
        "store": literal(source),
        "arguments": arguments(
            settings, always=("chunk_size", "max_chunks"), never=("data_source",)
        ),
    }
    others = reader_exports(settings, first, kind, file, stored_row_bytes(settings.data_source))
    return (
        Export("perflab", "python", PERFLAB.format(**values)),
        *others,
        Export("Kailash workflow", "python", KAILASH.format(**values)),
    )


def _named(source: str) -> tuple[str, str, str]:
    """Return a source's kind, the name of its file, and its name without folders."""
    name, _, form = source.partition(":")
    if name == "flights":
        kind = form or "sqlite"
        return kind, f"flights.{kind}", source
    file, _, table = source.rpartition(":")
    if PurePath(file).suffix.lower() in _KINDS:
        name = PurePath(file).name
        return _KINDS[PurePath(file).suffix.lower()], name, f"{name}:{table}"
    name = PurePath(source).name
    return _KINDS.get(PurePath(source).suffix.lower(), ""), name, name
