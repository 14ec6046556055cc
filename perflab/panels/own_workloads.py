"""The workloads that perflab brings: a list, their parameters, and the text of the choice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.controls import Control, control, written
from perflab.settings import SettingInfo
from perflab.workloads.registry.named import WorkloadInfo, read_parameters

_ONLY_IN_TEXT = frozenset({"seed"})


class OwnWorkloads:
    """Picks one of ours; its parameters are controls made from what is declared of them.

    Args:
        workloads: What there is, by name.
        pick: Called with the name and its parameters, such as ``zipf:skew=0.9,keys=10k``.
    """

    def __init__(self, workloads: Mapping[str, WorkloadInfo], pick: Callable[[str], None]) -> None:
        self._workloads = workloads
        self._pick = pick
        self._syncing = False
        self._values: dict[str, object] = {}
        self._controls: dict[str, Control] = {}
        self.name = widgets.Dropdown(
            options=[(f"{name} – {info.summary}", name) for name, info in workloads.items()],  # noqa: RUF001
            tooltip="Built-in workload.",
            layout=widgets.Layout(width="520px"),
        )
        self.text = widgets.Text(
            continuous_update=False,
            tooltip="The workload as on the command line and in Python; Enter loads it.",
            layout=widgets.Layout(width="520px"),
        )
        self._parameters = widgets.GridBox(
            [],
            layout=widgets.Layout(
                grid_template_columns="repeat(auto-fill, 230px)", grid_gap="2px 18px"
            ),
        )
        self.widget = widgets.VBox([self.name, self._parameters, self.text])
        self._build()
        self.name.observe(self._choose, "value")
        self.text.observe(lambda change: self._typed(change["new"]), "value")

    @property
    def controls(self) -> Mapping[str, Control]:
        """The controls of the workload chosen, by parameter."""
        return self._controls

    def has(self, spec: str) -> bool:
        """Say whether a text means one of ours."""
        return spec.partition(":")[0].strip() in self._workloads

    def show(self, spec: str) -> None:
        """Show a workload that was picked elsewhere, if it is one of ours."""
        if not self.has(spec):
            return
        name, _, rest = spec.partition(":")
        with self._quietly():
            if name.strip() != self.name.value:
                self.name.value = name.strip()
                self._build()
            self._read_parameters(rest)
            self.text.value = spec

    def _choose(self, _change: object) -> None:
        if self._syncing:
            return
        with self._quietly():
            self._build()
        self._pick(self.text.value)

    def _changed(self, key: str, value: object) -> None:
        self._values[key] = value
        with self._quietly():
            self.text.value = self._spec()
        self._pick(self.text.value)

    def _typed(self, spec: str) -> None:
        if self._syncing or not spec.strip():
            return
        if self._is_right(spec.strip()):
            self.show(spec.strip())
        self._pick(spec.strip())

    def _is_right(self, spec: str) -> bool:
        """Say whether all parameters of a text are right; where one is wrong, no control moves."""
        name, _, rest = spec.partition(":")
        info = self._workloads.get(name.strip())
        if info is None:
            return False
        try:
            for key, value in read_parameters(rest).items():
                _checker(info.parameters[key])(value)
        except (BadInputError, KeyError):
            return False
        return True

    def _build(self) -> None:
        info = self._workloads[str(self.name.value)]
        for old in self._controls.values():
            old.widget.close()
        self._values = {key: made.default for key, made in info.parameters.items()}
        self._controls = {
            key: control(made, made.default, _checker(made), self._changed)
            for key, made in info.parameters.items()
            if key not in _ONLY_IN_TEXT
        }
        self._parameters.children = [made.widget for made in self._controls.values()]
        self.text.value = self._spec()

    def _read_parameters(self, rest: str) -> None:
        for part in rest.split(","):
            key, _, value = (word.strip() for word in part.partition("="))
            if key in self._controls:
                with contextlib.suppress(BadInputError):
                    self._controls[key].show(value)
                    self._values[key] = self._controls[key].value

    def _spec(self) -> str:
        info = self._workloads[str(self.name.value)]
        parts = [
            f"{key}={written(info.parameters[key], value)}"
            for key, value in self._values.items()
            if value is not None
        ]
        return f"{info.name}:{','.join(parts)}" if parts else info.name

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._syncing = self._syncing, True
        try:
            yield
        finally:
            self._syncing = before


def _checker(info: SettingInfo) -> Callable[[object], object]:
    """Return what reads a parameter and keeps it within its bounds."""

    def check(value: object) -> object:
        number = info.parse(value)
        low, high = info.low, info.high
        if number is None or not isinstance(number, (int, float)):
            return number
        if (low is not None and number < low) or (high is not None and number > high):
            text = f"{info.format(number)} is out of bounds; allowed: {info.bounds}"
            raise BadInputError(text, info.key)
        return number

    return check
