"""Whether loading a table by chunks would help."""

from __future__ import annotations

from perflab.bench.advising import Advising, Evidence, Opinion, VerdictWord
from perflab.units import in_words

_FITS = 0.25
"""Up to this share of the memory, all of a file can be loaded: its values take more than it."""
_SUFFIXES = (".sqlite", ".sqlite3", ".db", ".parquet", ".pq", ".csv", ".npy")


def _judge(evidence: Evidence) -> Opinion:
    size, memory = evidence.number("data_bytes"), evidence.number("memory")
    reading = evidence.word("reading")
    if size is None:
        return Opinion(
            verdict="unknown",
            reason="The size of the data against the memory decides, and it is not known.",
            missing=("data_bytes", "reading"),
        )
    table = evidence.table
    if table is not None and table.suffix.lower() not in _SUFFIXES:
        kind = table.suffix.lower() or "without a suffix"
        return Opinion(
            verdict="no", reason=f"A file {kind} of {in_words(size, 'bytes')} is none it can open."
        )
    if reading == "whole":
        text = f"All {in_words(size, 'bytes')} are read from end to end, so no chunk is used twice."
        return Opinion(verdict="no", reason=text)
    if memory is None:
        return Opinion(
            verdict="unknown",
            reason=f"{in_words(size, 'bytes')} of data; the memory there is decides.",
            missing=("memory",),
        )
    share = size / memory
    of = f"The data has {evidence.of_memory(size, memory)}"
    if share <= _FITS:
        return Opinion(verdict="no", reason=f"{of}: load all of it at once.")
    verdict: VerdictWord = "yes" if reading == "parts" else "maybe"
    return Opinion(
        verdict=verdict,
        reason=f"{of}: loaded by chunks, it takes only the memory of those that are held.",
        weight=min(1.0, share) if reading else 0.5 * min(1.0, share),
        against=("Rows read in no order at all load a whole chunk for each.",),
        missing=() if reading else ("reading",),
        settings=_settings(evidence, memory),
        spec="",
    )


def _settings(evidence: Evidence, memory: float) -> dict[str, object]:
    found: dict[str, object] = {"max_bytes": int(memory * _FITS)}
    if evidence.table is not None:
        found["data_source"] = str(evidence.table)
    return found


ADVICE = Advising(
    symptom="A table is larger than memory, and its rows are read here and there",
    judge=_judge,
    notebook="03_lazy_loading",
)
