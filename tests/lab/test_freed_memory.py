from __future__ import annotations

import sys

import psutil
import pytest

from perflab.lab.freed_memory import give_back

_BLOCKS, _BYTES = 4000, 60_000


def _used() -> int:
    return psutil.Process().memory_info().rss


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what was freed")
def test_memory_between_what_is_kept_goes_back_to_the_system():
    before = _used()
    blocks = [bytearray(b"x" * _BYTES) for _ in range(_BLOCKS)]
    kept = blocks[::50]
    del blocks
    freed = _used()
    give_back()
    assert freed - before > _BLOCKS * _BYTES / 2
    assert _used() - before < _BLOCKS * _BYTES / 10
    assert len(kept) == _BLOCKS / 50
