"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.config.positions import line_of, positions

TEXT = '''\
# a comment with [brackets] and "quotes"
top = """
[not.a.table]
key = 1 \\"""
"""
"quoted \\u0041" = 'x'
a.b = [
  1,  # one
  [2, "]"],
]

[accounts.work]
inline = { x = 1, y = { z = [1,
 2] } }
[[accounts.work.identities]]
address = "a@b.c"
[[accounts.work.identities]]
address = "d@e.f"
[accounts.work.identities.more]
deep = true
'''

EXPECTED = {
    ("top",): 2,
    ("quoted A",): 6,
    ("a",): 7,
    ("a", "b"): 7,
    ("a", "b", 0): 8,
    ("a", "b", 1): 9,
    ("a", "b", 1, 1): 9,
    ("accounts", "work"): 12,
    ("accounts", "work", "inline", "y", "z"): 13,
    ("accounts", "work", "inline", "y", "z", 1): 14,
    ("accounts", "work", "identities", 0): 15,
    ("accounts", "work", "identities", 0, "address"): 16,
    ("accounts", "work", "identities", 1, "address"): 18,
    ("accounts", "work", "identities", 1, "more", "deep"): 20,
}


@pytest.mark.parametrize(("path", "line"), EXPECTED.items())
def test_each_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert positions(TEXT)[path] == line


def test_an_unknown_key_has_the_line_of_its_table() -> None:
    lines = positions(TEXT)
    assert line_of(lines, ("accounts", "work", "name")) == 12
    assert line_of(lines, ("nothing",)) == 0


def test_crlf_files_count_the_same_lines() -> None:
    assert positions(TEXT.replace("\n", "\r\n")) == positions(TEXT)


KEYS = st.sampled_from(["a", "b-c", '"d e"', "'f.g'", '"\\""'])
SCALARS = st.sampled_from(["1", '"x # y"', "'[z]'", "true", "1979-05-27T07:32:00Z", '"""\nq\n"""', "'''\n''''"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: "[" + ",\n".join(each) + "]"),
        st.dictionaries(KEYS, inner.filter(lambda text: "\n" not in text), max_size=2).map(
            lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each.items()) + "}"
        ),
    ),
    max_leaves=6,
)
SECTIONS = st.lists(
    st.tuples(st.sampled_from(["", "[t]", "[[u]]", "[u.v]", '["w x".y]']), st.dictionaries(KEYS, VALUES, max_size=3)),
    max_size=4,
)


@given(SECTIONS)
def test_every_key_that_tomllib_reads_has_a_line(sections: list[tuple[str, dict[str, str]]]) -> None:
    text = "\n".join(
        f"{header}\n" + "\n".join(f"{key} = {value}" for key, value in pairs.items()) for header, pairs in sections
    )
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = positions(text)
    assert set(_paths(values, ())) <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def _paths(value: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        found += _paths(each, (*path, key))
    return found
