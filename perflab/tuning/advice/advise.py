"""`advise`: which patterns would help with a workload, or with what somebody answers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from perflab.bench.advising import Advising, Evidence, Opinion
from perflab.bench.base import AnyBench
from perflab.bench.questions import QUESTIONS, Question, read_answers
from perflab.bench.registry import bench_names, load_bench
from perflab.callbacks import Progress
from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.lab.documents import reading_words
from perflab.tuning.advice.result import Advice, Suggestion
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.tuning.advice.evidence import Read
    from perflab.workloads.kinds.workload import Workload

SYMPTOM = "symptom"
_ORDER = ("yes", "maybe", "no", "unknown")


def advising_benches() -> dict[str, tuple[AnyBench, Advising]]:
    """Return the installed benches that take part in advice, by the name of their pattern."""
    found = {}
    for name in bench_names():
        try:
            bench = load_bench(name)
        except BadInputError:  # another package's, which `doctor` lists with the reason
            continue
        if bench.advice is not None:
            found[name] = (bench, bench.advice)
    return found


def all_questions() -> tuple[Question, ...]:
    """Return what may be answered: the symptom first, shared questions, then those of benches."""
    benches = advising_benches()
    symptom = Question(key=SYMPTOM, text="What do you see?", choices=tuple(benches))
    own = [question for _, advising in benches.values() for question in advising.questions]
    return tuple({q.key: q for q in (symptom, *QUESTIONS.values(), *own)}.values())


@naming_extra("cli")
def advise(
    workload: str | os.PathLike[str] | Workload | None = None,
    answers: Mapping[str, object] | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    read_as: str | None = None,
    progress: Progress | None = None,
) -> Advice:
    """Return which patterns would help, with first settings, and the number that decides each.

    Args:
        workload: A file of requests (a log, HAR, URLs, a trace) or of data (CSV, Parquet,
            SQLite), the name of a workload, or one that is loaded; None for answers alone.
        answers: By the key of a question, such as ``{"processes": 4, "source": "database"}``;
            each counts before what the file tells.
        format: For a file of requests, as in `read_trace`.
        columns: For a file of requests, as in `read_trace`.
        read_as: ``requests`` or ``data``, where a table may be either.
        progress: Called with bytes read and bytes in all.

    Raises:
        BadInputError: If neither is given, the file cannot be read, or an answer is wrong.
    """
    from perflab.lab.environment import environment
    from perflab.tuning.advice.evidence import READINGS, read_evidence

    if read_as is not None and read_as not in READINGS:
        raise BadInputError(f"unknown reading {read_as!r}{nearest(read_as, READINGS)}", "as")
    checked = read_answers(answers or {}, all_questions())
    if workload is None and not checked:
        raise BadInputError(
            "needs a file, or answers such as source=database and rate=200", "advise"
        )
    read = read_evidence(workload, checked, format, columns, progress, read_as=read_as)
    judged = [
        (bench, _judged(name, advising, read.evidence))
        for name, (bench, advising) in advising_benches().items()
    ]
    judged.sort(key=lambda each: (_ORDER.index(each[1].verdict), -each[1].weight))
    notes: list[str] = list(read.notes)
    suggestions = [_suggestion(bench, opinion, read, notes) for bench, opinion in judged]
    return Advice(
        headline=_headline(suggestions),
        suggestions=tuple(suggestions),
        facts={
            key: value
            for key, value in read.evidence.values.items()
            if key not in checked and not isinstance(value, str)
        },
        answers=dict(checked),
        not_told=tuple(_not_told(suggestions)),
        workload=read.about,
        environment=environment(),
        notes=tuple(dict.fromkeys(notes)),
    )


def _judged(pattern: str, advising: Advising, evidence: Evidence) -> Opinion:
    """Return a bench's opinion; a symptom that is seen is worth a look where nothing else tells."""
    opinion = advising.judge(evidence)
    if opinion.verdict != "unknown" or evidence.word(SYMPTOM) != pattern:
        return opinion
    seen = f"You see it: {advising.symptom[0].lower()}{advising.symptom[1:]}."
    return Opinion(
        verdict="maybe", reason=f"{seen} {opinion.reason}", weight=1.0, missing=opinion.missing
    )


def _suggestion(bench: AnyBench, opinion: Opinion, read: Read, notes: list[str]) -> Suggestion:
    from perflab.tuning.advice.first_settings import FirstSettings, first_settings

    helps = opinion.verdict in ("yes", "maybe")
    found = first_settings(bench, opinion) if helps else FirstSettings({})
    notes += [f"{bench.identity.title}: {note}" for note in found.notes]
    advising = bench.advice
    notebook = "" if advising is None or not advising.notebook else f"{advising.notebook}.ipynb"
    return {
        "pattern": bench.identity.pattern,
        "title": bench.identity.title,
        "verdict": opinion.verdict,
        "reason": opinion.reason,
        "settings": dict(found.settings),
        "settings_reason": found.reason,
        "metrics": dict(found.metrics),
        "against": list(opinion.against) if helps else [],
        "missing": list(opinion.missing),
        "notebook": notebook if helps else "",
        "command": _command(bench, opinion, found.settings, read) if helps else "",
    }


def _command(bench: AnyBench, opinion: Opinion, settings: Mapping[str, object], read: Read) -> str:
    """Return what to run next: tuning on the workload, or else a run with the first settings.

    Tuning reads the file again, without the answers that changed what these settings rest on.
    """
    from perflab.tuning.advice.first_settings import written

    pattern, evidence, about = bench.identity.pattern, read.evidence, read.about
    workload = evidence.source if opinion.spec is None else opinion.spec
    changed = any(opinion.workload is each for each in read.changed)
    tunes = bool(workload) and opinion.spec is None and not changed
    words = ["perflab", "tune" if tunes else "run", pattern]
    if workload:
        words += ["--workload", workload]
        words += reading_words(about.get("options") or {}) if workload == evidence.source else []
    kept = opinion.settings if tunes else settings
    for key, value in kept.items():
        words += ["--set", f"{key}={written(bench, key, value)}"]
    if tunes:
        words += [word for limit in opinion.limits for word in ("--limit", limit)]
    return shlex.join(words)


def _headline(suggestions: list[Suggestion]) -> str:
    """Return the answer; where nothing helps, that stands first, with the best of the reasons."""
    yes, maybe, no, unknown = (
        [each for each in suggestions if each["verdict"] == word] for word in _ORDER
    )
    if yes:
        others = [each["title"] for each in yes[1:]]
        also = f"; also {' and '.join(others)}" if others else ""
        return f"{yes[0]['title']} would help{also}."
    if maybe:
        names = " or ".join(each["title"] for each in maybe)
        return f"No pattern would help for certain; {names} may."
    if no:
        none = "None of the patterns that could be judged" if unknown else "No pattern"
        return f"{none} would help. {no[0]['title']}: {no[0]['reason']}"
    patterns = counted(len(suggestions), "pattern")
    return f"None of the {patterns} can be judged yet: the numbers that decide are not known."


def _not_told(suggestions: list[Suggestion]) -> list[str]:
    """Return which answers would tell more, a sentence for each question."""
    wanted: dict[str, list[str]] = {}
    for each in suggestions:
        for key in each["missing"]:
            wanted.setdefault(key, []).append(each["title"])
    questions = {question.key: question for question in all_questions()}
    return [
        f"{questions[key].text} ({', '.join(titles)}; --answer {key}=...)"
        for key, titles in wanted.items()
        if key in questions
    ]
