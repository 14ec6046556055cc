"""The child process of a run as its parent has it: started, listened to, and its end in words."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import weakref
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cloudpickle

from perflab.errors import BadInputError
from perflab.lab.job import Job
from perflab.servers.keeper import Keeper
from perflab.servers.keeper_process import MARK
from perflab.servers.python_process import (
    names_code,
    no_interrupt,
    python_command,
    python_environment,
)

if TYPE_CHECKING:
    from perflab.workloads.registry.kind import WorkloadKind

_LOOK_SECONDS = 0.5


class Leaving(Protocol):
    """A run whose child process is a child of the process that started it alone."""

    def leave(self) -> None:
        """Let go of it in a forked process, which was given a copy."""


# Weak, so that a run is not kept because it is listed.
_going: weakref.WeakSet[Leaving] = weakref.WeakSet()


def leave_at_fork(run: Leaving) -> None:
    """Have a run left to this process where it is forked from now on."""
    _going.add(run)


def _leave_to_parent() -> None:
    """Let go, in a forked process, of the runs: they are its parent's, and end with that."""
    for run in list(_going):
        run.leave()
    _going.clear()


os.register_at_fork(after_in_child=_leave_to_parent)


def save_workload(kind: WorkloadKind[Any], workload: object, folder: Path) -> None:
    """Write a workload for the child to map.

    Raises:
        BadInputError: If there is no room for it.
    """
    try:
        kind.save(workload, folder)
    except (OSError, BadInputError) as error:
        raise BadInputError(
            f"the workload's copy for the child process cannot be written ({error}); free some "
            "room, or set TMPDIR to a folder with more"
        ) from None


def spawn(job: Job, kept: Keeper) -> tuple[Connection, subprocess.Popen[bytes]]:
    """Start the child for a job; return the parent's end of the pipe, and the process.

    Raises:
        RuntimeError: If it did not start.
    """
    users_code = any(names_code(value) for value in job.settings.values())
    return spawn_module("perflab.lab.child_process", job, kept, users_code=users_code)


def spawn_module(
    module: str, job: object, kept: Keeper, *, users_code: bool = False
) -> tuple[Connection, subprocess.Popen[bytes]]:
    """Start a process of perflab's own that is told a job; return our end of the pipe, and it.

    Args:
        module: Whose ``main()`` is called; its first argument is the number of its end of the pipe.
        job: What comes through the pipe first.
        kept: What ends it when this process is gone.
        users_code: Whether functions of the user's are called there.

    Raises:
        RuntimeError: If it did not start.
    """
    ours, theirs = Pipe()
    mark = secrets.token_hex(16)
    command = python_command(module, str(theirs.fileno()), users_code=users_code)
    try:
        with no_interrupt():
            process = subprocess.Popen(  # noqa: S603  (our own module)
                command,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**python_environment(), MARK: mark},
            )
        theirs.close()
        # Before it is kept it has nothing to clean up, and ends with the pipe.
        try:
            kept.keep(process.pid, mark)
            ours.send_bytes(cloudpickle.dumps(job))
        except BaseException:
            process.kill()
            process.wait()
            raise
    except OSError as error:
        ours.close()
        raise RuntimeError(f"the child process did not start: {error}") from None
    return ours, process


def receive(pipe: Connection, process: subprocess.Popen[bytes]) -> object:
    """Return the child's next message.

    Raises:
        EOFError: If it has ended. Something that it forked may hold its pipe open.
    """
    while not pipe.poll(_LOOK_SECONDS):
        if process.poll() is not None and not pipe.poll(0):
            raise EOFError
    return pipe.recv()


def resident_bytes(pid: int) -> int:
    """Return the bytes of memory that a process has now."""
    from perflab.instrumentation.memory import looker

    return looker()(pid)


def status_in_words(code: int) -> str:
    """Return how a process ended, in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
