"""Templates of exports: whole programs and files, into which values go as literals.

A value becomes a literal of the file's own language wherever a template names it, so no name of a
file, server or workload can end the text that it stands in. What is not a literal goes through a
filter that checks it: ``name`` for an identifier, ``comments`` for lines of remarks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra

if TYPE_CHECKING:
    from jinja2 import Environment

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_PLAIN = re.compile(r"[\w.+-]+")
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_QUOTES = re.compile(r"\\.|[\"']", re.DOTALL)


class Code(str):
    """Text that goes into a file as it is, since a filter or a literal has made it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Language:
    """How a kind of file writes values and remarks.

    Attributes:
        literal: Returns a value as the language's own source.
        mark: What a comment begins with; it ends with its line.
    """

    literal: Callable[[object], str]
    mark: str

    def write(self, value: object) -> Code:
        """Return a value as it stands in the file; `Code` is left alone.

        Raises:
            TypeError: For a value of a type that the language has no literal of.
        """
        if isinstance(value, Code):
            return value
        return Code(self.literal(value))

    def comments(self, remarks: Iterable[str]) -> Code:
        """Return each remark as a comment on a line of its own, whatever characters it has."""
        return Code("\n".join(f"{self.mark} {printable(remark)}" for remark in remarks))


def render(package: str, template: str, **values: object) -> str:
    """Return a template with its values filled in.

    Args:
        package: The importable package in which the template lies, as in ``__name__``.
        template: The file's name, which ends in its language and ``.jinja``: ``k6.js.jinja``.
        values: What the template names, and nothing is left out.

    Raises:
        MissingExtraError: jinja2 is not installed.
        TypeError: A value has no literal in the file's language.
        jinja2.UndefinedError: The template names what was not given.
    """
    language = template.removesuffix(".jinja").rpartition(".")[2]
    return _environment(package, language).get_template(template).render(values)


@cache
@naming_extra("cli")
def _environment(package: str, language: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    ours = LANGUAGES[language]

    def finalize(value: object) -> object:
        # jinja2 then refuses it by its name.
        return value if isinstance(value, StrictUndefined) else ours.write(value)

    environment = Environment(
        loader=PackageLoader(package, ""),
        autoescape=False,  # noqa: S701 - no HTML is made; `finalize` makes literals
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(comments=ours.comments, name=name, word=word)
    return environment


def name(text: str) -> Code:
    """Return an identifier as code, or several with points between them.

    Raises:
        BadInputError: For anything else.
    """
    if not _NAME.fullmatch(text):
        raise BadInputError(f"{text!r} is not a valid name in a program")
    return Code(text)


def word(value: object) -> Code:
    """Return a number or a word without quotes, as it stands in a file within the file.

    Raises:
        BadInputError: For a text that needs quotes.
    """
    return Code(_plain(value))


def printable(text: str) -> str:
    """Return text on one line: a question mark for each character that cannot be printed."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def literal(value: object) -> str:
    """Return a value as Python source, as formatters write it: in double quotes where they can.

    Raises:
        TypeError: For a value that is not text, a number, a truth value, none, or made of these.
    """
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        text = repr(value).replace("e+", "e")
        return text if text[-1].isdigit() else f'float("{text}")'
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(literal, value))
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    raise TypeError(f"a {type(value).__name__} has no literal in Python")


def _quoted(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = repr(text)[1:-1]

    def escaped(found: re.Match[str]) -> str:
        letter = found[0][-1]
        if letter not in "\"'":
            return found[0]
        return f"\\{letter}" if letter == quote else letter

    return f"{quote}{_QUOTES.sub(escaped, body)}{quote}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, allow_nan=False)


def _plain(value: object) -> str:
    """Return a value of a configuration file, which has no quotes: a number or a word."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} has no literal in a configuration file")
    if not _PLAIN.fullmatch(value):
        raise BadInputError(
            f"{value!r} cannot be written into a configuration file: "
            "only letters, digits and . + - _ can"
        )
    return value


def _yaml(value: object) -> str:
    """Return a value of YAML 1.1 and 1.2 alike: texts are in double quotes, lists in brackets."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if not isinstance(value, str | int | float):
        raise TypeError(f"a {type(value).__name__} has no literal in YAML")
    return _UNPRINTED.sub(_escape, json.dumps(value, ensure_ascii=False, allow_nan=False))


def _terraform(value: object) -> str:
    """Return a value of HCL, in whose texts ``${`` and ``%{`` begin an expression."""
    if not isinstance(value, str | int | float):
        raise TypeError(f"a {type(value).__name__} has no literal in Terraform")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNPRINTED.sub(_escape, text.replace("${", "$${").replace("%{", "%%{"))


def _dotenv(value: object) -> str:
    """Return a value of a ``.env``; quotes are there only where one needs them."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"a {type(value).__name__} has no literal in a .env")
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    if "'" not in text and "\\" not in text and "\n" not in text and "\r" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _escape(sign: re.Match[str]) -> str:
    return f"\\u{ord(sign[0]):04x}"


LANGUAGES = {
    "py": Language(literal, "#"),
    "js": Language(_json, "//"),
    "yaml": Language(_yaml, "#"),
    "tf": Language(_terraform, "#"),
    "env": Language(_dotenv, "#"),
    **{ending: Language(_plain, "#") for ending in ("conf", "ini", "properties")},
}
"""The languages by the ending of their files."""
