"""Compare the engines of streaming, the lazy CSV and Python's csv on random files.

$ python tests/fuzz/rows.py --files 10000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from perflab.patterns.streaming import _look
from tests.helpers.random_tables import disagreement, random_table


def main() -> int:
    """Return 1 where anything differed, with the first files that did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    _look.SAMPLE_ROWS = 6  # so that what comes late comes in small files too
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.files):
            dice = random.Random(f"{given.seed}:{number}")
            content = random_table(dice)
            found = disagreement(content, dice.choice((1, 3, 1000)), Path(folder))
            if found is not None:
                different += 1
                print(f"{given.seed}:{number} {content!r}\n{found}\n")
                if different >= 5:
                    break
    print(f"{number + 1} files, {different} with a difference")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
