"""Which rows of a trace give an entry a TTL of its own."""

import numpy as np
import pytest

from perflab.modelling.own_ttls import every_entry_has_own_ttl, own_ttls, replay_remarks
from perflab.settings import LoadSettings
from perflab.workloads import Trace

NONE = np.nan
ROWS = ["get", "set", "touch", "delete", "write"]


def trace(ttls, rows=ROWS):
    return Trace.from_keys([1] * len(rows), range(len(rows)), ttls=ttls, operations=rows)


@pytest.mark.parametrize(
    ("ttls", "writes", "found"),
    [
        ([5, 5, 5, NONE, NONE], "recorded", (3, True)),
        ([5, 5, 5, NONE, NONE], "invalidate", (3, True)),
        ([5, 5, 5, NONE, NONE], "through", (3, False)),
        ([5, 5, 5, NONE, 5], "through", (4, True)),
        ([5, NONE, NONE, NONE, NONE], "ignore", (1, True)),
        ([np.inf, 5, 5, 5, 5], "ignore", (0, False)),
        ([np.inf, 5, 5, 5, 5], "recorded", (3, True)),
        ([5, NONE, 5, 5, 5], "recorded", (2, False)),
    ],
)
def test_rows_that_give_a_ttl_are_counted(ttls, writes, found):
    assert own_ttls(trace(ttls), writes) == found


def test_trace_without_ttls_leaves_the_setting_its_effect():
    plain = Trace.from_keys([1, 2])
    assert own_ttls(plain, "recorded") == (0, False)
    assert not every_entry_has_own_ttl(plain, LoadSettings())


def test_ttls_of_the_settings_count_where_that_was_chosen():
    own = Trace.from_keys([1, 2], [0, 1], ttls=[5, 5])
    assert every_entry_has_own_ttl(own, LoadSettings())
    assert not every_entry_has_own_ttl(own, LoadSettings(ttl_from="setting"))


def test_remark_counts_the_rows_that_are_replayed():
    found = replay_remarks(trace([5, NONE, 5, 5, 5]), LoadSettings(writes="ignore"))
    assert found[-1] == (
        "ttl_from recorded: every entry has a TTL of its own; ttl_seconds has no effect"
    )
    found = replay_remarks(trace([5, NONE, 5, 5, 5]), LoadSettings())
    assert found[-1] == (
        "ttl_from recorded: 2 rows have TTLs of their own; ttl_seconds for the rest"
    )
    found = replay_remarks(trace([np.inf, 5, 5, 5, 5]), LoadSettings(writes="ignore"))
    assert found[-1].startswith("ttl_from recorded: no row has a TTL of its own; ttl_seconds for")
