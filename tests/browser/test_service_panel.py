"""The panel of a whole service in a real JupyterLab: a slider, a scenario, and axe-core's rules."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PICTURES = ".perflab img.perflab-of-service"
TOLD = "images => images.filter(i => i.getClientRects().length).map(i => i.alt)"
REST = re.compile("what-if exact")
SIDEWAYS = "panel => panel.scrollWidth - panel.clientWidth"


def test_a_slider_moves_the_numbers_and_a_scenario_shows_its_verdict(panel, page):
    panel.open("10_whole_service.ipynb", first_only=True)
    panel.says(REST)

    def told(count):
        """Return what the pictures say, once so many are seen and each has its words."""
        words = page.eval_on_selector_all(PICTURES, TOLD)
        return words if len(words) == count and all(words) else None

    chain, shares = panel.until(lambda: told(2), "words for two pictures")
    assert "Redis cache one for all workers" in chain
    assert "Database" in shares

    panel.move(page.locator(".perflab .noUi-handle:visible").first, 3)
    panel.until(lambda: (told(2) or [chain])[0] != chain, "another chain")

    panel.press("Redis down")
    verdict = page.locator(".perflab-verdict")
    panel.until(lambda: "The database gets up to" in verdict.inner_text(), "a verdict")
    line = panel.until(lambda: told(3), "a time line")[2]
    assert line.startswith("Redis dies and comes back empty")
    assert line.endswith(verdict.inner_text().strip())

    # The scenario is played again with other settings.
    before = verdict.inner_text()
    panel.move(page.locator(".perflab .noUi-handle:visible").nth(1), 2)
    panel.until(lambda: verdict.inner_text() != before, "another verdict")

    # What is wrong is said at its field.
    field = page.locator(".perflab-scenario input")
    field.fill("redis-dwn")
    field.press("Enter")
    panel.says("did you mean 'redis-down'?")
    field.press("Escape")
    panel.until(lambda: field.input_value().startswith("redis-down:"), "the scenario in force")

    panel.press("What survives\\?")
    page.locator(".perflab-card:visible").wait_for()
    assert page.eval_on_selector(".perflab", SIDEWAYS) <= 0
    assert panel.named() == []
