from datetime import UTC, datetime, timedelta

import pytest

from perflab.servers.run_name import new_run_name, started_at


def test_names_of_runs_differ_and_tell_when_they_started():
    names = {new_run_name() for _ in range(1000)}
    assert len(names) == 1000
    for name in names:
        assert len(name.encode()) < 63
        assert name == name.lower()
        assert abs(datetime.now(UTC) - started_at(name)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "name",
    [
        "perflab",
        "perflab_run_",
        "perflab_run_20260131t235959z_0123",
        "perflab_run_20269931t235959z_0123456789",
        "perflab_run_20260131t235959z_0123456789_more",
        "my_perflab_run_20260131t235959z_0123456789",
        "perflab_run_20260131T235959Z_0123456789",
    ],
)
def test_other_names_are_not_taken_for_those_of_runs(name):
    assert started_at(name) is None
