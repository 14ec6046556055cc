"""The workload picker: a built-in one, a file path, or an upload."""

from __future__ import annotations

import html
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.panels.latest import Latest
from perflab.panels.own_workloads import OwnWorkloads
from perflab.panels.status import MOST_WORDS
from perflab.servers.keeper import Keeper
from perflab.settings import Settings
from perflab.workloads import Trace, Workload, kind_of, remarks

SOURCES = {"Built-in": "ours", "File path": "path", "Upload": "upload"}
UPLOAD_HINT = (
    "JupyterLab takes uploads of about 10 MB, or of 200 MB when it was started by "
    "<code>make lab</code> or <code>perflab lab</code>. For a larger file choose "
    "<b>File path</b> and enter where it is on the machine of the notebook."
)

_MOST_NAME = 100
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")

Load = Callable[[Progress], Workload]


class WorkloadPicker:
    """Reads what the user picks, in a thread; a newer pick replaces one that is being read.

    Args:
        bench: Says what there is to pick, and reads it.
        picked: Called in that thread with each workload that was read.
        failed: Called there with the error of one that could not be.
        settings: Returns the pattern's present settings, which may name or bound a workload.
    """

    def __init__(
        self,
        bench: AnyBench,
        picked: Callable[[Any], None],
        failed: Callable[[Exception], None],
        settings: Callable[[], Settings] | None = None,
    ) -> None:
        self._bench, self._picked, self._failed = bench, picked, failed
        self._settings = settings or bench.identity.settings_class
        self._last: tuple[str, Load] | None = None
        self._latest: Latest[tuple[str, Load]] = Latest(self._read, self._fail, "perflab-workload")
        self._uploads: Keeper | None = None
        self.source = widgets.ToggleButtons(options=SOURCES, value="ours")
        self.source.style.button_width = "auto"
        self.ours = OwnWorkloads(bench.workload_kind.named, self.pick)
        self.path = widgets.Text(
            placeholder="traces/requests.csv.gz",
            tooltip="A file on the machine of the notebook; Enter reads it.",
            layout=widgets.Layout(width="420px"),
            continuous_update=False,
        )
        self.read_button = widgets.Button(description="Read", tooltip="Read the file")
        self.upload = widgets.FileUpload(description="Choose a file", multiple=False)
        self.format = widgets.Dropdown(
            options=[
                ("auto-detect", None),
                *((name, name) for name in bench.workload_kind.formats),
            ],
            description="format",
            tooltip="Detected automatically; raw binary formats must be selected.",
            layout=widgets.Layout(width="220px"),
        )
        self.columns = widgets.Text(
            description="columns",
            placeholder="key=url,time=ts",
            tooltip="Of tables and JSON logs: key, time, size, ttl; or key={host}{path}.",
            continuous_update=False,
            layout=widgets.Layout(width="300px"),
        )
        self.progress = widgets.FloatProgress(
            min=0, max=1, layout=widgets.Layout(width="260px", height="14px", display="none")
        )
        self.error = widgets.HTML(layout=widgets.Layout(display="none"))
        self.error.add_class("perflab-error")
        how = widgets.HBox([self.format, self.columns])
        self._parts: dict[str, widgets.Widget] = {
            "ours": self.ours.widget,
            "path": widgets.VBox([widgets.HBox([self.path, self.read_button]), how]),
            "upload": widgets.VBox([self.upload, widgets.HTML(UPLOAD_HINT), how]),
        }
        self._place = widgets.VBox([self._parts["ours"]])
        self.widget = widgets.VBox([self.source, self._place, self.progress, self.error])
        self.widget.add_class("perflab-picker")
        self.source.observe(self._choose, "value")
        self.path.observe(lambda _: self.pick_path(), "value")
        self.read_button.on_click(lambda _: self.pick_path())
        self.upload.observe(lambda _: self._pick_upload(), "value")

    def pick(self, workload: str | os.PathLike[str] | Workload | None) -> None:
        """Read a workload by its name or path, or take one that is read; none for the bench's."""
        if workload is None or isinstance(workload, (str, os.PathLike)):
            name = os.fspath(workload or self._bench.default_workload)
            self.ours.show(name)
        else:
            name = workload.name
        self._post((name, lambda told: self._load(workload, None, None, told)))

    def pick_again(self) -> None:
        """Read the last pick again: a setting that names or bounds it is another now."""
        if self._last is not None:
            self._latest.post(self._last)

    def pick_path(self) -> None:
        """Read the file whose path was written, with the format and columns chosen."""
        path = self.path.value.strip()
        if not path:
            return
        try:
            columns = read_columns(self.columns.value)
        except BadInputError as error:
            self._fail(error)
            return
        form = self.format.value
        full = Path(path).expanduser()
        self._post((path, lambda told: self._load(full, form, columns, told)))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being read; say whether that was in time."""
        return self._latest.wait(timeout)

    def close(self) -> None:
        """Stop reading and remove what was uploaded."""
        self._latest.close()
        if self._uploads is not None:
            self._uploads.release()
            self._uploads = None

    def _choose(self, change: Any) -> None:
        self._explain("")
        self._place.children = (self._parts[change["new"]],)

    def _pick_upload(self) -> None:
        if not self.upload.value:
            return
        sent = self.upload.value[0]
        name = foreign_text(PurePath(str(sent["name"])).name, _MOST_NAME) or "upload"
        try:
            columns = read_columns(self.columns.value)
            path = self._keep(str(sent["name"]), sent["content"])
        except (BadInputError, OSError) as error:
            self._fail(error)
            return
        form = self.format.value

        def load(told: Progress) -> Workload:
            try:
                trace = self._load(path, form, columns, told)
            except BadInputError as error:
                text = str(error).replace(str(path), name)
                raise BadInputError(text) from None
            made: Workload = trace.uploaded(name)
            return made

        self._post((name, load))

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

    def _post(self, pick: tuple[str, Load]) -> None:
        self._last = pick
        self._latest.post(pick)

    def _load(self, spec: Any, *how: Any) -> Any:
        return self._bench.workload_for(self._settings(), spec, *how)

    def _read(self, item: tuple[str, Load], cancelled: Cancelled) -> None:
        name, load = item
        self._explain("")
        self.progress.value = 0.0
        self.progress.layout.display = None
        self.progress.description = "reading"

        def told(done: int, total: int) -> None:
            if cancelled():
                raise _Replaced(name)
            share = round(done / total, 2) if total else 0.0
            if share != self.progress.value:
                self.progress.value = share

        try:
            trace = load(told)
            if not cancelled():
                self._picked(trace)
        except _Replaced:
            return
        finally:
            self.progress.layout.display = "none"

    def _fail(self, error: Exception) -> None:
        self._explain(str(error))
        self._failed(error)

    def _explain(self, message: str) -> None:
        self.error.value = html.escape(foreign_text(message, MOST_WORDS))
        self.error.layout.display = None if message else "none"


class _Replaced(Exception):  # noqa: N818  (not an error: a newer pick came)
    """Reading was given up for a newer pick."""


def read_columns(text: str) -> dict[str, str] | None:
    """Read ``key=url,time=ts``.

    Raises:
        BadInputError: If a part is not of that form.
    """
    columns = {}
    for part in text.split(",") if text.strip() else ():
        key, equals, name = (word.strip() for word in part.partition("="))
        if not (key and equals and name):
            raise BadInputError(f"{part.strip()!r} is not like key=url,time=ts", "columns")
        columns[key] = name
    return columns or None


def describe(workload: Workload) -> str:
    """Return a workload in one line of HTML."""
    said = [
        f"<b>{html.escape(workload.name)}</b>",
        *map(html.escape, kind_of(workload).facts(workload)),
        f"fingerprint <code>{workload.fingerprint}</code>",
    ]
    return " · ".join(said)


def notes_of(workload: Workload) -> list[str]:
    """Return what was left out or guessed of a workload, and what makes it doubtful."""
    more = remarks(workload) if isinstance(workload, Trace) else ()
    return list(dict.fromkeys((*workload.notes, *more)))
