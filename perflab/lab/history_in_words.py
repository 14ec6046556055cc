"""What predictions make of all that happened during a run, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perflab.bench.base import AnyBench
from perflab.lab.documents import Change
from perflab.lab.rows import Rows
from perflab.units import counted, grouped, in_words, percent

FOLLOWED = (
    "Settings were changed during the run. The predictions replay its own history: the same "
    "requests, each with the settings that were in force."
)
NOT_FOLLOWED = (
    "Settings were changed during the run. The predictions are for the last settings from the "
    "start, so the effect of the change itself counts as error."
)


def is_changed(changes: Iterable[Change]) -> bool:
    """Say whether settings were changed."""
    return any(change.get("settings") for change in changes)


def not_compared(bench: AnyBench, changes: Iterable[Change]) -> str:
    """Return why a run is not compared with its predictions; empty where it is.

    Args:
        bench: With its actions; what they do to a server is no part of its models.
        changes: Of the run.
    """
    events = {action.name: action.event for action in bench.live.actions if action.event}
    done = [
        f"{events[name]} at {in_words(change.get('seconds', 0.0), 'seconds')}"
        for change in changes
        if (name := change.get("action", "")) in events
    ]
    if not done:
        return ""
    more = f" ({counted(len(done) - 1, 'more event')})" if len(done) > 1 else ""
    return f"not compared: {done[0]}{more}"


def of_history(rows: Rows) -> str:
    """Return how predictions follow the changes of settings so far; empty without a change."""
    following, last = rows.following, rows.last
    if following.refusal is not None:
        return f"{NOT_FOLLOWED} They do not follow it because {following.refusal}."
    if not is_changed(rows.changes):
        return ""
    if not following.follows:
        return NOT_FOLLOWED
    if last is not None and following.done < last.requests and not rows.compared.predicted:
        share = following.done / last.requests
        return f"{FOLLOWED} So far {percent(share)} of the requests are replayed."
    return FOLLOWED


def replay_notes(rows: Rows, measured: Mapping[str, float]) -> tuple[str, ...]:
    """Return what a reader must know of predictions that follow a run, or could not.

    Args:
        rows: Of the run, which is over.
        measured: Over the whole run, with what was coalesced and what failed.
    """
    following = rows.following
    if following.refusal is not None:
        return (f"predictions do not follow the changes of settings: {following.refusal}",)
    if not following.follows:
        return ()
    said = []
    coalesced, errors = int(measured.get("coalesced", 0)), int(measured.get("errors", 0))
    if rows.concurrent and "coalesced" in measured:
        said.append(
            "predictions replay the run one request after another: with several threads, how many "
            f"misses waited for another's load ({grouped(coalesced)} here) is estimated, and in a "
            "trace with writes they are counted as hits"
        )
    if errors:
        said.append(f"in the replayed history the {counted(errors, 'failed request')} succeed")
    return tuple(said)
