"""Keys to dense ids: whole numbers and texts, whole or as they come in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.workloads.kinds.numbering import Keys, first_appearance

Ids = npt.NDArray[np.int32]
# The ids of a block, in parts, and the key of each.
Block = tuple[list[Ids], pa.Array]
NO_REQUESTS = "there are no requests; a trace needs at least one"
BLOCK_ROWS = 1 << 21
THREADS = 2
# Loading numba costs as much as it saves on this many keys.
NUMBA_PAYS_FROM = 4_000_000


class KeyEncoder:
    """Numbers keys by first appearance while they come in blocks.

    Blocks of texts are encoded by themselves, on threads while the next are read, and their
    dictionaries merged at the end: memory grows with the ids and the distinct keys, not with the
    text of all requests.

    Args:
        place: Where the keys come from, for errors.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._waiting: list[pa.Array] = []
        self._waiting_rows = 0
        self._pool: ThreadPoolExecutor | None = None
        self._blocks: list[Future[Block]] = []
        self._foreign: dict[tuple[int, int], tuple[pa.Array, pa.Array]] = {}

    def add(self, keys: pa.Array) -> None:
        """Take the next Arrow array of keys: integers, texts or a dictionary of texts; no nulls.

        Raises:
            BadInputError: If a whole number does not fit into 64 bits.
        """
        if pa.types.is_integer(keys.type):
            self._numbers.append(as_int64(keys, self._place))
        elif pa.types.is_dictionary(keys.type):
            self._encode_waiting()
            self._add_dictionary(keys)
        else:
            self._waiting.append(keys)
            self._waiting_rows += len(keys)
            if self._waiting_rows >= BLOCK_ROWS:
                self._encode_waiting()

    def finish(self) -> tuple[Ids, Keys]:
        """Return the ids of all keys that came, and the key of each id.

        Raises:
            BadInputError: If no key came.
        """
        self._encode_waiting()
        if any(len(part) for part in self._numbers):
            return encode_integers(np.concatenate(self._numbers))
        if not self._blocks:
            raise BadInputError(NO_REQUESTS, self._place)
        ids, words = _merge([block.result() for block in self._blocks])
        if self._pool is not None:
            self._pool.shutdown()
        if not self._foreign:
            return ids, words
        # A dictionary that came from outside may hold unused keys, in any order.
        ids, order = first_appearance(ids, len(words))
        return ids, words.take(pa.array(order))

    def _encode_waiting(self) -> None:
        if not self._waiting_rows:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS)
        if len(self._blocks) >= THREADS:
            # So that reading does not run ahead and fill the memory with texts.
            self._blocks[-THREADS].result()
        self._blocks.append(self._pool.submit(_encode, self._waiting))
        self._waiting = []
        self._waiting_rows = 0

    def _add_dictionary(self, keys: pa.DictionaryArray) -> None:
        if len(keys) == 0:
            return
        words = keys.dictionary
        # The batches of one file share a dictionary; keeping it keeps its address its own.
        place = (words.buffers()[1].address, words.offset)
        if place not in self._foreign:
            self._foreign[place] = (words, words.cast(pa.large_string()))
        block: Future[Block] = Future()
        block.set_result(([keys.indices.cast(pa.int32()).to_numpy()], self._foreign[place][1]))
        self._blocks.append(block)


def _encode(chunks: list[pa.Array]) -> Block:
    encoded = pa.chunked_array(chunks).dictionary_encode()
    words = encoded.chunk(0).dictionary.cast(pa.large_string())
    return [chunk.indices.to_numpy() for chunk in encoded.chunks], words


def _merge(blocks: list[Block]) -> tuple[Ids, pa.Array]:
    distinct = {id(words): words for _, words in blocks}
    lengths = [0, *(len(words) for words in distinct.values())]
    starts = dict(zip(distinct, np.cumsum(lengths).tolist(), strict=False))
    merged = pa.concat_arrays(distinct.values()).dictionary_encode()
    renamed = merged.indices.to_numpy()
    parts = [(part, words) for block, words in blocks for part in block]
    ids = np.empty(sum(len(part) for part, _ in parts), np.int32)
    done = 0
    for part, words in parts:
        start = starts[id(words)]
        np.take(renamed[start : start + len(words)], part, out=ids[done : done + len(part)])
        done += len(part)
    return ids, merged.dictionary


