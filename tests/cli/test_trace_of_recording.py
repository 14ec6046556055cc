import perflab as package


class Same:
    def __eq__(self, other):
        return isinstance(other, Same)

    def __hash__(self):
        return 1


def recorded(folder, values):
    recorded = package.record(lambda value: 1, folder)
    for value in values:
        recorded(value)
    recorded.recording.stop()
    return folder


def test_calls_without_a_key_are_told_before_all_else(perflab, tmp_path):
    folder = recorded(tmp_path / "r", [Same(), "a", Same(), "b", "a"])
    lines = perflab("trace", "info", folder).out.splitlines()
    assert lines[0] == (
        "Note: left out, with no key (unkeyed): calls of recorded.<locals>.<lambda> 2; pass key= "
        "to perflab.record"
    )
    assert sum("unkeyed" in line for line in lines) == 1
    found = perflab("trace", "info", folder, "--json").json
    assert "unkeyed" in found["notes"][0]
    assert (found["requests"], found["distinct_keys"]) == (3, 2)
    assert "unkeyed" in perflab("predict", "cache", "-w", folder).out


def test_a_recording_with_all_keys_says_nothing_of_them(perflab, tmp_path):
    folder = recorded(tmp_path / "r", ["a", 1, (1, "b")])
    assert "unkeyed" not in perflab("trace", "info", folder).out


def test_a_recording_without_any_key_is_one_clear_error(refused, tmp_path):
    folder = recorded(tmp_path / "r", [Same()] * 4)
    assert "no key could be made for 4 calls" in refused("trace", "info", folder)
