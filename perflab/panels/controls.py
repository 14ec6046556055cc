"""Controls made from a `SettingInfo`: a slider with a text field, or a choice."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.explained import titled
from perflab.panels.field_error import FieldError
from perflab.panels.slider_scale import SliderScale, span
from perflab.panels.status import explain, hidden_line
from perflab.settings import SettingInfo
from perflab.units import digits, typed

Check = Callable[[object], object]
OnChange = Callable[[str, object], None]
_MOST_BUTTONS = 5
_MOST_SHORT = 12
_LETTERS = 60
_SECRET = frozenset("@?=;#")
"""Without any of these an address holds no password and no token."""
_SHORT, _LONG = 4, 100_000
""""1.024k" is longer than "1024"."""


def control(info: SettingInfo, value: object, check: Check, on_change: OnChange) -> Control:
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

    `value` is always one that `check` has passed; what it refuses stays in its field, marked, with
    the reason under it, and the old value stays in force until that is mended or restored. One
    that has no effect is grey, with the reason for that.
    """

    def __init__(self, info: SettingInfo, value: object, check: Check, on_change: OnChange) -> None:
        self.info = info
        self._check = check
        self._on_change = on_change
        self._lock = threading.RLock()
        self._syncing = False
        self._value = check(value)
        titles = ", ".join(map(info.title, info.choices))
        allowed = f"one of {titles}" if info.titles else info.bounds
        self.tooltip = f"{info.meaning} Allowed: {allowed}."
        unit = f" <span class='perflab-unit'>{html.escape(info.unit)}</span>" if info.unit else ""
        stops = html.escape("|".join(self._stop_texts()), quote=True)
        self.label = widgets.HTML(
            f"<span{titled(self.tooltip)} data-perflab-stops='{stops}'>"
            f"{html.escape(info.name)}{unit}</span>"
        )
        self.label.add_class("perflab-label")
        self._refused: list[object] = []
        self.widget = widgets.VBox([])
        self.widget.add_class("perflab-control")
        self.field_error = FieldError(self.widget, self.restore)
        self.error = self.field_error.line
        self.reason = hidden_line("perflab-reason")

    @property
    def value(self) -> object:
        """The value in force."""
        return self._value

    @value.setter
    def value(self, value: object) -> None:
        self._accept(value)

    @property
    def message(self) -> str:
        """The error shown, or an empty text."""
        return self.field_error.message

    @property
    def overruled(self) -> str:
        """Why the setting has no effect, or an empty text."""
        return html.unescape(self.reason.value)

    def overrule(self, reason: str) -> None:
        """Grey the control with the reason why it has no effect; an empty text brings it back."""
        explain(self.reason, reason)
        for each in self._inputs:
            each.disabled = bool(reason)
        (self.widget.add_class if reason else self.widget.remove_class)("perflab-overruled")

    def show(self, value: object) -> None:
        """Show a value that came from elsewhere, without telling `on_change`."""
        with self._lock:
            self._hold(self._check(value))

    def restore(self) -> None:
        """Show the value in force again, in the place of one that was refused."""
        with self._lock:
            self._hold(self._value)

    def refuse(self, message: str, value: object) -> None:
        """Mark what stands in the field as wrong, which shows after it was taken.

        Args:
            message: What is wrong with it.
            value: What holds in its place.
        """
        with self._lock:
            self._refused = [self._value]
            self._value = value
            self.field_error.say(message)

    def retry(self) -> None:
        """Try what was refused again: another setting has changed, with which it may be right."""
        if self._refused:
            self._accept(self._refused[0])

    def _hold(self, value: object) -> None:
        self._value = value
        self._refused = []
        self.field_error.clear()
        self._sync()

    def _accept(self, value: object) -> None:
        with self._lock:
            if self._syncing:
                return
            try:
                checked = self._check(value)
            except BadInputError as error:
                self._refused = [value]
                self._hide(value)
                self.field_error.say(error.message)
                return
            changed = checked != self._value
            self._hold(checked)
        if changed:
            self._on_change(self.info.key, checked)

    def _sync(self) -> None:
        self._syncing = True
        try:
            self._render()
        finally:
            self._syncing = False

    def _stop_texts(self) -> list[str]:
        """What each position of the slider is called, for the page; none without a slider."""
        return []

    def _hide(self, value: object) -> None:
        """Cut what may be a secret out of a refused address: a notebook keeps what fields hold."""
        shown = self.info.shown(value)
        if shown != value and _SECRET & {*str(value)}:
            self._syncing = True
            try:
                self._write(str(shown))
            finally:
                self._syncing = False

    def _write(self, text: str) -> None:
        """Put a text into the field that people write in, where there is one."""

    @property
    def _inputs(self) -> tuple[widgets.Widget, ...]:
        """The widgets that take a value."""
        raise NotImplementedError

    def _render(self) -> None:
        """Make the widgets show the value."""
        raise NotImplementedError


class NumberControl(Control):
    """A number (or a text): a slider over its span, and a field for what people write."""

    def __init__(self, info: SettingInfo, value: object, check: Check, on_change: OnChange) -> None:
        number = info.kind in (int, float)
        self.stops = SliderScale(info) if number and span(info) else None
        super().__init__(info, value, check, on_change)
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
        self.widget.children = (*rows, self.reason, self.field_error.widget)
        self._sync()
        self.text.observe(lambda change: self._accept(change["new"]), "value")
        if self.stops is not None:
            self.slider.observe(self._slide, "value")

    @property
    def _inputs(self) -> tuple[widgets.Widget, ...]:
        return (self.text,) if self.stops is None else (self.text, self.slider)

    def _stop_texts(self) -> list[str]:
        stops = self.stops
        if stops is None:
            return []
        return [written(self.info, stops.value(place)) for place in range(stops.last + 1)]

    def _write(self, text: str) -> None:
        self.text.value = text

    def _slide(self, change: Mapping[str, int]) -> None:
        if self.stops is not None:
            self._accept(self.stops.value(change["new"]))

    def _render(self) -> None:
        self.text.value = written(self.info, self._value)
        if self.stops is not None:
            self.slider.value = self.stops.position(self._value)


class ChoiceControl(Control):
    """One of a few words: buttons beside each other, a list where they are many."""

    def __init__(self, info: SettingInfo, value: object, check: Check, on_change: OnChange) -> None:
        super().__init__(info, value, check, on_change)
        words: list[tuple[str, object]] = [(info.title(word), word) for word in info.choices]
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
        self.widget.children = (self.label, self.choice, self.reason, self.field_error.widget)
        self.choice.observe(lambda change: self._accept(change["new"]), "value")

    @property
    def _inputs(self) -> tuple[widgets.Widget, ...]:
        return (self.choice,)

    def _render(self) -> None:
        self.choice.value = self._value


def _are_few(words: list[str]) -> bool:
    """Say whether words find room as buttons, in some rows if they are short."""
    short = len(words) <= _MOST_SHORT and sum(map(len, words)) <= _LETTERS
    return short or len(words) <= _MOST_BUTTONS


def written(info: SettingInfo, value: object) -> str:
    """Return a value as people write it, in full where the short text would be another value.

    A choice is written by its title.
    """
    if not isinstance(value, (int, float)) or info.kind not in (int, float):
        return info.title(value)
    text = typed(value, info.unit)
    is_count = info.unit not in ("seconds", "bytes")
    return digits(value) if is_count and len(text) > _SHORT and abs(value) < _LONG else text
