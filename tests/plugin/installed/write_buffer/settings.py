"""The settings of a write buffer."""

from __future__ import annotations

from perflab.settings import Settings, setting

DURABILITIES = ("memory", "write", "sync")


class WriteBufferSettings(Settings):
    """How many records are written together, and how safely."""

    batch_size: int = setting(
        50,
        "How many records are written together.",
        unit="records",
        low=1,
        high=100_000,
        span=(1, 5_000),
        scale="log",
    )
    max_delay: int = setting(
        0,
        "After how many further records a record is written at the latest; 0 leaves it to "
        "batch_size.",
        unit="records",
        low=0,
        high=1_000,
        span=(0, 1_000),
    )
    durability: str = setting(
        "write",
        "Keep a batch in memory, write it to the file, or wait until the disk has it.",
        choices=DURABILITIES,
    )
    compact: bool = setting(False, "Leave out the length in front of each record.")
