"""Whether going through a file by chunks would help."""

from __future__ import annotations

from pathlib import Path

from perflab.bench.advising import Advising, Evidence, Opinion
from perflab.units import in_words

_FITS = 0.25
"""Up to this share of the memory, all of a file can be read at once: rows take more than text."""
_PACKED = (".gz", ".xz", ".zst")
_TEXTS = (".csv", ".tsv", ".txt")


def _judge(evidence: Evidence) -> Opinion:
    size, memory = evidence.number("data_bytes"), evidence.number("memory")
    reading = evidence.word("reading")
    if size is None:
        return Opinion(
            verdict="unknown",
            reason="The size of the file against the memory decides, and it is not known.",
            missing=("data_bytes", "reading"),
        )
    if evidence.table is not None and not _is_text(evidence.table):
        kind = f"The file has {in_words(size, 'bytes')} and is not a CSV"
        return Opinion(verdict="no", reason=f"{kind}, the only format that is streamed.")
    if reading == "parts":
        text = f"Parts of the {in_words(size, 'bytes')} are read, not the whole."
        return Opinion(verdict="no", reason=text)
    if memory is None:
        return Opinion(
            verdict="unknown",
            reason=f"{in_words(size, 'bytes')} of data; the memory there is decides.",
            missing=("memory",),
        )
    share = size / memory
    of = f"The file has {evidence.of_memory(size, memory)}"
    if share <= _FITS:
        return Opinion(
            verdict="no", reason=f"{of}: read it at once, unless rows are bad.", weight=share
        )
    return Opinion(
        verdict="yes" if reading else "maybe",
        reason=f"{of}: by chunks, it takes the memory of one chunk.",
        weight=min(1.0, share) if reading else 0.5 * min(1.0, share),
        against=("It goes through the rows once, in order: no sorting and no joins.",),
        missing=() if reading else ("reading",),
    )


def _is_text(path: Path) -> bool:
    name = path.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    return name.endswith(_TEXTS)


ADVICE = Advising(
    symptom="A file is too large to read at once, and has bad rows",
    judge=_judge,
    notebook="06_streaming",
)
