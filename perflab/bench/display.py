"""`Display`: which settings, charts and metrics a bench shows, and which of them where."""

from __future__ import annotations

from typing import Any, ClassVar

from perflab.bench.parts import HeatMap, LiveChart, WhatIfChart
from perflab.settings import Settings


class Display:
    """A part of `Bench`; what depends on the workload is answered by methods.

    `bounded_charts` and `bounded_maps` stand in the places of `what_if_charts` and `heat_maps`
    where another setting bounds, such as bytes instead of entries; a bench that has none leaves
    them as they are.
    """

    sliders: ClassVar[tuple[str, ...]]
    what_if_charts: ClassVar[tuple[WhatIfChart, ...]]
    bounded_charts: ClassVar[tuple[WhatIfChart, ...]] = ()
    heat_maps: ClassVar[tuple[HeatMap, ...]] = ()
    bounded_maps: ClassVar[tuple[HeatMap, ...]] = ()
    live_charts: ClassVar[tuple[LiveChart, ...]]
    headline: ClassVar[tuple[str, ...]]

    def charts_for(self, settings: Settings, workload: Any) -> tuple[WhatIfChart, ...]:
        """Return the what-if charts at some settings, as many as `what_if_charts`."""
        del settings, workload
        return self.what_if_charts

    def maps_for(self, settings: Settings, workload: Any) -> tuple[HeatMap, ...]:
        """Return the maps that make sense at some settings for a workload."""
        del settings, workload
        return self.heat_maps

    def sliders_for(self, workload: Any) -> tuple[str, ...]:
        """Return the settings that have an effect on a workload and so have a slider."""
        del workload
        return self.sliders

    def headline_for(self, workload: Any) -> tuple[str, ...]:
        """Return the metrics that a workload tells, those that matter most first."""
        del workload
        return self.headline
