"""Where a report's results come from: results at hand, their files, and reports as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from perflab.bench import load_bench
from perflab.errors import BadInputError, shown
from perflab.lab.result import FORMAT_VERSION, Result, read_json
from perflab.reports.privacy import printable
from perflab.reports.report_scope import AnyResult
from perflab.reports.service.kinds import SERVICE_KINDS, ServiceResult
from perflab.tuning.comparison import KINDS, read_result, result_of
from perflab.tuning.shape import check_shape

KIND = "report"
AnyReported = AnyResult | ServiceResult
"""What a report can be made of."""

Source = Result | str | Path


def checked_results(source: Source) -> Sequence[AnyReported]:
    """Return the results of a file, of a report that is one, or the result itself.

    Raises:
        BadInputError: If there is none, it cannot be read, or its pattern or settings are not
            known here.
    """
    results, place = [], ""
    if isinstance(source, (str, Path)):
        place = str(source)
        values = read_json(source)
        is_report = values.get("kind") == KIND
        results += results_of_report(values, place) if is_report else [_result_of(values, place)]
    else:
        results.append(source if isinstance(source, ServiceResult) else read_result(source))
    for result in results:
        if isinstance(result, ServiceResult):
            continue
        try:
            bench = load_bench(result.pattern)
            for field in ("before", "settings"):
                bench.read(getattr(result, field, {}))
        except BadInputError as error:
            if not place:
                raise
            raise BadInputError(str(error), place) from None
    return results


def results_of_report(values: Mapping[str, object], place: str) -> list[AnyReported]:
    """Return the results that a report as JSON carries.

    Raises:
        BadInputError: If it carries none, one is damaged, or a newer perflab wrote it.
    """
    version = values.get("format", 0)
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BadInputError("was written by a newer perflab; update this one", place)
    found = values.get("results")
    if not isinstance(found, list) or not found:
        raise BadInputError("is a report without results", place)
    return [again(each, place) for each in found]


def again(found: object, place: str = "result") -> AnyReported:
    """Return the result that plain values are, its texts as they can be shown.

    Raises:
        BadInputError: If they are no result, or a damaged one.
    """
    named = str(found.get("kind")) if isinstance(found, dict) else ""
    kind = KINDS.get(named)
    if not isinstance(found, dict) or (kind is None and named not in SERVICE_KINDS):
        raise BadInputError("is not a result of perflab", place)
    values = {shown(key): printable(value) for key, value in found.items()}
    if kind is None:
        return SERVICE_KINDS[named].from_dict(values, place)
    check_shape(values, place)
    return read_result(kind.from_dict(values, place))


def _result_of(values: dict[str, object], place: str) -> AnyReported:
    """Return the result that the content of a file is.

    Raises:
        BadInputError: If it is none.
    """
    kind = SERVICE_KINDS.get(str(values.get("kind")))
    return result_of(values, place) if kind is None else kind.from_dict(values, place)
