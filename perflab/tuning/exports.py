"""What can be made of a result's settings: all exports of its bench, and values for a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from perflab.bench import AnyBench, Export, load_bench
from perflab.bench.parts import Scalar
from perflab.errors import BadInputError, nearest
from perflab.files.edits import KeyPath, parse_path
from perflab.lab.result import Result
from perflab.lab.run import Run
from perflab.settings import LoadSettings, SettingValues
from perflab.tuning.comparison import read_result
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation


@dataclasses.dataclass(frozen=True, slots=True)
class Shipped:
    """The settings of a result, checked.

    Attributes:
        bench: Whose they are.
        settings: Of the pattern.
        load: Of the load.
        workload: The name of the workload that they were chosen for.
        warning: What a reader must know before they are used; empty where nothing is.
    """

    bench: AnyBench
    settings: object
    load: LoadSettings
    workload: str
    warning: str = ""

    @property
    def exports(self) -> tuple[Export, ...]:
        """Everything that the settings can be made into: programs, then configurations."""
        made = (self.settings, self.load, self.workload)
        return (*self.bench.exports(*made), *self.bench.configurations(*made))

    def export(self, name: str) -> Export:
        """Return the export of a format.

        Raises:
            BadInputError: If the pattern has no such format; it lists those there are.
        """
        found = self.exports
        for each in found:
            if name.casefold() in (each.name.casefold(), each.title.casefold()):
                return each
        pattern = self.bench.identity.pattern
        names = ", ".join(each.name for each in found)
        close = nearest(name.casefold(), [each.name for each in found])
        hint = f"{close} " if close.startswith("; did you mean") else "; "
        raise BadInputError(f"{pattern} has no format {name!r}{hint}it has {names}", "--as")


def shipped(source: Result | str | Path) -> Shipped:
    """Return the settings of a result, or of the file that it was kept in.

    Of a run they are those in force at its end.

    Raises:
        BadInputError: If it is not a result, has settings of several points, or has settings that
            no implementation has.
    """
    result = read_result(source)
    bench = load_bench(result.pattern)
    settings, load = bench.read(_settings_of(result, str(source)))
    bench.live.check(settings, load)
    warning = ""
    if isinstance(result, Recommendation) and result.unreached:
        warning = f"{result.unreached}; these settings come nearest"
    workload = str(result.workload.get("name", ""))
    return Shipped(bench, settings, load, workload, warning)


def _settings_of(result: Run | Predictions | Recommendation, place: str) -> SettingValues:
    if not isinstance(result, Predictions):
        return result.settings
    if len(result.points) != 1:
        raise BadInputError(
            f"holds {len(result.points)} points, and only one can be used: predict with --set and "
            "without --sweep, or take what 'perflab tune' recommends",
            place,
        )
    return result.points[0]["settings"]


def changes_for(
    export: Export, at: Iterable[str] = (), only: Iterable[str] = ()
) -> dict[KeyPath, Scalar]:
    """Return the values of an export by the paths at which a file has them.

    Args:
        export: With values.
        at: Where the file has all of them, if not where such files usually do; or ``KEY=PATH``
            where one is, for each that is to be replaced.
        only: The keys to replace; all where none is named.

    Raises:
        BadInputError: If the export has no values, a key is unknown, or a text is not a path.
    """
    if not export.values:
        raise BadInputError(
            f"{export.title} is a text as a whole and not values of a file; write it with --out",
            "--into",
        )
    given = [text.partition("=") for text in at]
    roots = [path for path, sign, _ in given if not sign]
    named = {key.strip(): path.strip() for key, sign, path in given if sign}
    if len(roots) > 1 or (roots and named):
        raise BadInputError("give one path for all values, or KEY=PATH for each", "--at")
    values = _chosen(export, (*only, *named))
    if named:
        return {parse_path(named[key]): value for key, value in values.items() if key in named}
    root = parse_path(roots[0] if roots else export.root)
    return {(*root, *_steps(key)): value for key, value in values.items()}


def _steps(key: str) -> KeyPath:
    return tuple(key.split("."))


def _chosen(export: Export, keys: Iterable[str]) -> Mapping[str, Scalar]:
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in export.values:
            known = ", ".join(export.values)
            raise BadInputError(f"{export.title} has no {key!r}; it has {known}", "--only")
    return {key: export.values[key] for key in wanted or export.values}
