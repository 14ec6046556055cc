"""`Given`: what a command works with, and who said each part of it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping

from perflab.bench.base import AnyBench
from perflab.bench.registry import bench_names, load_bench
from perflab.errors import BadInputError, nearest
from perflab.project.project_file import NAME, ProjectFile
from perflab.settings import LoadSettings

PREFIX = "PERFLAB_SET_"
"""What the name of a variable begins with that gives a setting, as ``PERFLAB_SET_TTL_SECONDS``."""
OPTION = "--set"


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """Settings from all places, each overruling those behind it.

    The order is: option, environment, profile, file. What none of them gives is the default.

    Attributes:
        bench: Whose settings.
        settings: By key, not checked yet as a whole.
        sources: By key, where it was given: ``--set``, the variable's name, or the file's.
        remarks: What a user should know of it, such as which file was read.
        file: The file that counts; none where there is none or it is of another pattern.
    """

    bench: AnyBench
    settings: dict[str, object]
    sources: dict[str, str]
    remarks: tuple[str, ...] = ()
    file: ProjectFile | None = None

    def from_file(self, key: str) -> bool:
        """Say whether a setting stands in a file: data, which agrees to nothing."""
        return self.file is not None and self.sources.get(key, "").startswith(self.file.path.name)


def given_for(
    pattern: str | None,
    options: Mapping[str, object],
    file: ProjectFile | None = None,
    environment: Mapping[str, str] | None = None,
) -> Given:
    """Return what holds for a pattern.

    Args:
        pattern: Its name; none for the file's.
        options: The settings of the command line.
        file: The `perflab.toml`, if there is one.
        environment: Variables; those of the process where not given.

    Raises:
        BadInputError: If no pattern is named, or a setting is unknown or out of bounds.
    """
    name = pattern or (file.section.bench if file is not None else None)
    if name is None:
        known = ", ".join(bench_names())
        told = f"needs a pattern, or bench = ... in {NAME}; there are: {known}"
        raise BadInputError(told, "PATTERN")
    bench = load_bench(name)
    remarks: list[str] = []
    counts = file is not None and file.section.bench in (None, name)
    if file is not None and not counts:
        remarks.append(f"{file.path} is for {file.section.bench}, so it was left out")
        file = None
    settings: dict[str, object] = {}
    sources: dict[str, str] = {}
    if file is not None:
        _check_file(bench, file)
        settings.update(file.settings)
        sources.update({key: file.named(key) for key in settings})
    spoken = os.environ if environment is None else environment
    for key, variable, value in _variables(bench, spoken, remarks):
        settings[key], sources[key] = value, variable
    settings.update(options)
    sources.update(dict.fromkeys(options, OPTION))
    bench.read(settings)
    if told := _words(sources, file):
        remarks.insert(0, told)
    return Given(bench, settings, sources, tuple(remarks), file)


def _check_file(bench: AnyBench, file: ProjectFile) -> None:
    """Refuse what the file alone gets wrong, with its name.

    Raises:
        BadInputError: With the key.
    """
    try:
        bench.read(file.settings)
    except BadInputError as error:
        raise BadInputError(str(error), str(file.path)) from None


def _variables(
    bench: AnyBench, environment: Mapping[str, str], remarks: list[str]
) -> Iterable[tuple[str, str, str]]:
    """Give key, variable and value of each setting in the environment.

    Raises:
        BadInputError: If no pattern has such a setting, or the value is wrong.
    """
    of_bench = {**LoadSettings.infos(), **bench.identity.settings_class.infos()}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        key, value = variable.removeprefix(PREFIX).lower(), environment[variable]
        if key in of_bench:
            try:
                bench.read({key: value})
            except BadInputError as error:
                raise BadInputError(error.message, variable) from None
            yield key, variable, value
        elif key in _all_keys():
            remarks.append(f"{variable} was left out: {bench.identity.pattern} has no such setting")
        else:
            text = f"no pattern has such a setting{nearest(key, of_bench)}"
            raise BadInputError(text, variable)


def _all_keys() -> set[str]:
    """Return the settings of all patterns that can be loaded."""
    found: set[str] = set()
    for name in bench_names():
        try:
            found |= {*load_bench(name).identity.settings_class.infos()}
        except BadInputError:
            continue
    return found


def _words(sources: Mapping[str, str], file: ProjectFile | None) -> str:
    """Return in a line which settings are not from the command line, and where from."""
    by_place: dict[str, list[str]] = {}
    for key, place in sources.items():
        if place != OPTION:
            by_place.setdefault(place, []).append(key)
    if file is None and not by_place:
        return ""
    parts = [f"{', '.join(keys)} from {place}" for place, keys in by_place.items()]
    if file is not None and not any(place.startswith(file.path.name) for place in by_place):
        parts.insert(0, f"read {file.named('')}")
    return "; ".join(parts)
