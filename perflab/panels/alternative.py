"""`Alternative`: what a picture of charts says at present, in words."""

from __future__ import annotations

import html
import math
import threading
from collections.abc import Collection, Mapping, Sequence

import ipywidgets as widgets

from perflab.charts import Mark
from perflab.charts.marks import MARK_NAMES
from perflab.instrumentation.catalog import PREDICTED, SINCE_CHANGE, MetricInfo, metric
from perflab.settings import SettingInfo
from perflab.units import in_words

SECONDS = 1.0
"""A text is sent at most this often; the last one always is."""


class Alternative:
    """A text for those who do not see the picture before it. Safe to use from several threads.

    ipywidgets has no alternative text of its own: the page takes this one over (`accessible`), and
    where it runs no script a screen reader finds it below the picture.

    Args:
        seconds: The least time between two texts that are sent.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.widget = widgets.HTML()
        self.widget.add_class("perflab-alternative")
        self._seconds = seconds
        self._lock = threading.Lock()
        self._text = ""
        self._timer: threading.Timer | None = None

    @property
    def text(self) -> str:
        """The newest text, which may be on its way."""
        return self._text

    def say(self, text: str) -> None:
        """Set the text: sent at once if the last one was sent long enough ago, else after that."""
        with self._lock:
            if text == self._text:
                return
            self._text = text
            if self._timer is None:
                self._send()

    def _send(self) -> None:
        self.widget.value = html.escape(self._text)
        self._timer = threading.Timer(self._seconds, self._look_again)
        self._timer.daemon = True
        self._timer.start()

    def _look_again(self) -> None:
        with self._lock:
            self._timer = None
            if html.escape(self._text) != self.widget.value:
                self._send()


def points_in_words(
    title: str,
    info: MetricInfo,
    marks: Sequence[Mark],
    place: str,
    lines: Collection[str] = (),
) -> str:
    """Return what the marks on a chart or map of predictions say.

    Args:
        title: Of the chart.
        info: What is drawn.
        marks: The points that are marked.
        place: Where the present settings are, such as ``max cache size 1k``.
        lines: The names of its lines; one alone needs none.
    """
    said = [
        f"{MARK_NAMES[mark.kind]} {info.format(mark.y)}{f' at {place}' * (mark.kind == 'now')}"
        for mark in marks
        if mark.kind in MARK_NAMES and math.isfinite(mark.y)
    ]
    named = [f"Lines: {', '.join(lines)}."] if len(lines) > 1 else []
    return " ".join([f"{title}. {info.label}: {', '.join(said) or 'not predicted yet'}.", *named])


def place_in_words(info: SettingInfo, value: object) -> str:
    """Return a setting and its value, such as ``max cache size 1k``."""
    return f"{info.name} {info.title(value)}"


def run_in_words(
    title: str, metrics: Sequence[str], last: Mapping[str, float | None] | None
) -> str:
    """Return what a live chart says at the end of its lines.

    Args:
        title: Of the chart.
        metrics: What is drawn, by name.
        last: The run's newest row; none before the first.
    """
    if last is None:
        return f"{title}. No run yet."
    said = []
    for info in map(metric, metrics):
        now, predicted = last.get(info.name), last.get(f"{PREDICTED}{info.name}")
        measured = last.get(f"{info.name}{SINCE_CHANGE}", now)
        text = f"{info.label}: measured {info.format(_finite(measured))}"
        if _finite(predicted) is not None:
            text += f", predicted {info.format(predicted)}"
        said.append(text)
    elapsed = in_words(math.floor(last.get("seconds") or 0.0), "seconds")
    return f"{title}, after {elapsed}. {'; '.join(said)}."


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
