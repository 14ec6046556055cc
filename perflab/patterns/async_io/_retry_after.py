"""`retry_after`: how long a server asks to be left alone."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

_SECONDS = re.compile("[0-9]{1,20}")
_MOST = 10_000 * 366 * 86_400
"""Seconds of all years that a date can name; a larger number is a mistake of the server."""
_LONGEST = 100


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After: a number, or a date (RFC 9110, section 10.2.3).

    What is neither counts as not sent: a sign, a fraction, digits that are not ASCII, a number
    beyond 10,000 years. A date that has passed is 0 s.
    """
    if value is None or len(value) > _LONGEST or not value.isascii():
        return None
    text = value.strip(" \t")
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return seconds if seconds <= _MOST else None
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, LookupError, AttributeError):
        return None
