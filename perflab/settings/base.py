"""The base of all settings: one declaration from which sliders, flags and reports are made."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

from perflab.errors import BadInputError, nearest
from perflab.errors.addresses import shown_address
from perflab.units import (
    exact,
    format_quantity,
    grouped,
    is_none_word,
    parse_quantity,
    rounded,
    typed,
)

Scale = Literal["linear", "log"]
_TYPED_LETTERS = 12
_READABLE = 1e15


SettingValues = dict[str, Any]
"""Settings by name; what type each has is declared where the setting is."""


def setting(
    default: object,
    meaning: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    span: tuple[float, float] | None = None,
    scale: Scale = "linear",
    choices: tuple[str, ...] = (),
    titles: Mapping[str, str] | None = None,
    allowed: str = "",
    address: bool = False,
) -> Any:
    """Declare one setting of a `Settings` class.

    Args:
        default: Its value where nobody says otherwise.
        meaning: One line for tooltips, help texts and reports.
        unit: ``entries``, ``bytes``, ``seconds``, ``requests/s`` ...
        low: The smallest value allowed, itself included.
        high: The largest value allowed, itself included.
        span: The part of the bounds that a slider covers; all of them where not given.
        scale: How a slider or an axis steps through the values.
        choices: The words allowed, for a setting that is a word.
        titles: What people read for some of them: ``S3-FIFO`` for ``s3fifo``.
        allowed: The values allowed, in words, where neither bounds nor choices tell them.
        address: Whether it may hold a password or a token: it is never shown or kept in full.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "span": span,
        "scale": scale,
        "choices": choices,
        "titles": titles or {},
        "allowed": allowed,
        "address": address,
    }
    return Field(default=default, description=meaning, ge=low, le=high, json_schema_extra=extra)


@dataclasses.dataclass(frozen=True, slots=True)
class SettingInfo:
    """All that is known of one setting: what a slider, a flag or a report row is made from."""

    key: str
    default: Any
    meaning: str
    unit: str
    low: float | None
    high: float | None
    span: tuple[float, float] | None
    scale: Scale
    choices: tuple[str, ...]
    allowed: str
    optional: bool
    kind: type
    address: bool = False
    titles: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The key in words."""
        return (
            self.key.removesuffix("_seconds")
            .replace("_", " ")
            .replace("ttl", "TTL")
            .replace("gib", "GiB")
        )

    @property
    def label(self) -> str:
        """The key in words, with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def bounds(self) -> str:
        """The values allowed, in words."""
        if self.kind is bool:
            return "on, off or none" if self.optional else "on or off"
        if self.allowed:
            words = self.allowed
        elif self.choices:
            words = "one of " + ", ".join(self.choices)
        else:
            words = self._range()
        return f"{words}, or none" if self.optional else words

    def parse(self, value: object) -> Any:
        """Return a value as this setting's type, from a text as people write it."""
        if self.kind is bool and isinstance(value, str):
            return _parse_switch(value, optional=self.optional)
        if self.optional and (value is None or is_none_word(value)):
            return None
        if self.choices and value not in self.choices:
            hint = nearest(value, self.choices) if isinstance(value, str) else ""
            raise BadInputError(f"unknown {self.label} {value!r}{hint}")
        if self.unit == "seconds" and isinstance(value, dt.timedelta):
            value = value.total_seconds()
        if self.kind in (int, float) and isinstance(value, bool):
            raise BadInputError(f"{value!r} is not a number")
        if self.kind in (int, float) and isinstance(value, (str, int, float)):
            return self._parse_number(value)
        return value

    def format(self, value: object) -> str:
        """Return a value as people write it."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if value is None or isinstance(value, (int, float)):
            return _as_typed(value, self.unit)
        if callable(value):
            return f"{value.__module__}:{getattr(value, '__qualname__', type(value).__name__)}"
        return str(self.shown(value))

    def title(self, value: object) -> str:
        """Return a value as people read it: a choice by its title, another as they write it."""
        return self.titles.get(str(value)) or self.format(value)

    def in_full(self, value: object) -> str:
        """Return a value as it is read in a sentence, every digit of it: ``1,024``, ``8 MiB``."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self.title(value)
        carried = self.unit in ("bytes", "seconds", "ratio")
        return exact(value, self.unit) if carried else grouped(value)

    def shown(self, value: object) -> object:
        """Return a value as results keep it: an address without user, password and token."""
        return shown_address(value) if self.address and isinstance(value, str) else value

    def _range(self) -> str:
        low = "" if self.low is None else typed(self.low, self.unit, parted=True)
        high = "" if self.high is None else typed(self.high, self.unit, parted=True)
        if low and high:
            return f"{low} to {high}"
        if low or high:
            return f"at least {low}" if low else f"at most {high}"
        return "any number" if self.kind in (int, float) else "any text"

    def _parse_number(self, value: str | float) -> float | int:
        number = parse_quantity(value, self.unit)
        if self.kind is float:
            return number
        if not math.isfinite(number) or number % 1:
            raise BadInputError(f"{value!r} is not a whole number")
        return int(number)


