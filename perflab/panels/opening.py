"""`workbench`: the panel of a pattern, by the pattern's name, or of a whole service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import overload

from perflab.errors.extras import naming_extra

with naming_extra("lab"):
    from perflab.bench import load_bench
    from perflab.lab.result import read_json
    from perflab.panels.service import ServicePanel
    from perflab.panels.service.session import SavedService
    from perflab.panels.session.document import SavedSession
    from perflab.panels.workbench import Workbench
    from perflab.service import Service


@overload
def workbench(
    pattern: Service,
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    *,
    session: str | os.PathLike[str] | None = None,
) -> ServicePanel: ...


@overload
def workbench(
    pattern: str = "cache",
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    *,
    session: None = None,
) -> Workbench: ...


@overload
def workbench(
    pattern: str = "cache",
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    *,
    session: str | os.PathLike[str],
) -> Workbench | ServicePanel: ...


@naming_extra("lab")
def workbench(
    pattern: str | Service = "cache",
    workload: object = None,
    settings: Mapping[str, object] | None = None,
    *,
    session: str | os.PathLike[str] | None = None,
) -> Workbench | ServicePanel:
    """Return the panel of a pattern or of a service; as a cell's last line it is shown.

    Args:
        pattern: A pattern's name, or a `Service`.
        workload: A name with parameters, a file's path, or one that is read, such as a `Trace`;
            none for the bench's own, of a service for that of its first stage.
        settings: Keys of the pattern and of the load, over the panel's defaults; of a service as
            `Service.change` takes them.
        session: A file that `save` of a panel wrote, or that a panel kept by itself; its pattern
            or service counts, and its workload where none is given.

    Raises:
        BadInputError: If there is no such pattern, a setting is unknown or out of bounds, or the
            session cannot be read, or is that of a pattern and given with a service.
    """
    if isinstance(pattern, Service):
        if session is not None:
            return _reopened(SavedService.read(os.fspath(session)), workload, settings)
        return ServicePanel(pattern.change(settings or {}), workload)
    if session is not None:
        if read_json(os.fspath(session)).get("kind") == SavedService.kind:
            return _reopened(SavedService.read(os.fspath(session)), workload, settings)
        saved = SavedSession.read(os.fspath(session))
        return Workbench(load_bench(saved.pattern), workload, settings, session=saved)
    return Workbench(load_bench(pattern), workload, settings)


def _reopened(
    saved: SavedService, workload: object, settings: Mapping[str, object] | None
) -> ServicePanel:
    """Return the panel of a service as its session says it; settings hold where it is reset."""
    return ServicePanel(saved.service.change(settings or {}), workload, saved)
