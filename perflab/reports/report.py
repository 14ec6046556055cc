"""`Report`: results put into sections, with the answer on top, in three formats."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from perflab.bench import AnyBench, load_bench
from perflab.errors import BadInputError, shown
from perflab.files import check_output, csv_frame, free_names, place_of, write_text
from perflab.lab.result import FORMAT_VERSION, Result, read_json
from perflab.reports.blocks import Code, Figure, Section, Table
from perflab.reports.folder import check_folder, write_folder, write_new_folder
from perflab.reports.html import to_html
from perflab.reports.markdown import to_markdown
from perflab.reports.privacy import printable, without_private
from perflab.reports.report_scope import AnyResult, ReportScope, scope_of
from perflab.reports.sections import sections_of
from perflab.reports.verdict import Verdict, verdict_of
from perflab.tuning.comparison import KINDS, read_result, result_of
from perflab.tuning.shape import check_shape

KIND = "report"
SUFFIXES = (".html", ".md", ".json")

Source = Result | str | Path


@dataclasses.dataclass(frozen=True)
class Report:
    """Results of one pattern, ready to be written.

    Attributes:
        title: What stands on top.
        results: Runs, predictions and recommendations, without what is private.
    """

    title: str
    results: tuple[AnyResult, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", shown(self.title))

    @classmethod
    def of(cls, sources: Source | Iterable[Source], title: str | None = None) -> Self:
        """Make a report of results or of the files that hold them.

        Raises:
            BadInputError: If there is none, one cannot be read, or they are of unlike patterns.
        """
        listed = [sources] if isinstance(sources, (Result, str, Path)) else list(sources)
        results = [result for source in listed for result in _read(source)]
        if not results:
            raise BadInputError("no results to report; give a run, predictions or a recommendation")
        patterns = sorted({result.pattern for result in results})
        if len(patterns) > 1:
            raise BadInputError(
                f"the results are of unlike patterns ({', '.join(patterns)}); "
                "make a report of each on its own"
            )
        bench = load_bench(patterns[0])
        for result in results:
            for field in ("before", "settings"):
                bench.read(getattr(result, field, {}))
        cleaned = tuple(_again(without_private(result.to_dict())) for result in results)
        names = dict.fromkeys(str(result.workload.get("name", "")) for result in cleaned)
        return cls(title or f"{bench.identity.title}: {', '.join(filter(None, names))}", cleaned)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a report that was written as JSON.

        Raises:
            BadInputError: If the file is missing or is no such report.
        """
        values = read_json(path)
        if values.get("kind") != KIND:
            raise BadInputError("is not a report; make one with 'perflab report'", str(path))
        return cls(str(values.get("title", "")), tuple(_results(values, str(path))))

    @cached_property
    def bench(self) -> AnyBench:
        """The bench of the results' pattern."""
        return load_bench(self.results[0].pattern)

    @cached_property
    def scope(self) -> ReportScope:
        """Which settings it is about."""
        return scope_of(self.bench, self.results)

    @cached_property
    def verdict(self) -> Verdict:
        """The answer."""
        return verdict_of(self.bench, self.scope, self.results)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All that stands below the answer."""
        return sections_of(self.bench, self.scope, self.results)

    @property
    def tables(self) -> list[Table]:
        """All tables, in the order of the sections."""
        return [block for s in self.sections for block in s.blocks if isinstance(block, Table)]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in the order of the sections."""
        return [block for s in self.sections for block in s.blocks if isinstance(block, Figure)]

    def to_html(self) -> str:
        """Return one page that opens offline."""
        return to_html(self.title, self.bench, self.verdict, self.sections)

    def to_markdown(self, figures: str | None = None) -> str:
        """Return it as Markdown, with links to the figures if their folder is given."""
        return to_markdown(self.title, self.bench, self.verdict, self.sections, figures)

    def to_dict(self) -> dict[str, object]:
        """Return the answer, the tables, the texts to paste and the results, for JSON."""
        codes = [
            {"section": s.name, **dataclasses.asdict(block)}
            for s in self.sections
            for block in s.blocks
            if isinstance(block, Code)
        ]
        return {
            "kind": KIND,
            "format": FORMAT_VERSION,
            "title": self.title,
            "pattern": self.bench.identity.pattern,
            "verdict": dataclasses.asdict(self.verdict),
            "settings": dict(self.scope.ship.settings),
            "tables": [table.to_dict() for table in self.tables],
            "texts": codes,
            "results": [result.to_dict() for result in self.results],
        }

    def to_json(self) -> str:
        """Return `to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def write(
        self, path: str | Path, *, force: bool = False, inputs: Iterable[str | Path] = ()
    ) -> Path:
        """Write it where the path says: .html, .md, .json, or a folder with all and the parts.

        Args:
            path: The file or folder; an earlier report in its place is replaced.
            force: Whether any other file is replaced as well.
            inputs: Files that it was made of, which it is never written to.

        Raises:
            BadInputError: If the suffix is another one or it cannot be written, is somebody
                else's file or an input; then nothing is written.
        """
        target = Path(path)
        if is_folder_name(path):
            return write_folder(target, self._files(), inputs, force=force)
        check_output(target, inputs, force=force)
        return write_text(target, self._text(path))

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
                return write_text(target, self._text(target), new=True)
        raise AssertionError  # pragma: no cover - there are names without end

    def _text(self, path: str | Path) -> str:
        writers = {".html": self.to_html, ".md": self.to_markdown, ".json": self.to_json}
        return writers[_suffix(path)]()

    def _files(self) -> dict[str, str]:
        files = {
            "report.html": self.to_html(),
            "report.md": self.to_markdown("figures"),
            "report.json": self.to_json(),
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


def check_path(path: str | Path, inputs: Iterable[str | Path] = (), *, force: bool = False) -> None:
    """Refuse a path that no report can be written to, before one is made.

    Raises:
        BadInputError: As `Report.write` does.
    """
    if is_folder_name(path):
        check_folder(path, inputs, force=force)
    else:
        _suffix(path)
        check_output(path, inputs, force=force)


def report(
    results: Source | Iterable[Source],
    path: str | Path,
    title: str | None = None,
    *,
    force: bool = False,
) -> Path:
    """Write a report of results and return where it is.

    Args:
        results: Runs, predictions and recommendations, or the files that hold them.
        path: Its suffix decides: .html, .md, .json; a folder gets all three, with the tables as
            CSV and the figures as SVG.
        title: What stands on top.
        force: Whether a file is replaced that perflab did not write, and a folder written into
            that holds such files. An earlier report is replaced without it, an input never.

    Raises:
        BadInputError: If there is no result, they are of unlike patterns, or it cannot be written.
    """
    listed = [results] if isinstance(results, (Result, str, Path)) else list(results)
    inputs: list[str | Path] = []
    for each in listed:
        inputs += each.inputs if isinstance(each, Result) else (each,)
    check_path(path, inputs, force=force)
    return Report.of(listed, title).write(path, force=force, inputs=inputs)


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        message = f"no report is written as {suffix!r}; name a file that ends in {known}"
        raise BadInputError(f"{message}, or a folder", str(path))
    return suffix


def _read(source: Source) -> Sequence[AnyResult]:
    if isinstance(source, (str, Path)):
        values = read_json(source)
        if values.get("kind") == KIND:
            return _results(values, str(source))
        return [result_of(values, str(source))]
    return [read_result(source)]


def _results(values: dict[str, object], place: str) -> list[AnyResult]:
    found = values.get("results")
    if not isinstance(found, list) or not found:
        raise BadInputError("is a report without results", place)
    return [_again(each, place) for each in found]


def _again(found: object, place: str = "result") -> AnyResult:
    kind = KINDS.get(str(found.get("kind"))) if isinstance(found, dict) else None
    if not isinstance(found, dict) or kind is None:
        raise BadInputError("is not a result of perflab", place)
    values = {shown(key): printable(value) for key, value in found.items()}
    check_shape(values, place)
    return read_result(kind.from_dict(values, place))
