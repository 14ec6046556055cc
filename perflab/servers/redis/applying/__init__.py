"""Parameters of a user's running Redis: set, watched, and given back."""

from perflab.servers.redis.applying.application import Application, Plan
from perflab.servers.redis.applying.giving_back import GivenBack, undo
from perflab.servers.redis.applying.journal import Entry, latest
from perflab.servers.redis.applying.parameters import Change, Parameters
from perflab.servers.redis.applying.watch import WATCHED, Broken, Limit, Watched, watch

__all__ = [
    "WATCHED",
    "Application",
    "Broken",
    "Change",
    "Entry",
    "GivenBack",
    "Limit",
    "Parameters",
    "Plan",
    "Watched",
    "latest",
    "undo",
    "watch",
]
