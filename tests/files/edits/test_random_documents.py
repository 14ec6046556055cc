"""Random YAML, JSON and TOML: one value changes, and every other byte and value stays."""

import io
import json
import math
import tomllib

import tomlkit
import yaml
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from perflab.errors import BadInputError
from perflab.files.edits import edit_text, kind_of

SOME = 40
WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cn")), max_size=12)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, width=32)
SCALARS = NUMBERS | st.booleans() | st.none() | TEXTS
VALUES = st.integers(0, 10**9) | st.booleans() | st.floats(0, 1e6) | TEXTS
DOCUMENTS = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)


def paths_of(value, above=()):
    """Return the paths of all values that are not lists or mappings."""
    if isinstance(value, dict):
        return [path for key, inner in value.items() for path in paths_of(inner, (*above, key))]
    if isinstance(value, list):
        return [
            path for place, inner in enumerate(value) for path in paths_of(inner, (*above, place))
        ]
    return [above]


def at(value, path):
    for step in path:
        value = value[step]
    return value


def without(value, path):
    """Return a document with a mark at a path."""
    if not path:
        return "\0"
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = without(copy[path[0]], path[1:])
    return copy


def same(one, other):
    return json.dumps(one) == json.dumps(other)


def checked(text, kind, path, value, load):
    """Replace a value; say whether it could be, once that is right to the last byte."""
    before = load(text)
    try:
        after, (replaced,), _ = edit_text(text, kind_of("", text, kind), {path: value})
    except BadInputError as error:
        assert "there is no" not in error.message, error  # noqa: PT017
        return False
    prefix = 0
    while prefix < min(len(text), len(after)) and text[prefix] == after[prefix]:
        prefix += 1
    suffix = 0
    while suffix < min(len(text), len(after)) - prefix and text[-1 - suffix] == after[-1 - suffix]:
        suffix += 1
    assert len(after) - prefix - suffix <= 12 * len(str(value)) + 6
    now = load(after)
    assert same(without(before, path), without(now, path))
    assert replaced.path == path
    return now


def picked(data, document):
    paths = [path for path in paths_of(document) if path]
    assume(paths)
    return data.draw(st.sampled_from(paths))


@hypothesis_settings(deadline=None, max_examples=SOME)
@given(
    DOCUMENTS,
    VALUES,
    st.data(),
    st.sampled_from([None, 1, 4, "\t"]),
    st.booleans(),
    st.sampled_from(["", '/*{,"*/', '//"]\n']),
)
def test_json(document, value, data, indent, plain, comment):
    path = picked(data, document)
    signs = (f"{comment},{comment}", f"{comment}:{comment}")
    text = json.dumps(document, indent=indent, ensure_ascii=plain, separators=signs)

    def load(text):
        # No text of JSON holds a quote or a line end as the comments have them.
        return json.loads(text.replace(comment, "") if comment else text)

    now = checked(text, "json", path, value, load)
    old = at(document, path)
    if now is False:
        return
    if isinstance(old, str) and not isinstance(value, str):
        assert at(now, path) == (json.dumps(value) if isinstance(value, bool) else repr(value))
    else:
        assert at(now, path) == value


@hypothesis_settings(deadline=None, max_examples=SOME)
@given(
    DOCUMENTS,
    st.integers(0, 10**9) | st.booleans() | st.sampled_from(["allkeys-lru", "no", "5ms", "it's"]),
    st.data(),
    st.sampled_from([None, False, True]),
    st.sampled_from([None, '"', "'"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_yaml(document, value, data, flow, style, ends):
    path = picked(data, document)
    text = yaml.safe_dump(
        document,
        default_flow_style=flow,
        default_style=style,
        allow_unicode=True,
        sort_keys=False,
        line_break=ends,
    )

    def load(text):
        return YAML(typ="safe", pure=True).load(text)

    # YAML 1.1 and 1.2 differ in which texts are numbers: what both read is what counts.
    assume(same(load(text), document))
    now = checked(text, "yaml", path, value, load)
    if now is not False:
        assert at(now, path) in (value, str(value), str(value).lower())


@hypothesis_settings(deadline=None, max_examples=SOME)
@given(DOCUMENTS, VALUES, st.data())
def test_yaml_of_ruamel(document, value, data):
    path = picked(data, document)
    stream = io.StringIO()
    YAML().dump(document, stream)
    text = stream.getvalue()

    def load(text):
        return YAML(typ="safe", pure=True).load(text)

    try:
        assume(same(load(text), document))
    except YAMLError:  # it does not read all that it writes
        assume(False)
    now = checked(text, "yaml", path, value, load)
    if now is not False and isinstance(value, int) and not isinstance(value, bool):
        assert str(at(now, path)) == str(value)


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_none(inner) for inner in value if inner is not None]
    return value


@hypothesis_settings(deadline=None, max_examples=SOME)
@given(DOCUMENTS, VALUES, st.data())
def test_toml(document, value, data):
    document = without_none(document)
    path = picked(data, document)
    text = tomlkit.dumps(document)
    try:
        assume(same(tomllib.loads(text), document))
    except tomllib.TOMLDecodeError:  # it does not read all that it writes
        assume(False)
    now = checked(text, "toml", path, value, tomllib.loads)
    if now is not False and isinstance(value, str):
        assert at(now, path) == value
    elif now is not False and isinstance(at(document, path), int | float):
        assert math.isclose(float(at(now, path)), float(value))
