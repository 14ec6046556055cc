"""Where a prefetcher's items come from: rows, files, an HTTP server, or the user's function."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from perflab.errors import BadInputError
from perflab.patterns.prefetching.items import Items
from perflab.servers.call_cap import CallCap, most_calls
from perflab.settings import LoadSettings

_FILES = 1000

Fetch = Callable[[int, int], Iterable[object]]


class ItemSource(ABC):
    """Items by their number, fetched by several threads at once.

    Attributes:
        seconds: A wait that each fetch costs on top.
        length: How many items it has before they begin again; none where it does not know.
    """

    length: int | None = None

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def fetch(self, start: int, stop: int) -> Iterable[object]:
        """Return the items of a range, those beyond the last from the first on again."""
        if self.seconds > 0:
            time.sleep(self.seconds)
        if self.length is None:
            return self.ask(start, stop)
        found: list[object] = []
        while start < stop:
            first = start % self.length
            last = min(self.length, first + stop - start)
            found += self.ask(first, last)
            start += last - first
        return found

    @abstractmethod
    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Ask the real thing for a range within its length."""

    def change(self, load: LoadSettings) -> None:
        """Let each fetch from now on cost the wait of other load settings."""
        self.seconds = load.backend_seconds

    def held(self) -> float:
        """Return for how long this thread has waited for a cap on calls since it asked last."""
        return 0.0

    def about(self) -> dict[str, str]:
        """Return what a reader must know of a server behind: name, version, source."""
        return {}

    def server_up(self) -> bool | None:
        """Say whether perflab's own server behind is up; None where there is no such server."""
        return None

    def restart(self) -> None:
        """Kill the server behind and start it again.

        Raises:
            BadInputError: If there is none.
        """
        raise BadInputError(
            "this backend has no server to restart; http and postgres do", "backend"
        )

    def close(self) -> None:
        """Let go of files and connections."""
        return


class NumberSource(ItemSource):
    """The numbers themselves: only the wait costs something."""

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Return the numbers."""
        return list(range(start, stop))


class FileSource(ItemSource):
    """One file an item, read whole."""

    def __init__(self, paths: Iterable[str], seconds: float) -> None:
        super().__init__(seconds)
        self._paths = tuple(paths)
        self.length = len(self._paths)

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Read the files."""
        found = []
        for path in self._paths[start:stop]:
            with open(path, "rb") as file:  # noqa: PTH123  (a Path costs as much as a small file)
                found.append(file.read())
        return found


class FunctionSource(ItemSource):
    """The user's function of a range, which is called no more often than its cap allows."""

    def __init__(self, function: Fetch, seconds: float, cap: CallCap) -> None:
        super().__init__(seconds)
        self._function = function
        self._cap = cap

    def ask(self, start: int, stop: int) -> Iterable[object]:
        """Return what the function returns."""
        self._cap.wait()
        return self._function(start, stop)

    def change(self, load: LoadSettings) -> None:
        """Take the wait and the cap on calls of other load settings."""
        super().change(load)
        self._cap.rate = most_calls(load)

    def held(self) -> float:
        """Return for how long this thread has waited for the cap since it asked last."""
        return self._cap.held()


class Closing(Protocol):
    """What can be closed, such as a connection."""

    def close(self) -> object:
        """Let go of it."""


C = TypeVar("C", bound=Closing)


class ThreadConnections(Generic[C]):
    """One connection for each thread, made when it first needs one."""

    def __init__(self, connect: Callable[[], C]) -> None:
        self._connect = connect
        self._local = threading.local()
        self._opened: list[C] = []
        self._lock = threading.Lock()

    def get(self) -> C:
        """Return this thread's connection."""
        try:
            connection: C = self._local.connection
        except AttributeError:
            connection = self._connect()
            with self._lock:
                self._opened.append(connection)
            self._local.connection = connection
        return connection

    def drop(self) -> None:
        """Let this thread make a new one the next time: the present one is broken."""
        self._local.__dict__.pop("connection", None)

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for connection in self._opened:
                connection.close()


def check_items(load: LoadSettings, items: Items) -> None:
    """Refuse files that the backend would not read.

    Raises:
        BadInputError: With what to set.
    """
    if items.paths and load.backend != "files":
        text = f"{items.name} are files, which {load.backend_name} does not read; set it to files"
        raise BadInputError(text, "backend")


def own_files() -> tuple[str, ...]:
    """Return the paths of a thousand files, each with some of the bundled flights as JSON.

    They are made once, about 15 MB, into the user's cache folder.
    """
    import orjson

    from perflab.files import whole_folder
    from perflab.settings.folders import cache_folder
    from perflab.workloads.datasets import flights

    folder = cache_folder().absolute() / "stores" / "flights-files-1"
    if not folder.is_dir():
        trace = flights()
        assert trace.times is not None  # noqa: S101  (the flights have them)
        rows = [
            {"tailnum": trace.key_of(int(key)), "time": time_}
            for key, time_ in zip(trace.ids, trace.times.tolist(), strict=True)
        ]
        each = -(-len(rows) // _FILES)
        with whole_folder(folder, _is_made) as scratch:
            for number in range(_FILES):
                part = rows[number * each : (number + 1) * each]
                (scratch / f"{number:04}.json").write_bytes(orjson.dumps(part))
    return tuple(str(folder / f"{number:04}.json") for number in range(_FILES))


def _is_made(folder: Path) -> bool:
    """Say whether another process has made the files meanwhile."""
    return {path.name for path in folder.iterdir()} == {f"{n:04}.json" for n in range(_FILES)}
