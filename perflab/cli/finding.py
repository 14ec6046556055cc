"""One thing that `perflab doctor` looked for."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked for.

    Attributes:
        group: What it belongs to.
        name: What was looked for.
        found: Whether it is there and works.
        text: Its version, place or number, or why it is not there.
    """

    group: str
    name: str
    found: bool
    text: str

    def to_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return dataclasses.asdict(self)
