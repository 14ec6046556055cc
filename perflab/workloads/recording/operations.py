"""What is recorded or collected beside the codes of `Operation`; no trace holds one of them."""

from __future__ import annotations

ADD, REPLACE, TOUCH_WITHOUT, TOUCH_WITH, TOUCH_LONGER, TOUCH_SHORTER = range(5, 11)
"""A set of a key that is not there, or is; a touch of one without a lifetime, with one, to a
longer one, to a shorter one."""

FROM = 11
"""Does nothing: names the key whose lifetime the next row takes."""

FLUSH = 12
"""A removal of all keys."""

DROP = 13
"""A removal of a part of a value; no recording holds one."""

KEPT = -1.0
"""In place of a lifetime: what is left of the one that the entry has."""

TAKEN = -2.0
"""In place of a lifetime: what is left of that of the key in the row before."""
