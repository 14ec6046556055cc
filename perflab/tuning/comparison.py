"""`Comparison`: two results side by side, with what is better and what is worse."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NotRequired

from typing_extensions import TypedDict

from perflab.bench import AnyBench, load_bench
from perflab.errors import BadInputError, shown
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.outcome import all_settings
from perflab.lab.result import Result, read_json
from perflab.lab.run import Run
from perflab.tuning.noise import LEAST_SECONDS, band_between, has_band
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.shape import check_shape
from perflab.units import counted, percent

if TYPE_CHECKING:
    import pandas as pd

Judgement = Literal["better", "worse", "same", "different", "within noise"]
KINDS: dict[str, type[Result]] = {kind.kind: kind for kind in (Run, Predictions, Recommendation)}


class MetricRow(TypedDict):
    """A metric of two results.

    `difference` is b - a; by up to `noise` it may be chance, where that is known.
    """

    metric: str
    a: float
    b: float
    difference: float
    judgement: Judgement
    noise: NotRequired[float]


class SettingRow(TypedDict):
    """A setting that differs between two results."""

    key: str
    a: object
    b: object


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison(Result):
    """Two results of one pattern, metric by metric.

    Attributes:
        pattern: The pattern's name.
        a: What the first result is, in words.
        b: What the second result is, in words.
        metrics: ``metric``, ``a``, ``b``, ``difference`` (b - a) and ``judgement`` of each metric
            that both have.
        settings: ``key``, ``a`` and ``b`` of each setting that differs.
        notes: What a reader must know, such as that the workloads differ.
    """

    kind: ClassVar[str] = "comparison"
    made_by: ClassVar[str] = "perflab compare A.json B.json"

    pattern: str
    a: str
    b: str
    metrics: tuple[MetricRow, ...]
    settings: tuple[SettingRow, ...] = ()
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row a metric: ``a``, ``b``, ``difference`` and ``judgement``."""
        import pandas as pd

        columns = ["metric", "a", "b", "difference", "judgement"]
        return pd.DataFrame(list(self.metrics), columns=columns).set_index("metric")

    def to_text(self) -> str:
        """Return the comparison as a table for a terminal."""
        bench = load_bench(self.pattern)
        rows = [("metric", "A", "B", "B - A", "")]
        for row in self.metrics:
            info = metric(row["metric"])
            change = info.difference(row["a"], row["b"])
            told: str = row["judgement"]
            if row.get("noise"):
                told = f"{told} ({info.format_band(row['noise'])})"
            rows.append((info.label, info.format(row["a"]), info.format(row["b"]), change, told))
        lines = [f"A: {shown(self.a)}", f"B: {shown(self.b)}", "", *aligned(rows)]
        if self.settings:
            infos = [bench.info(row["key"]) for row in self.settings]
            rows = [("setting", "A", "B", "", "")]
            rows += [
                (row["key"], info.title(row["a"]), info.title(row["b"]), "", "")
                for row, info in zip(self.settings, infos, strict=True)
            ]
            lines += ["", *aligned(rows)]
        else:
            lines += ["", "The settings are the same."]
        return "\n".join([*lines, *(f"Note: {shown(note)}" for note in self.notes)])


@naming_extra("cli")
def compare(a: Result | str | Path, b: Result | str | Path) -> Comparison:
    """Compare two results: runs, predictions of one point, recommendations, or their files.

    Raises:
        BadInputError: If they are of unlike patterns, or one is a sweep of several points.
    """
    first, second = read_result(a), read_result(b)
    if first.pattern != second.pattern:
        raise BadInputError(
            f"one is of {first.pattern}, the other of {second.pattern}; compare results of one"
            " pattern"
        )
    bench = load_bench(first.pattern)
    a_settings, a_metrics = _at_one_point(bench, first, a)
    b_settings, b_metrics = _at_one_point(bench, second, b)
    keys = dict.fromkeys((*a_settings, *b_settings))
    return Comparison(
        pattern=first.pattern,
        a=describe(first),
        b=describe(second),
        metrics=tuple(
            _row(info, a_metrics[name], b_metrics[name], _noise(bench, info, first, second))
            for name, info in bench.known_metrics().items()
            if a_metrics.get(name) is not None and b_metrics.get(name) is not None
        ),
        settings=tuple(
            {"key": key, "a": a_settings.get(key), "b": b_settings.get(key)}
            for key in keys
            if a_settings.get(key) != b_settings.get(key)
        ),
        notes=_notes(bench, first, second),
    )


OF_SERVICES = "service "
"""What the kind of a result begins with that is about a whole service."""


def read_result(source: Result | str | Path) -> Run | Predictions | Recommendation:
    """Return a result as it is, or read it from the file that it was kept in.

    Raises:
        BadInputError: If the file is missing or holds no result of a run, sweep or tuning.
    """
    if isinstance(source, (Run, Predictions, Recommendation)):
        return source
    if not isinstance(source, (str, Path)):
        raise BadInputError(f"{type(source).__name__} is not a result; give one or its file")
    return result_of(read_json(source), str(source))


