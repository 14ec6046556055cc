"""`Steering`: what the dots of a panel's pictures may move, and how their moves are taken over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypedDict

from perflab.errors import BadInputError
from perflab.panels.controls import Control, NumberControl, written
from perflab.settings import SettingInfo

_MOST_KEYS = 8


class Stop(TypedDict):
    """A value that a dot can stand at, and how it is written."""

    value: Any
    text: str


class Handle(TypedDict):
    """A setting that a dot can move: its stops in rising order, none last."""

    stops: list[Stop]
    whole: bool
    log: bool


class Steering:
    """Takes a dot's move for one of its setting's slider.

    What a page sends is checked as what is typed into a field is; a message of another shape
    raises `ValueError`.

    Args:
        controls: By setting; those that have one can be moved.
        fixed: The settings among them that no dot moves, such as those that name a workload.
        start: Returns by setting the value that a panel began with.
        apply: Called with settings to take over; raises `BadInputError` for what does not fit.
        info: Returns what is known of a setting.
    """

    def __init__(
        self,
        controls: Mapping[str, Control],
        fixed: Collection[str],
        start: Callable[[Iterable[str]], Mapping[str, object]],
        apply: Callable[[Mapping[str, object]], None],
        info: Callable[[str], SettingInfo],
    ) -> None:
        self._controls = {key: made for key, made in controls.items() if key not in fixed}
        self._start, self._apply, self.info = start, apply, info
        self._handles = {key: _handle(made) for key, made in self._controls.items()}

    def handles(self, keys: Iterable[str]) -> dict[str, Handle]:
        """Return those of some settings that can be moved."""
        return {key: self._handles[key] for key in keys if key in self._handles}

    def idle(self, keys: Iterable[str]) -> list[str]:
        """Return those of some settings that have no effect now, or no control in view."""
        known = [key for key in dict.fromkeys(keys) if key in self._controls]
        return [key for key in known if not _is_usable(self._controls[key])]

    def take(self, wanted: Mapping[str, Any]) -> bool:
        """Set what a page wants; return whether that was possible.

        Args:
            wanted: ``values``, by setting; or ``reset``, the settings to put back.
        """
        keys = [*wanted.get("values", ()), *wanted.get("reset", ())]
        if len(keys) > _MOST_KEYS or not all(isinstance(key, str) for key in keys):
            raise ValueError("a dot moves some settings, by name")
        if any(key not in self._controls or not _is_usable(self._controls[key]) for key in keys):
            return False
        values = {**wanted.get("values", {}), **self._start(wanted.get("reset", ()))}
        if not all(_is_plain(value) for value in values.values()):
            raise ValueError("a setting is a number, a word or none")
        changed = {k: v for k, v in values.items() if self._controls[k].value != v}
        try:
            if changed:
                self._apply(changed)
        except BadInputError:
            return False
        return True


def _is_usable(control: Control) -> bool:
    return not control.overruled and control.widget.layout.display != "none"


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _handle(control: Control) -> Handle:
    info = control.info
    values: list[object] = [*info.choices]
    if isinstance(control, NumberControl) and control.stops is not None:
        scale = control.stops
        values = [scale.value(place) for place in range(scale.last + 1)]
    return {
        "stops": [{"value": value, "text": written(info, value)} for value in values],
        "whole": info.kind is int,
        "log": info.scale == "log",
    }
