"""`Advising`: what a bench says of whether its pattern would help somebody, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from perflab.bench.questions import Answer, Question
from perflab.units import in_words, percent

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals
    from perflab.workloads.kinds.trace import Trace

VerdictWord = Literal["yes", "maybe", "no", "unknown"]

LITTLE = 0.1
"""Below this share a saving is not worth a pattern."""
MUCH = 0.3
"""From this share on it is."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of somebody's situation, from a file and from answers.

    Attributes:
        values: Numbers and words by the key of a question, and further numbers of the file;
            an answer counts before what the file tells.
        answered: The keys that were answered.
        source: The file or the name of the workload, as commands take it; empty without one.
        trace: Its requests by key, if it has keys.
        arrivals: When its requests come, with durations where they are known.
        table: The file, where it holds rows of data, not requests.
        workload: What the source names where that is of another kind, such as a pattern's own.
    """

    values: Mapping[str, Answer] = dataclasses.field(default_factory=dict)
    answered: frozenset[str] = frozenset()
    source: str = ""
    trace: Trace | None = None
    arrivals: Arrivals | None = None
    table: Path | None = None
    workload: Any = None

    def number(self, key: str) -> float | None:
        """Return a number, if it is known."""
        value = self.values.get(key)
        return None if value is None or isinstance(value, str) else float(value)

    def of_memory(self, size: float, memory: float) -> str:
        """Return a size and its share of the memory in words, and whose memory that is."""
        machine = "" if "memory" in self.answered else " of this machine"
        of = f"the {in_words(memory, 'bytes')} of memory{machine}"
        return f"{in_words(size, 'bytes')}, {percent(size / memory)} of {of}"

    def word(self, key: str) -> str:
        """Return a word; empty where it is not known."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a bench says of its pattern, given some evidence.

    Attributes:
        verdict: Whether it would help: ``yes``, ``maybe``, ``no``, or ``unknown`` where the
            evidence does not tell.
        reason: One sentence with the number that decides.
        weight: How much it would help, 0 to 1, against other patterns of the same verdict.
        against: What speaks against it, a sentence each.
        missing: The questions whose answers would decide, or change the settings.
        settings: First settings that follow from the evidence alone.
        workload: What the pattern's model looks for the tuned setting on; None for no search.
        assumption: What `workload` assumes where it was made from answers, as a part of a sentence.
        choices: Values of further settings that are tried with it, by key.
        limits: What first settings must keep, such as ``memory_bytes<=1GiB``.
        spec: The workload as a command takes it, where that is not the file itself; empty where
            it takes none.
    """

    verdict: VerdictWord
    reason: str
    weight: float = 0.0
    against: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)
    workload: Any = None
    assumption: str = ""
    choices: Mapping[str, Sequence[object]] = dataclasses.field(default_factory=dict)
    limits: tuple[str, ...] = ()
    spec: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Advising:
    """How a bench takes part in advice.

    Attributes:
        symptom: What somebody sees who needs the pattern, as a sentence without its stop.
        judge: Returns what the bench says of its pattern, given the evidence; it is quick.
        notebook: The notebook to open, without its suffix.
        questions: What it asks besides the shared questions.
    """

    symptom: str
    judge: Callable[[Evidence], Opinion]
    notebook: str = ""
    questions: tuple[Question, ...] = ()


def all_write(evidence: Evidence) -> bool:
    """Return whether all requests change or remove data, so that a cache answers none."""
    return (evidence.number("writes") or 0.0) >= _ALL


ALL_WRITE = "All requests change or remove data, so no cache answers any."
_ALL = 0.9995


def too_few(repeats: float) -> str:
    """Return that no cache helps where hardly a request repeats, as a sentence."""
    if repeats <= 0:
        return "No request asks for something requested before, so no cache answers any."
    said = f"Only {percent(repeats)} of the requests ask for something requested before"
    return f"{said}, and no cache answers more than that."


def degree(share: float) -> VerdictWord:
    """Return whether a share that is saved is worth a pattern."""
    return "yes" if share >= MUCH else "maybe" if share >= LITTLE else "no"
