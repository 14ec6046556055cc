"""Logs of PostgreSQL by reports to pgBadger: prefixes, statements over lines, steps of one."""

import pytest

from perflab.errors import BadInputError
from perflab.workloads.read import read_arrivals

COUNT = 12
TABS = "\n            UPDATE t SET d = '2017-12-11'\n            WHERE id = {};"


def steps(at, prefix):
    body = "select\n      node.id as id\n    where node.id = $1"
    parts = ((4, "parse"), (1, "bind"), (10, "execute"))
    return "\n".join(
        f"{at} {prefix}LOG:  duration: {ms}.000 ms  {word} S_26: {body}" for ms, word in parts
    )


READ = {
    "darold/pgbadger#296": lambda s, i: (
        f"< 2016-08-22 03:42:{s}.132 MSK >LOG:  duration: 15.000 ms  statement: SELECT {i}"
    ),
    "darold/pgbadger#540": lambda s, i: (
        f"2019-10-20 03:00:{s} UTC:192.0.2.3(49):u@d:[1371]:LOG:  duration: 15.000 ms  statement:"
        + TABS.format(i)
    ),
    "darold/pgbadger#767": lambda s, i: (
        f"t[2023-02-16 01:03:{s}.532 +03] p[13545] d[d] x[67{i}]LOG:  duration: 15.000 ms  "
        f"execute <unnamed>: select $1\nt[2023-02-16 01:03:{s}.532 +03] p[13545] d[d] "
        f"x[67{i}]DETAIL:  parameters: $1 = 'some\n        text'"
    ),
    "darold/pgbadger#287": lambda s, i: steps(f"2016-06-30 14:09:{s} CEST", "a@b(51166) (d) [0] "),
    "darold/pgbadger#518": lambda s, i: (
        f"2019-07-12 10:00:{s}.123 CEST 192.0.2.1 u d LOG:  duration: 15.000 ms  "
        f"statement: SELECT {i}\n2019-07-12 10:00:{s}.200 CEST 192.0.2.1 u d LOG:  restarting"
    ),
    "darold/pgbadger#38": lambda s, i: (
        f"2012-10-22 09:54:{s} MSK LOG:  duration: 15.000 ms  statement: select {i}\n"
        f'2012-10-22 09:54:{s} MSK HINT:  Consider increasing "checkpoint_segments".'
    ),
}


@pytest.mark.parametrize("source", READ)
def test_each_statement_is_one_request(source, write):
    text = "".join(f"{READ[source](f'{3 * i:02}', i)}\n" for i in range(COUNT))
    arrivals = read_arrivals(write("postgresql.log", text))
    gaps = [
        round(later - first, 5)
        for first, later in zip(arrivals.times, arrivals.times[1:], strict=False)
    ]
    assert gaps == [3] * (COUNT - 1)
    assert arrivals.durations.tolist() == pytest.approx([0.015] * COUNT)


@pytest.mark.parametrize("program", ["postgresql-11:", "postgres[104663]:"])
def test_times_without_a_year_are_told(program, write):
    """darold/pgbadger#624 and #527"""
    line = f"Nov 24 16:38:58 db-8 {program} [901-1] user=u,db=d LOG:  duration: 15.000 ms\n"
    with pytest.raises(BadInputError, match="no time with a year"):
        read_arrivals(write("postgresql.log", line * COUNT))
