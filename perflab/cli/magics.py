"""`%perflab` and `%%perflab_record`: the command, and recording, in a notebook's cells."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from perflab.workloads.recording.recording import Recording

_IN_A_SHELL = ("lab", "app")
"""Commands that become another program: in a notebook they would end its kernel."""


@magics_class
class PerflabMagics(Magics):
    """The magics of ``%load_ext perflab``."""

    @line_magic
    def perflab(self, line: str) -> None:
        """Run a command of perflab: ``%perflab predict cache --workload access.log``.

        ``{name}`` is replaced by the value of a variable. A command that fails, or whose limits
        are broken, ends the cell, so that a notebook that is run as a whole stops there.
        """
        from perflab.cli.app import main

        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"%perflab: {error}") from None
        if words and words[0] in _IN_A_SHELL:
            raise UsageError(f"%perflab: '{words[0]}' starts a server; run it in a shell")
        status = main(words)
        if status:
            raise UsageError(f"perflab {words[0] if words else ''} ended with status {status}")

    @magic_arguments()
    @argument("folder", help="The folder that requests are recorded into.")
    @argument("names", nargs="*", help="What is recorded; without, all caches of the notebook.")
    @argument("--sample", type=float, default=1.0, help="The share of keys, such as 0.01.")
    @cell_magic
    def perflab_record(self, line: str, cell: str) -> None:
        """Record what a cell asks of caches: ``%%perflab_record requests``.

        While the cell runs, the notebook's caches are wrapped by `perflab.record`: functions with
        `functools.lru_cache`, perflab's and cachetools' caches, Redis clients; or what is named
        behind the folder. `perflab.read_trace` reads the folder.
        """
        from perflab.errors import BadInputError

        options = parse_argstring(self.perflab_record, line)
        shell = self.shell
        if shell is None:  # pragma: no cover  (IPython has one wherever a cell runs)
            return
        names = options.names or _caches_in(shell.user_ns)
        if not names:
            raise UsageError("%%perflab_record: there is no cache here; name what to record")
        try:
            with _recorded(shell, names, options.folder, options.sample) as recording:
                failed = not shell.run_cell(cell, store_history=False).success
        except BadInputError as error:
            raise UsageError(f"%%perflab_record: {error}") from None
        _tell(options.folder, names, recording)
        if failed:
            raise UsageError("the cell failed; what it asked until then is recorded")


def load(shell: InteractiveShell) -> None:
    """Register the magics; called by ``%load_ext perflab``."""
    shell.register_magics(PerflabMagics)


def _caches_in(names: dict[str, Any]) -> list[str]:
    """Return the names of what is a cache beyond doubt: a plain dictionary may be anything."""
    return [name for name, value in names.items() if not name.startswith("_") and _is_cache(value)]


def _is_cache(value: object) -> bool:
    if isinstance(value, type):
        return False
    module = type(value).__module__.partition(".")[0]
    if callable(getattr(value, "cache_info", None)) and hasattr(value, "__wrapped__"):
        return True
    is_mapping = hasattr(value, "__getitem__") and hasattr(value, "get")
    if module in ("perflab", "cachetools") and is_mapping:
        return True
    return module == "redis" and hasattr(value, "execute_command")


@contextmanager
def _recorded(
    shell: InteractiveShell, names: Iterable[str], folder: str, sample: float
) -> Iterator[Recording]:
    """Have caches wrapped for a while; what the cell itself has put in their place stays.

    Raises:
        BadInputError: If a name is not there or cannot be recorded, or the folder not written.
    """
    from perflab.errors import BadInputError, nearest
    from perflab.workloads.recording.record import record
    from perflab.workloads.recording.recording import Recording

    space = shell.user_ns
    for name in names:
        if name not in space:
            known = [each for each in space if not each.startswith("_")]
            raise BadInputError(f"there is no such name{nearest(name, known)}", name)
    recording = Recording(folder, sample)
    before = {name: space[name] for name in names}
    wrapped = {}
    try:
        for name, value in before.items():
            wrapped[name] = record(value, recording)
        space.update(wrapped)
        yield recording
    finally:
        for name, value in wrapped.items():
            if space.get(name) is value:
                space[name] = before[name]
        recording.stop()


def _tell(folder: str, names: Iterable[str], recording: Recording) -> None:
    """Say what was recorded, and how to go on."""
    from perflab.cli.output import say
    from perflab.units import counted

    count = int(recording.stats().get("requests", 0))
    say(f"recorded {counted(count, 'request')} of {', '.join(names)} into {folder}")
    say(f"perflab.workbench('cache', {folder!r}) tunes a cache for them")
