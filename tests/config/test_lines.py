"""The lines of keys in TOML files: against `tomllib`, which knows the keys, and by example."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.config._lines import lines_of

ROOT = Path(__file__).parents[2]

TRICKY = '''
# a comment with = and [table]
bare = 1
"quoted key" = "a # no comment" # a comment
'literal.key' = 'C:\\'
dotted . "key.s" . x = true
multi = """
fake = 1
[fake] \\""" still
""""
literal = \'\'\'
fake = 2\'\'\'
array = [ 1, "]", [ "a", { b = "}" } ], # comment ]
  """
""",
]
inline = { a = 1, b.c = [ 2, 3 ], "d e" = { } }
date = 1979-05-27T07:32:00Z

[table]
x = 1
[table.sub]
[[things]]
name = "a"
[things.inner]
y = 1
[[things]]
name = "b"
[[things.more]]
z = 1
[[things.more]]
z = 2
[  spaced . "out" ]
k=1
'''


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else ()
    for key, item in items if not isinstance(value, list) else enumerate(value):
        yield (*path, key)
        yield from paths(item, (*path, key))


def test_keys_are_found_where_they_are_written() -> None:
    lines = lines_of(TRICKY)

    written = TRICKY.split("\n")
    assert set(lines) == set(paths(tomllib.loads(TRICKY)))
    assert {path: written[line - 1].strip() for path, line in lines.items() if len(path) == 1} == {
        ("bare",): "bare = 1",
        ("quoted key",): '"quoted key" = "a # no comment" # a comment',
        ("literal.key",): "'literal.key' = 'C:\\'",
        ("dotted",): 'dotted . "key.s" . x = true',
        ("multi",): 'multi = """',
        ("literal",): "literal = '''",
        ("array",): 'array = [ 1, "]", [ "a", { b = "}" } ], # comment ]',
        ("inline",): 'inline = { a = 1, b.c = [ 2, 3 ], "d e" = { } }',
        ("date",): "date = 1979-05-27T07:32:00Z",
        ("table",): "[table]",
        ("things",): "[[things]]",
        ("spaced",): '[  spaced . "out" ]',
    }
    assert written[lines["things", 1, "more", 1, "z"] - 1] == "z = 2"
    assert written[lines["array", 3] - 1] == '  """'


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("pyproject.toml")), ids=lambda path: path.parent.name
)
def test_real_files_have_a_line_for_every_key(path: Path) -> None:
    text = path.read_text()

    assert set(lines_of(text)) == set(paths(tomllib.loads(text)))


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,3}", fullmatch=True),
    st.sampled_from(['"a.b"', "'x y'", r'"\""', r'"\u00e9"', '""', "''"]),
)
SCALARS = st.sampled_from(
    ["1", "true", "inf", '"a"', "''", '""', '"""a\n"""', "'''\n'''", '"#["', '"""""x"""', "1.5e3",
     "12:00:00"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda values: st.one_of(
        st.lists(values, max_size=3).map(lambda items: f"[ {', '.join(items)} ]"),
        st.lists(values, max_size=3).map(lambda items: "[\n" + ",\n# ]\n".join(items) + "\n]"),
        st.lists(st.tuples(KEYS, values), max_size=2).map(
            lambda items: f"{{ {', '.join(f'{key} = {value}' for key, value in items)} }}"
        ),
    ),
    max_leaves=5,
)
STATEMENTS = st.one_of(
    st.tuples(st.lists(KEYS, min_size=1, max_size=2), VALUES).map(
        lambda pair: f"{'.'.join(pair[0])} = {pair[1]}"
    ),
    st.lists(KEYS, min_size=1, max_size=2).map(lambda key: f"[{' . '.join(key)}]"),
    st.lists(KEYS, min_size=1, max_size=2).map(lambda key: f"[[{'.'.join(key)}]]"),
    st.just("# comment = '''"),
)


@given(st.lists(STATEMENTS, max_size=8).map("\n".join))
def test_every_key_that_tomllib_finds_is_found(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Whatever it is, it comes to an end.
        lines_of(text)
        return

    assert set(lines_of(text)) == set(paths(content))
