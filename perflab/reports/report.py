"""`Report`: results put into chapters, each with its answer on top, in three formats."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from perflab.bench import load_bench
from perflab.errors import BadInputError, shown
from perflab.files import check_output, csv_frame, free_names, place_of, write_text
from perflab.lab.result import FORMAT_VERSION, Result, read_json
from perflab.reports.blocks import Figure, Table
from perflab.reports.chapter import AnyChapter, chapters_of
from perflab.reports.folder import check_folder, write_folder, write_new_folder
from perflab.reports.html import to_html
from perflab.reports.markdown import to_markdown
from perflab.reports.privacy import without_keys, without_private
from perflab.reports.service.kinds import ServiceResult
from perflab.reports.sources import (
    KIND,
    AnyReported,
    Source,
    again,
    checked_results,
    results_of_report,
)
from perflab.reports.summary import to_summary
from perflab.service.scenarios.survive import Survival

Form = Literal["html", "md", "json", "summary"]
SUFFIXES: dict[str, Form] = {".html": "html", ".md": "md", ".json": "json"}
_MOST_AUTHOR = 200


@dataclasses.dataclass(frozen=True)
class Report:
    """Results of one pattern or of several, ready to be written.

    Attributes:
        title: What stands on top.
        results: Runs, predictions and recommendations, without what is private.
        author: Who made it; empty where nobody said so.
    """

    title: str
    results: tuple[AnyReported, ...]
    author: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", shown(self.title))
        object.__setattr__(self, "author", shown(self.author).strip()[:_MOST_AUTHOR])

    @classmethod
    def of(
        cls,
        sources: Source | Iterable[Source],
        title: str | None = None,
        author: str = "",
        *,
        keys: bool = True,
    ) -> Self:
        """Make a report of results or of the files that hold them.

        Args:
            sources: The results, or their files.
            title: What stands on top; patterns and workloads where it is not given.
            author: Who made it.
            keys: Whether the keys that workloads ask for most are in it.

        Raises:
            BadInputError: If there is none, or one cannot be read.
        """
        listed = [sources] if isinstance(sources, (Result, str, Path)) else list(sources)
        results = [result for source in listed for result in checked_results(source)]
        if not results:
            raise BadInputError("no results to report; give a run, predictions or a recommendation")
        plain = (without_private(result.to_dict()) for result in results)
        cleaned = tuple(again(each if keys else without_keys(each)) for each in plain)
        return cls(title or _title(cleaned), cleaned, author)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a report that was written as JSON.

        Raises:
            BadInputError: If the file is missing or is no such report.
        """
        values = read_json(path)
        if values.get("kind") != KIND:
            raise BadInputError("is not a report; make one with 'perflab report'", str(path))
        results = tuple(results_of_report(values, str(path)))
        return cls(str(values.get("title", "")), results, str(values.get("author") or ""))

    @cached_property
    def chapters(self) -> tuple[AnyChapter, ...]:
        """A part for each pattern."""
        return chapters_of(self.results, self.author)

    @property
    def tables(self) -> list[Table]:
        """All tables, in the order of the chapters."""
        return [table for chapter in self.chapters for table in chapter.tables]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in the order of the chapters."""
        return [figure for chapter in self.chapters for figure in chapter.figures]

    def to_html(self) -> str:
        """Return one page that opens offline."""
        return to_html(self.title, self.chapters)

    def to_markdown(self, figures: str | None = None) -> str:
        """Return it as Markdown, with links to the figures if their folder is given."""
        return to_markdown(self.title, self.chapters, figures)

    def to_summary(self) -> str:
        """Return at most ten lines of Markdown for a pull request."""
        return to_summary(self.chapters)

    def to_dict(self) -> dict[str, object]:
        """Return answer, settings, tables and texts of each chapter, and the results, for JSON."""
        chapters = [chapter.to_dict() for chapter in self.chapters]
        return {
            "kind": KIND,
            "format": FORMAT_VERSION,
            "title": self.title,
            "author": self.author,
            **(chapters[0] if len(chapters) == 1 else {"chapters": chapters}),
            "results": [result.to_dict() for result in self.results],
        }

    def to_json(self) -> str:
        """Return `to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def text(self, form: Form) -> str:
        """Return it as HTML, Markdown or JSON, or its summary."""
        writers: dict[Form, Callable[[], str]] = {
            "html": self.to_html,
            "md": self.to_markdown,
            "json": self.to_json,
            "summary": self.to_summary,
        }
        return writers[form]()

    def write(
        self,
        path: str | Path,
        *,
        form: Form | None = None,
        force: bool = False,
        inputs: Iterable[str | Path] = (),
    ) -> Path:
        """Write it where the path says: .html, .md, .json, or a folder with all and the parts.

        Args:
            path: The file or folder; an earlier report in its place is replaced.
            form: What is written into a file, whatever its suffix.
            force: Whether any other file is replaced as well.
            inputs: Files that it was made of, which it is never written to.

        Raises:
            BadInputError: If the suffix is another one or it cannot be written, is somebody
                else's file or an input; then nothing is written.
        """
        target = Path(path)
        if form is None and is_folder_name(path):
            return write_folder(target, self._files(), inputs, force=force)
        text = self.text(form or _form_of(path))
        check_output(target, inputs, force=force)
        return write_text(target, text)

    def write_new(self, path: str | Path) -> Path:
        """Write it as `write` does, under the first name from this one on that is free.

        Raises:
            BadInputError: If the suffix is another one or it cannot be written.
        """
        folder = is_folder_name(path)
        for target in free_names(Path(path).expanduser(), folder=folder):
            with contextlib.suppress(FileExistsError):
                if folder:
                    return write_new_folder(target, self._files())
                return write_text(target, self.text(_form_of(target)), new=True)
        raise AssertionError  # pragma: no cover - there are names without end

    def _files(self) -> dict[str, str]:
        files = {
            "report.html": self.to_html(),
            "report.md": self.to_markdown("figures"),
            "report.json": self.to_json(),
            "summary.md": self.to_summary(),
        }
        files |= {f"tables/{table.name}.csv": table.to_csv() for table in self.tables}
        for number, result in enumerate(self.results, 1):
            name = f"{result.kind}-{number}"
            files[f"tables/{name}-rows.csv"] = csv_frame(result.to_frame())
        return files | {f"figures/{figure.name}.svg": figure.svg for figure in self.figures}


def is_folder_name(path: str | Path) -> bool:
    """Say whether a report's path means a folder: one that is there, or a name without ending.

    Raises:
        BadInputError: If nothing can have that name.
    """
    there = place_of(path).is_folder
    return there or str(path).endswith(("/", "\\")) or not Path(path).suffix


def check_path(
    path: str | Path,
    inputs: Iterable[str | Path] = (),
    *,
    form: Form | None = None,
    force: bool = False,
) -> None:
    """Refuse a path that no report can be written to, before one is made.

    Raises:
        BadInputError: As `Report.write` does.
    """
    if form is None and is_folder_name(path):
        check_folder(path, inputs, force=force)
    else:
        if form is None:
            _form_of(path)
        check_output(path, inputs, force=force)


def report(
    results: Source | Iterable[Source],
    path: str | Path,
    title: str | None = None,
    *,
    author: str = "",
    form: Form | None = None,
    keys: bool = True,
    force: bool = False,
) -> Path:
    """Write a report of results and return where it is.

    Args:
        results: Runs, predictions and recommendations, or the files that hold them.
        path: Its suffix decides: .html, .md, .json; a folder gets all three, with the tables as
            CSV and the figures as SVG, and the summary.
        title: What stands on top.
        author: Who made it.
        form: What is written, ``html``, ``md``, ``json`` or ``summary`` (ten lines of Markdown for
            a pull request), into a file of any suffix.
        keys: Whether the keys that workloads ask for most are in it.
        force: Whether a file is replaced that perflab did not write, and a folder written into
            that holds such files. An earlier report is replaced without it, an input never.

    Raises:
        BadInputError: If there is no result, or it cannot be written.
    """
    listed = [results] if isinstance(results, (Result, str, Path)) else list(results)
    inputs: list[str | Path] = []
    for each in listed:
        inputs += each.inputs if isinstance(each, Result) else (each,)
    check_path(path, inputs, form=form, force=force)
    made = Report.of(listed, title, author, keys=keys)
    return made.write(path, form=form, force=force, inputs=inputs)


def _form_of(path: str | Path) -> Form:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        *others, last = SUFFIXES
        known = f"{', '.join(others)} or {last}"
        message = f"no report is written as {suffix!r}; name a file that ends in {known}"
        raise BadInputError(f"{message}, or a folder", str(path))
    return SUFFIXES[suffix]


def _title(results: Sequence[AnyReported]) -> str:
    """Return the patterns of results, each with its workloads."""
    named: dict[str, dict[str, None]] = {}
    for result in results:
        about = result.before if isinstance(result, Survival) else result
        title = "Service"
        if not isinstance(result, ServiceResult):
            title = load_bench(result.pattern).identity.title
        named.setdefault(title, {})[str(about.workload.get("name", ""))] = None
    return "; ".join(f"{title}: {', '.join(filter(None, names))}" for title, names in named.items())
