"""`shown`: a text from outside as it may be printed, whatever it holds."""

from __future__ import annotations

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
