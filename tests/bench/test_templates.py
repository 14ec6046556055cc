"""Whatever a value is, it comes back from the file that a template made of it."""

import ast
import json
import re
import subprocess
import sys

import jinja2
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.bench.templates import LANGUAGES, Code, literal, name, render
from perflab.errors import BadInputError
from perflab.errors.extras import MissingExtraError

HOSTILE = [
    '"); import os; os.system("id") #',
    "'''\n\"\"\"\nimport os",
    "a\\",
    '\\"',
    'it\'s "one"',
    "{{ 7 * 7 }}{% for x in y %}{# no #}",
    "\u2028\r\n\x00\x1b[2J",
    "\ud800",
    "\u00fcber        all",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A package of templates, importable as ``shop_exports``."""
    path = tmp_path_factory.mktemp("house") / "shop_exports"
    path.mkdir()
    (path / "__init__.py").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)
        yield path


@pytest.fixture(scope="module")
def of(folder):
    """Return what a template of this text makes of values."""

    def rendered(text, ending="py", **values):
        file = f"t{abs(hash((text, ending)))}.{ending}.jinja"
        (folder / file).write_text(text, encoding="utf-8")
        return render("shop_exports", file, **values)

    return rendered


@given(VALUES)
def test_a_value_comes_back_from_its_literal(value):
    assert ast.literal_eval(literal(value)) == value


@given(VALUES)
@hypothesis_settings(max_examples=50)
def test_a_value_comes_back_from_a_program_and_leaves_its_remarks_alone(of, value):
    text = of("{{ remarks | comments }}\nVALUE = {{ value }}\n", remarks=[str(value)], value=value)
    first, rest = text.split("\n", 1)
    assert first.startswith("# ")
    assert first.isprintable()
    (node,) = ast.parse(text).body
    assert ast.literal_eval(node.value) == value
    assert rest.startswith("VALUE = ")


@given(
    st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none(), max_size=4)
)
@hypothesis_settings(max_examples=50)
def test_a_value_comes_back_from_javascript(of, value):
    text = of("{{ [remark] | comments }}\n{{ value }}", "js", remark=str(value), value=value)
    first, rest = text.split("\n", 1)
    assert first.startswith("// ")
    assert json.loads(rest) == value
    assert not set("\u2028\u2029\r") & set(rest)


@pytest.mark.parametrize("ending", ["conf", "ini", "properties"])
@pytest.mark.parametrize("value", [*HOSTILE, "", "two words", "a=b", "#", "[x]", "%(x)s"])
def test_a_configuration_file_takes_words_and_numbers_alone(of, ending, value):
    assert of("a = {{ value }}\n", ending, value="allkeys-lru") == "a = allkeys-lru\n"
    assert of("a = {{ value }}\n", ending, value=0.5) == "a = 0.5\n"
    with pytest.raises(BadInputError, match="cannot be written into a configuration file"):
        of("a = {{ value }}\n", ending, value=value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lru", '"lru"'),
        ('a "b"', "'a \"b\"'"),
        ("it's", '"it\'s"'),
        ('it\'s "one"', "'it\\'s \"one\"'"),
        ("'\"", '"\'\\""'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_text_has_the_quotes_that_a_formatter_leaves(text, shown):
    assert literal(text) == shown


def test_a_float_is_written_as_a_formatter_leaves_it():
    assert [literal(value) for value in (1e16, 1e-7, 0.5)] == ["1e16", "1e-07", "0.5"]
    assert literal(float("inf")) == 'float("inf")'
    assert literal(float("-inf")) == 'float("-inf")'


@pytest.mark.parametrize("ending", sorted(LANGUAGES))
def test_what_has_no_literal_is_refused(of, ending):
    with pytest.raises(TypeError):
        of("{{ value }}", ending, value=object())
    if ending not in ("py", "js"):
        with pytest.raises(TypeError, match="NoneType has no literal"):
            of("{{ value }}", ending, value=None)


def test_infinity_has_no_literal_in_javascript(of):
    with pytest.raises(ValueError, match="not JSON compliant"):
        of("{{ value }}", "js", value=float("inf"))


def test_a_name_that_was_not_given_is_an_error(of):
    with pytest.raises(jinja2.UndefinedError, match="'forgotten' is undefined"):
        of("{{ forgotten }}")
    with pytest.raises(jinja2.UndefinedError, match="'forgotten' is undefined"):
        of("{% if forgotten %}{% endif %}")


def test_text_put_together_in_a_template_is_a_literal_all_the_same(of):
    assert of('{{ "x = " ~ value }}', value='"') == "'x = \"'"


@pytest.mark.parametrize("text", ["LRUCache", "scan_csv", "pa.csv"])
def test_a_name_stands_as_it_is(text):
    assert name(text) == text
    assert isinstance(name(text), Code)


@pytest.mark.parametrize("text", ["", "a b", "a()", "a.", "1a", "a\n", "a;b", *HOSTILE])
def test_what_is_not_a_name_is_refused(text):
    with pytest.raises(BadInputError, match="is not a valid name"):
        name(text)


def test_without_jinja2_the_extra_that_brings_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'perflab[cli]'")):
        render("nowhere", "nothing.py.jinja")


def test_jinja2_is_loaded_when_an_export_is_made_and_no_sooner():
    code = (
        "import sys\n"
        "from perflab.bench import load_bench\n"
        "bench = load_bench('cache')\n"
        "import perflab.patterns.cache.exports\n"
        "print('jinja2' in sys.modules)\n"
        "bench.exports(*bench.read({}), 'flights')\n"
        "print('jinja2' in sys.modules)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True"]
