"""Every export of every pattern over a grid of settings is formatted and can be read."""

import ast
import configparser
import io
import json
import re
import subprocess
import sysconfig
from pathlib import Path

import hcl2
import pytest
import yaml
from dotenv import dotenv_values
from exported import GRID, all_exports, exports_of
from ruamel.yaml import YAML

from perflab.bench.registry import bench_names, is_from_outside
from perflab.bench.templates import LANGUAGES, _environment
from perflab.files.edits.spots import plain_text

RUFF = Path(sysconfig.get_path("scripts")) / "ruff"
ROOT = Path(__file__).resolve().parents[2]
SOME = 40
"""Texts of one format, evenly among all, that a slow parser reads."""
HOSTILE = '"); import os #\n\'\'\' """ \\ {{ 7 * 7 }} {% if %} \u2028 shop.csv'


@pytest.fixture(scope="module", params=sorted(GRID))
def pattern(request):
    return request.param


@pytest.fixture(scope="module")
def made(pattern):
    """Return the different texts of a pattern's exports, with the settings of each."""
    return list(all_exports(pattern))


def ruff(*arguments):
    command = [RUFF, *arguments, "--isolated", "--no-cache", "--line-length", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_each_pattern_has_a_grid():
    assert set(GRID) == {each for each in bench_names() if not is_from_outside(each)}


def test_the_grid_reaches_each_template(pattern, made):
    assert made
    package = f"perflab.patterns.{pattern}.exports"
    loaded = {name for each in LANGUAGES for _, name in _environment(package, each).cache}
    folder = ROOT / "perflab" / "patterns" / pattern / "exports"
    assert loaded == {path.name for path in folder.glob("*.jinja")}


def test_programs_compile_and_a_formatter_leaves_them_as_they_are(made, tmp_path):
    for number, (settings, export) in enumerate(made):
        if export.language == "python":
            compile(export.text, f"{export.title} of {settings}", "exec")
            title = re.sub(r"\W", "_", export.title)
            (tmp_path / f"{title}_{number}.py").write_text(export.text, encoding="utf-8")
    if not RUFF.exists():
        pytest.skip("ruff is not installed here: make check installs it")
    assert ruff("format", "--diff", tmp_path) == ""
    assert ruff("check", "--select", "F,E9,W", "--output-format", "concise", tmp_path) == ""


def test_files_that_are_no_programs_can_be_read(made):
    read = {
        "ini": ini,
        "properties": properties,
        "conf": lines_of_words,
        "javascript": javascript,
        "yaml": yaml_text,
        "terraform": hcl2.loads,
        "dotenv": variables,
    }
    for title in sorted({export.title for _, export in made}):
        texts = [e.text for _, e in made if e.title == title and e.language != "python"]
        language = next(export.language for _, export in made if export.title == title)
        for text in texts[:: max(1, len(texts) // SOME)]:
            assert read[language](text), text


def test_values_for_a_file_are_those_of_the_text(made):
    """What `perflab export --into` replaces is what the whole text says."""
    for settings, export in made:
        for key, value in export.values.items():
            assert str(key) in export.text or key.rpartition(".")[2] in export.text, settings
            words = str(value) if isinstance(value, str) else plain_text(value)
            written = (words.casefold(), json.dumps(words)[1:-1].casefold())
            said = export.text.casefold()
            assert any(each in said for each in written), (export.title, key, settings)


def test_names_of_formats_are_words_of_a_shell(made):
    assert {
        export.name for _, export in made if not re.fullmatch(r"[a-z0-9._-]+", export.name)
    } == set()
    titles = {}
    for _, export in made:
        assert titles.setdefault(export.name, export.title) == export.title


def test_platforms_have_their_templates():
    loaded = {
        name
        for each in LANGUAGES
        for _, name in _environment("perflab.bench.platforms", each).cache
    }
    folder = ROOT / "perflab" / "bench" / "platforms"
    assert loaded == {path.name for path in folder.glob("*.jinja")}


def test_a_file_ends_with_its_last_line(made):
    for settings, export in made:
        assert export.text.endswith("\n"), (export.title, settings)
        assert not export.text.endswith("\n\n"), (export.title, settings)
        assert all(line == line.rstrip() for line in export.text.splitlines()), export.title


@pytest.mark.parametrize(
    ("of", "values", "title"),
    [
        ("lazy_loading", {"data_source": f"/data/{HOSTILE}"}, "pandas"),
        ("lazy_loading", {"data_source": f"/data/trips.db:{HOSTILE}"}, "Polars"),
        ("streaming", {"input_file": HOSTILE, "output_file": f"out {HOSTILE}"}, "pandas"),
        ("redis_cache", {"cache_namespace": HOSTILE}, "redis-py"),
        ("prefetching", {"backend": "delay"}, "perflab"),
    ],
)
def test_a_hostile_name_stays_inside_its_literal(of, values, title):
    """What is imported is the same as with a harmless name: nothing was added."""
    harmless = {key: re.sub(r"[^\w/.:]", "_", value) for key, value in values.items()}
    made = exports_of(of, values, HOSTILE)
    found = {export.title: export.text for export in made}
    languages = {export.title: export.language for export in made}
    plain = {export.title: export.text for export in exports_of(of, harmless, "shop.csv")}
    assert title in found
    assert list(found) == list(plain)
    for each, text in found.items():
        if languages[each] == "python" and "import" in plain[each]:
            assert shape(text) == shape(plain[each]), each
        elif languages[each] == "yaml":
            assert len(leaves(yaml.safe_load(text))) == len(leaves(yaml.safe_load(plain[each])))
        elif languages[each] == "dotenv":
            assert variables(text)


def shape(program):
    """Return a program's nodes without its literals."""
    return [type(node).__name__ for node in ast.walk(ast.parse(program))]


def ini(text):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser.sections() and all(
        float(value) >= 0 for section in parser.sections() for value in parser[section].values()
    )


def properties(text):
    pairs = [line.split("=") for line in text.splitlines() if not line.startswith("#")]
    return all(key.isidentifier() and value.isdigit() for key, value in pairs)


def yaml_text(text):
    """Read a text as both versions of YAML do: programs use either."""
    old = yaml.safe_load(text)
    assert YAML(typ="safe", pure=True).load(text) == old
    assert isinstance(old, dict)
    return None not in leaves(old)


def leaves(value):
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [value]


def variables(text):
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    wanted = re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)
    return list(found) == wanted and None not in found.values()


def lines_of_words(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return all(re.fullmatch(r"[a-z-]+ [\w-]+", line) for line in lines)


def javascript(text):
    """Read the options of a program, and see that all brackets outside of them are closed."""
    options = re.search(r"^export const options = (\{.*?^\});$", text, re.DOTALL | re.MULTILINE)
    rest = text.replace(options[1], "")
    assert all(rest.count(a) == rest.count(b) for a, b in ("{}", "()", "[]"))
    return json.loads(options[1])
