"""`perflab settings`: what can be set, with default, bounds and meaning."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.options import Json
from perflab.cli.output import say, say_json, table, tell

if TYPE_CHECKING:
    from perflab.settings import SettingInfo

_EXAMPLES = """\b
Examples:
  perflab settings
  perflab settings cache
  perflab settings service
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings", short_help="List the patterns and their settings.", epilog=_EXAMPLES)(
        settings
    )


def settings(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATTERN]",
            help="All patterns if none is given.",
            autocompletion=completion.patterns,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the patterns, or the settings of one: key, default, allowed values, meaning.

    With 'service' in place of a pattern, list those of a whole service, and its stages.
    """
    if pattern is None:
        _list_patterns(as_json)
        return
    from perflab.bench.registry import SERVICE, load_bench

    if pattern == SERVICE:
        _describe_service(as_json)
        return
    bench = load_bench(pattern)
    groups = {"settings": bench.identity.settings_class.infos(), "load": bench.load_infos()}
    if as_json:
        parts: dict[str, object] = {
            name: [_plain(info) for info in infos.values()] for name, infos in groups.items()
        }
        say_json({"pattern": pattern, **parts})
        return
    lines = [f"{bench.identity.title}: {bench.identity.question}"]
    for title, infos in zip(("pattern", "load"), groups.values(), strict=True):
        lines += ["", *_describe(title, list(infos.values()))]
    say("\n".join(lines))


def _describe_service(as_json: bool) -> None:
    """Say what can be set of a whole service, and which patterns may be its stages."""
    from perflab.bench.registry import SERVICE
    from perflab.service.layout import stage_names
    from perflab.service.settings import ServiceSettings

    infos, stages = ServiceSettings.infos(), [*stage_names()]
    if as_json:
        settings = [_plain(info) for info in infos.values()]
        say_json({"pattern": SERVICE, "settings": settings, "stages": stages})
        return
    tables = ", ".join(f"[service.{name}]" for name in stages)
    lines = ["Service: the table [service] of a perflab.toml", f"Stages: {tables}"]
    say("\n".join([*lines, "", *_describe(SERVICE, list(infos.values()))]))


def _list_patterns(as_json: bool) -> None:
    from perflab.bench.registry import bench_names, load_bench
    from perflab.errors import BadInputError

    benches = []
    for name in bench_names():
        try:
            benches.append(load_bench(name))
        except BadInputError as error:  # of another package; perflab's own go on
            tell(f"perflab: warning: {error}")
    if as_json:
        found = [
            {
                "pattern": bench.identity.pattern,
                "title": bench.identity.title,
                "question": bench.identity.question,
            }
            for bench in benches
        ]
        say_json({"patterns": found})
        return
    rows = [("pattern", "question")]
    rows += [(bench.identity.pattern, bench.identity.question) for bench in benches]
    say(table(rows, left=(0, 1)))


def _describe(title: str, infos: list[SettingInfo]) -> list[str]:
    rows = [(f"setting of the {title}", "default", "unit", "allowed")]
    rows += [(info.key, info.format(info.default), info.unit, info.bounds) for info in infos]
    header, rule, *lines = table(rows, left=(0, 2, 3)).splitlines()
    described = [header, rule]
    for line, info in zip(lines, infos, strict=True):
        described += [line, textwrap.indent(textwrap.fill(info.meaning, 90), "    ")]
    return described


def _plain(info: SettingInfo) -> dict[str, object]:
    return {
        "key": info.key,
        "default": info.default,
        "unit": info.unit,
        "low": info.low,
        "high": info.high,
        "choices": list(info.choices),
        "optional": info.optional,
        "allowed": info.bounds,
        "meaning": info.meaning,
    }
