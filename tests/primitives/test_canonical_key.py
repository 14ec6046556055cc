"""Texts that stand for values: one text for one value, and never for two."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import os
import subprocess
import sys
import typing
import uuid
import zoneinfo
from collections import OrderedDict, namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.primitives.canonical_key import KeyWriter


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shade(enum.IntEnum):
    RED = 1


class Status(enum.Enum):
    """Makes a member of every value that it does not know, all with one name."""

    FINE = 200

    @classmethod
    def _missing_(cls, value: object) -> Status:
        made = object.__new__(cls)
        made._name_, made._value_ = "UNKNOWN", value
        return made


class Renamed(enum.Enum):
    ONE = 1
    TWO = 2

    @property
    def name(self) -> str:
        return "one name"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class User:
    name: str
    token: str = dataclasses.field(default="", repr=False, compare=False)

    @functools.cached_property
    def shout(self) -> str:
        return self.name.upper()


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    x: float
    y: float = 0.0


@dataclasses.dataclass
class Later:
    at: int = dataclasses.field(init=False)


@dataclasses.dataclass
class Basket(list):
    owner: str


class Admin(User):
    """Derived without the decorator: what it adds is no field."""


class Slotted:
    __slots__ = ("more",)


@dataclasses.dataclass
class Heir(Slotted):
    name: str


@dataclasses.dataclass
class Secretive:
    __slots__ = ("__more", "name")
    name: str

    def __post_init__(self) -> None:
        self.__more = object()


Point = namedtuple("Point", "x y")  # noqa: PYI024 - both forms are tried


class Pair(typing.NamedTuple):
    x: int
    y: int


class Marked(Point):
    """Has room for attributes."""


class EqualToAll(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(str)


class Pretender(metaclass=EqualToAll):
    def __repr__(self):
        return "1"


class Words(str):
    __slots__ = ()


NOON = dt.datetime(2024, 1, 1, 12)  # noqa: DTZ001 - it has no zone
VALUES = [
    *(None, True, False, 0, 1, -1, 1.0, 0.0, float("inf"), 1j, 10**30, 10**5000, -(10**5000)),
    *("", "1", "None", "(1, 2)", "a, b", "a'b", 'a"b', "é", "\ud800", "\x00", b"", b"1"),
    *(dt.date(2024, 1, 1), NOON, NOON.replace(fold=1)),
    *(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.time(1), dt.time(1, tzinfo=dt.UTC)),
    dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    *(dt.timedelta(1), dt.timezone(dt.timedelta(hours=1)), decimal.Decimal(1)),
    *(decimal.Decimal("1.0"), uuid.UUID(int=1), Colour.RED, Colour.BLUE, Shade.RED),
    *(Status(200), Renamed.ONE, Renamed.TWO),
    *(Right(0), Right.READ, Right.READ | Right.WRITE, User("a"), User("a", "t"), Place(1.0)),
    *(Place(1.0, 1.0), Place(1, 0.0), Point(1, 2), Pair(1, 2), Point(1, "2"), (1, 2), [1, 2]),
    *((), [], {}, set(), frozenset(), (1,), [1], {1}, frozenset([1]), {1: 2}, {"1": 2}),
    *((1, (2,)), ((1, 2),), [[]], [()], {"a": [1]}, {"a": (1,)}, (None,), ({},), ({1, 2}, 3)),
]


def text(value):
    return KeyWriter().text(value)


def test_no_two_values_have_one_text():
    texts = {}
    for value in VALUES:
        assert text(value) not in texts, (value, texts[text(value)])
        texts[text(value)] = value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, {2, 3, 1}),
        (frozenset("ab"), frozenset("ba")),
        ({(1, 2): {"x", "y"}}, {(1, 2): {"y", "x"}}),
        (User("a", "t"), User("a", "t")),
        (Point(1, 2), Point(1, 2)),
        (Right.READ | Right.WRITE, Right(3)),
    ],
    ids=["dict", "set", "frozenset", "nested", "dataclass", "named tuple", "flags"],
)
def test_equal_values_have_one_text(one, other):
    assert text(one) == text(other)


def test_what_is_worked_out_of_the_fields_is_no_part_of_it():
    user = User("a")
    before = text(user)
    assert user.shout == "A"
    assert text(user) == before


def local_class():
    @dataclasses.dataclass
    class Inside:
        name: str

    return Inside("a")


def with_more():
    user = User("a")
    user.more = 1
    return user


def cycle():
    value = []
    value.append(value)
    return value


def doubling():
    value = [0]
    for _ in range(45):
        value = [value, value]
    return value


REFUSED = {
    "object": object,
    "class": lambda: User,
    "function": lambda: text,
    "array": lambda: np.zeros(5),
    "frame": lambda: pd.DataFrame({"x": [1]}),
    "series": lambda: pd.Series([1]),
    "numpy number": lambda: np.float64(1),
    "timestamp": lambda: pd.Timestamp("2024-01-01"),
    "bytearray": lambda: bytearray(b"1"),
    "generator": lambda: (one for one in [1]),
    "derived text": lambda: Words("a"),
    "class that equals any": Pretender,
    "derived dict": OrderedDict,
    "class inside a function": local_class,
    "attribute that is no field": with_more,
    "derived from a dataclass": lambda: Admin("a"),
    "dataclass that is a list": lambda: Basket("a"),
    "dataclass with a slot besides": lambda: Heir("a"),
    "dataclass with a private slot": lambda: Secretive("a"),
    "member of an enum made up": lambda: Status(404),
    "field without a value": Later,
    "named tuple with attributes": lambda: setattr(mine := Marked(1, 2), "z", 3) or mine,
    "zone of its own": lambda: dt.datetime.now(zoneinfo.ZoneInfo.from_file(berlin())),
    "holds itself": cycle,
    "large by sharing": doubling,
}


def berlin():
    paths = (Path(folder, "Europe/Berlin") for folder in zoneinfo.TZPATH)
    return next(path for path in paths if path.exists()).open("rb")


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("around", [lambda one: one, lambda one: {"a": [one]}], ids=["bare", "in"])
def test_a_value_without_a_text_of_its_own_is_refused(kind, around):
    with pytest.raises(BadInputError, match="pass key="):
        text(around(REFUSED[kind]()))


def test_a_class_that_was_defined_anew_is_another_one(monkeypatch):
    old = Place(1.0)
    monkeypatch.setattr(sys.modules[__name__], "Place", dataclasses.make_dataclass("Place", ["x"]))
    with pytest.raises(BadInputError, match="is a Place"):
        text(old)


def test_named_arguments_have_no_order_and_no_disguise():
    write = KeyWriter().arguments
    assert write((1,), {"a": 1, "b": 2}) == write((1,), {"b": 2, "a": 1})
    texts = [
        write((), {"a": 1, "b": 2}),
        write((), {"a=1, b": 2}),
        write(("a=1",), {"b": 2}),
        write((1,), {}),
        write(((1,),), {}),
        write((1, 2), {}),
        write(((1, 2),), {}),
        write((), {}),
    ]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_texts_are_the_same_in_every_process(seed):
    code = (
        "import datetime, decimal\n"
        "from perflab.primitives.canonical_key import KeyWriter\n"
        "print(KeyWriter().text({'b': {'x', 'y', 'z'}, 'a': (1, 2.5, b'c', decimal.Decimal(1))}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    value = {"a": (1, 2.5, b"c", decimal.Decimal(1)), "b": {"z", "y", "x"}}
    assert ended.stdout.strip() == text(value)


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
hashable = plain | st.binary() | st.dates() | st.tuples(plain, plain) | st.frozensets(plain)
values = st.recursive(
    hashable,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(hashable, inner),
    max_leaves=6,
)


def typed(value):
    """Return a value with all types said, which are equal for equal values of equal types."""
    if isinstance(value, dict):
        return dict, frozenset((typed(name), typed(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(typed(one) for one in value)
    if isinstance(value, frozenset):
        return frozenset, frozenset(typed(one) for one in value)
    return type(value), repr(value)


@given(one=values, other=values)
def test_texts_are_equal_exactly_where_values_and_types_are(one, other):
    assert (text(one) == text(other)) == (typed(one) == typed(other))
