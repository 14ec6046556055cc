"""What the shell completes: patterns, settings with their values, and metrics to aim at."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench
    from perflab.settings.base import SettingInfo

_VARIABLE = "_PERFLAB_COMPLETE"
_OF_SERVICES = ("predict", "tune", "settings")
"""The commands that take a whole service in place of a pattern."""
_BREAKS = "=:"
"""Signs at which bash ends a word: ``policy=lru`` comes as three."""


def is_asked() -> bool:
    """Say whether a shell asks for completions, in place of a user for a command."""
    return _VARIABLE in os.environ


def answer(app: typer.Typer) -> int:
    """Answer a shell and return the exit status; what goes wrong must not show up in a prompt."""
    bash = os.environ[_VARIABLE] == "complete_bash"
    if bash:
        _join_words()
    said = io.StringIO()
    status: object = 0
    try:
        with contextlib.redirect_stdout(said):
            app(prog_name="perflab")
    except SystemExit as error:
        status = error.code
    except Exception:  # noqa: BLE001  (a tab that completes nothing)
        return 1
    lines = said.getvalue().splitlines()
    sys.stdout.write("".join(f"{_last_part(line) if bash else line}\n" for line in lines))
    return status if isinstance(status, int) else 0


def patterns(context: typer.Context, incomplete: str) -> list[str]:
    """Return the patterns, also those of other packages, and whole services where they do."""
    from perflab.bench.registry import SERVICE, bench_names

    more = (SERVICE,) if context.info_name in _OF_SERVICES else ()
    return [name for name in (*bench_names(), *more) if name.startswith(incomplete)]


def profiles(context: typer.Context, incomplete: str) -> list[str]:
    """Return the profiles of the `perflab.toml` that is named, or that is here."""
    from perflab.errors import BadInputError
    from perflab.project.project_file import profiles_in

    try:
        found = profiles_in(context.params.get("project"))
    except BadInputError:
        return []
    return [name for name in found if name.startswith(incomplete)]


def set_values(context: typer.Context, incomplete: str) -> list[str]:
    """Return settings with each word they can have, or with their default."""
    found = (f"{info.key}={value}" for info in _infos(context) for value in _values(info))
    return [word for word in found if word.startswith(incomplete)]


def swept_values(context: typer.Context, incomplete: str) -> list[str]:
    """Return settings as `set_values`; behind a comma, the words that are left."""
    before, comma, _ = incomplete.rpartition(",")
    if not comma:
        return set_values(context, incomplete)
    key, _, written = before.partition("=")
    values = [value for info in _infos(context) if info.key == key for value in _values(info)]
    left = (f"{before},{value}" for value in values if value not in written.split(","))
    return [word for word in left if word.startswith(incomplete)]


def answers(incomplete: str) -> list[str]:
    """Return what can be answered, each with the words that it can be or with an example."""
    from perflab.tuning.advice.advise import all_questions

    found = (
        f"{question.key}={value}"
        for question in all_questions()
        for value in question.choices or (question.sample,)
    )
    return [word for word in found if word.startswith(incomplete)]


def readings(incomplete: str) -> list[str]:
    """Return as what the rows of a table may be read."""
    from perflab.tuning.advice.evidence import READINGS

    return [word for word in READINGS if word.startswith(incomplete)]


def objectives(context: typer.Context, incomplete: str) -> list[str]:
    """Return the metrics of the pattern, each with its better end."""
    bench = _bench(context)
    metrics = {} if bench is None else bench.known_metrics()
    ends = {"higher": "max", "lower": "min"}
    found = (f"{ends[info.better]}:{name}" for name, info in metrics.items() if info.better in ends)
    return [word for word in found if word.startswith(incomplete)]


def alerts(context: typer.Context, incomplete: str) -> list[str]:
    """Return the metrics that a run of the pattern measures, each with the side that is bad."""
    bench = _bench(context)
    metrics = {} if bench is None else bench.measured_metrics()
    signs = {"higher": "<", "lower": ">"}
    found = (f"{name}{signs.get(info.better, '>')}" for name, info in metrics.items())
    return [word for word in found if word.startswith(incomplete)]


def metrics_of_file(context: typer.Context, incomplete: str) -> list[str]:
    """Return the metrics that can become worse, of the pattern of the result that is named."""
    from perflab.errors import BadInputError
    from perflab.tuning.check.baseline import read_baseline

    try:
        bench = read_baseline(str(context.params.get("baseline"))).bench
    except BadInputError:
        return []
    found = (f"{name}=" for name, info in bench.known_metrics().items() if info.better != "neither")
    return [word for word in found if word.startswith(incomplete)]


def formats(context: typer.Context, incomplete: str) -> list[str]:
    """Return the formats of the result that is named, or of all patterns."""
    from perflab.bench.registry import bench_names, load_bench
    from perflab.errors import BadInputError
    from perflab.tuning.exports import shipped

    file = str(context.params.get("file") or next(iter(context.args), ""))
    try:
        found = shipped(file).exports
    except BadInputError:
        benches = [load_bench(name) for name in bench_names()]
        made = [(bench, (*bench.read({}), "workload")) for bench in benches]
        found = tuple(
            each
            for bench, values in made
            for each in (*bench.exports(*values), *bench.configurations(*values))
        )
    names = dict.fromkeys(each.name for each in found)
    return [name for name in names if name.startswith(incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Return the kinds of files that can be edited."""
    from perflab.files.edits import KIND_NAMES

    return [name for name in KIND_NAMES if name.startswith(incomplete)]


