"""What a server said, as it may be shown: one line, no control characters, no secrets, not long."""

from __future__ import annotations

from perflab.errors.addresses import without_secrets

_MOST = 200


def foreign_text(said: object, most: int = _MOST) -> str:
    r"""Return a text that is not ours so that it may stand in a message, a panel or a report.

    Escape codes, line feeds, marks that turn the direction of writing, and halves of surrogate
    pairs are written out (``\x1b``), or they would act on the terminal that shows them.

    Args:
        said: An exception, or what a server calls itself.
        most: The longest text that is returned.
    """
    text = " ".join(str(said)[: 10 * most].split())
    text = without_secrets(text)
    text = "".join(letter if letter.isprintable() else _written_out(letter) for letter in text)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _written_out(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
