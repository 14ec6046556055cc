"""`PointerLayer`: what lies over a picture in a page: cross hair, read-out, dots that move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import anywidget
import traitlets
from matplotlib.figure import Figure

from perflab.charts.notation import script
from perflab.charts.picture import Plot, Spot, picture_of
from perflab.charts.themes import Theme
from perflab.panels.controls import written
from perflab.panels.pointer.steering import Steering
from perflab.settings import SettingInfo, Settings

_HERE = Path(__file__).parent
_AXES: tuple[Literal["x", "y"], ...] = ("x", "y")
_PARTS = ("places.js", "shapes.js", "readout.js", "drawing.js", "layer.js")
_SCRIPT = "\n".join([script(), *((_HERE / part).read_text(encoding="utf-8") for part in _PARTS)])


class Charted(Protocol):
    """A chart that can say what is drawn."""

    def plot(self) -> Plot:
        """Return it as a page reads it."""


class PointerLayer(anywidget.AnyWidget):
    """Has the numbers of a picture in the page, and what the page does to them.

    A page that cannot load it shows the picture alone, and `ready` stays false.

    Attributes:
        picture: `perflab.charts.picture.Picture`, its spots apart; empty until there is one.
        spots: Those that the layer draws and reads, a list for each plot.
        present: By setting, the value that the dot of the present settings stands at, and how it
            is written.
        handles: By setting that a dot can move, its stops.
        idle: The settings among them that cannot be moved now.
        wanted: What the page wants set, its number, and what it wants reset.
        refused: The number of the last that was refused.
        ready: Whether a page shows the layer.
        hovered: Whether the pointer is over it.
    """

    _esm = traitlets.Unicode(_SCRIPT).tag(sync=True)
    _css = traitlets.Unicode((_HERE / "layer.css").read_text(encoding="utf-8")).tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    spots: Any = traitlets.List().tag(sync=True)
    present = traitlets.Dict().tag(sync=True)
    handles = traitlets.Dict().tag(sync=True)
    idle: Any = traitlets.List().tag(sync=True)
    wanted = traitlets.Dict().tag(sync=True)
    refused = traitlets.Int(0).tag(sync=True)
    ready = traitlets.Bool(default_value=False).tag(sync=True)
    hovered = traitlets.Bool(default_value=False).tag(sync=True)

    def show(
        self,
        figure: Figure,
        charts: Sequence[Charted],
        theme: Theme,
        now: Settings | None = None,
        steering: Steering | None = None,
    ) -> None:
        """Send the numbers of a figure; what the page has already is not sent again.

        Args:
            figure: As it is drawn.
            charts: Its axes, in order.
            theme: In whose colours it is shown.
            now: The settings that the dot of the present stands for, if there is one.
            steering: What may move it.
        """
        plots = [chart.plot() for chart in charts]
        spots: list[list[Spot]] = [plot["spots"] for plot in plots]
        bare: list[Plot] = [{**theme.plot(plot), "spots": []} for plot in plots]
        keys = [plot[axis]["key"] for plot in plots for axis in _AXES]
        keys += [plot["lines"] for plot in plots if plot["lines"]]
        with self.hold_sync():
            if steering is not None:
                handles = steering.handles(keys)
                if handles.keys() != self.handles.keys():
                    self.handles = handles
                self.idle = steering.idle(keys)
                self.present = {} if now is None else _present(steering, now, keys)
            self.picture = {**picture_of(figure, bare, ink=theme.ink, paper=theme.paper)}
            self.spots = spots


def _present(steering: Steering, now: Settings, keys: Sequence[str]) -> dict[str, Any]:
    """Return by setting its value and how it is written."""
    infos: dict[str, SettingInfo] = {
        key: steering.info(key) for key in dict.fromkeys(keys) if hasattr(now, key)
    }
    values = {key: getattr(now, key) for key in infos}
    return {
        key: {"value": values[key], "text": written(info, values[key])}
        for key, info in infos.items()
    }
