"""A calibration ages: each live run shows what the costs are now, and renews it."""

from __future__ import annotations

from perflab.errors import BadInputError
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.calibration import Calibration, keep_calibration
from perflab.lab.rows import Rows
from perflab.lab.snapshot import Snapshot
from perflab.modelling.prediction import Costs

_FEWEST_REQUESTS = 50
_FEWEST_OF_AN_OUTCOME = 20
"""A mean of fewer is mostly chance: what such an outcome takes stays as it was calibrated."""
_SHORTEST_SECONDS = 1.0
_MOST_ERRORS = 0.001


def renew_calibration(
    rows: Rows, calibration: Calibration, load_average: float | None
) -> Calibration | None:
    """Keep the costs as a run that is over has shown them to be, since its last change.

    A run that was short, had errors, or whose server was killed or slowed by an action tells
    nothing of the next one; one that was predicted from shipped costs could not be calibrated.

    Args:
        rows: What was measured.
        calibration: The one that it was predicted from.
        load_average: The machine's per core before the run.

    Returns:
        The renewed calibration; None where it stays as it is.
    """
    start, last = rows.changed or rows.warm, rows.last
    if calibration.source != "measured" or last is None:
        return None
    seconds = last.seconds - (0.0 if start is None else start.seconds)
    acted = any(change.get("action") for change in rows.changes)
    if acted or seconds < _SHORTEST_SECONDS or not _is_clean(rows):
        return None
    bench, known = rows.bench, calibration.costs
    costs = renewed_costs(rows, known, start, _FEWEST_OF_AN_OUTCOME)
    if costs == known or wrong_cost(bench.calibration.shipped_costs, costs) is not None:
        return None
    spread = None if rows.changes else rows.moments.spread()
    about = (bench, rows.settings, rows.load, costs, rows.workload, load_average, spread)
    try:
        return keep_calibration(*about, of_run=True)
    except BadInputError:  # there is no room to keep it: the run itself is as it was
        return None


def renewed_costs(
    rows: Rows, known: Costs, start: Snapshot | None, fewest: int
) -> dict[str, object]:
    """Return costs as a part of a run has shown them to be.

    Args:
        rows: What was measured.
        known: The costs before.
        start: Where the part begins.
        fewest: How often an outcome, such as a miss, must have come for its cost to be known.
    """
    plan, seen = rows.bench.calibration, rows.seen_costs(start, fewest)
    costs = plan.renewed(known, seen, rows.settings, rows.predict(known, start))
    return plan.refined(costs, seen, lambda costs: rows.predict(costs, start))


def _is_clean(rows: Rows) -> bool:
    """Say whether enough requests were answered, and nearly all of them well."""
    measured = rows.measured(rows.changed or rows.warm)
    requests = measured.get("requests", 0.0)
    return requests >= _FEWEST_REQUESTS and measured.get("errors", 0.0) <= _MOST_ERRORS * requests
