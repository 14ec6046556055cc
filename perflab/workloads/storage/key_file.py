"""The original keys of a saved trace, as an Arrow file of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from perflab.errors import BadInputError
from perflab.units import counted, grouped

KEY_FILE_TYPE = pa.large_string()


def open_texts(path: Path, count: int) -> Any:
    """Map a file of so many texts into memory and return them as an Arrow array.

    Every offset is checked, as a wrong one would read where there is nothing.

    Raises:
        BadInputError: If it is damaged, or holds anything else.
    """
    if not path.is_file():  # a pipe would hold the program up for ever
        raise BadInputError("is damaged or cut off (there is no such regular file)", str(path))
    try:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            if file.schema.types != [KEY_FILE_TYPE] or file.num_record_batches != 1:
                raise BadInputError("is damaged: not one column of texts", str(path))
            batch = file.get_batch(0)
            batch.validate(full=True)
            keys = batch.column(0)
    except (pa.ArrowException, OSError, ValueError, IndexError) as error:
        if isinstance(error, BadInputError):
            raise
        reason = (str(error).splitlines() or ["not an Arrow file"])[0]
        raise BadInputError(f"is damaged or cut off ({reason[:80]})", str(path)) from None
    if len(keys) != count or keys.null_count:
        held = counted(len(keys) - keys.null_count, "key")
        text = f"is damaged: {held} where there should be {grouped(count)}"
        raise BadInputError(text, str(path))
    return keys
