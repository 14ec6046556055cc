"""`Uploads`: the file that was sent from the browser, kept until another one or the panel's end."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
import threading
from pathlib import Path, PurePath

from perflab.errors.foreign_text import foreign_text
from perflab.servers.keeper import Keeper

_MOST_NAME = 100
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent.

    Attributes:
        name: As the browser says it, so that it can be shown.
        path: Where it is now.
        size: Its bytes.
    """

    name: str
    path: Path
    size: int


class Uploads:
    """Keeps the last upload, each in a folder of its own, so that it can be read again as often.

    One whose workload is shown is kept as well: it is still read where a later one cannot be.
    Safe to use from several threads.

    Attributes:
        last: The last one, or None.
    """

    def __init__(self) -> None:
        self.last: Upload | None = None
        self._shown: Upload | None = None
        self._keeper: Keeper | None = None
        self._lock = threading.Lock()

    def keep(self, name: str, content: bytes | memoryview) -> Upload:
        """Write an upload into a folder of its own and return it.

        The browser says the name: only its end says something of the format, and it may hold
        ``..``, a NUL or an escape code.

        Raises:
            BadInputError: If no folder can be made.
            OSError: If it cannot be written.
        """
        with self._lock:
            # The one before may be read at this moment, and be shown a moment later.
            self._remove_others()
            self.last = None
            if self._keeper is None:
                self._keeper = Keeper.of_new_folder("perflab-upload-")
            folder = Path(tempfile.mkdtemp(dir=self._keeper.folder))
            path = folder / (_NOT_IN_NAMES.sub("_", name).lstrip(".")[-_MOST_NAME:] or "upload")
            size = path.write_bytes(content)
            shown = foreign_text(PurePath(name).name, _MOST_NAME) or "upload"
            self.last = Upload(shown, path, size)
            return self.last

    def show(self, upload: Upload | None) -> None:
        """Remove what is neither of the workload that is shown from now on, nor the last one."""
        with self._lock:
            self._shown = upload
            self._remove_others()

    def close(self) -> None:
        """Remove what was uploaded."""
        with self._lock:
            self.last = self._shown = None
            if self._keeper is not None:
                self._keeper.release()
                self._keeper = None

    def _remove_others(self) -> None:
        if self._keeper is None:
            return
        kept = {each.path.parent for each in (self.last, self._shown) if each is not None}
        for folder in self._keeper.folder.iterdir():
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)
