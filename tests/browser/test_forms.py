"""A wrong value in a field, and a file that cannot be read: said once, and undone by a key."""

import csv
import json
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PANEL = """
from perflab.panels import workbench
panel = workbench("cache", "zipf:skew=0.8,keys=700,requests=20k,seed=5")
panel
"""


@pytest.fixture
def opened(panel, lab):
    _, folder = lab
    cell = {"cell_type": "code", "id": "one", "metadata": {}, "outputs": [], "source": PANEL}
    cell["execution_count"] = None
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": [cell], "metadata": spec, "nbformat": 4, "nbformat_minor": 5}
    (folder / "forms.ipynb").write_text(json.dumps(book))
    panel.open("forms.ipynb", first_only=True)
    panel.says("20,000 requests")
    return panel


def errors(page):
    return page.locator(".perflab-error:visible").all_inner_texts()


def test_wrong_value_is_marked_and_escape_brings_the_right_one_back(opened, page):
    field = page.locator(".perflab-controls input[type=text]:visible").first
    opened.says("what-if exact")
    right, pictures = field.input_value(), opened.settled()
    field.fill("plenty")
    field.press("Enter")
    opened.says("'plenty' is not a quantity of entries")
    assert len(errors(page)) == 1
    assert "plenty" not in page.locator(".perflab-status").inner_text()
    assert page.locator(".perflab-wrong").count() == 1
    assert opened.pictures()[0] == pictures[0]
    field.press("Escape")
    opened.until(lambda: field.input_value() == right, "the right value")
    opened.until(lambda: not errors(page), "a field without an error")
    assert page.locator(".perflab-wrong").count() == 0
    field.fill("typed but not entered")
    field.press("Escape")
    assert field.input_value() == right
    field.fill("54321")
    field.press("Enter")
    opened.until_new(0, pictures[0], "a what-if picture of what was typed")
    assert field.input_value() == "54321"


def test_file_that_is_refused_keeps_the_one_before_and_says_so(opened, page, lab):
    _, folder = lab
    with (folder / "shop.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["row", "ts", "url", "bytes", "agent"])
        rows.writerows([n, 1_710_000_000_000 + 40 * n, f"/{n % 37}", 900, "x"] for n in range(4000))
    (folder / "nothing.csv").write_text("")
    opened.press("Workload")
    opened.press("File path")
    path = page.locator(".perflab-picker input[placeholder='traces/requests.csv.gz']")
    path.fill("shop.csv")
    path.press("Enter")
    opened.says("4,000 requests")
    found = page.locator(".perflab-notes").inner_text()
    for words in ("csv, detected", "key from url", "time from ts", "agent", "ms since 1970"):
        assert words in found
    picker = page.locator(".perflab-picker")
    for words in ("ms since 1970, detected", "comma, detected"):
        picker.locator(f"input[placeholder='{words}']:visible").wait_for()
    assert picker.get_by_text("log format", exact=True).filter(visible=True).count() == 0
    for name, reason in (
        ("nothing.csv", "is empty"),
        ("absent.csv", "cannot be opened"),
        (".", "is a folder"),
    ):
        path.fill(name)
        path.press("Enter")
        opened.says(f"{name}: {reason}")
        (said,) = errors(page)
        assert "the workload stays shop.csv" in said
        assert reason not in page.locator(".perflab-status").inner_text()
        assert "4,000 requests" in page.locator(".perflab-lines").first.inner_text()
    path.press("Escape")
    opened.until(lambda: path.input_value() == "shop.csv", "the path that was read")
    assert errors(page) == []


def test_columns_are_chosen_from_the_files_own(opened, page, lab):
    _, folder = lab
    with (folder / "odd.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["was", "wann", "<i>wer</i>"])
        rows.writerows([f"/{n % 37}", 1_710_000_000 + n, n % 5] for n in range(4000))
    opened.press("Workload")
    opened.press("File path")
    path = page.locator(".perflab-picker input[placeholder='traces/requests.csv.gz']")
    path.fill("odd.csv")
    path.press("Enter")
    opened.says("choose it in the box key")
    picker = page.locator(".perflab-picker")
    assert picker.locator(".perflab-table tbody tr").count() == 5
    assert picker.locator(".perflab-table i").count() == 0
    picker.locator("select[aria-label='key']:visible, select:visible").first.select_option("was")
    opened.says("4,000 requests")
    opened.until(lambda: not errors(page), "a picker without an error")
    opened.press("Upload")
    for _ in range(2):  # the same file twice
        with page.expect_file_chooser() as chooser:
            picker.get_by_text("Choose a file").click()
        chooser.value.set_files(folder / "odd.csv")
        opened.says(re.compile(r"odd\.csv, [\d.]+ KiB"))
        opened.until(lambda: "odd.csv" in page.locator(".perflab-lines").first.inner_text(), "it")
