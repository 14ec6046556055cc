"""A report as people get it: on a screen, on a phone, on paper, and by who cannot see it."""

import gzip
import json
import math
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

import perflab
from perflab.reports import Report
from perflab.service import Service
from perflab.tuning.sweep import predictions
from tests.old_files.test_old_files import PATTERNS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

sync_axe = pytest.importorskip("axe_playwright_python.sync_playwright")

OLD = Path(__file__).parent.parent / "old_files" / "0.1.0"
MOST_BYTES = 1_500_000
MOST_SECONDS = 0.5
MOST_PAGES = 6
MARGINS = dict.fromkeys(("top", "bottom", "left", "right"), "14mm")
PAPER = {"width": 688, "height": 1016}
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
TOO_WIDE = """
() => [...document.querySelectorAll('table.turns td, table.turns th')]
  .filter(each => each.scrollWidth > innerWidth).map(each => each.textContent)
"""
CUT = """
() => {
  const shown = (each) => each.checkVisibility({ contentVisibilityAuto: true });
  const wide = document.documentElement.clientWidth;
  return [...document.querySelectorAll('th, td, pre, p, dd, svg, li')].filter(shown)
    .filter(each => each.getBoundingClientRect().right > wide + 1
      || (each.scrollWidth > each.clientWidth + 1 && each.tagName !== 'svg'))
    .map(each => `${each.tagName}: ${each.textContent.slice(0, 60)}`);
}
"""


def unpacked(pattern, kinds, folder):
    files = []
    for kind in kinds:
        made = folder / f"{kind}-{pattern}.json"
        made.write_bytes(gzip.decompress((OLD / f"{made.name}.gz").read_bytes()))
        files.append(made)
    return files


def batched(values, size):
    """Return values in lists of at most so many."""
    return [values[first : first + size] for first in range(0, len(values), size)]


@pytest.fixture
def opened(tab):
    """Open a page in a tab of its own."""

    @contextmanager
    def opened(path, width=1280, height=800, **options):
        viewport = {"width": width, "height": height}
        page = tab.context.browser.new_page(viewport=viewport, **options)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        try:
            page.goto(path.as_uri())
            yield page
        finally:
            page.close()
        assert errors == []

    return opened


@pytest.fixture
def long_run(tmp_path):
    """A run of ten minutes with many changes, failed requests and long names, in its file."""
    (file,) = unpacked("cache", ["run"], tmp_path)
    values = json.loads(file.read_text())
    rows = values["snapshots"]
    values["snapshots"] = [
        {**rows[number % len(rows)], "seconds": number / 2.8, "requests": number * 100}
        for number in range(1_680)
    ]
    values["changes"] = [
        {
            "seconds": 30.0 * number,
            "request": number * 1_000,
            "settings": {"max_cache_size": 10 * number, "policy": "sieve"},
        }
        for number in range(1, 11)
    ]
    name = "https://cache.example/" + "a-long-name-without-a-blank" * 8
    keys = [{"key": f"{name}/{number}", "requests": 900 - number} for number in range(20)]
    values["workload"]["name"] = name
    values["workload"]["summary"]["most_requested"] = keys
    values["metrics"] |= {"errors": 12.0, "requests": 168_000.0}
    values["alerts"] = [
        {"alert": "hit_rate<0.9 for 1s", "metric": "hit_rate", "fired": True, "seconds": 61.0}
    ]
    file.write_text(json.dumps(values))
    return file


@pytest.fixture
def whole(tmp_path, long_run):
    """A report with all that there is: runs, a recommendation, predictions, and a second bench."""
    files = unpacked("cache", ["recommendation", "prediction"], tmp_path)
    others = unpacked("connection_pool", ["run", "recommendation"], tmp_path)
    return perflab.report([long_run, *files, *others], tmp_path / "all.html", author="Ada")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(scheme, whole, opened):
    with opened(whole, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = sync_axe.Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_page_scrolls_sideways(width, whole, opened):
    with opened(whole, width=width) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate(SIDEWAYS) <= 0
        if width == 390:
            assert page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_single_run_prints_on_six_pages_with_no_cell_cut(pattern, opened, tmp_path):
    path = perflab.report(unpacked(pattern, ["run"], tmp_path), tmp_path / "run.html")
    with opened(path, **PAPER) as page:
        pdf = page.pdf(format="A4", margin=MARGINS)
        page.emulate_media(media="print")
        page.set_viewport_size(PAPER)
        assert page.evaluate(CUT) == []
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= MOST_PAGES


def test_long_run_prints_on_six_pages_and_all_of_a_whole_report_is_uncut(long_run, whole, opened):
    path = perflab.report(long_run, whole.with_name("long.html"))
    (best,) = unpacked("cache", ["recommendation"], whole.parent)
    both = perflab.report([long_run, best], whole.with_name("both.html"))
    for each, most in ((path, MOST_PAGES), (both, MOST_PAGES + 1)):
        with opened(each, **PAPER) as page:
            pdf = page.pdf(format="A4", margin=MARGINS)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= most
    for each in (path, whole):
        with opened(each, **PAPER) as page:
            page.emulate_media(media="print")
            assert page.evaluate(CUT) == []


def test_report_of_a_service_fits_a_phone_and_paper(opened, tmp_path):
    stages = {"cache": {"max_cache_size": 50}, "redis_cache": {}}
    shop = Service.from_mapping({**stages, "request_rate": 400})
    workload = "zipf:keys=500,requests=4k,skew=0.8,seed=1"
    results = [shop.predict(workload), shop.play(workload, "redis-down:seconds=2")]
    path = perflab.report(results, tmp_path / "service.html", author="Ada")
    with opened(path, width=390, color_scheme="dark") as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate(SIDEWAYS) <= 0
        assert page.evaluate(TOO_WIDE) == []
        found = sync_axe.Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found] == []
    with opened(path, **PAPER) as page:
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == []


