"""`to_junit`: a gate's result as pipelines read tests: the XML of JUnit."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from perflab.errors import shown
from perflab.files import markdown_mark
from perflab.tuning.check.document import Check, Condition
from perflab.tuning.check.words import row_of


def to_junit(check: Check) -> str:
    """Return the result as one suite, a test a condition.

    The elements and attributes are those that Jenkins, GitLab and GitHub's actions read
    (https://github.com/testmoapp/junitxml).
    """
    suites = ET.Element("testsuites", _counts(check))
    suite = ET.SubElement(
        suites, "testsuite", {"name": f"perflab {check.pattern}", **_counts(check)}
    )
    for condition in check.conditions:
        words = row_of(condition)
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": f"perflab.{check.pattern}", "name": shown(condition["condition"])},
        )
        told = shown(", ".join(f"{name} {text}" for name, text in _told(condition, words)))
        if condition["verdict"] == "broken":
            ET.SubElement(case, "failure", {"message": told, "type": condition["kind"]})
        else:
            ET.SubElement(case, "system-out").text = told
    ET.indent(suites)
    body = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{markdown_mark()}\n{body}\n'


def _counts(check: Check) -> dict[str, str]:
    return {
        "tests": str(len(check.conditions)),
        "failures": str(len(check.broken)),
        "errors": "0",
        "time": str(round(check.seconds, 3)),
    }


def _told(condition: Condition, words: tuple[str, ...]) -> list[tuple[str, str]]:
    names = ("verdict", "metric", "baseline", "now", "change", "interval")
    pairs = zip(names, (condition["verdict"], *words), strict=True)
    return [(name, text) for name, text in pairs if text]
