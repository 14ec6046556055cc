"""`Pasting`: the settings of a whole service and of each of its stages, ready to paste."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

import ipywidgets as widgets
import tomlkit

from perflab.bench.registry import load_bench
from perflab.panels.copying import to_copy
from perflab.project.project_file import NAME
from perflab.service import Service
from perflab.service.layout import SCENARIOS_TABLE
from perflab.settings import SettingInfo, Settings
from perflab.units import counted
from perflab.workloads import Workload

_UNITS = ("seconds", "bytes")


class Pasting:
    """Shows the texts of the newest settings, made once they are seen."""

    def __init__(self) -> None:
        self.widget = widgets.HTML()
        self.widget.add_class("perflab-pasting")
        self._newest: tuple[Service, Workload] | None = None
        self._made: tuple[Service, Workload] | None = None
        self._awake = False

    def show(self, service: Service, workload: Workload) -> None:
        """Show other settings."""
        self._newest = service, workload
        self._make()

    def wake(self, *, awake: bool) -> None:
        """Make texts only while they are seen."""
        self._awake = awake
        self._make()

    def _make(self) -> None:
        newest = self._newest
        if newest is None or not self._awake or newest == self._made:
            return
        self._made = newest
        self.widget.value = "".join(map(_group, texts_of(*newest)))


def texts_of(service: Service, workload: Workload) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what the texts are of, and these by title: of the service its file, of a stage all."""
    yield "Service", {NAME: toml_of(service, workload.source)}
    for stage in service.stages:
        bench = load_bench(stage.bench)
        told = (stage.settings, bench.read({})[1], workload.name)
        found = (*bench.exports(*told), *bench.configurations(*told))
        yield bench.identity.title, {export.title: export.text for export in found}


def _group(group: tuple[str, Mapping[str, str]]) -> str:
    of, texts = group
    inner = "".join(to_copy(f"{of}: {title}", text) for title, text in texts.items())
    if len(texts) == 1:
        return inner
    number = counted(len(texts), "text")
    return (
        f"<details><summary>{html.escape(of)} <span class='perflab-unit'>{number}</span></summary>"
        f"<div class='perflab-pasted'>{inner}</div></details>"
    )


def toml_of(service: Service, workload: str | None) -> str:
    """Return the table ``[service]`` of a file, with all values that are not the usual ones.

    Args:
        service: The service.
        workload: The name or path of a workload; none for none.
    """
    made = tomlkit.document()
    if workload:
        made.add("workload", workload)
    table = _table(service.settings)
    for stage in service.stages:
        table.add(stage.bench, _table(stage.settings))
    if service.scenarios:
        table.add(SCENARIOS_TABLE, dict(service.scenarios))
    made.add("service", table)
    return tomlkit.dumps(made)


def _table(settings: Settings) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, info in settings.infos().items():
        value = getattr(settings, key)
        if value != info.default:
            table.add(key, _written(info, value))
    return table


def _written(info: SettingInfo, value: object) -> object:
    """Return a value as a file has it: with its unit where that loses nothing."""
    if value is None:
        return "none"
    if isinstance(value, (bool, str)) or info.unit not in _UNITS:
        return info.shown(value)
    text = info.format(value)
    return text if info.parse(text) == value else value
