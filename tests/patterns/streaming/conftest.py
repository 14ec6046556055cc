"""What the tests of streaming share: a run, and what came out of it."""

import csv
import io
import json

import pytest

from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming.settings import StreamingSettings


@pytest.fixture(scope="session")
def stream():
    """Run a file through and return how it stood at the end."""

    def run(source, output, engine="polars", chunk_size=100, **more):
        own = {key: more.pop(key) for key in ("row", "frame", "hook") if key in more}
        if not isinstance(more.get("schema", ""), str):
            own["schema"] = more.pop("schema")
        values = {"max_rejected_share": 1.0, "chunk_size": chunk_size, "engine": engine, **more}
        settings = StreamingSettings(input_file=str(source), output_file=str(output), **values)
        return StreamProcessor(settings, **own).run()

    return run


@pytest.fixture(scope="session")
def rows_of():
    """Return the rows of an output, whatever its format."""

    def read(path):
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path).to_pylist()
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]

    return read


@pytest.fixture(scope="session")
def rejected_of():
    """Return line and reason of each rejected row."""

    def read(path):
        listed = path.with_name(path.name + ".rejected.csv")
        if not listed.exists():
            return []
        rows = list(csv.reader(io.StringIO(listed.read_text(encoding="utf-8"), newline="")))
        assert rows[0] == ["line", "reason", "record"]
        return [(int(line), reason) for line, reason, _ in rows[1:]]

    return read


@pytest.fixture
def empty(tmp_path):
    """Say what is in a test's folder besides what it put there."""
    return lambda *known: sorted({path.name for path in tmp_path.iterdir()} - set(known))
