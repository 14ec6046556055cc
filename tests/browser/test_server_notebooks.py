"""The notebooks whose panel stands before a real server: break it, mend it, write it down."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_redis_dies_in_the_panel_and_comes_back(panel):
    panel.open("02_redis_cache.ipynb", first_only=True)
    panel.run_and_move()
    panel.press("Kill Redis")
    panel.until(lambda: panel.measured("breaker") == "100 %", "an open breaker")
    panel.go_on(20)
    panel.press("Start Redis")
    panel.until(lambda: panel.measured("breaker").startswith("0"), "a closed breaker")
    panel.go_on(200)
    panel.stop()
    run = panel.write_down(("maxmemory", "redis.conf", "RedisCache", "perflab run redis_cache"))
    assert run["metrics"]["requests"] > 200
    assert run["metrics"]["errors"] == 0


def test_connections_die_in_the_panel_and_the_pool_replaces_them(panel):
    panel.open("04_connection_pool.ipynb", first_only=True)
    panel.run_and_move()
    panel.press("Kill connections")
    panel.go_on(20)
    panel.stop()
    run = panel.write_down(
        ("max_connections", "PgBouncer", "HikariCP", "perflab run connection_pool")
    )
    assert run["metrics"]["requests"] > 20
    assert run["metrics"]["connections_lost"] >= 1


def test_items_are_fetched_ahead_of_a_consumer_while_the_server_starts_again(panel):
    panel.open("05_prefetching.ipynb", first_only=True)
    panel.run_and_move()
    panel.press("Restart server")
    panel.says("Restart server: done")
    panel.go_on(500)
    panel.stop()
    run = panel.write_down(
        ("buffer size", "Prefetcher", "DataLoader", "PythonCodeNode", "perflab run prefetching"),
        figures=4,
    )
    assert run["metrics"]["requests"] > 500
    assert run["metrics"]["errors"] == 0
    assert 0 <= run["metrics"]["stall_fraction"] <= 1


def test_a_web_server_dies_in_the_panel_and_comes_back(panel):
    panel.open("07_async_io.ipynb", first_only=True)
    panel.run_and_move()
    panel.press("Kill server")
    panel.until(lambda: panel.measured("connection errors") != "0", "a broken connection")
    panel.press("Restart server")
    panel.says("Restart server: done")
    panel.go_on(200)
    panel.stop()
    run = panel.write_down(
        ("max_concurrent", "TCPConnector", "httpx", "k6", "perflab run async_io")
    )
    assert run["metrics"]["requests"] > 200
    assert run["metrics"]["connect_errors"] >= 1
