"""JSON with comments and trailing commas, as VS Code and TypeScript keep their settings."""

from __future__ import annotations

from configuration_files import known

VSCODE = """\
// Place your settings in this file, e.g. "pool.max": 7
{
  /* The pool of the
     preview server: "pool.max": 5 */
  "pool.max" : 20, // was 10, see https://example.org/a//b
  "pool" : {
    "min": 2 /* two */ , "url": "http://localhost/*not a comment*/",
    "hosts": [
      "a", // first
      "b", /* last */
    ], // all
  },
  "policy": "noeviction", "on": true,
}
// the end"""

TSCONFIG = """\
{
  "compilerOptions": {
    /* Basic */
    "target": "es2022", /* x */ "lib": ["es2022", /* none */],
    // "maxSize": 1,
    "maxSize"/* entries */:/* now */512/* was 256 */
    ,"ttl" : // seconds
      60
  },
  "exclude": [],
  "watch": {},
}
"""

FILES = (
    known(
        "settings.json",
        VSCODE,
        ('"pool.max"', 8, '" : 20', '" : 8'),
        ("pool.min", 1, '"min": 2', '"min": 1'),
        ("pool.hosts[1]", "c", '"b"', '"c"'),
        ("policy", "allkeys-lru", '"noeviction"', '"allkeys-lru"'),
        ("on", False, "true", "false"),
    ),
    known(
        "tsconfig.json",
        TSCONFIG,
        ("compilerOptions.maxSize", 1024, "512", "1024"),
        ("compilerOptions.ttl", 5, "      60", "      5"),
        ("compilerOptions.lib[0]", "es2023", '["es2022"', '["es2023"'),
    ),
    known(
        "windows.jsonc",
        VSCODE,
        ("pool.url", "http://h/", '"http://localhost/*not a comment*/"', '"http://h/"'),
        crlf=True,
        bom=True,
    ),
)
