"""`ProjectFile`: a `perflab.toml`, read and checked; it is data, and agrees to nothing."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from perflab.errors import BadInputError, nearest
from perflab.project.section import Document, ExportPlan, Section
from perflab.settings.load import PRICES

NAME = "perflab.toml"
_MOST_BYTES = 1 << 20
_WRONG = {
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "bool_type": "must be true or false",
    "tuple_type": 'must be a list, such as ["hit_rate>=0.8"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "missing": "is missing",
}
"""What is wrong with a value, by pydantic's name for it."""


@dataclasses.dataclass(frozen=True, slots=True)
class ProjectFile:
    """What a file says, for one profile.

    Attributes:
        path: The file.
        profile: The profile's name; empty for the main part alone.
        section: The main part, with the profile on top.
        overruled: The settings that the profile gives.
    """

    path: Path
    profile: str
    section: Section
    overruled: frozenset[str]

    @property
    def settings(self) -> dict[str, object]:
        """All settings of it, the prices among them."""
        return {**self.section.settings, **self.section.prices}

    @property
    def workload(self) -> str | None:
        """The workload: a file beside this one by its path, or a name with parameters."""
        written = self.section.workload
        if written is None:
            return None
        beside = self.path.parent / written
        try:
            return str(beside) if beside.exists() else written
        except (OSError, ValueError):
            return written

    def reading(self) -> tuple[str | None, dict[str, str] | None]:
        """Return format and columns of the workload, as its readers take them.

        Raises:
            BadInputError: If they do not go together.
        """
        from perflab.workloads.importers.reading import with_options  # loads numpy

        section = self.section
        told = with_options(
            dict(section.columns) or None,
            log_format=section.log_format,
            time_unit=section.time_unit,
            separator=section.separator,
            no_header=bool(section.no_header),
        )
        return section.format, told or None

    def named(self, key: str) -> str:
        """Return where a setting of it stands, in words."""
        where = f", profile {self.profile}" if key in self.overruled else ""
        return f"{self.path.name}{where}"


def find_project(path: str | Path | None = None, profile: str | None = None) -> ProjectFile | None:
    """Return the file that is named, else that of the current folder; none where none is there.

    Args:
        path: The file, or the folder that it stands in.
        profile: One of its profiles.

    Raises:
        BadInputError: If it is missing, not as it must be, or has not that profile.
    """
    place = Path(NAME if path is None else path)
    if path is not None and place.is_dir():
        place /= NAME
    if path is None and not place.is_file():
        if profile is not None:
            raise BadInputError(
                f"needs a {NAME} in this folder; 'perflab init' writes one", "--profile"
            )
        return None
    return read_project(place, profile)


def profiles_in(path: str | Path | None = None) -> tuple[str, ...]:
    """Return the names of a file's profiles; none where there is no file.

    Raises:
        BadInputError: If it is not as it must be.
    """
    place = Path(NAME if path is None else path)
    return tuple(_validated(_parsed(place), place).profile) if place.is_file() else ()


def read_project(path: Path, profile: str | None = None) -> ProjectFile:
    """Read a file.

    Raises:
        BadInputError: With the first thing that is wrong and the place in it.
    """
    found = _validated(_parsed(path), path)
    main = Section.model_validate(
        {key: value for key, value in found.model_dump().items() if key != "profile"}
    )
    if profile is None:
        return ProjectFile(path, "", main, frozenset())
    if profile not in found.profile:
        known = (
            nearest(profile, found.profile) if found.profile else "; it has [profile.NAME] tables"
        )
        raise BadInputError(f"has no profile {profile!r}{known}", str(path))
    upper = found.profile[profile]
    return ProjectFile(
        path, profile, main.under(upper), frozenset({*upper.settings, *upper.prices})
    )


def _parsed(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", str(path)) from None
    if len(content) > _MOST_BYTES:
        raise BadInputError("is larger than 1 MiB, which no such file is", str(path))
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInputError("is not text in UTF-8", str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"is not TOML: {error}", str(path)) from None
    except ValueError:
        raise BadInputError("holds a number of more digits than can be read", str(path)) from None
    except RecursionError:
        raise BadInputError("is nested too deep", str(path)) from None


def _validated(values: dict[str, object], path: Path) -> Document:
    try:
        found = Document.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        parts = [str(part) for part in first["loc"] if part != "[key]"]
        where = ".".join(parts)
        if first["type"] == "extra_forbidden":
            known = nearest(parts[-1], _keys_at(parts[:-1]))
            raise BadInputError(f"has an unknown key {where}{known}", str(path)) from None
        text = _WRONG.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise BadInputError(f"{where} {text}", str(path)) from None
    for name, section in (("", found), *found.profile.items()):
        wrong = [key for key in section.prices if key not in PRICES]
        if wrong:
            where = f"profile.{name}.prices" if name else "prices"
            text = f"has an unknown key {where}.{wrong[0]}{nearest(wrong[0], PRICES)}"
            raise BadInputError(text, str(path))
        twice = sorted({*section.settings} & {*section.prices})
        if twice:
            raise BadInputError(f"gives {twice[0]} twice, in settings and in prices", str(path))
    return found


def _keys_at(place: list[str]) -> Mapping[str, object]:
    """Return the keys that a table at a place may have."""
    inner: dict[str, type[BaseModel]] = {"profile": Section, "exports": ExportPlan}
    model: type[BaseModel] = Document
    for part in place:
        model = inner.get(part, model)
    return model.model_fields
