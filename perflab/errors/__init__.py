"""The error that a user's mistake raises, and texts from outside as they may be shown."""

from perflab.errors.bad_input import BadInputError, BrokenLimitError, nearest
from perflab.errors.foreign_text import shown, shown_lines

__all__ = ["BadInputError", "BrokenLimitError", "nearest", "shown", "shown_lines"]
