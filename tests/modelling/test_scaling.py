"""How far a small cache is believed to be off a large one."""

import pytest

from perflab.modelling.scaling import off_by_scaling
from perflab.patterns.cache.policies import POLICIES


@pytest.mark.parametrize("policy", [*POLICIES, "allkeys-lru"])
def test_more_entries_are_never_believed_to_be_further_off(policy):
    off = [off_by_scaling(policy, entries, ages=False) for entries in (0.5, 1, 10, 1e3, 1e6)]
    assert off == sorted(off, reverse=True)
    assert all(0 < each <= 0.28 for each in off)


def test_entries_that_expire_are_no_closer():
    for policy in POLICIES:
        for entries in (1, 100, 1e6):
            stays, expires = (off_by_scaling(policy, entries, ages=ages) for ages in (False, True))
            assert expires >= stays
