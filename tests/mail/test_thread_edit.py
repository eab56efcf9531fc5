"""Which references count once the user has broken or linked a thread."""

from __future__ import annotations

import pytest

from tuimail.mail.thread_edit import ThreadEdit, ThreadEdits

CUT = ThreadEdit("<m>", below=("<c>",), apart=("<root>", "<other>"))


@pytest.mark.parametrize(
    ("own", "refs", "wanted"),
    [
        ("<m>", "<root>", ""),
        ("<c>", "<root> <m>", "<m>"),
        ("<c>", "<m> <root>", "<m>"),
        ("<other>", "<root> <m>", "<root>"),
        ("<new>", "<root> <m>", "<m>"),
        ("<new>", "<m> <root>", "<root>"),
        ("<new>", "<root> <c> <unknown>", "<unknown>"),
        ("<new>", "<root> <unknown>", "<root> <unknown>"),
        ("<new>", "<m> <c>", "<m> <c>"),
        ("<new>", "", ""),
        ("", "<root> <m>", "<m>"),
    ],
)
def test_a_message_belongs_to_the_side_of_what_it_answers(own: str, refs: str, wanted: str) -> None:
    assert ThreadEdits([CUT]).references(own, refs.split()) == wanted.split()


def test_a_linked_message_answers_what_the_user_says() -> None:
    edits = ThreadEdits([ThreadEdit("<x>", "<t>")])
    assert edits.references("<x>", ["<a>", "<b>"]) == ["<t>"]
    assert edits.references("<y>", ["<a>", "<b>"]) == ["<a>", "<b>"]
    assert edits.cuts == []
