"""Text operations of the composer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compose.strategies import bodies
from tests.mail.strategies import lines
from tuimail.compose.draft import Draft
from tuimail.compose.editor import editor_argv, from_file, insert_signature, justify, to_file
from tuimail.errors import MessageError, UsageError
from tuimail.mail.text import safe_line


@pytest.mark.parametrize(
    ("text", "row", "width", "filled", "after"),
    [
        ("one\ntwo\n\nthree", 1, 0, "one two\n\nthree", 1),
        ("one\ntwo\n\nthree", 3, 0, "one\ntwo\n\nthree", 3),
        ("one\n\nthree", 1, 0, "one\n\nthree", 2),
        ("> a\n> b\n>> c\nd", 0, 0, "> a b\n>> c\nd", 1),
        ("> > a\n>> b", 0, 0, "> > a\n>> b", 1),
        ("text\n-- \nsig", 0, 0, "text\n-- \nsig", 1),
        ("aaaa bbbb cccc dddd eeee", 0, 20, "aaaa bbbb cccc dddd\neeee", 1),
        ("> aaaa bbbb cccc dddd eeee", 0, 22, "> aaaa bbbb cccc dddd\n> eeee", 1),
        ("", 0, 0, "", 0),
        ("x", 99, 0, "x", 0),
    ],
)
def test_justifying(text: str, row: int, width: int, filled: str, after: int) -> None:
    assert justify(text, row, width=width) == (filled, after)


@given(bodies(), st.integers(-2, 50), st.sampled_from([0, 20, 72]))
def test_justifying_loses_no_word(text: str, row: int, width: int) -> None:
    filled, after = justify(text, row, width=width)
    assert filled.replace(">", " ").split() == text.replace(">", " ").split()
    assert 0 <= after <= filled.count("\n")


@pytest.mark.parametrize(
    ("body", "signature", "previous", "result"),
    [
        ("", "Ada", "", "\n\n-- \nAda"),
        ("Hi", "Ada", "", "Hi\n\n-- \nAda"),
        ("Hi\n", "Ada\n", "", "Hi\n\n-- \nAda"),
        ("Hi", "-- \nAda", "", "Hi\n\n-- \nAda"),
        ("Hi\n\n-- \nAda", "Work", "Ada", "Hi\n\n-- \nWork"),
        ("Hi\n\n-- \nedited", "Work", "Ada", "Hi\n\n-- \nedited\n\n-- \nWork"),
        ("Hi", "", "", "Hi"),
    ],
)
def test_signatures(body: str, signature: str, previous: str, result: str) -> None:
    assert insert_signature(body, signature, previous=previous) == result


def test_the_editor_runs_without_a_shell() -> None:
    path = Path("/tmp/a b;$(x)")
    assert editor_argv("vim -c 'set tw=72'", path) == ("vim", "-c", "set tw=72", "/tmp/a b;$(x)")
    for bad in ("", "  ", "vim '"):
        with pytest.raises(UsageError):
            editor_argv(bad, path)


@given(bodies(), lines().filter(lambda line: safe_line(line) == line), st.booleans())
def test_a_draft_comes_back_from_the_editor_as_it_went(body: str, line: str, headers: bool) -> None:
    draft = Draft(to=line, bcc="a@b", subject=line, body=body)
    assert from_file(draft, to_file(draft, headers=headers), headers=headers) == draft


def test_what_an_editor_of_another_system_leaves_is_mended() -> None:
    assert from_file(Draft(), "\ufeffone\r\ntwo\r\n").body == "one\ntwo"
    edited = from_file(Draft(to="x@y"), "subject:New\nTO: a@b\n\nbody\n", headers=True)
    assert (edited.to, edited.subject, edited.body) == ("a@b", "New", "body")
    assert from_file(Draft(to="x@y"), "\nbody\n", headers=True).body == "body"


@pytest.mark.parametrize("text", ["X-Evil: 1\n\nbody", "no colon\n\nbody", "To: a\nTo: b\n\nbody"])
def test_a_header_line_that_is_not_understood_is_named(text: str) -> None:
    with pytest.raises(MessageError, match="not understood"):
        from_file(Draft(), text, headers=True)
