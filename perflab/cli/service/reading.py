"""What the commands on a whole service read: the table [service] of a file, and a workload."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perflab.cli.inputs import prepare_kernels, read_workload
from perflab.cli.options import check_out, parse_assignments
from perflab.cli.output import tell
from perflab.cli.project import input_of_file

if TYPE_CHECKING:
    from perflab.project.project_file import ProjectFile
    from perflab.service.service import Service

SERVICE = "service"
"""What a whole service is called where a pattern could be named."""

Source = tuple[str | None, str | None, dict[str, str] | None]
"""A workload's name, its format, and how it is read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What the options of a command on a service say.

    Attributes:
        source: The workload, if they name one.
        set_: Values that overrule the file's.
        project: The file; that of this folder where not given.
        profile: One of its profiles.
        out: Where the result is kept.
        show: Whether to show progress; none for where somebody sees it.
        as_json: Whether to print JSON.
        force: Whether a file may be replaced that perflab did not write.
    """

    source: Source
    set_: Iterable[str] | None
    project: Path | None
    profile: str | None
    out: Path | None
    show: bool | None
    as_json: bool
    force: bool


def refuse_for_service(options: Mapping[str, object]) -> None:
    """Refuse options that apply to patterns alone.

    Raises:
        BadInputError: With the first that was given.
    """
    from perflab.errors import BadInputError

    for option, value in options.items():
        if value:
            raise BadInputError("applies only to patterns, not to a whole service", option)


def read_service(
    asked: Asked, check: Callable[[Service], object] | None = None
) -> tuple[Service, Any, ProjectFile]:
    """Return the service of a file with options on top, its workload, and the file.

    The workload is none where neither options nor the file name one.

    Args:
        asked: What the options say.
        check: Called with the service before its workload is read, which may take long.

    Raises:
        BadInputError: If there is no file with such a table, something in it or an option is not
            right, the workload is not, or the output cannot be written.
    """
    from perflab.bench.registry import load_bench
    from perflab.errors import BadInputError
    from perflab.project.project_file import NAME, find_project
    from perflab.service.service import Service

    file = find_project(asked.project, asked.profile)
    if file is None:
        text = f"needs a {NAME} with a table [service] in this folder, or one named by --project"
        raise BadInputError(text, SERVICE)
    service = Service.of_project(file, parse_assignments(asked.set_))
    if check is not None:
        check(service)
    told = f", profile {asked.profile}" if asked.profile else ""
    tell(f"note: read {file.path.name}{told}")
    name, format_, reading = input_of_file(file, *asked.source)
    check_out(asked.out, name, [f"={file.path}"], force=asked.force)
    first = service.entry
    bench = load_bench(first.bench)
    known = bench.identity.settings_class.model_fields
    values = {key: value for key, value in first.settings.model_dump().items() if key in known}
    loaded = read_workload(name, asked.show, format_, reading, bench, values)
    prepare_kernels(asked.show, loaded)
    return service, loaded, file