def result_of(values: dict[str, object], place: str) -> Run | Predictions | Recommendation:
    """Return the result that the content of a file is; a pipe can be read only once.

    Raises:
        BadInputError: If it is no result of a run, sweep or tuning.
    """
    kind = KINDS.get(str(values.get("kind")))
    if kind is None:
        if str(values.get("kind")).startswith(OF_SERVICES):
            text = f"is a {values['kind']}: this command takes results of one pattern"
            raise BadInputError(text, place)
        commands = ", ".join(f"'{known.made_by}'" for known in KINDS.values())
        raise BadInputError(f"is not a result of perflab; make one with {commands}", place)
    check_shape(values, place)
    result = kind.from_dict(values, place)
    if not isinstance(result, (Run, Predictions, Recommendation)):  # pragma: no cover
        raise TypeError(kind)
    return result


def describe(result: Run | Predictions | Recommendation) -> str:
    """Return in words what a result is, with its workload and date."""
    words = {Run: "measured", Predictions: "predicted", Recommendation: "recommended"}
    date = str(result.environment.get("date", ""))[:16].replace("T", " ")
    return ", ".join(
        part for part in (words[type(result)], str(result.workload.get("name", "")), date) if part
    )


def judge(info: MetricInfo, before: float, after: float, noise: float | None = None) -> Judgement:
    """Say whether a metric got better; values that are written alike are the same.

    Args:
        info: The metric.
        before: Its value before.
        after: Its value now.
        noise: By how much they may differ by chance; none where that is unknown.
    """
    if before == after or info.format(before) == info.format(after):
        return "same"
    if noise is not None and abs(after - before) <= noise:
        return "within noise"
    if info.better == "neither":
        return "different"
    return "better" if (after > before) == (info.better == "higher") else "worse"


def _row(info: MetricInfo, a: float, b: float, noise: float | None) -> MetricRow:
    row: MetricRow = {
        "metric": info.name,
        "a": a,
        "b": b,
        "difference": b - a,
        "judgement": judge(info, a, b, noise),
    }
    if noise is not None:
        row["noise"] = noise
    return row


def _noise(
    bench: AnyBench,
    info: MetricInfo,
    a: Run | Predictions | Recommendation,
    b: Run | Predictions | Recommendation,
) -> float | None:
    """Return by how much two values may differ by chance; none where that is not known.

    What is predicted from all keys has none; from a sample, the metric that counts has a band.
    """
    if isinstance(a, Run) and isinstance(b, Run):
        return band_between(info, a, b)
    if info.name != bench.tuning.objective.metric:
        return None
    return math.hypot(*(_sampled(each)[1] for each in (a, b))) or None


def _sampled(result: Run | Predictions | Recommendation) -> tuple[float, float]:
    """Return the share of the keys that a result of one point is from, and half its band."""
    if not isinstance(result, Predictions):
        return 1.0, 0.0
    (point,) = result.points
    return point.get("sampled") or 1.0, point.get("error") or 0.0


def _at_one_point(
    bench: AnyBench, result: Run | Predictions | Recommendation, source: Result | str | Path
) -> tuple[dict[str, object], dict[str, float]]:
    if isinstance(result, Run):
        return all_settings(bench, result.settings), result.since_change or result.metrics
    if isinstance(result, Recommendation):
        return all_settings(bench, result.settings), result.metrics
    if len(result.points) != 1:
        place = str(source) if isinstance(source, (str, Path)) else "predictions"
        holds = f"holds {counted(len(result.points), 'point')}"
        raise BadInputError(f"{holds}; compare takes one, so predict without sweep", place)
    return all_settings(bench, result.points[0]["settings"]), result.points[0]["metrics"]


def _notes(
    bench: AnyBench, a: Run | Predictions | Recommendation, b: Run | Predictions | Recommendation
) -> tuple[str, ...]:
    notes = []
    if a.workload.get("fingerprint") != b.workload.get("fingerprint"):
        notes.append("the workloads differ, so a part of the difference is theirs")
    if {**a.environment, "date": ""} != {**b.environment, "date": ""}:
        notes.append("machine or versions differ; see 'environment' in the files")
    for result in (a, b):
        share, error = _sampled(result)
        if isinstance(result, Run) and not has_band(result):
            notes.append(brief_note(result))
        elif share < 1:
            known = metric(bench.tuning.objective.metric).plain
            but = f"; a band is known for {known} alone" if error else ""
            notes.append(
                f"{describe(result)}: from {percent(share)} of the keys, so a small difference "
                f"may be the sample's{but}"
            )
    return tuple(dict.fromkeys(notes))


def brief_note(run: Run) -> str:
    """Return what to know of a run that `has_band` says no of."""
    return (
        f"{describe(run)}: fewer than {LEAST_SECONDS} s were measured since the last change of "
        "settings, so a small difference may be chance"
    )


def aligned(texts: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines: the first and a fifth column are words, all others numbers."""
    rows = [tuple(shown(cell) for cell in row) for row in texts]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 or (i == 4 and len(widths) == 5) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
