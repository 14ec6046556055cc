"""Texts from outside as they may be shown: no control characters, no secrets, not too long."""

from __future__ import annotations

from perflab.errors.addresses import without_secrets

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CUT = " ... "
_BYTES = range(0xDC80, 0xDD00)
"""Where Python puts the bytes of a file's name that are not text."""


def shown(text: object) -> str:
    """Return a text on one line, with an escape for each character that is not printable.

    Names of files, keys and columns come from outside: an escape sequence in one would reach the
    terminal, a line feed would begin a line of its own, and a control of writing direction would
    let a reader see another name. Printable texts stay as they are, in any language.
    """
    known = str(text)
    if known.isprintable():
        return known
    return "".join(each if each.isprintable() else _escaped(each) for each in known)


def shown_lines(text: object) -> str:
    """Return a text of several lines of our own, each as `shown` writes it."""
    return "\n".join(shown(line) for line in str(text).split("\n"))


def cut(text: str, most: int | None) -> str:
    """Return the beginning and end of a text, at most so many characters; all of it for none."""
    if most is None or len(text) <= most:
        return text
    half = (most - len(_CUT)) // 2
    return f"{text[:half]}{_CUT}{text[-half:]}"


def _escaped(character: str) -> str:
    code = ord(character)
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


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
