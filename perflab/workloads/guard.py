"""What nobody foresaw in a file of somebody else's, as the one error that users get."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from perflab.callbacks import Progress
from perflab.errors import BadInputError


class Watched:
    """A progress callback; what it raises is its owner's, and passes through.

    Args:
        progress: The callback.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.raised: BaseException | None = None

    def __call__(self, done: int, total: int) -> None:
        """Call it."""
        try:
            self._progress(done, total)
        except BaseException as error:
            self.raised = error
            raise


@contextmanager
def bad_input_only(
    place: str, what: str, progress: Progress | None = None
) -> Iterator[Progress | None]:
    """Turn what a reader's libraries raise into a `BadInputError`, which keeps it as its cause.

    Errors that are foreseen are raised where they occur, with the line; this is the net below.

    Args:
        place: The file.
        what: What it was read as, such as ``a trace``.
        progress: A callback that is called while the file is read.

    Yields:
        The callback to call instead.
    """
    watched = None if progress is None else Watched(progress)
    try:
        yield watched
    except BadInputError:
        raise
    except MemoryError as error:
        raise BadInputError("does not fit into memory; cut a part out of it", place) from error
    except Exception as error:
        if watched is not None and watched.raised is not None:
            raise
        said = (str(error).splitlines() or [""])[0][:200]
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise BadInputError(f"cannot be read as {what} ({reason})", place) from error
