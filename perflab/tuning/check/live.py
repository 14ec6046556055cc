"""Baseline and candidate run live in turns, for a number of rounds that is set beforehand."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from perflab.errors import BadInputError, nearest
from perflab.lab.calibration import calibration_for
from perflab.tuning.check.baseline import Baseline
from perflab.tuning.check.turns import LEAST_ROUNDS, Turns
from perflab.tuning.turns.kept_turns import KeptTurns, can_be_kept
from perflab.tuning.turns.live_turns import LiveTurns
from perflab.tuning.turns.runner import Round, take_turns
from perflab.units import counted, in_words
from perflab.workloads.kinds.workload import Workload

BASELINE, CHECKED = "baseline", "checked"


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What turns have measured.

    Attributes:
        names: The baseline's name in each round, and the candidate's.
        rounds: Whole ones.
        seconds: How long all of it took.
        notes: What a reader must know.
    """

    names: tuple[str, str]
    rounds: tuple[Round, ...]
    seconds: float
    notes: tuple[str, ...]

    def check_measured(self, name: str, option: str) -> None:
        """Refuse a condition on a metric that not every turn has measured.

        Raises:
            BadInputError: With the nearest that they have.
        """
        every = [each[who] for each in self.rounds for who in self.names]
        if not all(name in metrics for metrics in every):
            known = set.intersection(*(set(metrics) for metrics in every))
            raise BadInputError(f"{name} was not measured{nearest(name, known)}", option)


def measured_in_turns(
    known: Baseline,
    workload: Workload,
    chosen: Mapping[str, object],
    turns: Turns,
    names: Collection[str] = (),
) -> Measured:
    """Run the baseline's settings and others in turns.

    Args:
        known: The baseline.
        workload: What runs go through.
        chosen: The other settings.
        turns: How.
        names: The metrics that are judged. Memory is the process's: its later turns say what its
            first one did, so each turn has a process of its own where memory is judged.

    Raises:
        BadInputError: If one of them cannot run, or the budget is over before there are rounds
            enough.
        RuntimeError: If a child process died.
    """
    turns.check()
    bench = known.bench
    values = {BASELINE: dict(known.settings), CHECKED: dict(chosen)}
    for each in values.values():
        bench.live.check(*bench.read(each))
    settings, load = bench.read(chosen)
    calibration = calibration_for(bench, settings, load, workload)
    memory = 2.0 * (known.metrics.get("memory_bytes") or 0.0)
    of_process = any(name.endswith("memory_bytes") for name in names)
    kept = not of_process and can_be_kept(bench, values.values(), memory)
    kind = KeptTurns if kept else LiveTurns
    live = kind(bench, workload, values, turns.turn, loop=True, calibration=calibration)

    def settled(rounds: Sequence[Round]) -> Collection[str]:
        return (CHECKED,) if len(rounds) >= turns.repeats else ()

    try:
        taken = take_turns(
            list(values),
            live,
            settled,
            turns.budget,
            progress=turns.progress,
            cancelled=turns.cancelled,
        )
    finally:
        live.close()
    if CHECKED in taken.failed:
        raise BadInputError(f"the settings do not run: {taken.failed[CHECKED]}", "check")
    count = len(taken.rounds)
    if taken.ended == "interrupted":
        raise KeyboardInterrupt
    if count < LEAST_ROUNDS:
        told = (
            f"was over after {counted(count, 'round')} of turns, and {LEAST_ROUNDS} are needed: "
            "allow more time, or shorter turns with --turn"
        )
        raise BadInputError(told, "--budget")
    notes: tuple[str, ...] = ()
    if count < turns.repeats:
        budget = in_words(turns.budget, "seconds")
        notes = (f"the budget of {budget} was over after {count} of {turns.repeats} rounds",)
    return Measured((BASELINE, CHECKED), taken.rounds, taken.seconds, notes)
