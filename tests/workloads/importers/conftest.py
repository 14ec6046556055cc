from __future__ import annotations

import bz2
import gzip
import lzma

import pyarrow as pa
import pytest

PACKERS = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


@pytest.fixture(params=sorted(PACKERS))
def packer(request):
    return request.param, PACKERS[request.param]


@pytest.fixture
def keys_of():
    def read(trace):
        return [trace.key_of(key_id) for key_id in trace.ids]

    return read


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
