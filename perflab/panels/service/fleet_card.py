"""`FleetCard`: pools of a fleet within what its database allows, against one shared PgBouncer."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from perflab.bench.registry import load_bench
from perflab.charts.service import fleet_picture
from perflab.instrumentation.catalog import metric
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning, meaning_of
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.numbers import lines_of
from perflab.panels.service.result_card import ResultCard
from perflab.service import Fleet, FleetRow, Service
from perflab.service.fleet import PGBOUNCER, best_pool
from perflab.units import grouped

if TYPE_CHECKING:
    from perflab.bench.stage import PoolStage

_METRICS = ("wait_seconds_p99", "latency_seconds_p99", "errors")
_HEADS = ("replicas", "connected", "per process", "connections, at most", "in a deploy")
_TAKE = "Give the pool of each process so many connections."


class FleetCard(ResultCard[Fleet]):
    """Shows a fleet.

    Args:
        apply: Called with the size of a pool by its key when the user takes it.
    """

    def __init__(self, apply: Callable[[Mapping[str, object]], object]) -> None:
        self.picture: Drawing[Fleet] = Drawing(fleet_picture)
        super().__init__(apply, _TAKE, self.picture)

    def show(self, found: Fleet) -> None:
        """Show a fleet."""
        warned = lines_of((_sentence(text) for text in found.warnings), "perflab-alarm")
        text = f"{warned}<div><b>{html.escape(_sentence(found.reason))}</b></div>"
        remarks = lines_of(found.remarks, "perflab-line")
        values = _sized(found)
        service = Service.from_mapping(found.settings)
        fits = (found.settings, service.change(values).shown())
        self.put(found, text, f"{_rows(found)}{remarks}", values, fits)


def _sized(found: Fleet) -> dict[str, object]:
    """Return the values that make the pools the recommended ones; nothing where they are."""
    best = best_pool(list(found.rows))
    service = Service.from_mapping(found.settings)
    pool = service.pool
    if best is None or pool is None:
        return {}
    of = cast("PoolStage[Any]", load_bench(pool.bench).stage)
    after = of.settings_with(pool.settings, best.per_process).model_dump()
    before = pool.settings.model_dump()
    values = {f"{pool.bench}.{key}": each for key, each in after.items() if each != before[key]}
    # The rows of pools are those without a PgBouncer.
    alone = (
        {} if service.settings.pgbouncer_connections is None else {"pgbouncer_connections": None}
    )
    return values | alone


def _rows(found: Fleet) -> str:
    """Return a row per way to connect, as HTML; those that do not fit are marked."""
    best = best_pool(list(found.rows))
    infos = [metric(name) for name in _METRICS]
    infos = [info for info in infos if any(info.name in row.metrics for row in found.rows)]
    heads = "".join(f"<th scope='col'{titled(meaning(head))}>{head}</th>" for head in _HEADS)
    heads += "".join(
        f"<th scope='col'{titled(meaning_of(info))}>{html.escape(info.label)}</th>"
        for info in infos
    )
    body = []
    for row in found.rows:
        cells = [info.format(row.metrics.get(info.name)) for info in infos]
        body.append(_row(row, cells, chosen=row is best))
    return (
        "<div class='perflab-scroll'><table class='perflab-table perflab-of-stages perflab-tight' "
        f"aria-label='Ways to connect'><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _row(row: FleetRow, cells: list[str], *, chosen: bool) -> str:
    way = "PgBouncer" if row.way == PGBOUNCER else "pools"
    deploying = grouped(row.deploying)
    if not row.fits:
        deploying = f"<span class='off'>{deploying}: too many</span>"
    shown = [way, grouped(row.per_process), grouped(row.connections), deploying]
    told = "".join(f"<td>{cell}</td>" for cell in [*shown, *map(html.escape, cells)])
    style = " class='perflab-chosen'" if chosen else ""
    return f"<tr{style}><th scope='row'>{grouped(row.replicas)}</th>{told}</tr>"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
