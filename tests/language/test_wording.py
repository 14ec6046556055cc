"""Wordings that readers stumble over stay out of what they read."""

from __future__ import annotations

import re

import pytest
from readers_text import all_texts, newest_changes, texts_of_program

from perflab.bench import bench_names, load_bench

_UNIT = (
    "second|minute|hour|day|row|chunk|key|request|line|page|pattern|batch|worker|connection|"
    "checkout|server|host|setting"
)

# Each by what to write instead.
FORBIDDEN = {
    "is not a valid X, or unknown X": r"(?<![Tt]here )\b(?:is|are) no (?!longer\b|more\b)[a-z]",
    "per, as in rows per chunk": (
        r"\b(?:requests|rows|items|arrivals|calls|queries|keys|bytes|chunks|lookups|"
        rf"(?<!some)times|one|once|more) an? (?:{_UNIT})\b"
    ),
    "expired entries": r"\bwhat (?:has )?expired\b",
    "applies only to": r"\b(?:is|are) said of\b",
    "evict": r"\bthrow(?:s|n|ing)? out\b",
    "again, or a verb with re-": r"\banew\b",
    "refitted, or the run's own measurements": r"(?<!by )\bown costs\b",
    "at most": r"\bat the most\b",
    "detected": r"\b(?:is|are|was|were) found out\b",
    "requested": r"\basked for (?:once|often|most)\b",
    "exists": r"\bis there and was\b",
    "relax a limit": r"\bloosen\b",
    "none = no limit": r"\bnone for (?:no|ever|as|not) ",
    "a bug in perflab": r"\bour fault\b",
}

# How a setting's meaning does not begin: with a clause where a noun would do.
CLAUSES = r"^(?:How (?:many|much|often|old)|The most|What (?:is|are)) "


def found_in(texts):
    """Return each forbidden wording in texts, with its place and what to write."""
    return [
        f"{place}: {match.group()!r}; write {better}"
        for place, text in texts
        for better, pattern in FORBIDDEN.items()
        if (match := re.search(pattern, text))
    ]


def test_no_text_has_a_forbidden_wording():
    assert found_in(all_texts()) == []


@pytest.mark.parametrize(
    "text",
    [
        "max: is no objective; write max:METRIC",
        "How many rows a chunk?",
        "When what expired leaves.",
        "--format: is said of a file",
        "Which entry the server throws out first",
        "refitted by the run's own costs",
        "The most requests begun; none for no limit.",
        "nginx; found in the file, else it is found out where not given",
    ],
)
def test_a_forbidden_wording_is_found(text):
    assert len(found_in([("here", text)])) == 1


@pytest.mark.parametrize(
    "text", ["There is no room.", "It is no longer open.", "Sometimes a second try helps."]
)
def test_plain_english_is_left_alone(text):
    assert found_in([("here", text)]) == []


def test_strings_and_public_docstrings_of_a_program_are_read():
    program = '"""What a module has."""\ndef _own():\n    """Not for readers here."""\n    x = 1\n'
    program += 'raise ValueError(f"cannot read {x} again", "key_a")\n'
    assert texts_of_program(program) == [(1, "What a module has."), (5, "cannot read {} again")]


def test_only_the_newest_changes_are_read():
    assert newest_changes("# Log\n\n## 2\n\nnew\n\n## 1\n\nold\n") == "# Log\n\n## 2\n\nnew\n"


@pytest.mark.parametrize("pattern", bench_names())
def test_meanings_of_settings_begin_with_a_noun(pattern):
    read = load_bench(pattern).read()
    meanings = {key: info.meaning for one in read for key, info in one.infos().items()}
    assert [key for key, meaning in meanings.items() if re.search(CLAUSES, meaning)] == []
    assert [key for key, meaning in meanings.items() if not meaning.endswith(".")] == []
