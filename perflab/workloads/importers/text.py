"""Text with one key a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.importers.lines import line_arrays
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.encoding import KeyEncoder, integers_if_all
from perflab.workloads.kinds.numbering import first_appearance
from perflab.workloads.kinds.trace import Trace


def read_text(source: Source) -> Trace:
    """Read a key from each line; blank lines are skipped and counted.

    Raises:
        BadInputError: If there is no key, or the file is not UTF-8 text.
    """
    encoder = KeyEncoder(source.place)
    for lines in line_arrays(source):
        encoder.add(lines.view(pa.string()))
    ids, words = encoder.finish()
    words = pc.utf8_rtrim(words, characters="\n")
    blank = np.flatnonzero(pc.equal(pc.utf8_trim_whitespace(words), "").to_numpy(False))
    notes: tuple[str, ...] = ()
    if len(blank):
        total = len(ids)
        ids, words = _without(ids, words, blank)
        notes = (f"{grouped(total - len(ids))} of {counted(total, 'line')} skipped: blank",)
    if len(ids) == 0:
        raise BadInputError("has only blank lines; a trace needs at least one key", source.place)
    keys = integers_if_all(words)
    return Trace(source.stem, ids, len(keys), keys=keys, notes=notes)


def _without(ids: npt.NDArray[np.int32], words: Any, blank: npt.NDArray[Any]) -> tuple[Any, Any]:
    ids = ids[~np.isin(ids, blank)]
    if len(ids) == 0:
        return ids, words
    ids, order = first_appearance(ids, len(words))
    return ids, words.take(pa.array(order))
