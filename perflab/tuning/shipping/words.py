"""What became of parameters that were set, in words."""

from __future__ import annotations

from perflab.instrumentation.catalog import metric
from perflab.servers.redis.applying import Change, GivenBack, Watched
from perflab.units import in_words


def value_in_words(name: str, value: str) -> str:
    """Return a parameter's value: of a number of bytes with its unit."""
    if name != "maxmemory" or not value.isdecimal():
        return value
    return in_words(int(value), "bytes") if int(value) else "no limit"


def why_broken(found: Watched) -> str:
    """Return what ended a watch; empty where all limits held."""
    broken = found.broken
    if broken is None:
        return ""
    if broken.value is None:
        return "the server did not answer any more"
    value = metric(broken.metric).format(broken.value)
    return f"{broken.limit!r} is broken: {broken.metric} was {value}"


def given_back(why: str, back: GivenBack) -> str:
    """Return that old values are back, why, and which were left alone."""
    left = "".join(f"; {left_alone(each)}" for each in back.others)
    return f"{why}; the old values are back{left}"


def left_alone(change: Change) -> str:
    """Return that somebody else has changed a parameter since."""
    ours, now = (value_in_words(change.name, each) for each in (change.before, change.after))
    return (
        f"{change.name} is {now} now and not {ours} as perflab set it, so somebody else changed it:"
        " it was left alone (--undo --force gives it back too)"
    )
