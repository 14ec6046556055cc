"""`asked_for`: what a cell passed to `workbench`, as one text that tells cells apart."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping

from perflab.errors.addresses import shown_address
from perflab.lab.result import Result


def asked_for(
    workload: object, settings: Mapping[str, object] | None, session: Result | None = None
) -> str:
    """Return what a cell passed to `workbench`, the same in each kernel and without secrets.

    Args:
        workload: A name, a path, or one that is read.
        settings: The user's, if any.
        session: What the file held that the cell named to open, if it did.
    """
    named = workload if workload is None or isinstance(workload, str) else None
    if isinstance(workload, os.PathLike):
        named = os.fspath(workload)
    elif named is None and workload is not None:
        named = str(getattr(workload, "fingerprint", type(workload).__name__))
    passed: list[object] = [named, {key: _text(value) for key, value in (settings or {}).items()}]
    if session is not None:
        passed.append(_digest(session))
    return json.dumps(passed)


def _text(value: object) -> str:
    """Return a setting's value: a function by its name, as its address is another each time."""
    if callable(value):
        return f"{value.__module__}:{getattr(value, '__qualname__', type(value).__name__)}"
    text = str(value)
    return shown_address(text) if "://" in text or "@" in text else text


def _digest(session: Result) -> str:
    text = json.dumps(session.to_dict(), sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
