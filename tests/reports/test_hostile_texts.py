"""Names, notes and keys from outside stay texts in every form of a report."""

import csv
import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from perflab.reports import Report, report
from perflab.tuning.comparison import compare

TEXTS = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "]]></style><svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "`code` | **bold**\n# heading",
    "```\n```",
    "=1+1",
    "@SUM(A1)",
    "$\\frac{1}{$ $x$",
    "\x1b]0;title\x07\x9b31m\0",
    "\u202egnp.exe\u2028",
    "\ud800\udcff",
    "{{ 7 * 7 }} %s {0}",
)
NAME = " ".join(TEXTS)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.attributes = [], []

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]


@pytest.fixture
def results(make_run, make_predictions, make_recommendation):
    def hostile(result, **fields):
        workload = {**result.workload, "name": NAME, "source": NAME, "notes": TEXTS}
        environment = {**result.environment, "processor": NAME, NAME: NAME}
        return {"workload": workload, "environment": environment, **fields}

    run = make_run()
    alerts = tuple({**alert, "alert": NAME} for alert in run.alerts)
    texts = {"notes": TEXTS, "ended": NAME, "alerts": alerts}
    return [
        make_run(**hostile(run, **texts)),
        make_predictions(**hostile(make_predictions(), remarks=TEXTS)),
        make_recommendation(**hostile(make_recommendation(), reason=NAME, notes=TEXTS)),
    ]


@pytest.fixture
def folder(results, tmp_path):
    return report(results, tmp_path / "out", title=NAME)


def test_a_page_has_no_tag_and_no_script_but_its_own(folder, run, tmp_path):
    def tags_of(path):
        tags = Tags()
        tags.feed(path.read_text(encoding="utf-8"))
        return tags

    tags = tags_of(folder / "report.html")
    plain = tags_of(report(run, tmp_path / "plain.html"))
    own = set(plain.names) | {"nav", "ul", "li", "details", "summary", "p"}
    assert set(tags.names) <= own
    assert tags.names.count("script") == 3
    for tag, name, value in tags.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("href", "src", "xlink:href") or value.startswith("#"), (tag, value)


def test_every_drawing_is_whole_xml_without_scripts(folder):
    for path in (folder / "figures").iterdir():
        root = ET.parse(path).getroot()
        assert not [each for each in root.iter() if each.tag.endswith(("script", "img"))]


def test_the_text_has_no_markup_of_theirs(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    outside = "".join(text.split("```")[::2]) if text.count("```") % 2 == 0 else text
    assert "\n# heading" not in text
    assert "](javascript" not in outside.replace("\\](", "")
    assert "<img" not in outside.replace("\\<", "")


def test_no_character_is_raw_in_any_file(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            for line in path.read_text(encoding="utf-8").split("\n"):
                assert line.isprintable(), (path.name, line)


def test_no_cell_of_a_table_begins_a_formula(folder):
    for path in (folder / "tables").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+@\t\r")], path.name


def test_a_report_that_is_read_again_is_no_less_safe(folder, tmp_path):
    raw = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    raw["title"] = NAME
    raw["results"][0]["workload"]["name"] = NAME
    (tmp_path / "raw.json").write_text(json.dumps(raw), encoding="utf-8")
    made = Report.load(tmp_path / "raw.json")
    for text in (made.to_html(), made.to_markdown(), made.to_json()):
        assert all(line.isprintable() for line in text.split("\n"))
    for text in (made.to_html(), made.to_markdown()):
        assert "<img src" not in text.replace("\\<", "")


def test_a_comparison_shows_names_as_text(results):
    text = compare(results[0], results[0]).to_text()
    assert "\x1b" not in text
    assert all(line.isprintable() for line in text.split("\n"))
