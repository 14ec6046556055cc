"""The currency of prices and costs: one setting, `PERFLAB_CURRENCY`, read where money is shown.

It is a code such as ``EUR``, which stands behind a number, or a sign such as ``$``, which stands
before it. Without it numbers of money have no sign, since perflab computes with prices as they are
given and converts nothing.
"""

from __future__ import annotations

import os

VARIABLE = "PERFLAB_CURRENCY"
MOST_LETTERS = 8


def currency() -> str:
    """Return the currency's code or sign as it is shown, or an empty text.

    What is no part of one, such as digits, blanks and control characters, is left out, and so is
    what is beyond `MOST_LETTERS`.
    """
    text = os.environ.get(VARIABLE, "")
    kept = (each for each in text if each.isprintable() and not (each.isspace() or each.isdigit()))
    return "".join(kept)[:MOST_LETTERS]


def priced(number: str) -> str:
    """Return a number of money with its currency: ``4.2 EUR``, ``$4.2``, ``−$4.2``.

    Args:
        number: As it is written without one.
    """
    sign = currency()
    if not sign or not any(each.isdigit() for each in number):
        return number
    if any(each.isalpha() for each in sign):
        return f"{number} {sign}"
    minus, size = ("", number) if number[0].isdigit() else (number[0], number[1:])
    return f"{minus}{sign}{size}"
