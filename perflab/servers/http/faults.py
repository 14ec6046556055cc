"""Routes that misbehave on purpose, for trying what a client does then."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

_CHUNK = b"x" * 65536
_DRIP_SECONDS = 0.1
_LONG_HEADER = "x" * 1_000_000
_MOST_BYTES = 1 << 30


def faulty_routes() -> list[web.RouteDef]:
    """Return the routes below ``/faults/``."""
    routes = {
        "reset": _reset,
        "header": _header,
        "drip": _drip,
        "large": _large,
        "redirect": _redirect,
        "status": _status,
        "hang": _hang,
    }
    return [web.route("*", f"/faults/{name}", handler) for name, handler in routes.items()]


async def _reset(request: web.Request) -> web.StreamResponse:
    """Promise a body, send half of it and drop the connection."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x" * 500)
    if request.transport is not None:
        request.transport.abort()
    return response


async def _header(request: web.Request) -> web.Response:
    """Send a header without end."""
    del request
    return web.Response(headers={"X-Endless": _LONG_HEADER})


async def _drip(request: web.Request) -> web.StreamResponse:
    """Send one byte, wait, send the next, and so on."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(_DRIP_SECONDS)


async def _large(request: web.Request) -> web.StreamResponse:
    """Send as many bytes as ``bytes`` says, in chunks whose sum is not told beforehand."""
    left = min(int(request.query.get("bytes", "1000000")), _MOST_BYTES)
    response = web.StreamResponse()
    await response.prepare(request)
    while left > 0:
        await response.write(_CHUNK[:left])
        left -= len(_CHUNK)
    return response


async def _redirect(request: web.Request) -> web.Response:
    """Send the client to where it is already."""
    raise web.HTTPFound(request.path)


async def _status(request: web.Request) -> web.Response:
    """Answer the status that ``code`` says, with ``Retry-After`` if ``after`` is there.

    With ``times=N`` and a name ``of=K`` only the first N requests of that name get it, the next
    ones 200: what a retry is for.
    """
    query = request.query
    name, times = query.get("of", ""), int(query.get("times", "0"))
    seen = request.app[SEEN].setdefault(name, 0)
    request.app[SEEN][name] = seen + 1
    if name and seen >= times:
        return web.Response(text=json.dumps({"tries": seen + 1}), content_type="application/json")
    headers = {"Retry-After": query["after"]} if "after" in query else {}
    return web.Response(status=int(query.get("code", "500")), headers=headers)


async def _hang(request: web.Request) -> web.Response:
    """Never answer."""
    del request
    await asyncio.Event().wait()
    return web.Response()


SEEN: web.AppKey[dict[str, int]] = web.AppKey("seen", dict)
