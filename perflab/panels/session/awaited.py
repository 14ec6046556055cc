"""`Awaited`: a session that is to be shown as soon as its own workload is there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from perflab.lab.documents import AboutWorkload
from perflab.panels.session.keeper import SessionKeeper
from perflab.panels.session.reopened import ReopenedLine, kept_at
from perflab.panels.workload_picker import WorkloadPicker
from perflab.workloads import Workload


class Session(Protocol):
    """What is awaited."""

    @property
    def workload(self) -> AboutWorkload:
        """What tells its workload."""

    @property
    def environment(self) -> dict[str, object]:
        """Machine, versions and date."""


S = TypeVar("S", bound=Session)


class Awaited(Generic[S]):
    """A session that waits for its workload. Safe to use from several threads.

    One that a panel has kept by itself brings along the workload that its user had picked. Where
    that cannot be read any more, the file stays as it is, and the panel goes on under another name.

    Args:
        picker: Reads workloads.
        keeper: Keeps the session.
        line: Says what became of it.
        naming: Returns the settings of a session that name or bound another workload than now.
        name: Called with them before that is read.
    """

    def __init__(
        self,
        picker: WorkloadPicker,
        keeper: SessionKeeper[Any],
        line: ReopenedLine,
        naming: Callable[[S], Mapping[str, object]] = lambda _: {},
        name: Callable[[Mapping[str, object]], object] = lambda _: None,
    ) -> None:
        self._picker, self._keeper, self._line = picker, keeper, line
        self._naming, self._name = naming, name
        self._lock = threading.RLock()
        self._session: S | None = None
        self._is_kept = self._is_sought = self._has_missed = self._is_going = False

    @property
    def waits(self) -> bool:
        """Whether a session is still to be shown, or is shown only in part."""
        return self._session is not None or self._is_going

    def put(self, session: S, *, kept: bool) -> None:
        """Let a session wait.

        Args:
            session: It.
            kept: Whether a panel has kept it by itself, so that it brings its workload along.
        """
        self._session, self._is_kept, self._is_sought = session, kept, not kept
        if not kept:
            self._name(self._naming(session))

    def due(self, workload: Workload | None) -> S | None:
        """Return the session if it is to be shown now; `shown` is to be called once it is.

        Args:
            workload: The present one; none where none is read yet.
        """
        with self._lock:
            session = self._session
            if session is None:
                return None
            if workload is None:
                # The cell's own is still read: it is what the panel has if the session's is gone.
                is_other_due = self._has_missed
            else:
                is_other_due = is_other(session.workload, workload) or bool(self._naming(session))
            if not (self._is_kept and is_other_due):
                if workload is None:
                    return None
                self._take()
                return session
            go_on = self._next(session)
        go_on()
        return None

    def shown(self) -> None:
        """All of the session that was due is shown, so that changes may be kept from now on."""
        self._is_going = False

    def missed(self) -> None:
        """The workload that was to be read cannot be: try the session's own, or give it up."""
        with self._lock:
            self._has_missed = True
            session = self._session
            if session is None or not self._is_kept:
                return
            go_on = self._next(session)
        go_on()

    def _take(self) -> None:
        """Let the session wait no longer; nothing is kept before `shown`."""
        self._session, self._is_going = None, True

    def _next(self, session: S) -> Callable[[], None]:
        """Return what has the session's workload read, or gives it up where that was tried already.

        It is called without the lock: the picker has one of its own, and calls `missed` under it.
        """
        naming = self._naming(session)
        if self._is_sought or not (session.workload.get("source") or naming):
            self._take()
            return lambda: self._give_up(session)
        self._is_sought, self._has_missed = True, False
        return lambda: self._seek(session, naming)

    def _seek(self, session: S, naming: Mapping[str, object]) -> None:
        self._name(naming)
        if session.workload.get("source"):
            self._picker.reopen(session.workload)
        else:
            self._picker.pick_again()

    def _give_up(self, session: S) -> None:
        path, about = self._keeper.path, session.workload
        name = about.get("source") or about.get("name", "")
        self._keeper.move()
        self.shown()
        where = "its file" if path is None else path.name
        self._line.say(
            f"The session of {kept_at(session.environment.get('date'))} stays in {where}, as its "
            f"workload {name} cannot be read again."
        )


def is_other(kept: AboutWorkload, workload: Workload) -> bool:
    """Say whether a session is of another workload than this one, whatever is in it by now."""
    if kept.get("fingerprint") == workload.fingerprint:
        return False
    source = kept.get("source") or ""
    if not source and not workload.source:
        return kept.get("name") != workload.name
    return (source, _text(kept.get("options"))) != (workload.source, _text(workload.options))


def names_other(kept: AboutWorkload, named: object) -> bool:
    """Say whether what a cell names as its workload is not where a session's came from."""
    if isinstance(named, (str, os.PathLike)):
        source = os.fspath(named)
    else:
        source = getattr(named, "source", "")
    return source != (kept.get("source") or "")


def left_out(kept: AboutWorkload, workload: Workload) -> str:
    """Return why a session's numbers are not shown for a workload; empty where they are."""
    if kept.get("fingerprint") == workload.fingerprint:
        return ""
    if is_other(kept, workload):
        return f"; it was of another workload, {kept.get('name')}, so its numbers were left out"
    return "; its workload has changed since, so its numbers were left out"


def _text(options: object) -> str:
    return json.dumps(options or {}, sort_keys=True, default=str)
