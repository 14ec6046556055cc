"""The client's settings ready to paste: perflab, aiohttp, httpx, k6 and Kailash."""

from __future__ import annotations

import json

from perflab.bench.exporting import arguments, comments, heading
from perflab.bench.parts import Export
from perflab.patterns.async_io.settings import AsyncIORunSettings, AsyncIOSettings
from perflab.settings import LoadSettings
from perflab.units import rounded

PERFLAB = """\
{heading}
import sys

from perflab.patterns.async_io import run_fetch

SETTINGS = dict(
{arguments}
)

if __name__ == "__main__":
    # The arguments are URLs; a file of them goes into urls=... instead.
    print(run_fetch(sys.argv[1:], **{{"output_file": "results.jsonl", **SETTINGS}}))
"""

AIOHTTP = '''\
{heading}
{remarks}\
import asyncio
import sys

import aiohttp
from yarl import URL

MAX_CONCURRENT = {limit}


def exact(url: str) -> URL:
    """Keep escapes such as %2F as they are, which signed links need."""
    return URL(url, encoded=url.isascii() and " " not in url)


async def fetch_all(urls: list[str]) -> list[int]:
    """Fetch all URLs, at most MAX_CONCURRENT at a time, and return their statuses."""
    connector = aiohttp.TCPConnector(limit=MAX_CONCURRENT, limit_per_host={per_host})
    timeout = aiohttp.ClientTimeout(total={timeout})
    # Without the semaphore, waiting for a connection would count against the timeout.
    places = asyncio.Semaphore(MAX_CONCURRENT)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, requote_redirect_url=False
    ) as session:

        async def fetch(url: str) -> int:
            async with places, session.get(exact(url)) as response:
                await response.read()
                return response.status

        return await asyncio.gather(*(fetch(url) for url in urls))


if __name__ == "__main__":
    print(asyncio.run(fetch_all(sys.argv[1:])))
'''

HTTPX = '''\
{heading}
{remarks}\
import asyncio
import sys

import httpx

MAX_CONCURRENT = {limit}
LIMITS = httpx.Limits(
    max_connections=MAX_CONCURRENT, max_keepalive_connections=MAX_CONCURRENT, keepalive_expiry=15.0
)


async def fetch_all(urls: list[str]) -> list[int]:
    """Fetch all URLs, at most MAX_CONCURRENT at a time, and return their statuses."""
    transport = httpx.AsyncHTTPTransport(limits=LIMITS, retries={retries})
    # pool=None: who waits for a connection does not give up.
    timeout = httpx.Timeout({timeout}, pool=None)
    async with httpx.AsyncClient(transport=transport, timeout=timeout) as client:
        answers = await asyncio.gather(*(client.get(url) for url in urls))
    return [answer.status_code for answer in answers]


if __name__ == "__main__":
    print(asyncio.run(fetch_all(sys.argv[1:])))
'''

K6 = """\
{heading}
{remarks}\
import http from 'k6/http';

export const options = {options};

export default function () {{
  http.get(__ENV.URL, {{ timeout: '{timeout}ms' }});
}}
"""

KAILASH = '''\
{heading}
import sys

from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.async_io import fetch_apart

SETTINGS = dict(
{arguments}
)


def fetch(urls: list) -> dict:
    """Fetch all URLs within the limits; a node of a workflow gives and takes plain values."""
    results = fetch_apart(urls, **SETTINGS)
    return {{
        "statuses": [result.status for result in results],
        "failed": [str(result.request.url) for result in results if not result.ok],
    }}


workflow = WorkflowBuilder()
workflow.add_node_instance(PythonCodeNode.from_function(fetch, name="fetch"), "fetch")

if __name__ == "__main__":
    with LocalRuntime() as runtime:
        results, _ = runtime.execute(
            workflow.build(), parameters={{"fetch": {{"urls": sys.argv[1:]}}}}
        )
    print(results["fetch"]["result"])
'''

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
    client = AsyncIOSettings.read(
        {key: getattr(settings, key) for key in AsyncIOSettings.model_fields}
    )
    own = arguments(client, always=_ALWAYS, never=_PLACES).replace("        ", "    ")
    return (
        Export("perflab", "python", PERFLAB.format(heading=first, arguments=own)),
        Export("aiohttp", "python", _aiohttp(settings, first)),
        Export("httpx", "python", _httpx(settings, first)),
        Export("k6", "javascript", _k6(settings, load, first)),
        Export("Kailash", "python", KAILASH.format(heading=first, arguments=own)),
    )


def _aiohttp(settings: AsyncIORunSettings, first: str) -> str:
    return AIOHTTP.format(
        heading=first,
        remarks=comments([*_left_out(settings, retries=True), _SENT_AGAIN]),
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
    return HTTPX.format(
        heading=first,
        remarks=comments(remarks),
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
    return K6.format(
        heading=first.replace("#", "//", 1),
        remarks="".join(f"// {remark}\n" for remark in remarks),
        options=json.dumps(options, indent=2),
        timeout=round(settings.timeout * 1000),
    )
