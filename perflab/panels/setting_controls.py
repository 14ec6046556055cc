"""The controls of a bench: one for each of its sliders, and the pace that fits the workload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.errors import BadInputError
from perflab.panels.controls import Control, control
from perflab.panels.guests.rights import FIXED
from perflab.panels.pointer import Steering
from perflab.settings import LoadSettings, Settings
from perflab.settings.load import PRICES
from perflab.units import digits
from perflab.workloads import Workload

PACES = ("speedup", "request_rate")


class SettingControls:
    """All settings of a panel, those with a control and those without.

    A control whose setting the workload overrules is grey, with the reason.

    A trace with times is paced by ``speedup``; one without, and arrivals, which are stretched to a
    rate, by ``request_rate``. The control of the other is hidden and its value is none. Arrivals
    begin at their own rate, unless the user named one.

    Args:
        bench: Names the sliders and the panel's defaults.
        values: The user's own values, over the defaults.
        on_change: Called with key and value after each change.
        fixed: The settings that stay as they are at the start.

    Attributes:
        groups: The controls by what they set: ``pattern``, ``load`` and ``prices``; one in which
            nothing is shown is hidden.

    Raises:
        BadInputError: If a key is unknown or a value out of bounds.
    """

    def __init__(
        self,
        bench: AnyBench,
        values: Mapping[str, object],
        on_change: Callable[[str, object], None],
        fixed: frozenset[str] = frozenset(),
    ) -> None:
        self._bench, self._fixed = bench, fixed
        settings, load = bench.read({**bench.display.panel_defaults, **values})
        self._start = {**load.model_dump(), **settings.model_dump()}
        self._rate_is_named = PACES[1] in values
        self._values = dict(self._start)
        # What the workload was read with, of the settings that name or bound it.
        self._read_with = {key: self._start[key] for key in bench.naming}
        # What the one is read with that is being read, or else was.
        self._named = dict(self._read_with)
        self._on_change = on_change
        self._timed = False
        self._workload: Workload | None = None
        keys = [*(key for key in bench.display.sliders if key not in PACES), *PACES]
        self.controls: dict[str, Control] = {
            key: control(bench.info(key), self._start[key], self._checker(key), self._changed)
            for key in keys
        }
        of_pattern = bench.identity.settings_class.model_fields
        self.groups: dict[str, widgets.VBox] = {
            "pattern": self._group(key for key in keys if key in of_pattern),
            "load": self._group(key for key in keys if key not in (*of_pattern, *PRICES)),
            "prices": self._group(key for key in keys if key in PRICES and key not in of_pattern),
        }
        self.fit(None)

    @property
    def values(self) -> dict[str, object]:
        """Every setting of the pattern and of the load, as it is now."""
        hidden = PACES[1] if self._timed else PACES[0]
        return {**self._values, hidden: None}

    @property
    def names_another(self) -> bool:
        """Whether settings name or bound another workload than the one that was read."""
        return any(self._values[key] != value for key, value in self._read_with.items())

    def begin_naming(self) -> bool:
        """Say whether a workload is to be read with the present settings; from now on it is.

        Not so where it is being read already, or was: a dot that is dragged asks at each step.
        """
        before, self._named = self._named, {key: self._values[key] for key in self._named}
        return before != self._named

    def name(self, values: Mapping[str, object]) -> None:
        """Set those of some settings that name or bound a workload which is read next.

        Raises:
            BadInputError: If a value is out of bounds; then none is set.
        """
        self.show(values)
        self.begin_naming()

    def naming(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return those of some settings that would name or bound another workload."""
        found = {k: self._read_alone(k, v) for k, v in values.items() if k in self._read_with}
        return {key: value for key, value in found.items() if value != self._values[key]}

    def read(self) -> tuple[Settings, LoadSettings]:
        """Return the settings of the pattern and of the load, as they are now."""
        return self._bench.read(self.values)

    def fit(self, workload: Workload | None) -> None:
        """Show the pace that fits a workload, and the settings that have an effect on it."""
        self._workload = workload
        self._read_with = {key: self._values[key] for key in self._read_with}
        self._named = dict(self._read_with)
        own_rate = rate_of(workload)
        timed = workload is not None and workload.times is not None and own_rate is None
        self._timed = timed
        if own_rate is not None and not self._rate_is_named:
            self._start[PACES[1]] = own_rate
            self.show({PACES[1]: own_rate})
        hidden = {PACES[1] if timed else PACES[0]}
        if workload is not None:
            hidden |= {*self._bench.display.sliders} - {*self._bench.display.sliders_for(workload)}
        for key, shown in self.controls.items():
            shown.widget.layout.display = "none" if key in hidden else None
        for group in self.groups.values():
            seen = [child for child in group.children if child.layout.display != "none"]
            group.layout.display = None if seen else "none"
        self._grey()

    def show(self, values: Mapping[str, object]) -> None:
        """Set some settings, as by hand but without a call for each.

        Raises:
            BadInputError: If a value is out of bounds; then none is set.
        """
        checked = {key: self._read_alone(key, value) for key, value in values.items()}
        self._bench.read({**self._values, **checked})
        self._values.update(checked)
        for key, value in checked.items():
            if key in self.controls:
                self.controls[key].show(value)
        self._grey()

    def refuse_naming(self, message: str) -> bool:
        """Mark the settings that named a workload which cannot be read; the earlier ones hold.

        Returns:
            Whether a control shows the message; a setting without one leaves it to be said.
        """
        wrong = {k: v for k, v in self._read_with.items() if self._values[k] != v}
        for key, right in wrong.items():
            self._values[key] = right
            if key in self.controls:
                self.controls[key].refuse(message, right)
        self._named = dict(self._read_with)
        return any(key in self.controls for key in wrong)

    def steering(self, apply: Callable[[Mapping[str, object]], None]) -> Steering:
        """Return what lets dots move these settings, except those that name a workload.

        Args:
            apply: Called with settings to take over; raises `BadInputError` for what does not fit.
        """
        of = (self.controls, self._bench.naming, self.start_of)
        return Steering(*of, apply, self._bench.info)

    def start_of(self, keys: Iterable[str]) -> dict[str, object]:
        """Return what some settings were at the start, by key."""
        return {key: self._start[key] for key in keys}

    def reset(self) -> None:
        """Put every setting back to where it was at the start."""
        self.show(self._start)

    def _group(self, keys: Iterable[str]) -> widgets.VBox:
        return widgets.VBox([self.controls[key].widget for key in keys])

    def _changed(self, key: str, value: object) -> None:
        self._values[key] = value
        self._grey()
        self._on_change(key, value)
        for other, made in self.controls.items():
            if other != key and other not in self._read_with:
                made.retry()

    def _grey(self) -> None:
        """Grey the controls that have no effect on the workload, and bring the others back."""
        if self._workload is None:
            return
        try:
            reasons = self._bench.display.overruled(*self.read(), self._workload)
        except BadInputError:  # said where the settings are taken over
            return
        for key, made in self.controls.items():
            made.overrule(FIXED if key in self._fixed else reasons.get(key, ""))

    def _checker(self, key: str) -> Callable[[object], object]:
        """Return what looks at a setting alone, then beside the others, as a run would take it."""

        def check(value: object) -> object:
            checked = self._read_alone(key, value)
            settings, load = self._bench.read({**self._values, key: checked})
            info = self._bench.info(key)
            if info.address and checked is not None:
                self._bench.foreign_servers(settings)
            if self._workload is not None and info.kind is str and not info.choices:
                self._bench.models.check(settings, load, self._workload)
            return checked

        return check

    def _read_alone(self, key: str, value: object) -> object:
        of_pattern = key in self._bench.identity.settings_class.model_fields
        owner = self._bench.identity.settings_class if of_pattern else LoadSettings
        found = getattr(owner.read({key: value}), key)
        if key in self._fixed and found != self._start[key]:
            raise BadInputError(f"was {FIXED}", key)
        return found


def rate_of(workload: Workload | None) -> float | None:
    """Return the rate of arrivals, which keep how unevenly they come at another one.

    Returns:
        Requests per second, with three significant digits and within what can be set; none for
        another workload.
    """
    rate = getattr(workload, "rate", None)
    if rate is None:
        return None
    info = LoadSettings.info(PACES[1])
    low, high = info.low or 0.0, info.high or rate
    return min(max(float(digits(rate, 3)), low), high)
