"""Every program is run, but for PyTorch's: it is not installed here.

What the DataLoader is called with is recorded and compared with its documented arguments.
"""

import re
import subprocess
import sys
import types

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.prefetching.exports import prefetching_exports
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

TITLES = ["perflab", "perflab for asyncio", "PyTorch DataLoader", "Kailash node"]
RUN_HERE = [title for title in TITLES if not title.startswith("PyTorch")]

SETTINGS = st.builds(
    PrefetchingSettings,
    buffer_size=st.integers(1, 10**6),
    batch_size=st.integers(1, 10**6),
    workers=st.integers(1, 512),
    max_bytes=st.none() | st.integers(1, 2**50),
    retries=st.integers(0, 1000),
    backoff_seconds=st.floats(0, 60),
    timeout=st.none() | st.floats(0.001, 86400),
    process_count=st.none() | st.integers(1, 10**9),
)


def export(title, settings, workload="items:count=100k", **load):
    found = {e.title: e for e in prefetching_exports(settings, LoadSettings(**load), workload)}
    return found[title]


def execute(title, settings):
    names = {"__name__": "pasted"}
    exec(compile(export(title, settings).text, title, "exec"), names)
    return names


@pytest.fixture
def data_loader(monkeypatch):
    """Put a module in torch's place that records how the DataLoader is called."""
    calls = []

    def loader(dataset, **arguments):
        calls.append((dataset, arguments))

    data = types.ModuleType("torch.utils.data")
    data.DataLoader, data.Dataset = loader, object
    for name in ("torch", "torch.utils"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "torch.utils.data", data)
    return calls


def test_there_is_one_for_each():
    exports = prefetching_exports(PrefetchingSettings(), LoadSettings(), "items")
    assert [e.title for e in exports] == TITLES
    assert {e.language for e in exports} == {"python"}
    assert exports[0].text.startswith(
        "# Chosen with perflab for the workload items, from sqlite.\n"
    )


@pytest.mark.parametrize("title", ["perflab", "perflab for asyncio", "Kailash node"])
@given(settings=SETTINGS)
def test_settings_come_back_exactly(title, settings):
    text = export(title, settings).text
    begin = text.index("SETTINGS = ")
    names = {"PrefetchingSettings": PrefetchingSettings}
    exec(text[begin : text.index("\n)\n", begin) + 2], names)
    assert names["SETTINGS"] == settings


def test_perflab_goes_through_all_items_in_order():
    names = execute("perflab", PrefetchingSettings(batch_size=30, buffer_size=90, workers=3))
    with names["Prefetcher"](names["fetch"], names["SETTINGS"]) as items:
        assert list(items) == list(range(1000))


def test_a_kailash_workflow_fetches_ahead():
    run = execute("Kailash node", PrefetchingSettings(batch_size=30, workers=3))["run"]
    for most in (500, 1000, 5000):
        found = run(most)
        assert found["items"] == min(most, 1000)
        assert found["total"] == sum(range(min(most, 1000)))
        assert found["stalled"] >= 0


@pytest.mark.parametrize("title", RUN_HERE)
def test_it_runs_as_a_script(title, tmp_path):
    settings = PrefetchingSettings(
        batch_size=50, buffer_size=200, workers=4, max_bytes="1MiB", timeout=2, process_count=800
    )
    script = tmp_path / "pasted.py"
    script.write_text(export(title, settings).text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"'items': {500 if title.startswith('Kailash') else 800}" in done.stdout


def test_the_data_loader_gets_the_same_numbers(data_loader):
    settings = PrefetchingSettings(
        buffer_size=800, batch_size=100, workers=4, timeout=2.5, process_count=900
    )
    names = execute("PyTorch DataLoader", settings)
    dataset, arguments = data_loader[0]
    assert arguments == {
        "batch_size": 100,
        "shuffle": False,
        "num_workers": 4,
        "prefetch_factor": 2,
        "timeout": 2.5,
        "collate_fn": names["keep"],
    }
    assert len(dataset) == 900
    assert dataset.__getitems__([3, 4]) == [3.0, 4.0]
    assert dataset[5] == 5.0


@hypothesis_settings(max_examples=50)
@given(settings=SETTINGS)
def test_the_data_loaders_text_compiles_and_its_numbers_are_allowed(settings):
    text = export("PyTorch DataLoader", settings).text
    compile(text, "DataLoader", "exec")
    found = dict(re.findall(r"^    (num_workers|prefetch_factor)=(\d+),$", text, re.MULTILINE))
    factor, workers = int(found["prefetch_factor"]), int(found["num_workers"])
    assert factor >= 1
    assert workers == settings.workers
    batch = min(settings.batch_size, settings.buffer_size)
    ahead = factor * workers * batch
    assert ahead == workers * batch or abs(ahead - settings.buffer_size) <= workers * batch / 2
    assert ("no bound in bytes" in text) is (settings.max_bytes is not None)


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_its_comment(name):
    load = LoadSettings(backend=f"m:{name}")
    for each in prefetching_exports(PrefetchingSettings(), load, name):
        first, rest = each.text.split("\n", 1)
        assert first.startswith("# ")
        assert rest == export(each.title, PrefetchingSettings()).text.split("\n", 1)[1]


def test_the_folder_of_a_workload_is_left_out():
    for each in prefetching_exports(
        PrefetchingSettings(), LoadSettings(backend="files"), "/home/someone/images"
    ):
        assert "workload images, from files." in each.text
        assert "someone" not in each.text
