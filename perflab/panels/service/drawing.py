"""`Drawing`: one picture of a service on the panel, drawn for the room that it has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from perflab.charts.service import Drawn
from perflab.charts.themes import LIGHT, Theme
from perflab.panels.alternative import Alternative
from perflab.panels.palette import encoded
from perflab.panels.row_picture import WIDTH

Subject = TypeVar("Subject")
_SCALE = 2.0


class Drawing(Generic[Subject]):
    """A picture and its words. Safe to use from several threads.

    Args:
        draw: Returns the picture of what is shown, so many CSS pixels wide, at so many device
            pixels per CSS pixel.

    Attributes:
        alternative: What the picture says, in words.
        image: The picture; hidden until there is something to show.
    """

    def __init__(self, draw: Callable[[Subject, int, float], Drawn]) -> None:
        self._draw_of = draw
        self._lock = threading.Lock()
        self._shown: Subject | None = None
        self._width, self._scale, self._theme = WIDTH, _SCALE, LIGHT
        self.alternative = Alternative()
        self.image = widgets.Image(
            format="png", layout=widgets.Layout(width="100%", max_width="100%", display="none")
        )
        self.image.add_class("perflab-picture")
        self.image.add_class("perflab-of-service")

    @property
    def pictured(self) -> list[widgets.Widget]:
        """The picture, and what it says in words."""
        return [self.image, self.alternative.widget]

    def show(self, subject: Subject | None) -> None:
        """Draw something else; nothing hides the picture."""
        with self._lock:
            self._shown = subject
            self._draw()

    def place(self, width: int, scale: float, theme: Theme) -> None:
        """Draw it in another room or another theme's colours, if it is another."""
        with self._lock:
            if (width, scale, theme) != (self._width, self._scale, self._theme):
                self._width, self._scale, self._theme = width, scale, theme
                self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            self.image.layout.display = "none"
            self.alternative.say("")
            return
        drawn = self._draw_of(self._shown, self._width, self._scale)
        canvas: Any = FigureCanvasAgg(drawn.figure)
        canvas.draw()
        picture = encoded(np.array(canvas.buffer_rgba()), self._theme)
        self.image.layout.width = f"{self._width}px"
        self.image.value = picture
        self.image.layout.display = None
        self.alternative.say(drawn.words)
