"""Controls made from a `SettingInfo`: a slider with a text field, or a choice."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.panels.slider_scale import SliderScale, span
from perflab.panels.status import MOST_WORDS
from perflab.settings import SettingInfo
from perflab.units import digits, typed

Check = Callable[[Any], Any]
OnChange = Callable[[str, Any], None]
_MOST_BUTTONS = 5
_MOST_SHORT = 12
_LETTERS = 60
_SHORT, _LONG = 4, 100_000
""""1.024k" is longer than "1024"."""


def control(info: SettingInfo, value: Any, check: Check, on_change: OnChange) -> Control:
    """Return the control that fits a setting.

    Args:
        info: Label, meaning, bounds and scale.
        value: What it shows first.
        check: Returns a value as the setting's type, or raises `BadInputError`.
        on_change: Called with the key and each new value.
    """
    if info.choices or info.kind is bool:
        return ChoiceControl(info, value, check, on_change)
    return NumberControl(info, value, check, on_change)


class Control:
    """A setting on the panel: its widgets, its value, and one line for an error.

    `value` is always one that `check` has passed; a text that it refuses stays in its field with
    the reason under it, and the old value stays in force.
    """

    def __init__(self, info: SettingInfo, value: Any, check: Check, on_change: OnChange) -> None:
        self.info = info
        self._check = check
        self._on_change = on_change
        self._lock = threading.RLock()
        self._syncing = False
        self._value = check(value)
        self.tooltip = f"{info.meaning} Allowed: {info.bounds}."
        name = info.label.removesuffix(f" ({info.unit})")
        unit = f" <span class='perflab-unit'>{html.escape(info.unit)}</span>" if info.unit else ""
        title = html.escape(self.tooltip, quote=True)
        self.label = widgets.HTML(f"<span title='{title}'>{html.escape(name)}{unit}</span>")
        self.label.add_class("perflab-label")
        self.error = widgets.HTML(layout=widgets.Layout(display="none"))
        self.error.add_class("perflab-error")
        self.widget = widgets.VBox([])
        self.widget.add_class("perflab-control")

    @property
    def value(self) -> Any:
        """The value in force."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._accept(value)

    @property
    def message(self) -> str:
        """The error shown, or an empty text."""
        return html.unescape(self.error.value)

    def show(self, value: Any) -> None:
        """Show a value that came from elsewhere, without telling `on_change`."""
        with self._lock:
            self._value = self._check(value)
            self._explain("")
            self._sync()

    def _accept(self, value: Any) -> None:
        with self._lock:
            if self._syncing:
                return
            try:
                checked = self._check(value)
            except BadInputError as error:
                self._explain(error.message)
                return
            self._explain("")
            changed = checked != self._value
            self._value = checked
            self._sync()
        if changed:
            self._on_change(self.info.key, checked)

    def _explain(self, message: str) -> None:
        self.error.value = html.escape(foreign_text(message, MOST_WORDS))
        self.error.layout.display = None if message else "none"

    def _sync(self) -> None:
        self._syncing = True
        try:
            self._render()
        finally:
            self._syncing = False

    def _render(self) -> None:
        """Make the widgets show the value."""
        raise NotImplementedError


class NumberControl(Control):
    """A number (or a text): a slider over its span, and a field for what people write."""

    def __init__(self, info: SettingInfo, value: Any, check: Check, on_change: OnChange) -> None:
        super().__init__(info, value, check, on_change)
        number = info.kind in (int, float)
        self.stops = SliderScale(info) if number and span(info) else None
        self.text = widgets.Text(
            continuous_update=False,
            tooltip=self.tooltip,
            placeholder=info.format(info.default),
            layout=widgets.Layout(width="92px" if self.stops else "160px"),
        )
        rows: list[widgets.Widget] = [widgets.HBox([self.label, self.text])]
        rows[0].add_class("perflab-control-head")
        if self.stops is not None:
            self.slider = widgets.IntSlider(
                min=0,
                max=self.stops.last,
                readout=False,
                continuous_update=True,
                tooltip=self.tooltip,
                layout=widgets.Layout(width="auto"),
            )
            rows.append(self.slider)
        self.widget.children = (*rows, self.error)
        self._sync()
        self.text.observe(lambda change: self._accept(change["new"]), "value")
        if self.stops is not None:
            self.slider.observe(self._slide, "value")

    def _slide(self, change: Any) -> None:
        if self.stops is not None:
            self._accept(self.stops.value(change["new"]))

    def _render(self) -> None:
        self.text.value = written(self.info, self._value)
        if self.stops is not None:
            self.slider.value = self.stops.position(self._value)


class ChoiceControl(Control):
    """One of a few words: buttons beside each other, a list where they are many."""

    def __init__(self, info: SettingInfo, value: Any, check: Check, on_change: OnChange) -> None:
        super().__init__(info, value, check, on_change)
        words: list[tuple[str, Any]] = [(word, word) for word in info.choices]
        if not words:
            words = [("on", True), ("off", False)]
        if info.optional:
            words.append(("none", None))
        few = _are_few([word for word, _ in words])
        kind = widgets.ToggleButtons if few else widgets.Dropdown
        self.choice = kind(options=words, value=self._value)
        self.choice.style.button_width = "auto"
        if few:
            self.choice.tooltips = [self.tooltip] * len(words)
        else:
            self.choice.tooltip = self.tooltip
            self.choice.layout.width = "auto"
        self.widget.children = (self.label, self.choice, self.error)
        self.choice.observe(lambda change: self._accept(change["new"]), "value")

    def _render(self) -> None:
        self.choice.value = self._value


def _are_few(words: list[str]) -> bool:
    """Say whether words find room as buttons, in some rows if they are short."""
    short = len(words) <= _MOST_SHORT and sum(map(len, words)) <= _LETTERS
    return short or len(words) <= _MOST_BUTTONS


def written(info: SettingInfo, value: Any) -> str:
    """Return a value as people write it, in full where the short text would be another value."""
    if value is None or info.kind not in (int, float):
        return info.format(value)
    text = typed(value, info.unit)
    is_count = info.unit not in ("seconds", "bytes")
    return digits(value) if is_count and len(text) > _SHORT and abs(value) < _LONG else text