def test_long_run_is_small_and_quick_to_read(long_run, opened):
    path = perflab.report(long_run, long_run.with_name("long.html"))
    assert path.stat().st_size <= MOST_BYTES
    with opened(path) as page:
        session = page.context.new_cdp_session(page)
        # The processor's time, so that other programs do not count.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        spent = []
        for _ in range(3):
            before = _seconds(session)
            page.reload(wait_until="load")
            page.locator(".decision").wait_for()
            spent.append(_seconds(session) - before)
    assert min(spent) <= MOST_SECONDS


def _seconds(session):
    found = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in found if each["name"] == "TaskDuration")


def test_first_screen_has_the_answer(whole, opened, tmp_path):
    path = perflab.report(
        unpacked("cache", ["run", "recommendation"], tmp_path), tmp_path / "r.html"
    )
    with opened(path) as page:
        for selector in (".decision", ".verdict h2", ".cards", ".first table", ".facts"):
            box = page.locator(selector).first.bounding_box()
            assert box["y"] < 800, selector
    with opened(whole, width=390, height=844) as page:
        assert page.locator(".contents").bounding_box()["y"] < 844


def test_slider_moves_the_point_along_the_curve_and_its_numbers(opened, tmp_path):
    files = unpacked("cache", ["recommendation"], tmp_path)
    made = Report.of(files)
    path = made.write(tmp_path / "r.html")
    figure = next(each for each in made.figures if each.moves)
    (plot,) = figure.picture["plots"]
    curve = next((each for each in plot["curves"] if each["present"]), plot["curves"][0])
    with opened(path) as page:
        slider = page.locator("#mover-what-if-max_cache_size")
        assert slider.get_attribute("max") == str(len(curve["x"]) - 1)
        for place in (0, len(curve["x"]) // 2, len(curve["x"]) - 1):
            slider.fill(str(place))
            said = page.locator(".mover output").first.text_content()
            assert said.startswith(f"{curve['x'][place]:,.0f} (")
            info = made.chapters[0].bench.known_metrics()["hit_rate"]
            assert f"hit rate {info.format(curve['y'][place])}" in said
            assert slider.get_attribute("aria-valuetext") == said
            dot = page.locator("figure[data-moves] circle.moved").first
            high = plot["box"]["top"] + plot["box"]["height"]
            share = (curve["y"][place] - plot["y"]["low"]) / (plot["y"]["high"] - plot["y"]["low"])
            unit = page.locator("figure[data-moves] svg").first.evaluate(
                "s => s.viewBox.baseVal.width"
            )
            unit /= figure.picture["width"]
            wanted = (high - share * plot["box"]["height"]) * unit
            assert float(dot.get_attribute("cy")) == pytest.approx(wanted, abs=0.05)
        slider.focus()
        before = page.locator(".mover output").first.text_content()
        page.keyboard.press("ArrowLeft")
        assert page.locator(".mover output").first.text_content() != before


def test_point_of_the_settings_is_seen_on_a_phone(opened, tmp_path):
    path = perflab.report(unpacked("cache", ["recommendation"], tmp_path), tmp_path / "r.html")
    with opened(path, width=390, height=844) as page:
        dots = page.locator("figure[data-moves] circle.moved")
        assert dots.count() > 0
        for dot, slot in zip(
            dots.all(), page.locator("figure[data-moves] .scroll").all(), strict=True
        ):
            inner, outer = dot.bounding_box(), slot.bounding_box()
            assert outer["x"] <= inner["x"]
            assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1


def test_pointer_reads_the_values_of_every_line(opened, tmp_path):
    made = Report.of(unpacked("cache", ["recommendation"], tmp_path))
    path = made.write(tmp_path / "r.html")
    figure = next(each for each in made.figures if each.moves)
    (plot,) = figure.picture["plots"]
    with opened(path) as page:
        shown = page.locator("figure[data-moves]").first
        drawing = shown.locator("svg")
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        scale = box["width"] / figure.picture["width"]
        left, width = plot["box"]["left"], plot["box"]["width"]
        page.mouse.move(
            box["x"] + (left + width / 2) * scale,
            box["y"] + (plot["box"]["top"] + plot["box"]["height"] / 2) * scale,
        )
        reading = shown.locator(".reading").text_content()
        middle = (plot["x"]["low"] * plot["x"]["high"]) ** 0.5
        assert int(re.search(r"size ([\d,]+):", reading)[1].replace(",", "")) == pytest.approx(
            middle, rel=0.02, abs=1
        )
        for curve in plot["curves"]:
            assert f"{curve['name']} " in reading
        assert shown.locator("line.pointer").get_attribute("visibility") == "visible"
        page.mouse.move(0, 0)
        assert shown.locator("line.pointer").get_attribute("visibility") == "hidden"
        spot = next(each for each in plot["spots"] if each["kind"] == "recommended")
        low, high = (math.log(plot["x"][end]) for end in ("low", "high"))
        across = (math.log(spot["x"]) - low) / (high - low)
        down = 1 - (spot["y"] - plot["y"]["low"]) / (plot["y"]["high"] - plot["y"]["low"])
        on, off = readings(shown, figure.picture, [(across, down), (across, (down + 0.5) % 1)])
    info = made.chapters[0].bench.known_metrics()["hit_rate"]
    assert f"; recommended {info.format(spot['y'])}" in on
    assert "recommended" not in off


def readings(shown, picture, places):
    """Point at places of a drawing, shares of its width and height, and return what it reads."""
    (plot,) = picture["plots"]
    drawing, page = shown.locator("svg"), shown.page
    drawing.scroll_into_view_if_needed()
    box, inner = drawing.bounding_box(), plot["box"]
    scale = box["width"] / picture["width"]
    said = []
    for x, y in places:
        across, down = inner["left"] + inner["width"] * x, inner["top"] + inner["height"] * y
        page.mouse.move(box["x"] + across * scale, box["y"] + down * scale)
        said.append(shown.locator(".reading").text_content())
    return said


def test_pointer_reads_the_cells_of_a_map(opened, tmp_path):
    sweep = {"ttl_seconds": ["1h", "30d", "none"], "max_cache_size": [100, 500, 4000]}
    made = Report.of(predictions("cache", "flights", sweep=sweep))
    (figure,) = [each for each in made.figures if each.name.startswith("map-")]
    cells = figure.picture["plots"][0]["cells"]
    with opened(made.write(tmp_path / "r.html")) as page:
        shown = page.locator(f"figure[data-picture='{figure.name}']")
        low, high = readings(shown, figure.picture, [(0.02, 0.98), (0.98, 0.02)])
    info = made.chapters[0].bench.known_metrics()["hit_rate"]
    for said, column, row in ((low, 0, 0), (high, -1, -1)):
        value = info.format(cells["values"][row][column])
        words = (cells["columns"][column]["text"], cells["rows"][row]["text"])
        assert said == "TTL {}, max cache size {}: hit rate {}".format(*words, value)


def test_pointer_reads_what_is_best_for_its_cost(opened, tmp_path):
    made = Report.of(unpacked("cache", ["recommendation"], tmp_path))
    figure = next(each for each in made.figures if each.name == "trade-off")
    (curve,) = figure.picture["plots"][0]["curves"]
    with opened(made.write(tmp_path / "r.html")) as page:
        shown = page.locator("figure[data-picture='trade-off']")
        (said,) = readings(shown, figure.picture, [(0.6, 0.5)])
    value = float(re.search(r": ([\d.]+) %$", said)[1]) / 100
    assert min(curve["y"]) <= value <= max(curve["y"])
    assert said.startswith(f"{figure.picture['plots'][0]['x']['name']} ")


def test_numbers_of_the_page_are_written_as_everywhere(opened, tmp_path):
    from perflab.charts.notation import notation
    from perflab.units import in_words

    values = [0.0, 1e-10, 0.5, 1.0, 59.9, 60.0, 200.0, 3_599.9, 5_400.0, 90_000.0, 1e7, 12_345.678]
    values += [0.99951, 0.0499, 999.5, 1e19, -3.5]
    units = ("seconds", "bytes", "ratio", "1/s", "requests", "currency", "bytes/s")
    path = perflab.report(unpacked("cache", ["run"], tmp_path), tmp_path / "r.html")
    with opened(path) as page:
        for unit in units:
            written = page.evaluate(
                "([values, words]) => values.map(value => inWords(value, words))",
                [values, notation(unit)],
            )
            assert written == [in_words(value, unit) for value in values], unit


def test_tables_are_saved_as_csv_and_the_summary_is_copied(opened, tmp_path):
    files = unpacked("cache", ["run", "recommendation"], tmp_path)
    made = Report.of(files)
    path = made.write(tmp_path / "r.html")
    options = {"accept_downloads": True, "permissions": ["clipboard-read", "clipboard-write"]}
    # Chromium takes no more than ten files at once from a page.
    for some in batched(made.tables, 8):
        with opened(path, **options) as page:
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            for table in some:
                button = page.locator(f'button[data-csv="{table.name}"]')
                with page.expect_download() as download:
                    button.click()
                assert download.value.suggested_filename == f"{table.name}.csv"
                text = Path(download.value.path()).read_text(encoding="utf-8")
                assert text == table.to_csv()
    with opened(path, **options) as page:
        page.get_by_role("button", name="Copy summary").click()
        page.get_by_text("Copied", exact=True).wait_for()
