"""What results hold by name, as their files have it.

A file of an older release, or of another kind of workload, may lack some of it: a key that is not
there is not known.
"""

from __future__ import annotations

from typing_extensions import TypedDict

# How a file was read stands among the columns; an option of its own says it.
_READING = ("log_format", "time_unit", "separator", "no_header")


class KeyCount(TypedDict):
    """A key and how many requests there are for it."""

    key: str
    requests: int


class Summary(TypedDict, total=False):
    """What a workload is like; the describer of its kind tells more than these.

    Attributes:
        requests: How many there are.
        operations: How many rows do what; none where all are reads.
        distinct_keys: Among them.
        one_hit_wonders: The keys that are requested once.
        requests_per_second: On average; none where nothing dates them.
        skew: The exponent of Zipf's law that fits.
        index_of_dispersion: Variance over mean of the requests in equal spans of time.
        most_requested: The keys that are requested most, those most often first.
    """

    requests: int
    operations: dict[str, int] | None
    distinct_keys: int
    one_hit_wonders: int
    requests_per_second: float | None
    skew: float | None
    index_of_dispersion: float | None
    most_requested: list[KeyCount]


class ReadingOptions(TypedDict, total=False):
    """How a workload's file was read, where its user said that.

    Attributes:
        format: Its format.
        columns: By role, the columns that were read.
    """

    format: str
    columns: dict[str, str]


def reading_words(options: ReadingOptions) -> list[str]:
    """Return how a file was read as options of a command, such as ``--format csv``."""
    words = ["--format", options["format"]] if options.get("format") else []
    columns = dict(options.get("columns") or {})
    named = [(name, columns.pop(name)) for name in _READING if name in columns]
    if columns:
        words += ["--columns", ",".join(f"{role}={name}" for role, name in columns.items())]
    for name, text in named:
        words += [f"--{name.replace('_', '-')}", *([text] if name != "no_header" else [])]
    return words


class AboutWorkload(TypedDict, total=False):
    """A workload of a result, with what is needed to make it again.

    Attributes:
        name: Its name.
        source: The file, or the name with parameters.
        options: How it was read, such as its format.
        fingerprint: Of its content.
        summary: What it is like.
        notes: What was left out or guessed.
    """

    name: str
    source: str
    options: ReadingOptions
    fingerprint: str
    summary: Summary
    notes: list[str]


class UrlCount(TypedDict, total=False):
    """What became of a run's requests to a URL.

    Attributes:
        url: As it may be shown: without user and query.
        requests: How many were done, those of the warm-up included.
        failures: How many failed, by kind.
        latency_seconds_p50: Of those that were answered or timed out; None without any.
        latency_seconds_p95: Likewise.
    """

    url: str
    requests: int
    failures: dict[str, int]
    latency_seconds_p50: float | None
    latency_seconds_p95: float | None


class Change(TypedDict, total=False):
    """A change of settings during a run, or an action of its bench.

    Attributes:
        seconds: Of the run at which it was in force.
        request: The first that it holds for; None for an action.
        settings: Those from then on; none for an action.
        action: The action's name, where it is one.
    """

    seconds: float
    request: int | None
    settings: dict[str, object]
    action: str


class AlertReport(TypedDict, total=False):
    """An alert of a run.

    Attributes:
        alert: Its text, such as ``hit_rate<0.8 for 5s``.
        metric: What it watches.
        fired: Whether it has fired.
        seconds: When; None where it has not.
        value: The metric's then; None where it has not.
        watched: How long it was watched, where it has not; a file of an older release lacks it.
        held: How long its condition had held when the run ended, where it did.
    """

    alert: str
    metric: str
    fired: bool
    seconds: float | None
    value: float | None
    watched: float
    held: float
