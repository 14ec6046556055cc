"""`RowPicture`: charts beside each other in one picture, drawn for the room that it has."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import ipywidgets as widgets
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from perflab.charts import chart_row, place_row
from perflab.charts.themes import LIGHT, Theme
from perflab.panels.alternative import Alternative
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.canvas import BlitCanvas

WIDTH = 770
WIDEST = 900
"""CSS pixels of a row until its page has told how wide it is, and the most at which it is shown."""
LEAST_AXES = 64
"""CSS pixels that axes keep where a legend needs more room; a picture grows only for these."""
_SCALE = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The room of a picture.

    Attributes:
        width: CSS pixels.
        height: CSS pixels.
        scale: Device pixels for one CSS pixel.
        shown: Which of its charts are in it, beside each other; none for no picture.
        theme: In whose colours they are shown.
    """

    width: int
    height: int
    scale: float
    shown: tuple[int, ...]
    theme: Theme = LIGHT


class Drawn(Protocol):
    """A chart on axes of its own."""

    axes: Axes

    @property
    def artists(self) -> list[Artist]:
        """What moves, in drawing order."""

    def refit(self) -> None:
        """Fit it to axes of another size, at the next update."""


class RowPicture:
    """What pictures of several charts have in common. Safe to use from several threads.

    One that gets another place keeps its figure and its axes, so that what is made of those holds.

    Args:
        count: How many charts.
        share: Of the width of a whole row.
        height: In CSS pixels.
        top: CSS pixels above the axes.
        bottom: CSS pixels below them.
        style: The class that the page knows the picture by.
        shown: Whether it is there before it gets a place.

    Attributes:
        alternative: What the picture says, in words.
        titles_moved: Called when the charts' titles stand at another height in the picture.
    """

    def __init__(
        self,
        count: int,
        *,
        share: float = 1.0,
        height: int,
        top: int,
        bottom: int,
        style: str,
        shown: bool = True,
    ) -> None:
        self._lock = threading.RLock()
        self._top, self._least_top, self._bottom = top, top, bottom
        self.titles_moved: Callable[[], None] = lambda: None
        present = tuple(range(count)) if shown else ()
        self._place = Place(round(WIDTH * share), height, _SCALE, present)
        self._figure, self._row = chart_row(
            count, self._place.width, height, top=top, bottom=bottom
        )
        self._canvas = BlitCanvas(self._figure, round(WIDEST * share), self._on_page)
        self._canvas.image.add_class("perflab-picture")
        self._canvas.image.add_class(style)
        self._canvas.widget.layout.display = None if shown else "none"
        self.alternative = Alternative()
        self._awake, self._outdated, self._placed = True, False, False

    @property
    def widget(self) -> widgets.Box:
        """The picture, and what answers the pointer over it."""
        return self._canvas.widget

    @property
    def image(self) -> widgets.Image:
        """The picture alone; what moves may be missing in it."""
        return self._canvas.image

    @property
    def picture(self) -> bytes:
        """What is shown now, as PNG, with what the layer over it shows."""
        with self._lock:
            return self._canvas.whole(self._artists)

    @property
    def pictured(self) -> list[widgets.Widget]:
        """The picture, and what it says in words."""
        return [self.widget, self.alternative.widget]

    @property
    def under_titles(self) -> int:
        """CSS pixels from the upper edge of the axes to the lower edge of the picture."""
        return max(self._place.height - self._top, LEAST_AXES + self._bottom)

    def share(self, budget: ByteBudget) -> None:
        """Take its pictures off a panel's budget."""
        self._canvas.budget = budget

    def redraw(self) -> None:
        """Draw what is shown once more."""
        with self._lock:
            self._draw()

    def place(self, place: Place) -> None:
        """Draw it in another room, if it is another."""
        with self._lock:
            if place == self._place and self._placed:
                return
            self._place, self._placed, self._top = place, True, self._least_top
            self._canvas.theme = place.theme
            self._canvas.widget.layout.display = None if place.shown else "none"
            if place.shown:
                # As wide as it is drawn, so that a page scales no text.
                self._canvas.fit(place.width)
                self._arrange()
                self._draw()

    def wake(self, *, awake: bool) -> None:
        """Draw it no more while nobody sees it, or again from now on."""
        with self._lock:
            self._awake = awake
            if awake and self._outdated:
                self._draw()

    @property
    def _charts(self) -> Sequence[Drawn]:
        """All charts, also those that are not shown."""
        raise NotImplementedError

    @property
    def _artists(self) -> list[Artist]:
        """What moves in those that are shown."""
        return [artist for number in self._place.shown for artist in self._charts[number].artists]

    @property
    def _is_drawn(self) -> bool:
        """Whether what is shown is drawn now, as it is seen."""
        return self._awake and bool(self._place.shown)

    def _redraw(self, *, moves: bool) -> None:
        """Draw those that are shown.

        Args:
            moves: Whether nothing but marks has changed that the layer moves by itself.
        """
        raise NotImplementedError

    def _on_page(self) -> None:
        """Give the layer what it shows, as a page shows it from now on."""
        self.redraw()

    def _draw(self, *, moves: bool = False) -> None:
        self._outdated = not self._awake
        if self._is_drawn:
            self._redraw(moves=moves)

    def _arrange(self) -> None:
        """Give axes their places; titles, ticks and legends are fitted to them by the next draw."""
        place = self._place
        for number, axes in enumerate(self._row):
            axes.set_visible(number in place.shown)
        place_row(
            self._figure,
            [self._row[number] for number in place.shown],
            place.width,
            self._top + self.under_titles,
            top=self._top,
            bottom=self._bottom,
            scale=place.scale,
        )
        for number in place.shown:
            self._charts[number].refit()
