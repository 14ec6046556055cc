"""What the README shows of the fetcher and the prefetcher, executed as it stands there."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from raw_http import OK, RawServer, answer

README = Path(__file__).parents[2] / "README.md"


def shown(name: str) -> str:
    """Return the program of the README that imports a name."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if re.search(rf"import {name}\b", block))


async def test_the_readmes_lines_fetch_urls_and_read_pages(capsys):
    async with RawServer(
        lambda seen, _: OK if seen.target == "/a%2F" else answer("404 No")
    ) as server:
        names = {
            "urls": [f"{server.url}/a%2F", f"{server.url}/b"],
            "read_page": lambda start, stop: list(range(start, min(stop, 250))),
        }
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(shown("AsyncFetcher"), str(README), "exec", flags=flags)
        assert code.co_flags & inspect.CO_COROUTINE
        await eval(code, names)
        assert sorted(server.targets) == ["/a%2F", "/b"]
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[:2] for line in lines[:2]) == [
        ["200", "None"],
        ["404", "client_error"],
    ]
    assert lines[2:] == [str(number) for number in range(250)]
