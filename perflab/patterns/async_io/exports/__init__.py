"""The client's settings ready to paste: perflab, aiohttp, httpx, k6 and Kailash."""

from __future__ import annotations

from perflab.bench.exporting import arguments, heading
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.patterns.async_io.settings import AsyncIORunSettings, AsyncIOSettings
from perflab.settings import LoadSettings
from perflab.units import rounded

_ALWAYS = ("max_concurrent", "timeout", "retries")
_PLACES = ("urls", "output_file")
_SENT_AGAIN = "aiohttp sends a GET once more by itself where the connection breaks."


def async_io_exports(
    settings: AsyncIORunSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings for four clients of Python and as options of k6.

    The programs take URLs as their arguments, k6 takes one as ``-e URL=...``: none is written
    down here.
    """
    under = [settings.load_model + " loop"]
    if settings.load_model == "open" and load.request_rate is not None:
        under.append(f"{rounded(load.request_rate)} requests per second")
    first = heading(workload, *under)
    client = _client(settings)
    ours = {"remarks": [first], "arguments": arguments(client, always=_ALWAYS, never=_PLACES)}
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **ours)),
        Export("aiohttp", "python", _aiohttp(settings, first)),
        Export("httpx", "python", _httpx(settings, first)),
        Export("k6", "javascript", _k6(settings, load, first)),
        Export("Kailash", "python", render(__package__, "kailash.py.jinja", **ours)),
    )


def async_io_configurations(settings: AsyncIORunSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as variables of an environment, without the places of files."""
    found = variables("async_io", _client(settings), _ALWAYS, _PLACES)
    return platform_exports(found, [heading(workload)], "async_io")


def _client(settings: AsyncIORunSettings) -> AsyncIOSettings:
    return AsyncIOSettings.read(
        {key: getattr(settings, key) for key in AsyncIOSettings.model_fields}
    )


def _aiohttp(settings: AsyncIORunSettings, first: str) -> str:
    return render(
        __package__,
        "aiohttp.py.jinja",
        remarks=[first, *_left_out(settings, retries=True), _SENT_AGAIN],
        limit=settings.max_concurrent,
        per_host=settings.max_per_host or 0,
        timeout=settings.timeout,
    )


def _httpx(settings: AsyncIORunSettings, first: str) -> str:
    remarks = _left_out(settings, retries=False)
    if settings.retries:
        remarks.append("httpx tries again only where it could not connect, never after an answer.")
    if settings.max_per_host is not None:
        remarks.append("httpx has no limit for each host: max_per_host is left out.")
    remarks.append("Its timeout is for connecting, and for each read and write, not for the whole.")
    return render(
        __package__,
        "httpx.py.jinja",
        remarks=[first, *remarks],
        limit=settings.max_concurrent,
        retries=settings.retries,
        timeout=settings.timeout,
    )


def _left_out(settings: AsyncIORunSettings, *, retries: bool) -> list[str]:
    remarks = []
    if settings.limit_mode == "auto":
        remarks.append("There is no auto here: this is the limit at which it starts.")
    if settings.rate_limit is not None:
        remarks.append(
            f"There is no rate limit here: {rounded(settings.rate_limit)}/s is left out."
        )
    if retries and settings.retries:
        remarks.append("It does not try again: retries is left out.")
    return remarks


def _k6(settings: AsyncIORunSettings, load: LoadSettings, first: str) -> str:
    if settings.load_model == "open":
        rate = load.request_rate or 1.0
        whole = rate >= 1 and float(rate).is_integer()
        scenario = {
            "executor": "constant-arrival-rate",
            "rate": round(rate) if whole else max(1, round(rate * 60)),
            "timeUnit": "1s" if whole else "1m",
            "duration": "30s",
            "preAllocatedVUs": settings.max_concurrent,
            "maxVUs": settings.max_concurrent,
        }
        remarks = ["An iteration that finds no free user is dropped by k6 and not sent later."]
    else:
        scenario = {
            "executor": "constant-vus",
            "vus": settings.max_concurrent,
            "duration": "30s",
        }
        remarks = []
    options: dict[str, object] = {"scenarios": {"perflab": scenario}}
    if settings.rate_limit is not None:
        options["rps"] = max(1, round(settings.rate_limit))
    return render(
        __package__,
        "k6.js.jinja",
        remarks=[first, *remarks],
        options=options,
        timeout=round(settings.timeout * 1000),
    )
