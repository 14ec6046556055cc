"""The README of the package index: no link or picture in it needs a file beside it."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://code.example.org/team/perflab"
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def index_page():
    spec = importlib.util.spec_from_file_location("index_page", ROOT / ".ci" / "index_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme():
    return (ROOT / "README.md").read_text()


def of_metadata(index_page, repository):
    metadata = {}
    index_page.IndexPage(str(ROOT), {"repository": repository}).update(metadata)
    return metadata["readme"]["text"], metadata["urls"]


def test_links_and_pictures_lead_into_the_repository(index_page, readme):
    shown, urls = of_metadata(index_page, f"{ADDRESS}/")
    relative = [link for link in LINK.findall(readme) if "://" not in link]
    assert any(link.endswith(".png") for link in relative)
    assert [link for link in LINK.findall(shown) if "://" not in link] == []
    for link in relative:
        assert (ROOT / link).exists()
        kind = "raw" if link.endswith(".png") else "blob"
        assert f"({ADDRESS}/{kind}/HEAD/{link})" in shown
    assert urls["Source"] == ADDRESS
    assert urls["Changelog"] == f"{ADDRESS}/blob/HEAD/CHANGELOG.md"


def test_without_an_address_no_link_is_dead_and_no_picture_broken(index_page, readme):
    shown, urls = of_metadata(index_page, "")
    assert [link for link in LINK.findall(shown) if "://" not in link] == []
    assert ".png" not in shown
    for caption in re.findall(r"!\[([^\]]+)\]", readme):
        assert f"*{caption}*" in shown
    assert urls == {}


def test_the_address_is_named_once(index_page):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = project["tool"]["hatch"]["metadata"]["hooks"]["custom"]
    assert (ROOT / named["path"]).samefile(index_page.__file__)
    assert re.fullmatch(r"(https://\S+)?", named["repository"])
    assert {"readme", "urls"} <= set(project["project"]["dynamic"])
