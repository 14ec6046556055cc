"""The workload picker: a built-in one, a file path, or an upload."""

from __future__ import annotations

import dataclasses
import html
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.lab.documents import AboutWorkload
from perflab.panels.field_error import FieldError
from perflab.panels.formats_help import formats_help
from perflab.panels.found import how_file_was_read, preview_of, times_of
from perflab.panels.guests.rights import OWNER, Rights
from perflab.panels.latest import Latest
from perflab.panels.own_workloads import OwnWorkloads
from perflab.panels.picker_words import SOURCE_HELP, SOURCES, UPLOAD_HINT
from perflab.panels.reading_fields import ReadingFields, on_panel
from perflab.panels.reading_line import ReadingLine
from perflab.panels.status import hidden_line, show_line, what_failed
from perflab.panels.uploads import Upload, Uploads
from perflab.settings import Settings
from perflab.units import in_words
from perflab.workloads import Arrivals, Workload
from perflab.workloads.importers.columns import ROLES
from perflab.workloads.importers.dispatch import HowRead
from perflab.workloads.importers.preview import FilePreview

_SAME_ENTER_SECONDS = 0.5
"""The browser says what was entered, and that it was, by two messages in either order."""

Load = Callable[[Progress], Workload]


@dataclasses.dataclass(frozen=True, slots=True)
class _Pick:
    """What is to be read, the field that named it, if one did, and the upload that it is of."""

    name: str
    load: Load
    field: widgets.DOMWidget | None = None
    upload: Upload | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Kept:
    """What was read last: its name, what the fields held then, its times' unit, its first rows."""

    name: str
    path: str
    reading: Mapping[str, Any]
    times: str = ""
    preview: FilePreview | None = None


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
        told: Called with what is being read and how far that is, and with an empty text at its end.
        rights: What the user may name.
        cancelled: Told, as an error, that the user has given up what was being read.

    Attributes:
        found: How the present workload's file was read; None for no file.
    """

    def __init__(
        self,
        bench: AnyBench,
        picked: Callable[[Workload], None],
        failed: Callable[[Exception], bool | None],
        settings: Callable[[], Settings] | None = None,
        told: Callable[[str], None] = lambda _: None,
        rights: Rights = OWNER,
        cancelled: Callable[[Exception], object] = lambda _: None,
    ) -> None:
        self._bench, self._picked, self._failed = bench, picked, failed
        self._cancelled = cancelled
        self._settings = settings or bench.identity.settings_class
        self._last: _Pick | None = None
        self._taken: _Pick | None = None
        self._how_read: HowRead | None = None
        self.found: HowRead | None = None
        self._restoring = False
        self._latest: Latest[_Pick] = Latest(self._read, self._fail_reading, "perflab-workload")
        self._saying = threading.RLock()
        self._uploads = Uploads()
        self._posted = 0.0
        self._again: threading.Timer | None = None
        self._preview: FilePreview | None = None
        self._rights = rights
        self._may_upload = rights.may_upload(bench)
        allowed = {"ours": True, "path": not rights.guest, "upload": self._may_upload}
        options = {name: key for name, key in SOURCES.items() if allowed[key]}
        self.source = widgets.ToggleButtons(options=options, value="ours")
        self.source.tooltips = [SOURCE_HELP[key] for key in options.values()]
        self.source.style.button_width = "auto"
        self.ours = OwnWorkloads(bench.workload_kind.named, self._pick_ours)
        self.path = widgets.Text(
            placeholder="traces/requests.csv.gz",
            tooltip="A file on the machine of the notebook; Enter reads it.",
            layout=widgets.Layout(width="420px"),
            continuous_update=False,
        )
        self.read_button = widgets.Button(description="Read", tooltip="Read the file")
        self.upload = widgets.FileUpload(
            description="Choose a file", tooltip="A file on your machine to send.", multiple=False
        )
        self.uploaded = hidden_line("perflab-line")
        is_arrivals = issubclass(bench.workload_kind.holds, Arrivals)
        roles = ("start", "end", "duration") if is_arrivals else ROLES
        self.reading = ReadingFields(bench.workload_kind.formats, roles, self._read_otherwise)
        self.line = ReadingLine(self.cancel, told)
        self._kept = _Kept("", "", self.reading.values)
        self.field_error = FieldError(None, self._restore, "Restore what was read last (Escape).")
        self.error = self.field_error.line
        how = widgets.VBox([self.reading.widget, *formats_help(bench.workload_kind.formats)])
        path = widgets.HBox([self.path, self.read_button])
        sent = widgets.HBox(
            [self.upload, self.uploaded], layout=widgets.Layout(align_items="center")
        )
        hint = widgets.HTML("" if rights.guest else UPLOAD_HINT)
        self._parts: dict[str, tuple[widgets.Widget, ...]] = {
            "ours": (self.ours.widget,),
            "path": (path, how),
            "upload": (sent, hint, how),
        }
        self.widget = widgets.VBox(
            [
                *(self.source, self.ours.widget, path, sent, hint),
                *(self.line.widget, self.field_error.widget, how),
            ]
        )
        self._show_part("ours")
        self.widget.add_class("perflab-picker")
        self.source.observe(self._choose, "value")
        self.path.observe(lambda _: self.pick_path(), "value")
        self.path.on_msg(lambda _, content, __: self._entered(content))
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

    def reopen(self, about: AboutWorkload) -> None:
        """Read the workload that a session tells of, its file as then; none for the bench's."""
        name, options = about.get("source") or "", about.get("options") or {}
        if not name:
            self.pick(None)
            return
        self.ours.show(name)
        how = (options.get("format"), options.get("columns"))
        self._post(_Pick(name, lambda told: self._load(name, *how, told)))

    def pick_again(self) -> None:
        """Read the last pick again: a setting that names or bounds it is another now."""
        if self._last is not None:
            self._post(dataclasses.replace(self._last, field=None))

    def pick_path(self) -> None:
        """Read the file whose path was written, as the fields below it say."""
        path = self.path.value.strip()
        if self._restoring or self._rights.guest:
            return
        if not path:
            self.field_error.clear()
            return
        columns = self._columns()
        if columns is _WRONG:
            return
        form = self.reading.format.value or None
        full = Path(path).expanduser()
        self._post(_Pick(path, lambda told: self._load(full, form, columns, told), self.path))

    def cancel(self) -> None:
        """Give up what is being read; the workload before stays."""
        with self._saying:
            # One that is read already is shown.
            if self._taken is self._last or not self._latest.cancel():
                return
            self._last = self._taken or self._last
        self.field_error.clear()
        self.line.end(f"cancelled{self._stays()}")
        self._cancelled(BadInputError("reading it was cancelled"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being read; say whether that was in time."""
        return self._latest.wait(timeout)

    def close(self) -> None:
        """Stop reading and remove what was uploaded."""
        self._latest.close()
        self._uploads.close()

    def _pick_ours(self, spec: str) -> None:
        if self._rights.guest and not self.ours.has(spec):
            self.field_error.mark(self.ours.text)
            self._fail(BadInputError("choose one of the list; no file can be named here", spec))
            return
        self._post(_Pick(spec, lambda told: self._load(spec, None, None, told), self.ours.text))

    def _read_otherwise(self) -> None:
        """Read the file again: how it is to be read was named, or the name was taken back."""
        if self._columns() is _WRONG:
            return
        self.field_error.clear()
        if self.source.value == "upload":
            self._read_upload()
        else:
            self.pick_path()

    def _entered(self, content: Mapping[str, object]) -> None:
        """Read the file again where Enter was pressed and the path is the one before."""
        waits = self._again is not None and self._again.is_alive()
        if content.get("event") == "submit" and not waits and not self._is_just_posted():
            self._again = threading.Timer(_SAME_ENTER_SECONDS / 2, self._pick_path_again)
            self._again.daemon = True
            self._again.start()

    def _pick_path_again(self) -> None:
        if not self._is_just_posted():
            self.pick_path()

    def _is_just_posted(self) -> bool:
        return time.monotonic() - self._posted < _SAME_ENTER_SECONDS

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
        self.reading.preview(kept.preview)
        self.reading.show(self.found, kept.times)

    def _choose(self, change: Mapping[str, str]) -> None:
        self.field_error.clear()
        self._show_part(change["new"])

    def _show_part(self, source: str) -> None:
        for each in {part for parts in self._parts.values() for part in parts}:
            each.layout.display = None if each in self._parts[source] else "none"

    def _pick_upload(self) -> None:
        """Keep what was sent, and read it."""
        if not self.upload.value or not self._may_upload:
            return
        sent = self.upload.value[0]
        try:
            kept = self._uploads.keep(str(sent["name"]), sent["content"])
        except (BadInputError, OSError) as error:
            self.field_error.mark(self.upload)
            self._fail(error)
            return
        finally:
            # The bytes are on disk; and a file of that name can be sent again.
            self.upload.value = ()
        show_line(self.uploaded, html.escape(f"{kept.name}, {in_words(kept.size, 'bytes')}"))
        self._read_upload()

    def _read_upload(self) -> None:
        """Read what was sent last, as the fields below it say; it is not sent again."""
        kept = self._uploads.last
        if kept is None:
            return
        columns = self._columns()
        if columns is _WRONG:
            return
        form = self.reading.format.value or None

        def load(told: Progress) -> Workload:
            try:
                workload = self._load(kept.path, form, columns, told)
            except BadInputError as error:
                text = str(error).replace(str(kept.path), kept.name)
                raise BadInputError(text) from None
            return workload.uploaded(kept.name)

        self._post(_Pick(kept.name, load, self.upload, kept))

    def _post(self, pick: _Pick) -> None:
        with self._saying:
            self._last = pick
            self._posted = time.monotonic()
            self.field_error.mark(pick.field)
        self.line.begin(pick.name)
        self._latest.post(pick)

    def _load(
        self,
        spec: object,
        form: str | None,
        columns: Mapping[str, str] | None,
        progress: Progress,
    ) -> Workload:
        path = os.fspath(spec) if isinstance(spec, (str, os.PathLike)) else ""
        self._preview = preview_of(self._bench.workload_kind, path, form, columns)
        self.reading.preview(self._preview)
        made: Workload = self._bench.workload_for(self._settings(), spec, form, columns, progress)
        self._how_read = how_file_was_read(made, path, columns)
        return made

    def _read(self, pick: _Pick, cancelled: Cancelled) -> None:
        def told(done: int, total: int) -> None:
            if cancelled():
                raise _Replaced(pick.name)
            self.line.show(done, total)

        try:
            workload = pick.load(told)
        except Exception as error:  # noqa: BLE001  (told as its reason)
            if not cancelled():
                self.line.end()
            raise _Unread(pick, error) from None
        with self._saying:
            if cancelled():
                return
            self._taken = pick
        self.line.end()
        self.found, times = self._how_read, times_of(workload)
        reading = self.reading.values
        self._kept = _Kept(pick.name, self.path.value, reading, times, self._preview)
        self.reading.show(self.found, times)
        self._picked(workload)
        self._uploads.show(pick.upload)

    def _fail_reading(self, error: Exception) -> None:
        if not isinstance(error, _Unread):
            self._fail(error)
            return
        # Not over what a newer pick says of itself: it may have come since this one has failed.
        with self._saying:
            if error.pick is self._last:
                self._fail(error.reason)

    def _fail(self, error: Exception) -> None:
        if self._failed(error):
            return
        self.reading.show(None)
        field = self.reading.field(error)
        if field is not None:
            self.field_error.mark(field)
        self.field_error.say(f"{on_panel(what_failed(error))}{self._stays()}")

    def _stays(self) -> str:
        return f"; the workload stays {self._kept.name}" if self._kept.name else ""


class _Unread(Exception):  # noqa: N818  (it carries one)
    """A pick that could not be read, and why."""

    def __init__(self, pick: _Pick, reason: Exception) -> None:
        super().__init__(str(reason))
        self.pick, self.reason = pick, reason


class _Replaced(Exception):  # noqa: N818  (not an error: a newer pick came)
    """Reading was given up for a newer pick."""


_WRONG: dict[str, str] = {}
"""Columns that cannot be read, by identity: none are None."""
