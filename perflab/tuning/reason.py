"""`Reason`: in words why a search ends at its point, and which others are worth a look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perflab.instrumentation.catalog import metric
from perflab.tuning.objective import knee, write_enough
from perflab.tuning.points import NamedPoint, Point, named_point
from perflab.tuning.reach import (
    ACCEPTED_LOSS,
    FAILURES,
    accepted_losses,
    all_useless,
    fewest_timed_out,
    gained,
    harms,
    missed_by,
    worsened,
)
from perflab.tuning.search import Search, joined
from perflab.units import changed_by, percent, times

LEFT_OUT = "not looked at"
"""How a note begins that names choices of a setting that tuning leaves out."""
_NOTICED = 0.01
_HARM = "more timeouts or errors, or less throughput"


class Reason:
    """Puts the end of a search into words.

    Args:
        search: What was looked for and at.
        chosen: The point to ship.
        reliefs: What would bring within reach what no setting reaches.

    Attributes:
        worse: What gets worse for the sake of the objective; empty where nothing does.
    """

    def __init__(self, search: Search, chosen: Point, reliefs: Sequence[NamedPoint] = ()) -> None:
        self._search, self._chosen, self._reliefs = search, chosen, reliefs
        self._before = search.before
        self._goal = search.goal
        self._info = metric(search.goal.metric)
        self._kept, self._best = search.kept, search.best
        self._unreached = search.unreached
        self._today = search.tuned(chosen) == search.tuned(self._before)
        self.worse = ""
        if search.runs_today and not self._today:
            now = self._before["metrics"]
            self.worse = worsened(now, chosen["metrics"], search.goal, search.usual)

    def words(self) -> str:
        """Return why it is this point and not its neighbours."""
        words = self._of_unreached() if self._unreached else self._of_enough()
        return " ".join(word for word in words if word)

    def _of_enough(self) -> list[str]:
        search, chosen = self._search, self._chosen
        enough = search.enough(search.compared, self._best)
        enough = [point for point in search.served(enough) if search.keeps(point)]
        value, best = self._said(search.value(chosen)), self._said(self._best)
        largest = max(self._kept, key=search.size)
        words = [
            (f"At the cost of {self.worse}, " if self.worse else "")
            + f"{search.write(chosen)} is the smallest setting{self._by} that "
            + write_enough(self._goal, self._best)
            + self._guarded()
            + (f" and keeps {joined(search.further)}" if search.further else "")
            + (
                f": {value}."
                if best in (value, self._said(0.0))
                else f": {value}; the best is {best}."
            )
        ]
        if self._loses:
            words += [self._today_words(), self._of_losses()]
        if len(search.compared) > 1 and len(enough) == len(search.compared):
            words.insert(1 if self.worse else 0, self._all_alike())
        saved = search.size(largest) / max(search.size(chosen), 1)
        if math.isfinite(saved) and saved >= 1.5:
            words.append(f"The largest setting looked at is {times(saved)} as large.")
        if not self._loses:
            words.append(self._today_words())
        words.append(search.tuning.risks(chosen, search.points))
        return words

    @property
    def _loses(self) -> bool:
        """Whether something gets worse than today, be it by no more than is accepted."""
        search = self._search
        if self._today or not search.runs_today:
            return False
        now, then = search.value(self._before), search.value(self._chosen)
        worse = then < now if self._goal.direction == "max" else then > now
        told = self._info.difference(now, then) != self._info.difference(now, now)
        return (worse and told) or bool(self._losses)

    @property
    def _losses(self) -> str:
        before, after = self._before["metrics"], self._chosen["metrics"]
        return accepted_losses(before, after, self._goal)

    def _of_losses(self) -> str:
        """Return what else gets worse within what is accepted, as a sentence, if anything does."""
        return f"Within what is accepted: {self._losses}." if self._losses else ""

    def _said(self, value: float) -> str:
        """Return a value of the objective in words; of a time that is 0, that there is none."""
        info = self._info
        none = info.unit == "seconds" and info.format(value) == info.format(0.0)
        return f"no {info.plain}" if none else info.format(value)

    def _today_words(self) -> str:
        search, before = self._search, self._before
        if self._today:
            return "That is what you have today."
        gives = (
            f"Today's {search.write(before)} gives {self._said(search.value(before))}"
            f"{self._trade()}."
        )
        return gives if search.runs_today else f"{gives} Today's settings cannot run live."

    def _trade(self) -> str:
        """Return how large the chosen one is against the present one, and what that brings."""
        search, info = self._search, self._info
        size = search.size(self._chosen) / max(search.size(self._before), 1)
        if not size or not math.isfinite(size) or times(size) == times(1):
            return ""
        now, then = search.value(self._before), search.value(self._chosen)
        brings = f"for the same {info.plain}"
        if info.difference(now, then) != info.difference(now, now):
            verb = "raises" if then > now else "lowers"
            brings = f"and {verb} the {info.plain} {changed_by(now, then, info.unit)}"
        return f", so this is {times(size)} the {self._weight or 'size'} {brings}"

    def _guarded(self) -> str:
        """Return why the chosen one is not the smallest of all that are good enough, if so."""
        search, size = self._search, self._search.size(self._chosen)
        enough = search.enough(self._kept, self._best)
        if search.size(search.smallest(enough)) >= size:
            return ""
        if search.indifferent:
            return " without anything else getting worse than today"
        if search.size(search.smallest(search.served(enough))) >= size:
            return " with hardly more timeouts or errors than any other"
        before, after = self._before["metrics"], self._chosen["metrics"]
        if harms(before, after, for_gain=True):
            return f" at the least cost in {self._failing('timeouts, errors and ')}throughput"
        if harms(before, after):
            most = percent(ACCEPTED_LOSS)
            more = self._failing("more timeouts or errors, or ")
            return f" without {more}a throughput more than {most} below today's"
        return f" without {_HARM} than today"

    def _failing(self, words: str) -> str:
        """Return words on requests that fail, where it is predicted how many do."""
        known = self._chosen["metrics"]
        return words if any(known.get(name) is not None for name in FAILURES) else ""

    def _all_alike(self) -> str:
        search, info = self._search, self._info
        values = [search.value(point) for point in search.compared]
        low, high = info.format(min(values)), info.format(max(values))
        if self._goal.target is not None and low != high:
            return f"Every {search.noun} looked at is good enough: {low} to {high}."
        if low == high and self._said(values[0]) != low:
            return f"The {search.noun} does not matter: there is no {info.plain} at any looked at."
        between = low if low == high else f"{low} to {high}"
        return f"The {search.noun} hardly matters to the {info.plain}: {between} at all looked at."

    def _of_unreached(self) -> list[str]:
        search, chosen, before, info = self._search, self._chosen, self._before, self._info
        words = [self._missed(), self._relief()]
        if chosen is before:
            return [*words, f"Keep {search.write(before)}: nothing is better without {_HARM}."]
        cost = f", at the cost of {self.worse}" if self.worse else ""
        if not search.keeps(before):
            least = f"{search.write(chosen)} does least harm{cost}"
            return [*words, f"Of those that keep the limits, {least}."]
        if not search.runs_today:
            words.append(f"Today's {search.write(before)} cannot run live.")
        now, value = info.format(search.value(before)), info.format(search.value(chosen))
        better = search.pick([chosen, before]) == search.value(chosen)
        if value != now and better:
            closest = f"comes closest: {value}, today {now}{cost}"
            words.append(f"Without {_HARM} than today, {search.write(chosen)} {closest}.")
        else:
            gains = gained(before["metrics"], chosen["metrics"])
            today = "as today" if value == now else f"today {now}"
            words.append(f"With {search.write(chosen)} it is {value}, {today}{gains}{cost}.")
        return words

    def _missed(self) -> str:
        """Return what none reaches, and by how much the best misses it."""
        search, info = self._search, self._info
        if all_useless(self._goal, self._best) or not math.isfinite(self._best):
            return f"{self._unreached}."
        counts = info.plain.endswith("s") and info.unit not in ("ratio", "seconds")
        verb = "are" if counts else "is"
        by = missed_by(self._goal, self._best)
        best = f"the best {info.plain} {verb} {info.format(self._best)}{f', {by},' if by else ''}"
        at = search.best_point
        share = fewest_timed_out([at], search.workload)
        # Who gives up waits no longer, so that times say too little of it.
        told = share < _NOTICED or "time out" in self._unreached
        late = "" if told else f", where {percent(share)} of the requests time out"
        return f"{self._unreached}: {best} at {search.write(at)}{late}."

    def _relief(self) -> str:
        """Return what would bring it within reach, as a sentence."""
        if not self._reliefs:
            return ""
        ways = [f"with {relief['reason']}" for relief in self._reliefs]
        last = f"{', '.join(ways[:-1])}, or {ways[-1]}" if len(ways) > 1 else ways[0]
        verb = "It would be reached" if "reaches" in self._unreached else "That would change"
        return f"{verb} {last}."

    def alternatives(self) -> list[NamedPoint]:
        """Return the knee of the chosen line, and the best point whatever its size.

        Those that are the same are one, and what is recommended is none of them. Where nothing
        reaches what is looked for, there is none: each could do harm.
        """
        if self._unreached:
            return []
        search, chosen = self._search, self._chosen
        found: list[NamedPoint] = []
        bend = self._knee()
        if bend is not None and search.tuned(bend) != search.tuned(chosen):
            text = f"Diminishing returns past {search.write(bend)}: "
            text += "on average a doubling helps less beyond it than before it."
            found.append(named_point("knee", bend, text))
        best = search.smallest([p for p in self._kept if search.value(p) == self._best])
        alike = self._info.format(self._best) == self._info.format(search.value(chosen))
        if alike or search.tuned(best) == search.tuned(chosen):
            return found
        text = f"The best {self._info.plain} that any setting looked at reaches, whatever its size."
        if bend is not None and found and search.tuned(best) == search.tuned(bend):
            return [named_point("knee and best", best, f"{text} {found[0]['reason']}")]
        return [*found, named_point("best", best, text)]

    def _knee(self) -> Point | None:
        search = self._search
        others = search.others(self._chosen)
        line = [point for point in search.lines()[others] if search.keeps(point)]
        sign = 1 if self._goal.direction == "max" else -1
        log = search.bench.info(search.moved).scale == "log"
        sizes = [search.size(point) for point in line]
        if self._goal.target is None and len(search.enough(line, search.pick(line))) == len(line):
            return None
        bend = knee(sizes, [sign * search.value(point) for point in line], log=log)
        return None if bend is None else line[bend]

    @property
    def _weight(self) -> str | None:
        weight = self._search.tuning.weighed_by
        return None if weight is None else metric(weight).label

    @property
    def _by(self) -> str:
        return f" by {self._weight}" if self._weight else ""


def left_out(search: Search) -> list[str]:
    """Return which choices of a setting were not looked at, by name, with the reason if known."""
    words = []
    for key in search.tuning.also_tuned:
        seen = {point["settings"][key] for point in search.points}
        info = search.bench.info(key)
        rest = [choice for choice in info.choices if choice not in seen]
        by_why: dict[str, list[str]] = {}
        for choice in rest:
            by_why.setdefault(search.tuning.left_out.get(choice, ""), []).append(info.title(choice))
        for why, names in by_why.items():
            said = f"{LEFT_OUT}: {key} {', '.join(names)}"
            words.append(f"{said} ({why})" if why else said)
    return words
