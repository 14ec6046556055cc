from __future__ import annotations

import contextlib
import pickle

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.primitives.mapped_array import mapped_array, mapped_column

HEAD = b"\x93NUMPY\x01\x00v\x00"


def head(text):
    return HEAD + text.encode().ljust(117) + b"\n" + bytes(80)


HOSTILE = {
    "nothing": b"",
    "a text": b"hello",
    "a pickle": pickle.dumps([1]),
    "a zip": b"PK\x03\x04" + bytes(100),
    "a type that is not closed": head("{'descr': ('<f8', 'fortran_order': False, 'shape': (3,)}"),
    "a shape that is not closed": head("{'descr': '<f8', 'fortran_order': False, 'shape': (3,"),
    "more than there is": head("{'descr': '<f8', 'fortran_order': False, 'shape': (999,)}"),
    "more than 64 bits": head("{'descr': '<f8', 'fortran_order': False, 'shape': (2**70,)}"),
    "a huge shape": head(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**62},)}}"),
    "a negative shape": head("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}"),
    "objects": head("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}"),
    "a call": head("{'descr': print(5), 'fortran_order': False, 'shape': (3,)}"),
    "brackets": head("(" * 110),
    "not Latin": HEAD + b"\xff" * 118 + bytes(80),
    "an unknown version": b"\x93NUMPY\x09\x00v\x00" + bytes(200),
    "a type of nothing": head("{'descr': '|V0', 'fortran_order': False, 'shape': (3,)}"),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_one_clear_error(content, tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        mapped_column(path, [np.float64])
    assert caught.value.place == str(path)
    with contextlib.suppress(BadInputError), LazyLoader(data_source=str(path)) as rows:
        list(rows)


def test_an_array_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    array = mapped_array(tmp_path / "x.npy")
    assert array.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert isinstance(array.base, np.memmap) or isinstance(array, np.memmap)


def test_only_the_types_and_length_that_are_named_are_taken(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3, dtype=np.int32))
    path = tmp_path / "x.npy"
    assert mapped_column(path, [np.int64, np.int32], 3).tolist() == [0, 1, 2]
    for dtypes, length in (([np.int64], 3), ([np.int32], 4)):
        with pytest.raises(BadInputError, match="is damaged"):
            mapped_column(path, dtypes, length)
    with pytest.raises(BadInputError, match="not a regular file"):
        mapped_array(tmp_path)
