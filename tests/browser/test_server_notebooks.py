"""The notebooks whose panel stands before a real server: break it, mend it, write it down."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def start_and_move(panel, page):
    """Move a slider, start a run, and wait until it shows in the live picture."""
    before, live = panel.pictures()
    panel.move(page.locator(".noUi-handle:visible").first, 3)
    panel.until_new(0, before, "a new what-if picture")
    panel.press("Run")
    panel.until(panel.requests_run, "a run")
    panel.until_new(1, live, "a live picture")


def go_on(panel, count):
    """Wait until so many more requests have run."""
    before = panel.requests_run()
    panel.until(lambda: panel.requests_run() > before + count, "more requests")


def write_down(panel, page, words):
    """Stop, ask for a recommendation, export the report, and look for these words in it."""
    panel.press("Stop")
    panel.button("Run").wait_for()
    panel.press("Recommend")
    panel.says("Recommended:")
    folder = panel.report()
    results = json.loads((folder / "report.json").read_text())["results"]
    assert {"run", "recommendation"} <= {result["kind"] for result in results}
    assert not page.get_by_text("Traceback").count()
    page.goto((folder / "report.html").as_uri())
    text = page.text_content("body")
    assert [word for word in words if word not in text] == []
    assert page.locator("svg").count() >= 2
    return [result for result in results if result["kind"] == "run"][-1]["metrics"]


def test_redis_dies_in_the_panel_and_comes_back(panel, page):
    panel.open("02_redis_cache.ipynb", first_only=True)
    start_and_move(panel, page)
    panel.press("Kill Redis")
    panel.until(lambda: panel.measured("breaker") == "100.00 %", "an open breaker")
    go_on(panel, 20)
    panel.press("Start Redis")
    panel.until(lambda: panel.measured("breaker").startswith("0"), "a closed breaker")
    go_on(panel, 200)
    metrics = write_down(
        panel, page, ("maxmemory", "redis.conf", "RedisCache", "perflab run redis_cache")
    )
    assert metrics["requests"] > 200
    assert metrics["errors"] == 0


def test_connections_die_in_the_panel_and_the_pool_replaces_them(panel, page):
    panel.open("04_connection_pool.ipynb", first_only=True)
    start_and_move(panel, page)
    panel.press("Kill connections")
    go_on(panel, 20)
    metrics = write_down(
        panel, page, ("max_connections", "PgBouncer", "HikariCP", "perflab run connection_pool")
    )
    assert metrics["requests"] > 20
    assert metrics["connections_lost"] >= 1


def test_a_web_server_dies_in_the_panel_and_comes_back(panel, page):
    panel.open("07_async_io.ipynb", first_only=True)
    start_and_move(panel, page)
    panel.press("Kill server")
    panel.until(lambda: panel.measured("connection errors") != "0", "a broken connection")
    panel.press("Restart server")
    panel.says("Restart server: done")
    go_on(panel, 200)
    metrics = write_down(
        panel, page, ("max_concurrent", "TCPConnector", "httpx", "k6", "perflab run async_io")
    )
    assert metrics["requests"] > 200
    assert metrics["connect_errors"] >= 1
