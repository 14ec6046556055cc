"""The words that files use for operations: one table for CSV, Parquet, JSON and logs of caches.

| words | what the row does |
| --- | --- |
| get, gets, read, r, head, lookup, fetch, load, query, mget, get_lease, strlen, exists, options, 28, 88, a8 | a read |
| set, store, insert, setex, psetex, mset, hset, cas, update, overwrite, set_lease | a write of the entry |
| add, setnx, put_if_absent | the same where the key is known not to be there |
| replace | the same where the key is not known to be gone |
| append, prepend, incr, incrby, decr, decrby, increment, decrement | the same; the lifetime stays |
| touch, expire, pexpire, renew, refresh, persist | a new lifetime |
| delete, del, d, remove, unlink, evict, invalidate, purge, expired, forget | a removal |
| put, post, patch, copy, write, w, 2a, 8a, aa | a write of the data behind the cache |
| gat, gats, getex | a read, then a new lifetime |
| getdel, get_and_delete, pop | a read, then a removal |
| getset | a read, then a write of the entry |

Those in digits are the commands of SCSI; of ``REST.GET.OBJECT`` the word is GET. Upper and lower
case are one. A write of HTTP whose status is an error is none.
"""  # noqa: E501 - a table's row is a line

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from perflab.operations import Operation
from perflab.workloads.recording.operations import ADD, KEPT, REPLACE

UNKNOWN = 255
READ_CODE = int(Operation.GET)
_KEEPS, _PAIR = 64, 128
_GET, _SET, _TOUCH, _DELETE, _WRITE = (int(code) for code in Operation)

# A word's code; of two operations, the first in the upper bits of what follows `_PAIR`.
_TABLE: dict[int, str] = {
    _GET: "get gets read r head lookup fetch load query mget get_lease strlen exists options "
    "28 88 a8",
    _SET: "set store insert setex psetex mset hset cas update overwrite set_lease",
    ADD: "add setnx put_if_absent",
    REPLACE: "replace",
    _KEEPS | _SET: "append prepend incr incrby decr decrby increment decrement",
    _TOUCH: "touch expire pexpire renew refresh persist",
    _DELETE: "delete del d remove unlink evict invalidate purge expired forget",
    _WRITE: "put post patch copy write w 2a 8a aa",
    _PAIR | _TOUCH: "gat gats getex",
    _PAIR | _DELETE: "getdel get_and_delete pop",
    _PAIR | _SET: "getset",
}
WORDS: Mapping[str, int] = {word: code for code, words in _TABLE.items() for word in words.split()}
KNOWN = "get, set, add, replace, incr, touch, delete, put, post"
HTTP_REMOVALS = ("DELETE", "PURGE")
HTTP_WRITES = ("PUT", "POST", "PATCH", *HTTP_REMOVALS)


# As object stores write it: ``REST.GET.OBJECT``.
_OF_OBJECT = re.compile(r"rest\.(\w+)\.object")


def code_of(word: object) -> int:
    """Return the code of a word, `UNKNOWN` of any other value."""
    if not isinstance(word, str):
        return UNKNOWN
    plain = word.strip().lower()
    found = _OF_OBJECT.fullmatch(plain)
    return WORDS.get(found[1] if found else plain, UNKNOWN)


def codes_of(column: pa.Array) -> npt.NDArray[np.uint8]:
    """Return the codes of an Arrow column of texts; each distinct word is looked up once."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    known = [code_of(word) for word in encoded.dictionary.to_pylist()]
    table = np.array([*known, UNKNOWN], np.uint8)
    places = encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    found: npt.NDArray[np.uint8] = table[places]
    return found


def unknown_word(word: object) -> str:
    """Return what is wrong with a word that is in no row of the table."""
    if word is None or not str(word).strip():
        return "the operation is missing"
    shown = str(word).strip()[:40]
    close = difflib.get_close_matches(shown.lower(), WORDS, n=1, cutoff=0.6)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown operation {shown!r}{hint}; known are {KNOWN} and their like"


def split_pairs(
    codes: npt.NDArray[np.uint8], ttls: npt.NDArray[np.float64] | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64] | None, npt.NDArray[np.int64] | None]:
    """Return plain codes, lifetimes, and which row each is of, where a word says two operations.

    Args:
        codes: As `codes_of` gives them, none of them `UNKNOWN`.
        ttls: Seconds, NaN for none; what keeps its lifetime gets `KEPT`.
    """
    keeps = (codes & _KEEPS > 0) & (codes < _PAIR)
    if keeps.any() and ttls is not None:
        ttls = np.where(keeps & np.isnan(ttls), KEPT, ttls)
    plain = np.where(keeps, codes - _KEEPS, codes).astype(np.uint8)
    pairs = plain >= _PAIR
    if not pairs.any():
        return plain, ttls, None
    rows = np.repeat(np.arange(len(plain)), np.where(pairs, 2, 1))
    first = np.append(True, rows[1:] != rows[:-1])
    taken = plain[rows]
    both = taken >= _PAIR
    taken = np.where(both & first, _GET, np.where(both, taken - _PAIR, taken)).astype(np.uint8)
    if ttls is not None:
        ttls = np.where(both & first, np.nan, ttls[rows])
    return taken, ttls, rows
