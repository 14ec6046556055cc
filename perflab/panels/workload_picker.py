"""The workload picker: a built-in one, a file path, or an upload."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.panels.field_error import FieldError
from perflab.panels.found import how_file_was_read, times_of
from perflab.panels.latest import Latest
from perflab.panels.own_workloads import OwnWorkloads
from perflab.panels.reading_fields import ReadingFields
from perflab.panels.status import what_failed
from perflab.servers.keeper import Keeper
from perflab.settings import Settings
from perflab.workloads import Workload
from perflab.workloads.importers.dispatch import HowRead

SOURCES = {"Built-in": "ours", "File path": "path", "Upload": "upload"}
UPLOAD_HINT = (
    "JupyterLab takes uploads of about 10 MB, or of 200 MB when it was started by "
    "<code>make lab</code> or <code>perflab lab</code>. For a larger file choose "
    "<b>File path</b> and enter where it is on the machine of the notebook."
)

_MOST_NAME = 100
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")

Load = Callable[[Progress], Workload]


@dataclasses.dataclass(frozen=True, slots=True)
class _Pick:
    """What is to be read, and the field that named it; none for a setting or a caller."""

    name: str
    load: Load
    field: widgets.DOMWidget | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Kept:
    """What was read last: its name, what the fields held then, and the unit of its times."""

    name: str
    path: str
    reading: Mapping[str, Any]
    times: str = ""


class WorkloadPicker:
    """Reads what the user picks, in a thread; a newer pick replaces one that is being read.

    One that cannot be read changes nothing: its field keeps the text, marked, with the reason, and
    the workload before it stays.

    Args:
        bench: Says what there is to pick, and reads it.
        picked: Called in that thread with each workload that was read.
        failed: Called there with the error of one that could not be; returns whether it has said
            so elsewhere.
        settings: Returns the pattern's present settings, which may name or bound a workload.

    Attributes:
        found: How the present workload's file was read; None for no file.
    """

    def __init__(
        self,
        bench: AnyBench,
        picked: Callable[[Workload], None],
        failed: Callable[[Exception], bool | None],
        settings: Callable[[], Settings] | None = None,
    ) -> None:
        self._bench, self._picked, self._failed = bench, picked, failed
        self._settings = settings or bench.identity.settings_class
        self._last: _Pick | None = None
        self._how_read: HowRead | None = None
        self.found: HowRead | None = None
        self._restoring = False
        self._latest: Latest[_Pick] = Latest(self._read, self._fail, "perflab-workload")
        self._uploads: Keeper | None = None
        self.source = widgets.ToggleButtons(options=SOURCES, value="ours")
        self.source.style.button_width = "auto"
        self.ours = OwnWorkloads(bench.workload_kind.named, self._pick_ours)
        self.path = widgets.Text(
            placeholder="traces/requests.csv.gz",
            tooltip="A file on the machine of the notebook; Enter reads it.",
            layout=widgets.Layout(width="420px"),
            continuous_update=False,
        )
        self.read_button = widgets.Button(description="Read", tooltip="Read the file")
        self.upload = widgets.FileUpload(description="Choose a file", multiple=False)
        self.reading = ReadingFields(bench.workload_kind.formats, self._read_otherwise)
        self.progress = widgets.FloatProgress(
            min=0, max=1, layout=widgets.Layout(width="260px", height="14px", display="none")
        )
        self._kept = _Kept("", "", self.reading.values)
        self.field_error = FieldError(None, self._restore, "Restore what was read last (Escape).")
        self.error = self.field_error.line
        how = self.reading.widget
        self._parts: dict[str, widgets.Widget] = {
            "ours": self.ours.widget,
            "path": widgets.VBox([widgets.HBox([self.path, self.read_button]), how]),
            "upload": widgets.VBox([self.upload, widgets.HTML(UPLOAD_HINT), how]),
        }
        self._place = widgets.VBox([self._parts["ours"]])
        self.widget = widgets.VBox(
            [self.source, self._place, self.progress, self.field_error.widget]
        )
        self.widget.add_class("perflab-picker")
        self.source.observe(self._choose, "value")
        self.path.observe(lambda _: self.pick_path(), "value")
        self.read_button.on_click(lambda _: self.pick_path())
        self.upload.observe(lambda _: self._pick_upload(), "value")

    def pick(self, workload: object) -> None:
        """Read a workload by its name or path, or take one that is read; none for the bench's."""
        if workload is None or isinstance(workload, (str, os.PathLike)):
            name = os.fspath(workload or self._bench.default_workload)
            self.ours.show(name)
        else:
            name = str(getattr(workload, "name", type(workload).__name__))
        self._post(_Pick(name, lambda told: self._load(workload, None, None, told)))

    def pick_again(self) -> None:
        """Read the last pick again: a setting that names or bounds it is another now."""
        if self._last is not None:
            self._latest.post(dataclasses.replace(self._last, field=None))

    def pick_path(self) -> None:
        """Read the file whose path was written, as the fields below it say."""
        path = self.path.value.strip()
        if self._restoring:
            return
        if not path:
            self.field_error.clear()
            return
        columns = self._columns()
        if columns is _WRONG:
            return
        form = self.reading.format.value
        full = Path(path).expanduser()
        self._post(_Pick(path, lambda told: self._load(full, form, columns, told), self.path))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being read; say whether that was in time."""
        return self._latest.wait(timeout)

    def close(self) -> None:
        """Stop reading and remove what was uploaded."""
        self._latest.close()
        if self._uploads is not None:
            self._uploads.release()
            self._uploads = None

    def _pick_ours(self, spec: str) -> None:
        self._post(_Pick(spec, lambda told: self._load(spec, None, None, told), self.ours.text))

    def _read_otherwise(self) -> None:
        """Read the file again: how it is to be read was named, or the name was taken back."""
        if self._columns() is _WRONG:
            return
        self.field_error.clear()
        if self.source.value == "upload":
            self._pick_upload()
        else:
            self.pick_path()

    def _columns(self) -> dict[str, str] | None:
        """Return the columns and options that were named, or `_WRONG`, which is said."""
        try:
            return self.reading.read()
        except BadInputError as error:
            self._fail(error)
            return _WRONG

    def _restore(self) -> None:
        """Let the fields show what was read last, without reading it again."""
        kept = self._kept
        self.ours.show(kept.name)
        self._restoring = True
        try:
            self.path.value = kept.path
        finally:
            self._restoring = False
        self.reading.restore(kept.reading)
        self.reading.show(self.found, kept.times)

    def _choose(self, change: Mapping[str, str]) -> None:
        self.field_error.clear()
        self._place.children = (self._parts[change["new"]],)

    def _pick_upload(self) -> None:
        if not self.upload.value:
            return
        sent = self.upload.value[0]
        name = foreign_text(PurePath(str(sent["name"])).name, _MOST_NAME) or "upload"
        columns = self._columns()
        if columns is _WRONG:
            return
        try:
            path = self._keep(str(sent["name"]), sent["content"])
        except (BadInputError, OSError) as error:
            self.field_error.mark(self.upload)
            self._fail(error)
            return
        form = self.reading.format.value

        def load(told: Progress) -> Workload:
            try:
                workload = self._load(path, form, columns, told)
            except BadInputError as error:
                text = str(error).replace(str(path), name)
                raise BadInputError(text) from None
            return workload.uploaded(name)

        self._post(_Pick(name, load, self.upload))

    def _keep(self, name: str, content: bytes) -> Path:
        """Write an upload into a folder of its own and return its path.

        The browser says the name: only its end says something of the format, and it may hold
        ``..``, a NUL or an escape code. An earlier upload may still be read, so its file is
        removed and not written over.
        """
        if self._uploads is None:
            self._uploads = Keeper.of_new_folder("perflab-upload-")
        for old in self._uploads.folder.iterdir():
            shutil.rmtree(old, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=self._uploads.folder))
        path = folder / (_NOT_IN_NAMES.sub("_", name).lstrip(".")[-_MOST_NAME:] or "upload")
        path.write_bytes(content)
        return path

    def _post(self, pick: _Pick) -> None:
        self._last = pick
        self._latest.post(pick)

    def _load(
        self,
        spec: object,
        form: str | None,
        columns: Mapping[str, str] | None,
        progress: Progress,
    ) -> Workload:
        made: Workload = self._bench.workload_for(self._settings(), spec, form, columns, progress)
        path = spec if isinstance(spec, (str, os.PathLike)) else ""
        self._how_read = how_file_was_read(made, os.fspath(path), columns)
        return made

    def _read(self, pick: _Pick, cancelled: Cancelled) -> None:
        self.field_error.mark(pick.field)
        self.progress.value = 0.0
        self.progress.layout.display = None
        self.progress.description = "reading"

        def told(done: int, total: int) -> None:
            if cancelled():
                raise _Replaced(pick.name)
            share = round(done / total, 2) if total else 0.0
            if share != self.progress.value:
                self.progress.value = share

        try:
            workload = pick.load(told)
        except _Replaced:
            return
        finally:
            self.progress.layout.display = "none"
        if not cancelled():
            self.found, times = self._how_read, times_of(workload)
            self._kept = _Kept(pick.name, self.path.value, self.reading.values, times)
            self.reading.show(self.found, times)
            self._picked(workload)

    def _fail(self, error: Exception) -> None:
        if self._failed(error):
            return
        self.reading.show(None)
        field = self.reading.field(error)
        if field is not None:
            self.field_error.mark(field)
        kept = f"; the workload stays {self._kept.name}" if self._kept.name else ""
        self.field_error.say(f"{what_failed(error)}{kept}")


class _Replaced(Exception):  # noqa: N818  (not an error: a newer pick came)
    """Reading was given up for a newer pick."""


_WRONG: dict[str, str] = {}
"""Columns that cannot be read, by identity: none are None."""
