"""The directive ``settings``: a pattern's settings as a table, from where they are declared."""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from perflab.bench.registry import load_bench
from perflab.service.settings import ServiceSettings
from perflab.settings import LoadSettings, Settings


class SettingsTable(SphinxDirective):
    """Renders the table of a pattern's name, of ``load`` or of ``service``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, object]] = {}  # type: ignore[assignment]

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        name = self.arguments[0]
        shared: dict[str, type[Settings]] = {"load": LoadSettings, "service": ServiceSettings}
        settings = shared.get(name) or load_bench(name).identity.settings_class
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 22 14 64", ""]
        lines += _row("setting", "default", "meaning")
        for info in settings.infos().values():
            unit = f" {info.unit}" if info.unit and info.default is not None else ""
            lines += _row(f"``{info.key}``", f"{info.format(info.default)}{unit}", info.meaning)
        parsed = nodes.container()
        self.state.nested_parse(StringList(lines, "settings"), 0, parsed)
        return parsed.children


def _row(*cells: str) -> list[str]:
    first, *others = (cell or "\\ " for cell in cells)
    return [f"   * - {first}", *(f"     - {cell}" for cell in others)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("settings", SettingsTable)
    return {"parallel_read_safe": True}
