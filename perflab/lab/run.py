"""`Run`: all that a live run measured, with what is needed to reproduce it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from perflab.files import check_output, csv_frame, write_text
from perflab.lab.documents import AboutWorkload, AlertReport, Change, UrlCount
from perflab.lab.result import Result
from perflab.lab.row_table import RowTable
from perflab.settings import SettingValues

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, slots=True)
class Run(Result):
    """The result of a live run.

    Attributes:
        pattern: The pattern's name.
        workload: ``name``, ``source``, ``options``, ``fingerprint``, ``summary`` and ``notes``.
        settings: All settings in force at the end, of the pattern and of the load.
        metrics: Measured over the whole run, its warm-up left out.
        snapshots: Ten rows per second of the last two minutes and one per second before: time,
            requests so far, and metrics of the last second.
        changes: Every change of settings: ``seconds``, ``request`` and the ``settings`` from then.
        followed: Whether the predictions replay the run's own changes of settings.
        since_change: Measured since the last change; the same as `metrics` where none was.
        predicted: Predicted from the calibration made before the run, for the same requests.
        fitted: Predicted from the run's own arrivals and service times, for the same requests.
        alerts: The alerts set, as ``alert``, ``fired`` and the ``seconds`` at which it fired.
        calibration: The costs used for `predicted`, with their date, backend and source.
        costs: The costs that this run itself measured.
        by_url: The URLs that were requested most, those most often first.
        histories: The workload over its own time, as `History.to_dict` gives it.
        environment: Machine, versions and date.
        ended: Why it ended.
        loop: Whether the workload began again at its end; none where that is not known.
        notes: What a reader must know.
        doubts: Why the result may be wrong, to be said before it.
    """

    kind: ClassVar[str] = "run"
    made_by: ClassVar[str] = "perflab run ... --out FILE"

    pattern: str
    workload: AboutWorkload
    settings: SettingValues
    metrics: dict[str, float]
    snapshots: RowTable = dataclasses.field(default_factory=RowTable)
    changes: tuple[Change, ...] = ()
    followed: bool = False
    since_change: dict[str, float] = dataclasses.field(default_factory=dict)
    predicted: dict[str, float] = dataclasses.field(default_factory=dict)
    fitted: dict[str, float] = dataclasses.field(default_factory=dict)
    alerts: tuple[AlertReport, ...] = ()
    calibration: dict[str, object] = dataclasses.field(default_factory=dict)
    costs: dict[str, object] = dataclasses.field(default_factory=dict)
    by_url: tuple[UrlCount, ...] = ()
    histories: tuple[dict[str, object], ...] = ()
    environment: dict[str, object] = dataclasses.field(default_factory=dict)
    ended: str = ""
    loop: bool | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take rows in any form."""
        object.__setattr__(self, "snapshots", RowTable.of(self.snapshots))

    def to_frame(self) -> pd.DataFrame:
        """Return the snapshots as a table, a row each."""
        return self.snapshots.to_frame()

    def to_csv(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the snapshots as CSV; the file appears whole or not at all.

        Args:
            path: The file; one with the same columns is taken for an earlier run's and replaced.
            force: Whether any other file is replaced as well.

        Raises:
            BadInputError: If it cannot be written, is a file of somebody else's, or the workload.
        """
        text = csv_frame(self.to_frame())
        header = text.partition("\n")[0].encode() + b"\n"

        def ours(known: Path) -> bool:
            try:
                with known.open("rb") as file:
                    return file.read(len(header)) == header
            except OSError:
                return False

        check_output(path, self.inputs, force=force, ours=ours)
        return write_text(path, text)
