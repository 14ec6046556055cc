import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.patterns.prefetching.item_names import load_items
from perflab.patterns.prefetching.items import Items


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "images"
    (place / "b").mkdir(parents=True)
    (place / ".git").mkdir()
    for name in ("z.bin", "a.bin", "b/c.bin", ".hidden", ".git/head"):
        (place / name).write_bytes(name.encode())
    return place


@given(st.integers(1, 10**12))
def test_numbered_items_are_made_again_by_their_source(count):
    items = load_items(f"items:count={count}")
    assert len(items) == count
    assert load_items(items.source).count == count
    assert load_items(items) is items


def test_a_folder_is_its_files_in_order_without_hidden_ones(folder):
    items = load_items(str(folder))
    assert [path.removeprefix(f"{folder}/") for path in items.paths] == [
        "a.bin",
        "b/c.bin",
        "z.bin",
    ]
    assert (items.name, items.count) == ("images", 3)
    assert items.facts() == ["3 items", "3 files"]
    assert load_items(items.source).fingerprint == items.fingerprint


def test_a_list_names_files_from_where_it_is(folder):
    listed = folder / "list.txt"
    listed.write_text("z.bin\n\nb/c.bin\n")
    items = load_items(listed)
    assert items.paths == (str(folder / "z.bin"), str(folder / "b/c.bin"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"z.bin\ngone.bin\n", "list.txt:2: there is no file 'gone.bin'"),
        (b"\n", "lists no files"),
        (b"\xff\xfe\x00", "is not text"),
    ],
)
def test_a_wrong_list_is_told_with_its_line(folder, content, said):
    listed = folder / "list.txt"
    listed.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        load_items(listed)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("items:count=0", "count: 0 is out of bounds"),
        ("items:size=3", "no such setting"),
        ("flights", "neither items, nor a folder, nor a file"),
        ("gone/list.txt", "cannot be opened"),
        (7, "int is not what a prefetcher goes through"),
    ],
)
def test_what_are_no_items_is_one_clear_error(spec, said):
    with pytest.raises(BadInputError) as caught:
        load_items(spec)
    assert said in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="has no files"):
        load_items(tmp_path)


@given(st.integers(1, 10**9), st.lists(st.text(min_size=1), max_size=5))
def test_what_is_saved_is_opened(count, paths):
    import tempfile

    items = Items("n", count, tuple(paths), source="s", notes=("x",))
    with tempfile.TemporaryDirectory() as place:
        items.save(f"{place}/items")
        opened = Items.open(f"{place}/items")
    assert dataclasses.asdict(opened) == dataclasses.asdict(items)
    assert opened.fingerprint == items.fingerprint


def test_another_folder_is_no_items(tmp_path):
    with pytest.raises(BadInputError, match="is not the folder of items"):
        Items.open(tmp_path)


def test_a_run_goes_through_at_most_what_there_is():
    items = load_items("items:count=10")
    assert [items.at_most(n).count for n in (None, 3, 10, 11)] == [10, 3, 10, 10]
    assert items.uploaded("sent").name == "sent"
    assert items.summary()["requests"] == 10