def encode_integers(keys: npt.NDArray[np.int64]) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Return dense ids by first appearance, and the key of each id."""
    if len(keys) >= NUMBA_PAYS_FROM:
        from perflab.kernels.ids import dense_ids  # loads numba

        return dense_ids(keys)
    encoded = pa.array(keys).dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_numpy()


def encode_keys(keys: Iterable[object]) -> tuple[Ids, Keys]:
    """Return dense ids by first appearance, and the key of each id, for any array or list.

    Raises:
        BadInputError: If there is no key, or one is missing or neither whole number nor text.
    """
    if isinstance(keys, (str, bytes)):
        raise BadInputError("is one text; give a list of keys, one per request", "keys")
    array = _as_arrow(keys)
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    encoder = KeyEncoder("keys")
    start = 0
    for chunk in chunks:
        if chunk.null_count:
            row = start + int(np.argmax(chunk.is_null().to_numpy(zero_copy_only=False)))
            raise BadInputError("the key is missing", f"keys[{row}]")
        encoder.add(as_keys(chunk, "keys"))
        start += len(chunk)
    return encoder.finish()


def as_keys(array: pa.Array, place: str) -> pa.Array:
    """Return an Arrow array as integers, texts or a dictionary of texts.

    Raises:
        BadInputError: If its type cannot be a key.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        if is_text(kind.value_type):
            return array
        return as_keys(array.dictionary_decode(), place)
    if pa.types.is_integer(kind) or is_text(kind):
        return array
    try:
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return array.cast(pa.large_string())
        if pa.types.is_string_view(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return array.cast(pa.string())
    except pa.ArrowInvalid as error:
        raise BadInputError(f"the keys are not texts ({error})", place) from None
    raise BadInputError(f"keys are whole numbers or texts, not {kind}", place)


def is_text(kind: pa.DataType) -> bool:
    """Say whether an Arrow type is one of texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def as_int64(array: pa.Array, place: str) -> npt.NDArray[np.int64]:
    """Return an Arrow array of integers as int64.

    Raises:
        BadInputError: If one does not fit.
    """
    try:
        return np.asarray(array.cast(pa.int64()).to_numpy())
    except pa.ArrowInvalid:
        raise BadInputError("a key is above 2^63 - 1; give such keys as texts", place) from None


def integers_if_all(keys: Keys) -> Keys:
    """Return texts as int64 when each is a whole number in its plain form; else as they are."""
    if isinstance(keys, np.ndarray):
        return keys
    try:
        numbers = keys.cast(pa.int64())
    except pa.ArrowInvalid:
        return keys
    plain = pc.all(pc.equal(numbers.cast(keys.type), keys)).as_py()
    return numbers.to_numpy() if plain else keys


def _as_arrow(keys: Iterable[object]) -> pa.Array | pa.ChunkedArray:
    if not isinstance(keys, Sized):
        keys = list(keys)
    if len(keys) == 0:
        raise BadInputError(NO_REQUESTS, "keys")
    if isinstance(keys, np.ndarray):
        keys = keys.astype(keys.dtype.newbyteorder("="), copy=False)
    try:
        return keys if isinstance(keys, pa.Array | pa.ChunkedArray) else pa.array(keys)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
    ) as error:
        text = f"keys are all whole numbers or all texts ({str(error).splitlines()[0]})"
        raise BadInputError(text, _first_odd(keys)) from None


def _first_odd(keys: Iterable[object]) -> str:
    first = type(next(iter(keys)))
    for row, key in enumerate(keys):
        too_big = isinstance(key, int) and not -(2**63) <= key < 2**63
        if type(key) is not first or too_big:
            return f"keys[{row}]"
    return "keys"
