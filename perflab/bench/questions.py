"""`Question`: what advice can be based on where no file tells it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

from perflab.errors import BadInputError, nearest
from perflab.units import digits, parse_quantity

Answer = str | float
Answers = Mapping[str, Answer]

UNKNOWN = frozenset({"", "?", "unknown", "none"})
"""What people write, or leave out, for an answer that they do not have."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask.

    Attributes:
        key: Its name, such as ``repeats``.
        text: The question itself, as a person is asked it.
        unit: The unit of an answer that is a number: ``ratio``, ``seconds``, ``bytes``, or what
            is counted.
        choices: The words that an answer may be; empty where it is a number.
        low: The least number that makes sense.
        high: The greatest.
        such_as: An answer to show; empty for one that its unit tells.
    """

    key: str
    text: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = math.inf
    such_as: str = ""

    @property
    def example(self) -> str:
        """What an answer looks like."""
        if self.choices:
            return " or ".join((", ".join(self.choices[:-1]), self.choices[-1]))
        return self.such_as or {"ratio": "40%", "seconds": "20ms", "bytes": "4GiB"}.get(
            self.unit, "2k"
        )

    @property
    def sample(self) -> str:
        """One answer that is valid."""
        return self.choices[0] if self.choices else self.example

    def read(self, value: object) -> Answer | None:
        """Return an answer, checked; None for one that is not known.

        Raises:
            BadInputError: If it is not a choice, not a quantity, or out of bounds.
        """
        if value is None or (isinstance(value, str) and value.strip().lower() in UNKNOWN):
            return None
        if self.choices:
            word = str(value).strip().lower()
            if word not in self.choices:
                text = f"{value!r} is not an answer{nearest(word, self.choices)}"
                raise BadInputError(f"{text}; answer {self.example}", self.key)
            return word
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise BadInputError(f"{value!r} is not a number", self.key)
        number = self._number(value)
        if not (math.isfinite(number) and self.low <= number <= self.high):
            text = f"at least {digits(self.low)}"
            if self.high < math.inf:
                text = f"between {digits(self.low)} and {digits(self.high)}"
            raise BadInputError(f"{value!r} must be {text}", self.key)
        return number

    def _number(self, value: float | str) -> float:
        try:
            return parse_quantity(value, self.unit)
        except BadInputError as error:
            raise BadInputError(error.message, self.key) from None


def _share(key: str, text: str) -> Question:
    return Question(key=key, text=text, unit="ratio", high=1.0)


QUESTIONS: Mapping[str, Question] = {
    question.key: question
    for question in (
        Question(
            key="source",
            text="What answers the requests when nothing is cached?",
            choices=("database", "http", "file", "computation"),
        ),
        Question(key="source_seconds", text="How long does it take to answer one?", unit="seconds"),
        Question(
            key="rate",
            text="How many requests come per second?",
            unit="requests/s",
            low=0.001,
            high=1e7,
            such_as="200",
        ),
        _share("repeats", "What share of the requests ask for something requested before?"),
        Question(
            key="keys",
            text="How many different things are requested?",
            unit="keys",
            low=1,
            such_as="10k",
        ),
        Question(key="value_bytes", text="How large is one answer?", unit="bytes", such_as="2KiB"),
        _share("writes", "What share of the requests change or remove something?"),
        Question(
            key="processes",
            text="How many processes answer requests, on all machines?",
            unit="processes",
            such_as="4",
            low=1,
        ),
        Question(key="memory", text="How much memory may it take?", unit="bytes", low=1),
        Question(key="data_bytes", text="How large is the file or table of data?", unit="bytes"),
        Question(
            key="reading",
            text="How is that data read: as a whole, or in parts here and there?",
            choices=("whole", "parts"),
        ),
        Question(
            key="work_seconds",
            text="How long does a worker work on one item once it is there?",
            unit="seconds",
        ),
        Question(
            key="count",
            text="How many items or URLs does one job fetch?",
            unit="items",
            such_as="1k",
        ),
    )
}
"""What any pattern may want to know; what is one pattern's own is declared by its bench."""


def read_answers(values: Mapping[str, object], questions: Iterable[Question]) -> dict[str, Answer]:
    """Return answers, checked; those that are not known are left out.

    Raises:
        BadInputError: If there is no such question (it names the nearest), or an answer is wrong.
    """
    known = {question.key: question for question in questions}
    found: dict[str, Answer] = {}
    for key, value in values.items():
        if key not in known:
            raise BadInputError(f"no such question{nearest(key, known)}", key)
        answer = known[key].read(value)
        if answer is not None:
            found[key] = answer
    return found
