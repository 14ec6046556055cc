"""The workloads that perflab brings: a list, their parameters, and the text of the choice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from perflab.panels.controls import Control, control, written
from perflab.settings import BadInputError
from perflab.workloads import WORKLOADS
from perflab.workloads.names import SYNTHETIC

_ONLY_IN_TEXT = frozenset({"seed"})


class OwnWorkloads:
    """Picks one of ours; its parameters are controls made from what is declared of them.

    Args:
        pick: Called with the name and its parameters, such as ``zipf:skew=0.9,keys=10k``.
    """

    def __init__(self, pick: Callable[[str], None]) -> None:
        self._pick = pick
        self._syncing = False
        self._values: dict[str, Any] = {}
        self._controls: dict[str, Control] = {}
        self.name = widgets.Dropdown(
            options=[(f"{name} – {info.summary}", name) for name, info in WORKLOADS.items()],  # noqa: RUF001
            layout=widgets.Layout(width="520px"),
        )
        self.text = widgets.Text(
            continuous_update=False,
            tooltip="The workload as the command line and Python take it; Enter makes it.",
            layout=widgets.Layout(width="520px"),
        )
        self._parameters = widgets.GridBox(
            [], layout=widgets.Layout(grid_template_columns="repeat(3, 230px)", grid_gap="2px 18px")
        )
        self.widget = widgets.VBox([self.name, self._parameters, self.text])
        self._build()
        self.name.observe(self._choose, "value")
        self.text.observe(lambda change: self._typed(change["new"]), "value")

    @property
    def controls(self) -> Mapping[str, Control]:
        """The controls of the workload chosen, by parameter."""
        return self._controls

    def show(self, spec: str) -> None:
        """Show a workload that was picked elsewhere, if it is one of ours."""
        name, _, rest = spec.partition(":")
        if name.strip() not in WORKLOADS:
            return
        with self._quietly():
            if name.strip() != self.name.value:
                self.name.value = name.strip()
                self._build()
            self._read_parameters(rest)
            self.text.value = spec

    def _choose(self, _change: Any) -> None:
        if self._syncing:
            return
        with self._quietly():
            self._build()
        self._pick(self.text.value)

    def _changed(self, key: str, value: Any) -> None:
        self._values[key] = value
        with self._quietly():
            self.text.value = self._spec()
        self._pick(self.text.value)

    def _typed(self, spec: str) -> None:
        if self._syncing or not spec.strip():
            return
        self.show(spec.strip())
        self._pick(spec.strip())

    def _build(self) -> None:
        info = WORKLOADS[str(self.name.value)]
        for old in self._controls.values():
            old.widget.close()
        self._values = {key: made.default for key, made in info.parameters.items()}
        self._controls = {
            key: control(made, made.default, self._checker(info.name, key), self._changed)
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
        info = WORKLOADS[str(self.name.value)]
        parts = [
            f"{key}={written(info.parameters[key], value)}"
            for key, value in self._values.items()
            if value is not None
        ]
        return f"{info.name}:{','.join(parts)}" if parts else info.name

    @contextlib.contextmanager
    def _quietly(self) -> Any:
        before, self._syncing = self._syncing, True
        try:
            yield
        finally:
            self._syncing = before

    @staticmethod
    def _checker(name: str, key: str) -> Callable[[Any], Any]:
        return lambda value: getattr(SYNTHETIC[name].read({key: value}), key)