def watched(incomplete: str) -> list[str]:
    """Return the metrics of a server that can be watched, each with the side that is good."""
    from perflab.instrumentation.catalog import metric
    from perflab.servers.redis.applying import WATCHED

    signs = {"higher": ">=", "lower": "<="}
    found = (f"{name}{signs.get(metric(name).better, '<=')}" for name in WATCHED)
    return [word for word in found if word.startswith(incomplete)]


def scenarios(incomplete: str) -> list[str]:
    """Return what may happen to a service."""
    from perflab.service.scenarios import SCENARIOS

    return [name for name in SCENARIOS if name.startswith(incomplete)]


def _bench(context: typer.Context) -> AnyBench | None:
    """Return the bench of the pattern that stands before what is completed."""
    from perflab.bench.registry import load_bench
    from perflab.errors import BadInputError

    # An option that still waits for its value leaves the arguments before it unread.
    written = [context.params.get("pattern"), *context.args]
    try:
        return load_bench(next((str(word) for word in written if word), ""))
    except BadInputError:
        return None


def _infos(context: typer.Context) -> list[SettingInfo]:
    """Return the settings of the pattern that is named, and those of the load."""
    from perflab.settings import LoadSettings

    bench = _bench(context)
    if bench is None:
        return []
    return [
        bench.info(key) for key in (*bench.identity.settings_class.infos(), *LoadSettings.infos())
    ]


def _values(info: SettingInfo) -> Iterator[str]:
    if info.kind is bool:
        yield from ("on", "off")
    elif info.choices:
        yield from info.choices
    else:
        yield info.format(info.default)
    if info.optional and (info.kind is bool or info.choices or info.default is not None):
        yield "none"


def _last_part(word: str) -> str:
    """Return what bash puts in: what stands behind the last sign at which it breaks a word."""
    return word[max(word.rfind(sign) for sign in _BREAKS) + 1 :]


def _join_words() -> None:
    """Put together what bash has broken, so that its words are those of the command line."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    place = int(os.environ.get("COMP_CWORD", "0"))
    joined: list[str] = []
    now = 0
    for number, word in enumerate(words):
        joins = bool(joined) and not joined[-1].startswith("-") and number > 1
        if joins and (word in _BREAKS or joined[-1].endswith(tuple(_BREAKS))) and word:
            joined[-1] += word
        else:
            joined.append(word)
        if number == place:
            now = len(joined) - 1
    os.environ["COMP_WORDS"] = "\n".join(joined)
    os.environ["COMP_CWORD"] = str(now)