class Settings(BaseModel):
    """Frozen settings, checked when they are made; texts such as ``10k`` or ``30m`` are read.

    Raises:
        BadInputError: If a key is unknown or a value is out of its bounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    if not TYPE_CHECKING:  # what checks types reads the fields, and would only see a mapping here

        def __init__(self, **values: object) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise self._explain(error) from None

    @field_validator("*", mode="before")
    @classmethod
    def _read_text(cls, value: object, info: Any) -> Any:
        try:
            return cls.info(info.field_name).parse(value)
        except BadInputError as error:
            raise ValueError(error.message) from error

    @classmethod
    def infos(cls) -> dict[str, SettingInfo]:
        """Return what is known of every setting, in the order of declaration."""
        return _infos(cls)

    @classmethod
    def info(cls, key: str) -> SettingInfo:
        """Return what is known of one setting.

        Raises:
            BadInputError: If there is no such setting; it names the nearest.
        """
        known = _infos(cls)
        if key not in known:
            raise BadInputError(f"no such setting{nearest(key, known)}", key)
        return known[key]

    @classmethod
    def read(cls, values: Mapping[str, object] | None = None) -> Self:
        """Make settings from a mapping, with one clear error for a user's mistake.

        Raises:
            BadInputError: If a key is unknown or a value is out of its bounds.
        """
        given = dict(values or {})
        for key in given:
            cls.info(key)
        return cls(**given)

    @classmethod
    def given(cls, settings: Self | None, otherwise: Self | None = None) -> Self:
        """Return the settings that a pattern was given, or others where it was given none.

        Args:
            settings: What a user passed, of whatever class.
            otherwise: What holds where that is None; the usual settings where not given.

        Raises:
            BadInputError: If it is anything but settings of this class.
        """
        if settings is None:
            return cls() if otherwise is None else otherwise
        if isinstance(settings, cls):
            return settings
        text = f"must be {cls.__name__}, not {type(settings).__qualname__}"
        raise BadInputError(text, "settings")

    def change(self, **values: object) -> Self:
        """Return these settings with some values changed, checked again.

        Raises:
            BadInputError: If a key is unknown or a value is out of its bounds.
        """
        return type(self).read({**self.model_dump(), **values})

    def shown(self) -> dict[str, object]:
        """Return every value as results keep it, by key: addresses without what is secret."""
        return {key: info.shown(getattr(self, key)) for key, info in self.infos().items()}

    def describe(self) -> dict[str, str]:
        """Return every value as people write it, by key."""
        return {key: info.format(getattr(self, key)) for key, info in self.infos().items()}

    @classmethod
    def _explain(cls, error: ValidationError) -> BadInputError:
        first = error.errors()[0]
        if not first["loc"]:
            return BadInputError(first["msg"].removeprefix("Value error, "))
        key = str(first["loc"][0])
        info = cls.info(key)
        if first["type"] == "value_error":
            return BadInputError(f"{first['ctx']['error']}; allowed: {info.bounds}", key)
        given = first["input"]
        if first["type"] in ("greater_than_equal", "less_than_equal"):
            said = info.format(given) if abs(given) < _READABLE else str(given)
            if _READABLE <= abs(given) < math.inf:
                said = rounded(given)
            text = f"{said} is out of bounds"
        else:
            text = f"cannot be {'none' if given is None else repr(info.shown(given))}"
        return BadInputError(f"{text}; allowed: {info.bounds}", key)


def _as_typed(value: float | None, unit: str) -> str:
    """Return a number as it was given; a long fraction with the digits that anybody types."""
    if value is None:
        return "none"
    text = typed(value, unit)
    if float(value).is_integer() or len(text) <= _TYPED_LETTERS:
        return text
    return format_quantity(value, unit)


def _parse_switch(value: str, *, optional: bool) -> bool | None:
    word = value.strip().lower()
    if optional and word in ("none", "null"):
        return None
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise BadInputError(f"{value!r} is neither on nor off")


@cache
def _infos(cls: type[Settings]) -> dict[str, SettingInfo]:
    hints = typing.get_type_hints(cls)
    return {key: _info(key, field, hints[key]) for key, field in cls.model_fields.items()}


def _info(key: str, field: FieldInfo, hint: object) -> SettingInfo:
    args = typing.get_args(hint)
    optional = type(None) in args
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(arg for arg in args if arg is not type(None))
    extra: Any = field.json_schema_extra or {}
    words = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
    choices = tuple(extra.get("choices", ())) or tuple(words)
    return SettingInfo(
        key=key,
        default=field.default,
        meaning=field.description or "",
        unit=extra.get("unit", ""),
        low=_bound(field, "ge"),
        high=_bound(field, "le"),
        span=extra.get("span"),
        scale=extra.get("scale", "linear"),
        choices=choices,
        allowed=extra.get("allowed", ""),
        optional=optional,
        kind=hint if isinstance(hint, type) else str,
        address=extra.get("address", False),
        titles=extra.get("titles", {}),
    )


def _bound(field: FieldInfo, name: str) -> float | None:
    return next((getattr(m, name) for m in field.metadata if hasattr(m, name)), None)
