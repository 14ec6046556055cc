"""What a user can do to the Redis server behind a run."""

from perflab.bench.session import Action

ACTIONS = (
    Action(
        "kill",
        "Kill Redis",
        "bolt",
        "Kill the server with SIGKILL; it loses all its entries.",
        "the server was killed",
        needs="up",
    ),
    Action(
        "restart",
        "Start Redis",
        "refresh",
        "Start the killed server again, empty.",
        "the server was started again, empty",
        needs="down",
        meanwhile="starting",
    ),
    Action(
        "slow",
        "Slow Redis",
        "hourglass-half",
        "Make the server stall for most of the next five seconds, so that commands "
        "take longer than a timeout below 0.2 s.",
        "the server was slowed",
        needs="up",
        meanwhile="slowed",
    ),
)
