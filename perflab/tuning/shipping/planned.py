"""`planned`: all exports that a `perflab.toml` names, as edits of files that belong together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from perflab.bench.parts import Export, Scalar
from perflab.errors import BadInputError
from perflab.files import place_of, refuse_input
from perflab.files.edits import Edit, KeyPath, path_text, text_edit
from perflab.project.project_file import NAME, ProjectFile
from perflab.project.section import ExportPlan
from perflab.tuning.exports import Shipped
from perflab.tuning.shipping.edited import changes_in, edited_at, with_notes

_MARK = b"Chosen with perflab"
"""What each text of an export says in its first remark."""


def planned(
    found: Shipped, file: ProjectFile, source: str | Path, *, force: bool = False
) -> tuple[Edit, ...]:
    """Return what each file becomes that the exports of a `perflab.toml` name.

    Exports into one file are one edit. A file outside of the folder of the `perflab.toml` is
    refused: that file is data, and may have come with a change that nobody has read yet.

    Args:
        found: The settings of a result.
        file: With exports.
        source: The result's file, which is never written.
        force: Whether a text may replace a file that perflab did not make.

    Raises:
        BadInputError: With the export's name: if it names no file, or two, or one outside; if a
            value is not there; if two exports give one value differently.
    """
    plans = file.section.exports
    pattern = found.bench.identity.pattern
    if not plans:
        told = "names no exports; write [exports.NAME] with format and into, or out"
        raise BadInputError(told, str(file.path))
    if file.section.bench not in (None, pattern):
        raise BadInputError(f"is for {file.section.bench}, and the result is of {pattern}", NAME)
    edits = _Edits(found, file, source, force=force)
    for name, plan in plans.items():
        try:
            edits.add(plan)
        except BadInputError as error:
            raise BadInputError(str(error), f"{file.path}: exports.{name}") from None
    return edits.all()


class _Edits:
    """Edits that are collected, by the file that each leads to."""

    def __init__(
        self, found: Shipped, file: ProjectFile, source: str | Path, *, force: bool
    ) -> None:
        self._found = found
        self._file = file
        self._inputs = [str(source), str(file.path)]
        self._force = force
        self._into: dict[str, tuple[str, str | None, dict[KeyPath, Scalar], list[Export]]] = {}
        self._out: dict[str, Edit] = {}

    def add(self, plan: ExportPlan) -> None:
        """Add an export.

        Raises:
            BadInputError: If it cannot be made.
        """
        export = self._found.export(plan.format)
        if plan.into is not None and plan.out is None:
            path = self._inside(plan.into)
            changes = changes_in(export, path, plan.places, plan.only, plan.kind)
            self._join(path, plan.kind, changes, export)
        elif plan.out is not None and plan.into is None:
            for key, given in (("at", plan.at), ("only", plan.only), ("kind", plan.kind)):
                if given:
                    raise BadInputError("goes with into, a file that is there already", key)
            path = self._inside(plan.out)
            self._write(path, export)
        else:
            raise BadInputError("needs either into, a file to edit, or out, a file to write")

    def all(self) -> tuple[Edit, ...]:
        """Return the edits.

        Raises:
            BadInputError: If a value is not there, or one file is both edited and written.
        """
        both = next((path for path in self._out if path in self._into), None)
        if both is not None:
            raise BadInputError("is both edited and written as a whole", both)
        edits = [
            with_notes(edited_at(path, changes, kind), *exports)
            for path, kind, changes, exports in self._into.values()
        ]
        return (*edits, *self._out.values())

    def _inside(self, text: str) -> str:
        """Return a path that leads to a file in or below the folder of the `perflab.toml`."""
        folder = self._file.path.parent
        path = os.path.normpath(folder / text)
        real = Path(os.path.realpath(path))
        if Path(os.path.realpath(folder)) not in real.parents:
            raise BadInputError(
                f"leads out of the folder of {self._file.path.name}, which may name no other "
                "file; name it yourself by --into",
                text,
            )
        place = place_of(path)
        refuse_input(place, self._inputs)
        return path

    def _join(
        self, path: str, kind: str | None, changes: Mapping[KeyPath, Scalar], export: Export
    ) -> None:
        real = os.path.realpath(path)
        _, known_kind, known, exports = self._into.setdefault(real, (path, kind, {}, []))
        if known_kind != kind:
            raise BadInputError("is of two kinds by two exports", path)
        for at, value in changes.items():
            if known.setdefault(at, value) != value:
                told = f"would be {known[at]!r} by one export and {value!r} by another"
                raise BadInputError(told, path_text(at))
        exports.append(export)

    def _write(self, path: str, export: Export) -> None:
        real = os.path.realpath(path)
        if real in self._out:
            raise BadInputError("is written by two exports", path)
        edit = text_edit(path, export.text)
        new = edit.before in (None, b"", edit.after)
        if not (new or self._force or _MARK in (edit.before or b"")[:4096]):
            raise BadInputError("was not written by perflab; --force replaces it", path)
        self._out[real] = edit
