"""The page: it opens offline, runs no script but its own, and can be read by everyone."""

import re
from html.parser import HTMLParser

import pytest

from perflab.reports import Report

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects elements and texts, and fails on tags that do not close."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def text(recommendation, make_run, predictions):
    return Report.of([recommendation, make_run(1000), make_run(3800), predictions]).to_html()


@pytest.fixture
def page(text):
    return Page(text)


def test_nothing_is_fetched_from_elsewhere(page, text):
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert attributes.get(name, "#").startswith("#")
    assert not re.search(r"url\((?!['\"]?#)|@import|@font-face|https?://", text)
    assert page.all("link") == page.all("iframe") == page.all("img") == []


def test_only_our_script_may_run(page):
    data = [{"type": "application/json", "id": name} for name in ("tables", "pictures")]
    assert page.all("script") == [*data, {}]
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_every_link_and_reference_leads_somewhere_once(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert [each for each in set(ids) if ids.count(each) > 1] == []
    wanted = [a["href"][1:] for _, a in page.elements if "href" in a]
    wanted += [a["data-copies"] for a in page.all("button") if "data-copies" in a]
    wanted += [
        found
        for _, a in page.elements
        for value in a.values()
        for found in re.findall(r"url\(#([^)]+)\)", value or "")
    ]
    assert set(wanted) <= set(ids)
    assert len(wanted) > 20


def test_every_drawing_is_described(page):
    drawings = page.all("svg")
    assert len(drawings) == 12
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert len(drawing["aria-label"]) > 40


def test_drawings_take_their_colours_from_the_page(text):
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert "var(--ink" in drawn
    assert "var(--paper" in drawn
    bare = set(re.findall(r"(?:fill|stroke): (#[0-9a-fA-F]{6})", drawn))
    assert bare == set()
    style = text[text.index("<style>") : text.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    for name in set(re.findall(r"var\(--(series-\d)", drawn)):
        assert f"--{name}:" in style


def test_tables_have_headings_for_columns_and_rows(page):
    scopes = [a.get("scope") for a in page.all("th")]
    assert set(scopes) == {"col", "row"}
    groups = [a for a in page.all("div") if a.get("role") == "group"]
    assert len(page.all("table")) <= len(groups)
    assert all(a["aria-label"] for a in groups)


def test_texts_to_copy_stand_in_the_page_as_they_are(text, page, recommendation):
    ids = {a["data-copies"] for a in page.all("button") if "data-copies" in a}
    assert len(ids) == 6
    codes = [a for a in page.all("code") if a.get("id") in ids]
    assert len(codes) == 5
    assert [a["id"] for a in page.all("pre") if "id" in a] == ["summary"]
    assert "max_cache_size=3800," in text
    assert all("hidden" in a for a in page.all("button"))


def test_answer_stands_before_all_sections(text):
    assert text.index("Proposed: max cache size 3,800 entries") < text.index('id="recommendation"')


def test_what_a_user_typed_is_shown_and_never_run(make_recommendation, make_run):
    evil = "<script>alert(1)</script>"
    name = "<script>alert(2)"
    workload = {"name": name, "source": name, "fingerprint": evil, "notes": [evil], "summary": {}}
    made = Report.of(
        [
            make_recommendation(workload=workload, reason=evil, limits=(evil,), notes=(evil,)),
            make_run(workload=workload, ended=evil, notes=('"><img src=x onerror=alert(1)>',)),
        ],
        title=evil,
    )
    text = made.to_html()
    page = Page(text)
    assert evil not in text
    assert name not in text
    assert sum(name in each for each in page.texts) >= 5
    assert len(page.all("script")) == 3
    assert page.all("img") == []
    assert sum(evil in each for each in page.texts) >= 5
    assert not any(name.startswith("on") for _, a in page.elements for name in a)


def test_the_same_results_give_the_same_page(recommendation, run):
    assert Report.of([recommendation, run]).to_html() == Report.of([recommendation, run]).to_html()
