"""HCL, the language of Terraform: what a parser of its own reads, and what is refused."""

import hcl2
import pytest
from terraform_files import FILES

from perflab.errors import BadInputError
from perflab.files.edits import edit_text, kind_of, parse_path
from perflab.files.edits.hcl import leaves

TWO = 'b "x" {\n  a = 1\n}\nb "y" {\n  a = 2\n}\n'


def edited(text, path, value=7):
    return edit_text(text, kind_of("", text, "hcl"), {parse_path(path): value})[0]


def literals(read):
    """Yield the values that python-hcl2 read, which keeps the quotes."""
    if isinstance(read, dict):
        for key, inner in read.items():
            if not key.startswith("__"):
                yield from literals(inner)
    elif isinstance(read, list):
        for inner in read:
            yield from literals(inner)
    else:
        yield str(read)


def test_there_are_eight():
    assert len({known.name for known in FILES}) == 8


@pytest.mark.parametrize("known", FILES, ids=lambda known: known.name)
def test_another_parser_sees_the_new_value_and_no_other_change(known):
    text = known.content.decode("utf-8-sig")
    before = sorted(literals(hcl2.loads(text)))
    for swap in known.swaps:
        after = sorted(literals(hcl2.loads(edited(text, swap.path, swap.value))))
        assert len(before) == len(after)
        gone = list(before)
        for value in after:
            if value in gone:
                gone.remove(value)
        assert len(gone) == 1, swap


@pytest.mark.parametrize("known", FILES, ids=lambda known: known.name)
def test_it_finds_all_values_that_another_parser_does(known):
    text = known.content.decode("utf-8-sig")
    ours = {value for _, value in leaves(text) if isinstance(value, str) and value.isalnum()}
    theirs = {value.strip('"') for value in literals(hcl2.loads(text))}
    assert ours <= theirs
    assert ours


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a = 5 * 2\n", "a", "is computed and not one value"),
        ("a = var.b\n", "a", "is computed"),
        ('a = "x${b}"\n', "a", "is computed"),
        ('a = "x" == b ? 1 : 2\n', "a", "is computed"),
        ("a = <<E\n5\nE\n", "a", "is computed"),
        ("a = [for x in y : 1]\n", "a", "is computed"),
        ("a = f({ b = 1 })\n", "a.b", "a is one value, which has no 'b'"),
        ("a = { b = 1 }\n", "a", "names several values"),
        (TWO, "b.a", "is in 2 blocks, in lines 2 and 5"),
        (TWO, "b.z.a", "there is no 'z' under b; known: a, x, y"),
        ("b {\n  a = 1\n}\n", "b[1].a", "there is no item 1 under b"),
        ("a = 1\na = 2\n", "a", "'a' is there 2 times, in lines 1 and 2"),
        ("pool_size = 1\n", "pool_siz", "did you mean 'pool_size'"),
        ('a = "x\n', "a", "is not valid HCL .line 1: a text in quotes is not closed"),
        ("a = [1\n", "a", "is not valid HCL .line 2"),
        ("a = <<E\n5\n", "a", "E does not come again"),
        ("b {\n a = 1\n", "b.a", "line 3: } is missing"),
        ("a = 1\n}\n", "a", "line 2: a bracket closes what none has opened"),
        ("a = (1]\n", "a", "line 1: . is missing"),
        ("a =\nb = 1\n", "b", "line 1: a value is missing"),
        ("a = " + "[" * 5000 + "]" * 5000 + "\nb = 1\n", "b", "is nested too deeply"),
        ("{{ if }}\na = 1\n", "a", "line 1: '{' is not a name"),
    ],
)
def test_a_doubt_is_an_error(text, path, message):
    with pytest.raises(BadInputError, match=message):
        edited(text, path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a = 1 # 2\nb = 5\n", "b"),
        ("a = /* } */ 1\nb = 5\n", "b"),
        ('a = "x${f("}", "\\"")}"\nb = 5\n', "b"),
        ("a = {for k, v in z : k => v...}\nb = 5\n", "b"),
        ("a = [<<-E\n  5\n  E\n  , 1]\nb = 5\n", "b"),
        ("a = (x ?\n  1 : 2)\nb = 5\n", "b"),
        ("a = {\n  (x) = 1\n  y : 2, z = 3\n}\nb = 5", "b"),
        ("a = x[*].y[0]\nb = 5\n", "b"),
        ("a = 1" + " " * 200_000 + "\nb = 5\n", "b"),
    ],
)
def test_what_comes_before_it_does_not_matter(text, path):
    # The last 5 of each is the value.
    assert edited(text, path) == "7".join(text.rsplit("5", 1))
