"""`LiveView`: the live charts of a bench, as strips of time below its main charts."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.bench import LiveChart, WhatIfChart
from perflab.charts import LiveAxes
from perflab.charts.live import Rows
from perflab.instrumentation.catalog import metric
from perflab.lab.row_table import RowTable
from perflab.lab.run_events import RunEvent
from perflab.panels.alternative import run_in_words
from perflab.panels.row_picture import RowPicture

STRIP_HEIGHT = 112
_TOP, _BOTTOM = 22, 22


class LiveView(RowPicture):
    """Some live charts in one picture.

    Args:
        charts: Which.
        share: Of the width of a whole row.
        shown: Whether it is there before it gets a place.

    Attributes:
        charts: All of them, also those that are not shown.
    """

    def __init__(
        self, charts: Sequence[LiveChart], share: float = 1.0, *, shown: bool = True
    ) -> None:
        super().__init__(
            len(charts),
            share=share,
            height=STRIP_HEIGHT,
            top=_TOP,
            bottom=_BOTTOM,
            style="perflab-live" if share == 1 else "perflab-live-aside",
            shown=shown,
        )
        self.charts = [
            LiveAxes(axes, chart, strip=True) for axes, chart in zip(self._row, charts, strict=True)
        ]
        self._run: tuple[RowTable, Sequence[RunEvent]] = (RowTable.of([]), ())
        self._draw()

    def show(self, rows: Rows, events: Sequence[RunEvent] = ()) -> None:
        """Show a run so far, with marks where something happened; no rows empty the charts."""
        with self._lock:
            self._run = (RowTable.of(rows), events)
            self._draw()

    @property
    def _charts(self) -> Sequence[LiveAxes]:
        return self.charts

    def _on_page(self) -> None:
        with self._lock:
            if self._is_drawn:
                self._canvas.tell_pointed(self._shown)

    @property
    def _shown(self) -> list[LiveAxes]:
        return [self.charts[number] for number in self._place.shown]

    def _redraw(self, *, moves: bool) -> None:
        del moves
        table, events = self._run
        shown = self._shown
        full = [chart.update(table, events=events) for chart in shown]
        self._canvas.draw(self._artists, full=any(full))
        self._canvas.tell_pointed(shown)
        drawn = [chart.chart for chart in shown]
        said = (run_in_words(chart.title, chart.metrics, table.last) for chart in drawn)
        self.alternative.say(" ".join(said))


def paired(live: Sequence[LiveChart], above: Sequence[WhatIfChart]) -> tuple[LiveChart, ...]:
    """Return the live charts in the order in which each stands below a chart of its metric.

    One of another statistic of the same quantity, such as a percentile below a mean, will do; the
    places for which there is none are filled with those that are left, in their order.
    """
    left = list(live)
    places: list[LiveChart | None] = []
    for chart in above:
        wanted = (chart.metric, *chart.also)
        found = next((each for each in left if {*each.metrics} & {*wanted}), None)
        if found is None:
            quantity = _quantity(chart.metric)
            found = next((each for each in left if quantity in map(_quantity, each.metrics)), None)
        places.append(found)
        if found is not None:
            left.remove(found)
    rest = iter(left)
    filled = [next(rest, None) if each is None else each for each in places]
    return (*(each for each in filled if each is not None), *rest)


def _quantity(name: str) -> str:
    return metric(name).label.partition(",")[0]
