"""`HappeningRow`: a button per scenario, the scenario as text, and what survives it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.field_error import FieldError
from perflab.panels.presses import Presses
from perflab.service import Service
from perflab.service.scenarios import SCENARIOS, Scenario, read_scenario
from perflab.units import digits

_MOST_OF_IT = 0.2
"""Of the workload's time, that a scenario takes where nobody says how long."""
_SHORTEST = 0.001
_SURVIVE = (
    "Look for the smallest change of one stage's size with which the service survives the scenario "
    "in the field."
)


class HappeningRow:
    """Starts scenarios; each handler must return at once.

    Args:
        service: Whose scenarios; one that needs what it has not got has no button.
        play: Called with a scenario, such as ``redis-down:at=60,seconds=10``; empty for none.
        survive: Called with the scenario that the field says.
        cancel: Called to end what is going.
        specify: Returns a scenario as text, such as it fits the workload.
    """

    def __init__(
        self,
        service: Service,
        play: Callable[[str], object],
        survive: Callable[[str], object],
        cancel: Callable[[], object],
        specify: Callable[[type[Scenario]], str],
    ) -> None:
        self._play, self._survive, self._specify = play, survive, specify
        self._presses = Presses()
        self._syncing = False
        self._named = service.scenarios
        self.spec = ""
        self.buttons = {
            name: self._button(_word(name), f"{kind.title}.", self._presser(kind), "")
            for name, kind in SCENARIOS.items()
            if _can_happen(kind, service)
        }
        self.survive = self._button("What survives?", _SURVIVE, self._look, "life-ring")
        self.survive.add_class("perflab-calls")
        self.cancel = self._button("Cancel", "End what is played or looked for.", cancel, "times")
        # What stands in the field is played when it is left, or by Enter.
        self.field = widgets.Text(
            placeholder="redis-down:at=60s,seconds=10s",
            continuous_update=False,
            tooltip="Scenario to play, with its parameters, such as traffic:seconds=30s,times=5; "
            "empty for none.",
            layout=widgets.Layout(width="240px"),
        )
        self.field.observe(lambda change: self._typed(str(change["new"])), "value")
        beside = widgets.HBox([self.field])
        beside.add_class("perflab-scenario")
        self.error = FieldError(beside, lambda: self._write(self.spec))
        rows = [
            widgets.HBox([*self.buttons.values()]),
            widgets.HBox([beside, self.survive, self.cancel]),
        ]
        for row in rows:
            row.add_class("perflab-actions")
        self.widget = widgets.VBox([*rows, self.error.widget])
        self.show(ready=False, playing=False, searching=False)

    def put(self, spec: str) -> None:
        """Write a scenario into the field, and play nothing."""
        self._write(spec)

    def show(self, *, ready: bool, playing: bool, searching: bool) -> None:
        """Show what can be done now.

        Args:
            ready: Whether there is a prediction.
            playing: Whether a scenario is being played.
            searching: Whether it is looked for what survives.
        """
        for button in self.buttons.values():
            _enable(button, usable=ready and not searching)
        _enable(self.survive, usable=ready and not searching)
        _enable(self.cancel, usable=playing or searching)

    def _button(
        self, word: str, tooltip: str, handler: Callable[[], object], icon: str = "play"
    ) -> widgets.Button:
        button = widgets.Button(
            description=word, tooltip=tooltip, icon=icon, layout=widgets.Layout(width="auto")
        )
        button.on_click(lambda _: self._presses.press(word, handler))
        return button

    def _presser(self, kind: type[Scenario]) -> Callable[[], object]:
        def press() -> None:
            self._write(self._specify(kind))
            self._play(self.spec)

        return press

    def _look(self) -> None:
        if not self.spec:
            first = SCENARIOS[next(iter(self.buttons))]
            self._write(self._specify(first))
        self._survive(self.spec)

    def _typed(self, text: str) -> None:
        if self._syncing:
            return
        spec = text.strip()
        if not spec:
            self.error.clear()
            self.spec = ""
            self._play("")
            return
        try:
            chosen = read_scenario(spec, self._named)
        except BadInputError as error:
            self.error.say(str(error))
            return
        self.error.clear()
        # A name is of this service's file alone: runs and sessions are told what it stands for.
        self.spec = chosen.spec if self._named else spec
        self._play(self.spec)

    def _write(self, spec: str) -> None:
        self.spec = spec
        self.error.clear()
        self._syncing = True
        try:
            self.field.value = spec
        finally:
            self._syncing = False


def fitting(kind: type[Scenario], seconds: float | None, processes: int) -> str:
    """Return a scenario that leaves a workload the time to recover.

    Args:
        kind: Which scenario.
        seconds: How long the workload is; none where that is not known.
        processes: How many workers there are, which a deploy restarts one after another.
    """
    given = []
    for key, times in (("seconds", 1), ("gap", max(processes - 1, 1))):
        if key not in kind.model_fields:
            continue
        lasts = float(kind.model_fields[key].default)
        if seconds is not None and lasts * times > _MOST_OF_IT * seconds:
            lasts = max(float(digits(_MOST_OF_IT * seconds / times, 2)), _SHORTEST)
        given.append(f"{key}={digits(lasts)}s")
    return f"{kind.name}:{','.join(given)}" if given else kind.name


def _word(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _can_happen(kind: type[Scenario], service: Service) -> bool:
    """Return whether a service has the stage that a scenario happens to."""
    try:
        kind().check([stage.place for stage in service.stages])
    except BadInputError:
        return False
    return True


def _enable(button: widgets.Button, *, usable: bool) -> None:
    if button.disabled == usable:
        button.disabled = not usable
