"""`Rights`: what a panel lets its user name: anything for its owner, less for a guest."""

from __future__ import annotations

import dataclasses

from perflab.bench import AnyBench
from perflab.settings import SettingInfo
from perflab.settings.load import LoadSettings

FIXED = "set by the person who started this app"
"""Why a guest cannot change a setting."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rights:
    """What the user of a panel may do on the machine of its kernel.

    An owner has the kernel anyway. A guest has a browser only, so that the panel refuses in the
    kernel, whatever a page sends: paths, servers, backends and folders stay as the owner gave them.

    Attributes:
        guest: Whether the user is not the owner.
        turn: The file of the turn to measure, where other processes have panels too.
    """

    guest: bool = False
    turn: str | None = None

    def fixed(self, bench: AnyBench) -> frozenset[str]:
        """Return the settings of pattern and load that the user cannot change.

        For a guest these are all free texts, since each is a path, a host, a URL, a function or a
        statement, or may become one.
        """
        if not self.guest:
            return frozenset()
        keys = {*bench.identity.settings_class.model_fields, *LoadSettings.model_fields}
        return frozenset(key for key in keys if _is_free(bench.info(key)))

    def may_upload(self, bench: AnyBench) -> bool:
        """Say whether the user may send a file.

        A guest may where its kind of workload has formats, which are parsed; files that are read
        as they are may name others.
        """
        return not self.guest or bool(bench.workload_kind.formats)


def _is_free(info: SettingInfo) -> bool:
    return info.address or (info.kind not in (int, float, bool) and not info.choices)


OWNER = Rights()
GUEST = Rights(guest=True)
