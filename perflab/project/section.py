"""`Section`: what a `perflab.toml` may say, in its main part and in each profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictStr


def _plain(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be a text, a number, true or false")  # noqa: TRY004  (pydantic's)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError('must be a finite number; write "none" for no bound')
    return value


def _plain_or_table(value: object) -> object:
    if not isinstance(value, dict):
        return _plain(value)
    for key, inner in value.items():
        try:
            _plain(inner)
        except ValueError as error:
            raise ValueError(f"has a key {key} that {error}") from None
    return value


Value = Annotated[Any, AfterValidator(_plain)]
"""A setting as people write it: ``"10k"``, ``512``, ``true``, ``"none"``."""
ValueOrTable = Annotated[Any, AfterValidator(_plain_or_table)]
"""A setting, or a table of settings."""
Word = Annotated[StrictStr, Field(min_length=1, max_length=4096)]


class Part(BaseModel):
    """A table of the file: a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExportPlan(Part):
    """An export by name.

    Attributes:
        format: The format, as `perflab export --as` takes it.
        into: The file that the values go into, from the folder of this one.
        out: The file that the text as a whole is written to, instead.
        at: Where `into` has the values, as `perflab export --at` takes it; or several.
        only: The values that are replaced; all where not given.
        kind: The kind of `into`, where its name does not tell.
    """

    format: Word
    into: Word | None = None
    out: Word | None = None
    at: Word | tuple[Word, ...] = ()
    only: tuple[Word, ...] = ()
    kind: Word | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """`at`, as several."""
        return (self.at,) if isinstance(self.at, str) else self.at


class Section(Part):
    """One layer of the file: its main part, or a profile on top of that.

    Attributes:
        bench: The pattern, such as ``cache``.
        workload: A file's path from the folder of this file, or a name with parameters.
        format: The workload file's format.
        log_format: The form of a log.
        time_unit: The unit of its times.
        separator: What parts the columns of a text table.
        no_header: Whether its first line is a row.
        columns: By role, the columns to read.
        settings: Of the pattern and of the load.
        prices: The settings of the load that are prices.
        limits: What must hold, such as ``hit_rate>=0.8``.
        max_worse: By metric, how much worse than the baseline it may be, such as ``1pt``.
        exports: By name.
        service: Settings of a service as a whole, and a table of settings for each of its stages.
    """

    bench: Word | None = None
    workload: Word | None = None
    format: Word | None = None
    log_format: Word | None = None
    time_unit: Word | None = None
    separator: Word | None = None
    no_header: StrictBool | None = None
    columns: dict[Word, Word] = Field(default_factory=dict)
    settings: dict[Word, Value] = Field(default_factory=dict)
    prices: dict[Word, Value] = Field(default_factory=dict)
    limits: tuple[Word, ...] | None = None
    max_worse: dict[Word, Word] = Field(default_factory=dict)
    exports: dict[Word, ExportPlan] = Field(default_factory=dict)
    service: dict[Word, ValueOrTable] = Field(default_factory=dict)

    def under(self, upper: Section) -> Section:
        """Return this layer with another one on top.

        Tables are joined key by key, and so are the stages of a service; a word or the list of
        limits is replaced as a whole. A workload that the upper layer names is read as that layer
        says, whatever the lower one says of reading.
        """
        lower = self.model_dump(exclude_none=True)
        above = upper.model_dump(exclude_none=True, exclude_defaults=True)
        if "workload" in above:
            for name in (*READING, "columns"):
                lower.pop(name, None)
        for name, value in above.items():
            lower[name] = {**lower.get(name, {}), **value} if isinstance(value, dict) else value
        lower["service"] = _joined(self.service, upper.service)
        return Section.model_validate(lower)


def _joined(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a service with others on top, those of a stage key by key."""
    joined = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            joined[key] = {**below, **value}
        else:
            joined[key] = value
    return joined


class Document(Section):
    """A whole file.

    Attributes:
        profile: By name, what is other there.
    """

    profile: dict[Word, Section] = Field(default_factory=dict)


READING = ("format", "log_format", "time_unit", "separator", "no_header")
"""The words that say how the workload's file is read, beside its columns."""
