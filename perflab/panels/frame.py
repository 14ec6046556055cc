"""`Frame`: the room that a page gives a panel, and what finds a place in it."""

from __future__ import annotations

import dataclasses

from perflab.charts.themes import LIGHT, THEMES, Theme

CONTROLS = 264
"""CSS pixels of the column of controls."""
GAP = 12
"""CSS pixels between that column and the charts, and between pictures beside each other."""
STACKED_BELOW = 700
"""A narrower panel has its charts first and the controls below them."""
THREE_FROM = 1060
"""A narrower panel has two main charts in its row, and the third in a tab."""
COLUMNS_FROM = 1120
"""From here on what else is shown stands in columns; a narrower panel has tabs."""
TWO_FROM = 420
"""A narrower row has one main chart."""

NARROWEST, WIDEST = 280, 3000
COARSEST, FINEST = 1.0, 2.0
_STEP = 4
_COLUMN_FROM = 385
_MOST_DOTS = 2400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """The width of a panel, how fine its screen is, and its colours.

    Attributes:
        width: CSS pixels.
        ratio: Device pixels for one CSS pixel, as far as charts are drawn for it.
        theme: That of the page.
    """

    width: int
    ratio: float
    theme: Theme = LIGHT

    @classmethod
    def read(cls, text: str) -> Frame | None:
        """Return the frame that a page has written; none where it is not one.

        Args:
            text: Width, ratio and the name of a theme, such as ``830.5 2 dark``.
        """
        try:
            words = text.split()
            width, ratio = map(float, words[:2])
            (theme,) = (THEMES[name] for name in words[2:])
        except (KeyError, ValueError):
            return None
        if not (width > 0 and ratio > 0):
            return None
        # A width that a scroll bar moves by some pixels is none to draw everything again for.
        whole = int(min(max(width, NARROWEST), WIDEST)) // _STEP * _STEP
        return cls(whole, round(min(max(ratio, COARSEST), FINEST), 2), theme)

    @property
    def stacked(self) -> bool:
        """Whether the controls stand below the charts."""
        return self.width < STACKED_BELOW

    @property
    def tabbed(self) -> bool:
        """Whether what else is shown stands in tabs."""
        return self.width < COLUMNS_FROM

    @property
    def main(self) -> int:
        """CSS pixels of the column of charts."""
        return self.width if self.stacked else self.width - CONTROLS - GAP

    @property
    def charts_in_row(self) -> int:
        """How many main charts stand beside each other."""
        if self.width >= THREE_FROM:
            return 3
        return 2 if self.main >= TWO_FROM else 1

    @property
    def columns(self) -> int:
        """How many pictures stand beside each other below the main charts."""
        return max(1, min(2, (self.main + GAP) // (_COLUMN_FROM + GAP)))

    @property
    def column(self) -> int:
        """CSS pixels of one of those pictures."""
        return (self.main - GAP * (self.columns - 1)) // self.columns

    def scale(self, width: int) -> float:
        """Return the device pixels per CSS pixel of a picture, coarser where it is very wide."""
        return max(COARSEST, min(self.ratio, _MOST_DOTS / width))
