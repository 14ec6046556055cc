"""How perflab starts a Python process of its own: no module of the working folder is run in it.

Python puts the working folder, or that of the script, before all else where modules are looked
for. A file of the user's that has a library's name would run in every process of perflab's.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_ROOT = str(Path(__file__).absolute().parents[2])
_CODE = """\
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
spec = PathFinder.find_spec("perflab", [{root!r}])
sys.modules["perflab"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["perflab"])
from perflab.servers.python_process import begin
begin({module!r}, {path!r}, {working!r}, {last!r})
"""


def python_command(module: str, *arguments: str, users_code: bool = False) -> list[str]:
    """Return the command that calls ``main()`` of a module of perflab's in a process of its own.

    It is this very perflab, whatever else bears its name. The process looks for modules where this
    one does, but for the working folder and that of the script.

    Args:
        module: The module's full name.
        arguments: What the module finds in ``sys.argv``.
        users_code: Whether functions of the user's are called there; modules of the working folder
            are then found too, where nothing else has their name.
    """
    working = working_folders()
    code = _CODE.format(
        root=_ROOT,
        module=module,
        path=[entry for entry in sys.path if entry],
        working=working,
        last=working if users_code else [],
    )
    flags = ["-P"]
    if sys.flags.ignore_environment:
        flags.append("-E")
    if sys.flags.no_user_site:
        flags.append("-s")
    return [sys.executable, *flags, "-c", code, *arguments]


def python_environment() -> dict[str, str]:
    """Return this process's environment for another: no empty entry in ``PYTHONPATH``.

    Python takes an empty entry, as in ``PYTHONPATH=$PYTHONPATH:/more``, for the working folder.
    """
    environment = dict(os.environ)
    entries = [each for each in environment.pop("PYTHONPATH", "").split(os.pathsep) if each]
    if entries:
        environment["PYTHONPATH"] = os.pathsep.join(entries)
    return environment


def working_folders() -> list[str]:
    """Return the folders that Python itself put first: of the script, and the working folder."""
    found: list[str] = []
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    with contextlib.suppress(OSError):  # a working folder may have been removed
        if script is not None:
            found.append(str(Path(script).absolute().parent))
        found.append(str(Path.cwd()))
    return found


def names_code(value: object) -> bool:
    """Say whether the value of a setting is code of the user's: a function, or its name."""
    if not isinstance(value, str):
        return callable(value)
    module, colon, name = value.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), name))


def use_working_folders() -> None:
    """Find modules of the working folder too from now on, where nothing else has their name."""
    known = {os.path.realpath(entry) for entry in sys.path}
    sys.path += [folder for folder in working_folders() if os.path.realpath(folder) not in known]


def child_path(natural: Sequence[str], parents: Sequence[str], working: Sequence[str]) -> list[str]:
    """Return where a child looks for modules.

    Args:
        natural: Where it looks by itself: libraries, editable installs, ``PYTHONPATH``. This stays,
            even where it is the working folder.
        parents: Where its parent looks.
        working: The folders that are left out.
    """
    left_out = {os.path.realpath(folder) for folder in working}
    path = [entry for entry in parents if os.path.realpath(entry) not in left_out]
    for place, entry in enumerate(natural):
        if entry not in path:
            before = [path.index(each) for each in natural[:place] if each in path]
            path.insert(max(before, default=-1) + 1, entry)
    return list(dict.fromkeys(path))


def begin(module: str, parents: Sequence[str], working: Sequence[str], last: Sequence[str]) -> None:
    """Call ``main()`` of a module, in the process that `python_command` describes."""
    # A key of the terminal is the parent's business, and so is the terminal's end.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})
    sys.path[:] = child_path(sys.path, parents, working)
    sys.path += [folder for folder in last if folder not in sys.path]
    sys.argv[0] = module
    importlib.import_module(module).main()


@contextlib.contextmanager
def no_interrupt() -> Iterator[None]:
    """Let a process that is started in the block begin without signals of the terminal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
