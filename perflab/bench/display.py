"""`Display`: which settings, charts and metrics a bench shows, and which of them where."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping
from typing import Any, Generic

from perflab.bench.identity import S, W
from perflab.bench.parts import HeatMap, LiveChart, Observed, WhatIfChart, axis_values
from perflab.instrumentation.catalog import MetricInfo
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings, SettingInfo, Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bounded(Generic[S, W]):
    """What is shown where another setting bounds, such as bytes in place of entries.

    Attributes:
        charts: In the places of the usual what-if charts, as many as those.
        maps: In the places of the usual maps.
        applies: Whether that setting bounds, at some settings and for a workload.
    """

    charts: tuple[WhatIfChart, ...]
    maps: tuple[HeatMap, ...]
    applies: Callable[[S, W], bool]


def _axis(info: SettingInfo, _workload: object) -> list[Any]:
    return axis_values(info)


def _nothing(_workload: object) -> tuple[str, ...]:
    return ()


def _none_overruled(
    _settings: Settings, _load: LoadSettings, _workload: object
) -> Mapping[str, str]:
    return {}


def _not_observed(_settings: Settings, _costs: Costs) -> None:
    return None


def _changed(settings: S, key: str, value: object) -> S:
    return settings.change(**{key: value})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Display(Generic[S, W]):
    """What a bench shows.

    Attributes:
        sliders: The settings that have a slider, in order.
        what_if_charts: The charts of predictions.
        live_charts: The charts of measurements.
        headline: The metrics of tables, those that matter most first.
        heat_maps: Maps of predictions over two settings.
        bounded: What stands in the places of charts and maps where another setting bounds.
        panel_defaults: The settings with which a panel begins, where they are not the usual ones.
        metric_infos: The metrics that are the pattern's own, beside the shared ones.
        hidden: Returns sliders, metrics and titles of maps that mean nothing for a workload.
        overruled: Returns the settings that have no effect on a workload at some settings, which a
            panel shows in grey, by key with the reason.
        axis: Returns the values of a setting along which charts and sweeps go for a workload, at
            most a hundred.
        settings_for_line: Returns the settings of a chart's line, which has another value of one
            setting.
        observed: Returns what was measured elsewhere and is comparable with a curve at some
            settings; raises `BadInputError` if that cannot be read.
    """

    sliders: tuple[str, ...]
    what_if_charts: tuple[WhatIfChart, ...]
    live_charts: tuple[LiveChart, ...]
    headline: tuple[str, ...]
    heat_maps: tuple[HeatMap, ...] = ()
    bounded: Bounded[S, W] | None = None
    panel_defaults: Mapping[str, object] = dataclasses.field(default_factory=dict)
    metric_infos: tuple[MetricInfo, ...] = ()
    hidden: Callable[[W], Container[str]] = _nothing
    overruled: Callable[[S, LoadSettings, W], Mapping[str, str]] = _none_overruled
    axis: Callable[[SettingInfo, W], list[Any]] = _axis
    settings_for_line: Callable[[S, str, object], S] = _changed
    observed: Callable[[S, Costs], Observed | None] = _not_observed

    @property
    def all_charts(self) -> tuple[WhatIfChart, ...]:
        """All what-if charts, those with another bound last."""
        return (*self.what_if_charts, *(self.bounded.charts if self.bounded else ()))

    @property
    def all_maps(self) -> tuple[HeatMap, ...]:
        """All maps, those with another bound last."""
        return (*self.heat_maps, *(self.bounded.maps if self.bounded else ()))

    def charts_for(self, settings: S, workload: W) -> tuple[WhatIfChart, ...]:
        """Return the what-if charts at some settings, as many as `what_if_charts`.

        What they show beside their metric is left out where a workload does not have it.
        """
        bounds = self.bounded is not None and self.bounded.applies(settings, workload)
        charts = self.bounded.charts if self.bounded is not None and bounds else self.what_if_charts
        hidden = self.hidden(workload)
        if not any(name in hidden for chart in charts for name in chart.also):
            return charts
        return tuple(
            dataclasses.replace(
                chart, also=tuple(name for name in chart.also if name not in hidden)
            )
            for chart in charts
        )

    def maps_for(self, settings: S, workload: W) -> tuple[HeatMap, ...]:
        """Return the maps that make sense at some settings for a workload."""
        bounds = self.bounded is not None and self.bounded.applies(settings, workload)
        maps = self.bounded.maps if self.bounded is not None and bounds else self.heat_maps
        hidden = self.hidden(workload)
        return tuple(each for each in maps if each.title not in hidden)

    def sliders_for(self, workload: W) -> tuple[str, ...]:
        """Return the settings that have an effect on a workload and so have a slider."""
        hidden = self.hidden(workload)
        return tuple(key for key in self.sliders if key not in hidden)

    def headline_for(self, workload: W) -> tuple[str, ...]:
        """Return the metrics that a workload has, those that matter most first."""
        hidden = self.hidden(workload)
        return tuple(name for name in self.headline if name not in hidden)
